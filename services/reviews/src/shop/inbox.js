// Takes events: each has its effect once, however often it is delivered. The effect and the event's row in the inbox are one commit; an event
// whose row is there is acknowledged without an effect. Events of one subject wait for each other, and for nobody else.
import { decode } from './event.js';
import { log, told } from './log.js';
import { passing } from './problem.js';

/** How often an event may fail before it is parked; it rests for 0.1 s after the first time, and each time four times as long. */
const tries = 5;
const [firstPause, longest] = [100, 30_000];
const sweepEvery = 600_000;

/** The work of a Worker: takes until it is stopped. `handlers` are effects by type: handler(client, event), in a transaction. */
export const consumer = (schema, taker, handlers, metrics) => (client, bus, worker) => new Inbox({ schema, taker, handlers, metrics, client }).consume(bus, worker);

class Inbox {
  waiting = [];
  rests = new Map();
  swept = 0;

  constructor(parts) {
    Object.assign(this, parts);
  }

  async consume(bus, worker) {
    const messages = await bus.takeOver(this.taker, Object.keys(this.handlers));
    log.info('taking events', { taker: this.taker });
    while (!worker.stopped) {
      for (const message of await messages()) this.#put(message);
      await this.#work();
      await this.#sweep();
    }
  }

  #put(message) {
    const e = decode(message.subject, message.data);
    if (e) return this.waiting.push({ e, message });
    log.error('leaving alone a message that is no event', { subject: message.subject });
    this.metrics.parked('undecodable');
    return message.term();
  }

  async #work() {
    const held = new Set();
    for (const one of [...this.waiting]) {
      const { subject } = one.e;
      if (held.has(subject) || (this.rests.get(subject) ?? 0) > Date.now() || !(await this.#done(one.e))) held.add(subject);
      else {
        this.rests.delete(subject);
        one.message.ack();
        this.waiting.splice(this.waiting.indexOf(one), 1);
      }
    }
  }

  /** Whether the event had its effect, or was parked. What fails because PostgreSQL is away is no try. */
  async #done(e) {
    try {
      if (await this.#take(e)) this.metrics.taken(e.type);
      return true;
    } catch (error) {
      if (passing(error)) throw error;
      const failed = await this.#failed(e, error);
      if (failed === tries) return true;
      log.warn('taking an event again soon', { type: e.type, event: e.id, ...told(error) });
      this.rests.set(e.subject, Date.now() + Math.min(firstPause * 4 ** (failed - 1), longest));
      return false;
    }
  }

  #take(e) {
    return this.#transact(async () => {
      const first = await this.#note(e);
      if (first) await this.handlers[e.type](this.client, e);
      await this.client.query(`DELETE FROM ${this.schema}.inbox_tries WHERE taker = $1 AND id = $2`, [this.taker, e.id]);
      return first;
    });
  }

  /** Writes the event's row; whether it is the first. */
  async #note(e) {
    const { rowCount } = await this.client.query(`INSERT INTO ${this.schema}.inbox (taker, id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [this.taker, e.id]);
    return rowCount === 1;
  }

  /** Counts a try that failed, and parks the event after the last one. */
  async #failed(e, why) {
    const { schema, taker, client } = this;
    const failed = await this.#transact(async () => {
      const { rows: [{ tries: n }] } = await client.query(
        `INSERT INTO ${schema}.inbox_tries AS t (taker, id, tries) VALUES ($1, $2, 1)
         ON CONFLICT (taker, id) DO UPDATE SET tries = t.tries + 1, failed = now() RETURNING tries`, [taker, e.id]);
      if (n < tries) return n;
      await client.query(`DELETE FROM ${schema}.inbox_tries WHERE taker = $1 AND id = $2`, [taker, e.id]);
      if (await this.#note(e)) {
        await client.query(`INSERT INTO ${schema}.inbox_parked (taker, id, type, event, error) VALUES ($1, $2, $3, $4, $5)`, [taker, e.id, e.type, kept(e), why.message]);
      }
      return tries;
    });
    if (failed === tries) {
      log.error('parking an event that failed too often', { type: e.type, event: e.id, ...told(why) });
      this.metrics.parked(e.type);
    }
    return failed;
  }

  async #transact(work) {
    await this.client.query('BEGIN');
    try {
      const result = await work();
      await this.client.query('COMMIT');
      return result;
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => {}); // the first error tells more
      throw error;
    }
  }

  /** Forgets what the stream forgot long ago. */
  async #sweep() {
    if (Date.now() - this.swept < sweepEvery) return;
    await this.client.query(`DELETE FROM ${this.schema}.inbox WHERE taken < now() - interval '14 days'`);
    this.swept = Date.now();
  }
}

/** What JSON may hold and jsonb does not, NUL and halves of characters, is kept in another form. */
function kept(e) {
  const text = JSON.stringify(e);
  return /\\u(0000|d[89a-f])/i.test(text) ? JSON.stringify({ base64: Buffer.from(text).toString('base64') }) : text;
}
