// What a test file opens once, and closes when it ends: a PostgreSQL and a catalog; `opened` no more, `openedShop` with the service in this process.
import { after } from 'node:test';
import pg from 'pg';
import { Cluster } from './cluster.js';
import { catalog, start } from './shop.js';

/** { cluster, goods }. `last` is done first when all tests have ended, `closing` takes more. */
export async function opened(last = () => {}) {
  const closing = [];
  after(async () => {
    for (const close of [last, ...closing.toReversed()]) await close();
  });
  const cluster = await Cluster.start();
  closing.push(() => cluster.stop());
  const goods = await catalog();
  closing.push(() => goods.stop());
  return { cluster, goods, closing };
}

/** { cluster, goods, shop, db }: `db` is a pool of the service's own role; `more` is for its environment. */
export async function openedShop(more) {
  const { cluster, goods, closing } = await opened();
  const url = await cluster.database();
  const shop = await start(url, goods.url, more);
  const db = new pg.Pool({ connectionString: url, max: 2 });
  closing.push(() => shop.stop(), () => db.end());
  return { cluster, goods, url, shop, db };
}
