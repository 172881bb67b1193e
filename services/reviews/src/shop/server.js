// The life of a process: listen -> serve -> on SIGTERM not ready, still serving for the drain delay with Connection: close, until no proxy
// sends new requests -> no new connections, requests in flight finish within the drain limit -> stopped.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { log } from './log.js';
import { listener, nonsense } from './chain.js';
import { notReady } from './postgres.js';

/** What every service answers beside its API. */
export function fixedRoutes({ config, contract, document, watch, draining }) {
  const text = (status, body) => ({ status, body, headers: { 'Content-Type': 'text/x-probe; charset=utf-8', 'Cache-Control': 'no-store' } });
  const probe = (checks) => () => {
    const told = checks.map(([name, why]) => [name, why()]);
    if (told.every(([, why]) => !why)) return text(200, 'ok\n');
    return text(503, told.map(([name, why]) => (why ? `[-] ${name}: ${why}\n` : `[+] ${name}: ok\n`)).join(''));
  };
  const database = () => notReady(watch.seen, Date.now());
  const stopping = () => (draining() ? 'the process has been told to stop' : undefined);
  const json = (body) => () => ({ status: 200, body, headers: {} });
  const { service, version, shop, release } = config;
  return {
    '/livez': () => text(200, 'ok\n'), // asks nobody: a restart would not mend a dependency
    '/readyz': probe([['draining', stopping], ['database', database]]),
    '/startupz': probe([['database', database]]),
    '/contract': json({ service, version, shop, release, contract: 'v1', ...contract }),
    '/openapi.json': json(document),
  };
}

export class Server {
  #draining = false;
  #front;
  #side;
  /** The open connections, with the number of requests that are being answered. */
  #connections = new Map();

  /** `shop` is what listener() takes, but for draining. */
  constructor(shop) {
    this.config = shop.config;
    this.#front = createServer({
      // Above our own limit: Node would answer without sources and not with a problem.
      maxHeaderSize: 64 << 10, headersTimeout: shop.config.limits.header, requestTimeout: Math.max(60_000, shop.config.limits.header), connectionsCheckingInterval: 1000,
      // Longer than any proxy keeps an idle connection: the side that sends requests closes first, or one would be lost on the wire.
      keepAliveTimeout: 180_000,
      // Told by us, with our sources and as a problem.
      requireHostHeader: false,
    });
    const answer = listener({ ...shop, draining: () => this.#draining });
    const answered = (req, res) => {
      this.#count(req.socket, 1);
      res.once('close', () => this.#count(req.socket, -1));
      return answer(req, res);
    };
    // What a caller expects beside 100-continue is nothing that we know: he gets the answer to his request.
    this.#front.on('request', answered).on('checkExpectation', answered).on('clientError', nonsense(shop.config));
    this.#front.on('connection', (socket) => { this.#connections.set(socket.once('close', () => this.#connections.delete(socket)), 0); });
    this.#side = shop.metrics.server();
  }

  #count(socket, by) {
    if (this.#connections.has(socket)) this.#connections.set(socket, this.#connections.get(socket) + by);
  }

  /** Ends connections that have no request. Node's close() waits for those that never brought one, and looks no more after a header that stops. */
  #hangUp(which) {
    for (const [socket, requests] of this.#connections) if (requests === 0 && which(socket)) socket.destroy();
  }

  get draining() {
    return this.#draining;
  }

  /** Resolves when both ports are open. */
  async listen(host) {
    await open(this.#front, this.config.port, host);
    await open(this.#side, this.config.metricsPort, host);
    this.port = this.#front.address().port;
    this.metricsPort = this.#side.address().port;
    log.info('serving', { version: this.config.version, port: this.port, metricsPort: this.metricsPort });
  }

  /** Stops without failing a request; tells whether all were answered. */
  async drain() {
    const { drainDelay, drainLimit } = this.config;
    log.info('draining', { delay: drainDelay, limit: drainLimit });
    this.#draining = true;
    await sleep(drainDelay);
    const closed = new Promise((done) => { this.#front.close(done); }); // idle connections end here, too
    this.#hangUp((socket) => socket.bytesRead === 0);
    const stalled = setTimeout(() => this.#hangUp(() => true), this.config.limits.header);
    const all = await Promise.race([closed.then(() => true), sleep(drainLimit, false, { ref: false })]);
    clearTimeout(stalled);
    this.#front.closeAllConnections();
    this.#side.close();
    this.#side.closeAllConnections();
    return all;
  }
}

function open(server, port, host) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
