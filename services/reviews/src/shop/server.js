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

  /** `shop` is what listener() takes, but for draining. */
  constructor(shop) {
    this.config = shop.config;
    this.#front = createServer({
      // Above our own limit: Node would answer without sources and not with a problem.
      maxHeaderSize: 64 << 10, headersTimeout: 5000, requestTimeout: 60_000, connectionsCheckingInterval: 1000,
      // Longer than any proxy keeps an idle connection: the side that sends requests closes first, or one would be lost on the wire.
      keepAliveTimeout: 180_000,
    }, listener({ ...shop, draining: () => this.#draining }));
    this.#front.on('clientError', nonsense(shop.config));
    this.#side = shop.metrics.server();
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
    log.info('serving', { version: this.config.version, port: this.port });
  }

  /** Stops without failing a request; tells whether all were answered. */
  async drain() {
    const { drainDelay, drainLimit } = this.config;
    log.info('draining', { delay: drainDelay, limit: drainLimit });
    this.#draining = true;
    await sleep(drainDelay);
    const closed = new Promise((done) => { this.#front.close(done); }); // idle connections end here, too
    const all = await Promise.race([closed.then(() => true), sleep(drainLimit, false, { ref: false })]);
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
