// What reviews is, and its wiring.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { configFrom } from './shop/config.js';
import { Keys } from './shop/access.js';
import { Client } from './shop/client.js';
import { Metrics } from './shop/metrics.js';
import { operationsOf } from './shop/openapi.js';
import { Server, fixedRoutes } from './shop/server.js';
import { Watch, open, settings } from './shop/postgres.js';
import { migrationsIn } from './shop/migrate.js';
import { sweep } from './shop/idempotency.js';
import { consumer } from './shop/inbox.js';
import { relay } from './shop/outbox.js';
import { Worker } from './shop/worker.js';
import { log, logAs, told } from './shop/log.js';
import { Store } from './store.js';
import { handlers } from './api.js';
import { takes } from './events.js';
import { forgetNameless } from './buyers.js';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export const schema = 'reviews';
export const document = JSON.parse(readFileSync(at('../openapi.json'), 'utf8'));
/** The oldest version whose release still works with the newest schema; it rises when a migration takes something away. */
const floor = 1;
const migrations = migrationsIn(at('../migrations'));
const version = migrations.at(-1).version;
export const plan = { schema, migrations, floor };
/** What /contract says; the map of the shop reads its file. */
export const contract = { ...JSON.parse(readFileSync(at('../contract.json'), 'utf8')), schema: { name: schema, version, floor } };

/** `events`: for a process that works; one that serves asks the catalog instead. */
export function configured(env, events = false) {
  const config = configFrom(env, schema, events ? [] : ['catalog'], { events, own: { from: ['REVIEWS_FROM', 'buyers', writers] } });
  logAs(config);
  return config;
}

const writers = (s) => (['buyers', 'anyone'].includes(s) ? s : undefined);
writers.what = 'one of buyers, anyone';

/** Starts serving; resolves with the running service when its ports are open. */
export async function serve(config, host) {
  const keys = new Keys(config.keys);
  await keys.start();
  const pool = open(config, schema, version);
  const watch = new Watch(settings(config, schema, version), schema, version);
  const metrics = new Metrics(config.version);
  metrics.pool(pool);
  const shop = { config, keys, metrics, operations: operationsOf(document) };
  shop.handlers = complete(shop.operations, handlers({ store: new Store(pool), catalog: new Client('catalog', config.upstreams.catalog, config.limits.upstream), document, from: config.own.from }));
  let server;
  shop.fixed = fixedRoutes({ config, contract, document, watch, draining: () => server.draining });
  server = new Server(shop);
  const first = watch.run();
  await server.listen(host);
  const housekeeping = setInterval(() => forget(pool), 600_000);
  return {
    server,
    async stop() {
      const all = await server.drain();
      clearInterval(housekeeping);
      keys.stop();
      watch.stop();
      // Everybody was answered. What still works for one who was told that it takes too long is rolled back.
      await Promise.race([Promise.all([first, pool.end()]), sleep(1000)]);
      return all;
    },
  };
}

/** Starts working: takes events and publishes our own, one replica of all stacks; answers probes alone. Resolves when its ports are open. */
export async function work(config, host) {
  const watch = new Watch(settings(config, schema, version), schema, version);
  const metrics = new Metrics(config.version);
  const place = { config, schema, needs: version };
  const workers = [new Worker(place, 'inbox', consumer(schema, schema, takes, metrics)), new Worker(place, 'relay', relay(schema, metrics.published))];
  let server;
  const fixed = fixedRoutes({ config, contract, document, watch, draining: () => server.draining });
  server = new Server({ config, metrics, operations: [], handlers: {}, fixed });
  const first = watch.run();
  await server.listen(host);
  workers.forEach((worker) => worker.start());
  return {
    server,
    async stop() {
      const idle = Promise.all(workers.map((worker) => worker.stop()));
      const all = await server.drain();
      watch.stop();
      await Promise.race([Promise.all([first, idle]), sleep(5000)]); // what is not committed then is rolled back
      return all;
    },
  };
}

/** Every operation has a handler, and every handler an operation. */
function complete(operations, all) {
  const ids = operations.map((o) => o.id);
  const wrong = [...ids.filter((id) => !all[id]), ...Object.keys(all).filter((id) => !ids.includes(id))];
  if (wrong.length > 0) throw new Error(`openapi.json and src/api.js do not agree on: ${wrong.join(', ')}`);
  return all;
}

/** Any replica may do it, at any time: a few rows at a time. */
async function forget(pool) {
  try {
    while ((await sweep(pool, schema)) > 0 || (await forgetNameless(pool)) > 0);
  } catch (error) {
    log.warn('forgetting what is old', told(error)); // the next time is soon enough
  }
}
