// Asks another service of the same stack. Trace and deadline are passed on, and what the answer says of its makers is merged into ours.
import { current } from './log.js';
import { traceHeaders } from './trace.js';
import { unavailable } from './problem.js';

/** A service's client. Node's own connections end after 4 s of silence, before any server's do. */
export class Client {
  /** `patience` is how long an answer is waited for, in ms. */
  constructor(name, base, patience) {
    this.name = name;
    this.base = base;
    this.patience = patience;
  }

  /** Reads JSON; undefined for 404. What else is no success is 503: a refusal that nobody thought of is not the customer's mistake. */
  async get(path, patience = this.patience) {
    let answer;
    try {
      answer = await this.#once(path, patience).catch((error) => {
        if (error.name === 'TimeoutError') throw error;
        return this.#once(path, patience); // a read whose connection broke is asked once more
      });
    } catch {
      throw unavailable(`The service ${this.name} does not answer right now.`);
    }
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw unavailable(`The service ${this.name} cannot tell right now.`, answer.retryAfter);
    return answer.body;
  }

  async #once(path, patience) {
    const context = current.getStore();
    const left = context?.deadline === undefined ? patience : Math.max(1, Math.min(patience, context.deadline - Date.now()));
    const response = await fetch(this.base + path, {
      headers: { accept: 'application/json', 'x-shop-deadline': String(Math.floor(left)), ...(context && traceHeaders(context.trace)) },
      redirect: 'manual', signal: AbortSignal.timeout(left),
    });
    context?.sources.merge((name) => response.headers.get(name));
    const retryAfter = Number(response.headers.get('retry-after')) || 1;
    // Read to the end in any case, so that the connection can be used again.
    const text = await response.text();
    return { status: response.status, retryAfter, body: response.status === 200 ? JSON.parse(text) : undefined };
  }
}
