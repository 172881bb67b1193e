// What happens when the service or PostgreSQL dies at the worst moment. Each moment is made by PostgreSQL itself: it holds the process there.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import pg from 'pg';
import { impatient, killAll, run, served, status } from './pods.js';
import { customer, until } from './shop.js';
import { opened } from './world.js';
import { Wire } from './wire.js';

const { cluster, goods } = await opened(killAll); // those of a test that failed

/** A database with the schema and pods on it that are ready; `sql` asks it as superuser. */
async function shop(...pods) {
  const url = await cluster.database();
  const job = run('migrate', url, goods.url);
  assert.equal(await job.ended, 0, job.told());
  const started = await Promise.all(pods.map((more) => served(more.url?.(url) ?? url, goods.url, more.env)));
  for (const pod of started) await until(() => `readiness: ${pod.told()}`, async () => (await status(`${pod.base}/readyz`)) === 200);
  const { pathname, username } = new URL(url);
  const sql = (...statements) => cluster.inside(pathname.slice(1), ...statements);
  return { pods: started, sql, role: username, count: async (table) => Number((await sql(`SELECT count(*) FROM reviews.${table}`)).rows[0].count) };
}

/** Publishes; undefined when there was no answer. */
async function publish(pod, as, key, body) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${as}`, 'idempotency-key': key };
  const answer = await fetch(`${pod.base}/api/reviews`, { method: 'POST', body: JSON.stringify(body), headers }).catch(() => undefined);
  return answer && { status: answer.status, headers: answer.headers, text: await answer.text().catch(() => undefined) };
}

/** Publishes as a customer does: again, with the same key, while it is 503 or in flight. */
async function published(pod, ...what) {
  let answer;
  await until(() => `an answer: ${JSON.stringify(answer)} ${pod.told()}`, async () => ![undefined, 503, 409].includes((answer = await publish(pod, ...what))?.status));
  return answer;
}

const review = { sku: 'A', stars: 5, author: 'Mika', text: 'good' };
const of = (sku, text = review.text) => ({ ...review, sku, text }); // a customer has one review of a product
const holding = (name, sql, effect) => ({ name, effect, hold: (client) => client.query(sql), release: (client) => client.query('SELECT pg_advisory_unlock_all()').then(() => client.query('COMMIT')) });

for (const { name, hold, release, effect } of [
  holding('before the review is written', `BEGIN; SELECT pg_advisory_lock(hashtextextended('${JSON.stringify(['A0', 'c1'])}', 1))`, 0),
  holding('between the review and its key', 'BEGIN; LOCK TABLE reviews.idempotency_keys IN SHARE MODE', 0),
  {
    name: 'after the commit and before the answer', effect: 1, // a commit that waits for a standby, which never comes
    hold: (client) => client.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").then(() => client.query('SELECT pg_reload_conf()')),
    release: (client) => client.query('ALTER SYSTEM RESET synchronous_standby_names').then(() => client.query('SELECT pg_reload_conf()')),
  },
]) {
  test(`SIGKILL ${name}: all of it or nothing is there, and the repeat has its one effect`, async () => {
    const { pods: [one, two], sql, role, count } = await shop({}, { env: { SHOP_RELEASE: 'acme-2' } });
    const { port } = cluster;
    const holder = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: (await sql('SELECT current_database() AS name')).rows[0].name });
    await holder.connect();
    try {
      const as = await customer('c1');
      await hold(holder);
      let killed = false;
      let done = 0; // a change of PostgreSQL's settings takes a moment
      let key;
      // A statement that waits for long is ended, and the customer asks again: until the process dies.
      const customers = (async () => {
        while (!killed) {
          key ??= randomUUID();
          if ((await publish(one, as, key, of(`A${done}`)))?.status !== 201) continue;
          done++;
          key = undefined;
        }
      })();
      const waiting = async () => (await sql(`SELECT 1 FROM pg_stat_activity WHERE usename = '${role}' AND (wait_event_type = 'Lock' OR wait_event = 'SyncRep')`)).rowCount > 0;
      await until(() => `the process to be there: ${one.told()}`, waiting);
      one.child.kill('SIGKILL');
      await one.ended;
      killed = true;
      await customers;
      await release(holder);
      await until('its sessions to end', async () => (await sql(`SELECT 1 FROM pg_stat_activity WHERE usename = '${role}' AND application_name LIKE 'reviews/acme-1a2b3c4d/%'`)).rowCount === 0);
      assert.deepEqual([await count('reviews'), await count('idempotency_keys')], [done + effect, done + effect]);
      const again = await published(two, as, key, of(`A${done}`));
      assert.deepEqual([again.status, again.headers.get('idempotent-replayed')], [201, effect ? 'true' : null], again.text);
      assert.equal((await published(two, as, key, of(`A${done}`))).text, again.text);
      assert.deepEqual([await count('reviews'), await count('idempotency_keys')], [done + 1, done + 1]);
    } finally {
      await release(holder);
      await holder.end();
    }
    two.child.kill('SIGTERM');
    assert.equal(await two.ended, 0, two.told());
  });
}

test('PostgreSQL crashes under load: no pod ends, customers get 503 with Retry-After, and each review is there once', async () => {
  const { pods, sql } = await shop({}, {});
  let stop = false;
  const acknowledged = new Map(); // text of the review -> its id
  const strange = [];
  let refused = 0;
  const judge = (answer) => {
    const polite = answer && [503, 409].includes(answer.status) && answer.headers.get('retry-after');
    if (polite) refused++;
    else if (answer?.status !== 200 && answer?.status !== 201) strange.push(answer ? `${answer.status} ${answer.text}` : 'no answer');
  };
  const writer = async (n) => {
    const as = await customer(`writer-${n}`);
    for (let i = 0; !stop; i++) {
      const [key, text] = [randomUUID(), `${n}: ${i}`];
      for (let turn = 0; !acknowledged.has(text) && strange.length === 0; turn++) {
        const answer = await publish(pods[turn % 2], as, key, of(`A${i}`, text));
        judge(answer);
        if (answer?.status === 201) acknowledged.set(text, JSON.parse(answer.text).id);
      }
    }
  };
  const reader = async (pod) => {
    while (!stop) {
      const answer = await fetch(`${pod.base}/api/reviews?sku=A`).catch(() => undefined);
      judge(answer && { status: answer.status, headers: answer.headers, text: await answer.text() });
    }
  };
  const load = [...[0, 1, 2, 3, 4, 5].map(writer), ...pods.map(reader)];
  const told = () => `${acknowledged.size} reviews, ${refused} refused, strange: ${strange.join('; ')}\n${pods.map((pod) => pod.told().slice(-2000)).join('\n')}`;
  const further = async (what, counter, by) => {
    const now = counter();
    await until(() => `${what}: ${told()}`, () => counter() >= now + by || strange.length > 0);
  };
  for (let crash = 0; crash < 4; crash++) {
    await further('reviews', () => acknowledged.size, 12);
    await cluster.down();
    await further('refusals', () => refused, 8);
    await cluster.up();
  }
  await further('reviews after the last crash', () => acknowledged.size, 12);
  stop = true;
  await Promise.all(load);
  assert.deepEqual(strange, [], told());
  const { rows } = await sql('SELECT text, id FROM reviews.reviews ORDER BY position');
  const sorted = (entries) => [...entries].sort();
  assert.deepEqual(sorted(rows.map(({ text, id }) => `${text} ${id}`)), sorted([...acknowledged].map((entry) => entry.join(' '))));
  const events = await sql("SELECT event->'data'->>'review' AS id FROM reviews.outbox");
  assert.deepEqual(events.rows.map((row) => row.id).sort(), [...acknowledged.values()].sort(), 'each is told once');
  for (const pod of pods) {
    pod.child.kill('SIGTERM');
    assert.equal(await pod.ended, 0, pod.told());
  }
});

test('a PostgreSQL that vanishes without a word holds nobody for ever: connections to it are given up', async () => {
  const wire = await Wire.to(cluster.port);
  const { pods: [pod, dying] } = await shop({ url: wire.instead, env: impatient }, { url: wire.instead, env: impatient });
  const list = () => status(`${pod.base}/api/reviews?sku=A`);
  const all = () => Promise.all(Array.from({ length: 6 }, list)); // each connection of the pool is in use
  await until('all to be answered', async () => (await all()).every((answer) => answer === 200));
  wire.vanish();
  assert.deepEqual(new Set(await all()), new Set([503]));
  assert.equal((await publish(pod, await customer('c1'), randomUUID(), review)).status, 503);
  dying.child.kill('SIGTERM');
  assert.equal(await dying.ended, 0, dying.told());
  wire.comeBack(); // for those who connect anew: what was connected stays dead
  await until(() => `the service to work again: ${pod.told()}`, async () => (await list()) === 200);
  await until('readiness', async () => (await status(`${pod.base}/readyz`)) === 200);
  assert.equal((await published(pod, await customer('c1'), randomUUID(), review)).status, 201);
  pod.child.kill('SIGTERM');
  assert.equal(await pod.ended, 0, pod.told());
  wire.cut();
});
