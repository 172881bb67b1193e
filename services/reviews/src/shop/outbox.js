// What happened is told if and only if it did: the event is a row that is committed with its effect. A relay publishes rows, and then marks
// them; one that dies in between publishes again, and who takes events knows them by their ids.
import { setTimeout as sleep } from 'node:timers/promises';

const batch = 100;
/** After how long the relay looks again, in ms. */
const every = 500;
const sweepEvery = 60_000;

/** Adds an event to the transaction of its effect. Events of one subject wait here for each other's commit, so their order is that of the changes. */
export async function put(client, schema, e) {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 2))', [JSON.stringify([schema, e.subject])]);
  await client.query(`INSERT INTO ${schema}.outbox (event) VALUES ($1)`, [JSON.stringify(e)]);
}

/** The work of a Worker: publishes until it is stopped. */
export const relay = (schema, published = () => {}) => async (client, bus, worker) => {
  for (let swept = 0; !worker.stopped;) {
    const more = await publish(client, bus, schema, published);
    if (Date.now() - swept > sweepEvery) {
      await sweep(client, schema);
      swept = Date.now();
    }
    if (!more && !worker.stopped) await sleep(every);
  }
};

/** Publishes a batch, one after the other: none is sent before those of its subject before it are stored. Tells whether there may be more. */
async function publish(client, bus, schema, published) {
  const { rows } = await client.query(`SELECT seq, event FROM ${schema}.outbox WHERE published IS NULL ORDER BY seq LIMIT $1`, [batch]);
  for (const { event } of rows) await bus.publish(event);
  // A death here publishes them again.
  if (rows.length > 0) await client.query(`UPDATE ${schema}.outbox SET published = clock_timestamp() WHERE seq = ANY($1)`, [rows.map((row) => row.seq)]);
  rows.forEach(({ event }) => published(event.type));
  return rows.length === batch;
}

/** Forgets what was published a day ago, the oldest first. */
async function sweep(client, schema) {
  for (let count = 500; count === 500;) {
    ({ rowCount: count } = await client.query(
      `DELETE FROM ${schema}.outbox WHERE seq IN (SELECT seq FROM (SELECT seq, published FROM ${schema}.outbox ORDER BY seq LIMIT 500) AS oldest
       WHERE published < now() - interval '1 day')`));
  }
}
