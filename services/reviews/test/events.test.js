// What reviews tells and takes: as processes, on a real PostgreSQL and a real NATS.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { after, test } from 'node:test';
import pg from 'pg';
import { contracted, fits } from './contracted.js';
import { Nats } from './nats.js';
import * as pods from './pods.js';
import { customer, moderator, start, until } from './shop.js';
import { opened } from './world.js';
import { contract } from '../src/service.js';
import { takes } from '../src/events.js';
import { Bus, doneBy, domains } from '../src/shop/bus.js';
import { decode, event, uuid7 } from '../src/shop/event.js';

const published = 'reviews.review.published.v1';
const removed = 'reviews.review.removed.v1';
const erased = 'customers.customer.erased.v1';
const done = 'customers.erasure.done.v1';
const { cluster, goods } = await opened(pods.killAll);
const nats = await Nats.start();
after(() => nats.stop());

const erasure = (who) => event('customers', erased, who, { customer: who });
const text = { stars: 5, author: 'Mika', title: 'Good', text: 'It does what it should.' };

/** The service on a database of its own, with a way to look into it. */
async function shop() {
  const url = await cluster.database();
  const running = await start(url, goods.url);
  const db = new pg.Pool({ connectionString: url, max: 2 });
  db.on('error', () => {}); // the query tells
  after(() => Promise.all([running.stop(), db.end()]));
  const post = async (sku, who, more = {}) => {
    const answer = await running.ask('POST', '/api/reviews', { body: { sku, ...text, ...more }, as: customer(who), key: randomUUID() });
    return { ...answer, ...answer.body, path: answer.headers.get('location'), tag: answer.headers.get('etag') };
  };
  const outbox = async (type, of) => (await db.query("SELECT event FROM reviews.outbox WHERE event->>'type' = $1 ORDER BY seq", [type])).rows.map((row) => row.event).filter((e) => e.subject === of);
  const waiting = async () => Number((await db.query('SELECT count(*) FROM reviews.outbox WHERE published IS NULL')).rows[0].count);
  return { ...running, url, db, post, outbox, waiting };
}

const worker = (url, more = {}) => pods.run('work', url, goods.url, { EVENTS_URL: nats.url, ...more });
const told = async (subject, type = published) => (await nats.stored(type)).filter((e) => e.subject === subject);
const ends = async (pod) => {
  await pod.serving;
  pod.child.kill('SIGTERM');
  assert.equal(await pod.ended, 0, pod.told());
};
const number = () => `E-${randomUUID().slice(0, 8)}`;

test('what /contract says is what is told and taken', () => {
  assert.deepEqual(contract.takes, Object.keys(takes));
  assert.deepEqual(contract.emits, [done, published, removed]);
});

test('what everybody can read is told in the order of its changes, and nothing else is', async () => {
  const { ask, post, outbox } = await shop();
  const sku = number();
  const hidden = await post(sku, 'c1', { text: 'look at www.example.com' });
  assert.deepEqual([hidden.state, await outbox(published, sku)], ['pending', []]);
  const shown = await ask('PATCH', `/api/reviews/${hidden.id}`, { body: { state: 'published' }, as: moderator(), match: hidden.tag });
  const changed = await ask('PUT', `/api/reviews/${hidden.id}`, { body: { ...text, stars: 2 }, as: customer('c1'), match: shown.headers.get('etag') });
  assert.equal((await ask('PATCH', `/api/reviews/${hidden.id}`, { body: { state: 'rejected' }, as: moderator(), match: changed.headers.get('etag') })).status, 200);
  const all = await outbox(published, sku);
  assert.deepEqual(all.map((e) => e.data), [{ review: hidden.id, sku, stars: 5, version: 2 }, { review: hidden.id, sku, stars: 2, version: 3 }]);
  assert.deepEqual((await outbox(removed, sku)).map((e) => e.data), [{ review: hidden.id, sku, version: 4 }]);
  for (const e of all) assert.ok(e.traceparent && e.source === 'reviews' && fits(published, e.data), JSON.stringify(e));
});

test('a review that is refused or rolled back is told to nobody', async () => {
  const { post, outbox, db, ask } = await shop();
  const sku = number();
  await db.query('ALTER TABLE reviews.idempotency_keys ADD CONSTRAINT no CHECK (false) NOT VALID'); // fails after the review and its event
  await assert.rejects(post(sku, 'c1'), /: 500 /);
  assert.deepEqual([await outbox(published, sku), (await ask('GET', `/api/reviews?sku=${sku}`)).body.items], [[], []]);
});

test('each review is stored in NATS once, though workers are killed at any moment and two run at a time', async () => {
  const { post, url, waiting } = await shop();
  const sku = number();
  const written = [];
  let running = [worker(url), worker(url)];
  for (let n = 0; n < 12; n++) {
    written.push((await post(sku, `c-${n}`)).id);
    if (n % 4 === 3) {
      running[0].child.kill('SIGKILL');
      running = [running[1], worker(url)];
    }
  }
  await until('all to be published', async () => (await waiting()) === 0);
  assert.deepEqual((await told(sku)).map((e) => e.data.review), written);
  await Promise.all(running.map(ends));
});

test('killed between publishing and marking, the event is published again and is one', async () => {
  const { post, url, db, waiting } = await shop();
  const sku = number();
  await post(sku, 'c1');
  const holder = await db.connect();
  await holder.query('BEGIN; SELECT 1 FROM reviews.outbox FOR UPDATE'); // publishing reads, marking waits
  const first = worker(url);
  await until('NATS to have it', async () => (await told(sku)).length === 1);
  first.child.kill('SIGKILL');
  await first.ended;
  // PostgreSQL would mark them yet: the session is not told of the death while it waits for the lock.
  await cluster.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'UPDATE reviews.outbox%' AND wait_event_type = 'Lock'");
  await holder.query('ROLLBACK');
  holder.release();
  assert.equal(await waiting(), 1, 'it was not marked');
  const second = worker(url);
  await until('it to be marked', async () => (await waiting()) === 0);
  assert.equal((await told(sku)).length, 1);
  await ends(second);
});

test('while NATS is away reviews are written, and told when it is back', async () => {
  const { post, url, waiting } = await shop();
  const sku = number();
  const pod = worker(url);
  await post(sku, 'c1');
  await until('it to be published', async () => (await waiting()) === 0);
  await nats.down();
  const meanwhile = await post(sku, 'c2');
  assert.equal(meanwhile.status, 201);
  await nats.up();
  await until(() => `the rest: ${pod.told()}`, async () => (await waiting()) === 0);
  assert.equal((await told(sku)).at(-1).data.review, meanwhile.id);
  await ends(pod);
});

test('C39: a review stays with its stars and without its author, and nothing else of the customer stays', async () => {
  const { ask, post, url, db, outbox } = await shop();
  const [anna, ben, sku] = [randomUUID(), randomUUID(), number()];
  const stays = await post(sku, anna, { author: 'Anna Unique' });
  await post(`${sku}-2`, anna, { text: 'look at www.example.com', author: 'Anna Unique' });
  const bens = await post(sku, ben, { stars: 4 });
  const votes = `/api/reviews/${bens.id}/votes`;
  assert.equal((await ask('POST', votes, { body: { helpful: true }, as: customer(anna), key: randomUUID() })).status, 201);
  const before = await ask('GET', `/api/reviews?sku=${sku}`);
  const pod = worker(url);
  const asked = [erasure(anna), erasure(anna)];
  await nats.publish(...asked, asked[0]);
  await until(() => `two answers: ${pod.told()}`, async () => (await told(anna, done)).length === 2);
  const answers = (await told(anna, done)).map((e) => e.data);
  assert.deepEqual(answers, [{ customer: anna, service: 'reviews', count: 6 }, { customer: anna, service: 'reviews', count: 0 }]);
  assert.ok(answers.every((data) => fits(done, data)));
  const now = await ask('GET', `/api/reviews?sku=${sku}`);
  assert.deepEqual(now.body.summary, before.body.summary);
  assert.deepEqual(now.body.items.map((r) => [r.id, r.author, r.helpful]), [[bens.id, 'Mika', 1], [stays.id, '', 0]]);
  for (const table of ['reviews', 'votes', 'rejections', 'idempotency_keys', 'erased']) {
    const { rowCount } = await db.query(`SELECT 1 FROM reviews.${table} r WHERE strpos(r::text, $1) > 0 OR strpos(r::text, 'Anna Unique') > 0`, [anna]);
    assert.equal(rowCount, 0, table);
  }
  assert.deepEqual([await outbox(done, ben), await outbox(removed, sku)], [[], []], 'the average stays, so nobody is told');
  // A token that is still good brings nobody back.
  assert.equal((await post(sku, anna)).status, 403);
  assert.equal((await ask('POST', votes, { body: { helpful: false }, as: customer(anna), key: randomUUID() })).status, 403);
  assert.equal((await ask('PUT', `/api/reviews/${stays.id}`, { body: text, as: customer(anna), match: now.headers.get('etag') ?? stays.tag })).status, 404);
  await ends(pod);
});

test('an erasure that always fails is parked after five tries, and the next one is taken', async () => {
  const { url, db } = await shop();
  const [wrong, right] = [randomUUID(), randomUUID()];
  const pod = worker(url);
  await nats.publish(event('customers', erased, wrong, { customer: 7 }), event('customers', erased, right, { customer: right }));
  await until(() => `the next one: ${pod.told()}`, async () => (await told(right, done)).length === 1);
  const parked = async () => (await db.query("SELECT event->>'subject' AS subject FROM reviews.inbox_parked")).rows;
  await until('it to be parked', async () => (await parked()).length === 1);
  assert.deepEqual(await parked(), [{ subject: wrong }]);
  await ends(pod);
});

test('an event is read strictly where it matters, and members that are not known are ignored', () => {
  const bytes = (e) => new TextEncoder().encode(typeof e === 'string' ? e : JSON.stringify(e));
  const good = { ...erasure('c1'), later: 1 };
  assert.equal(decode(erased, bytes(good)).data.customer, 'c1');
  for (const wrong of ['', '{', 'null', { ...good, specversion: '0.3' }, { ...good, id: 'one' }, { ...good, subject: '' }, { ...good, type: done }, { ...good, data: 'c1' }]) {
    assert.equal(decode(erased, bytes(wrong)), undefined, JSON.stringify(wrong));
  }
  assert.match(uuid7(Date.UTC(2026, 0)), /^019b76da-a800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('who takes over begins with the first event that is not done; with a new type, from the beginning', () => {
  const info = { config: { filter_subjects: [erased], opt_start_seq: 9 }, ack_floor: { stream_seq: 4 } };
  assert.equal(doneBy(info, [erased]), 8);
  assert.equal(doneBy({ ...info, ack_floor: { stream_seq: 12 } }, [erased]), 12);
  assert.equal(doneBy(info, [erased, done]), 0);
});

test('who makes the stream knows all services of the contract', { skip: !existsSync(contracted) && 'the contract is not in this image' }, () => {
  assert.deepEqual(domains, [...new Set(readdirSync(contracted).map((file) => file.split('.')[0]))].sort());
});

test('the first who needs the stream makes it with all subjects of the contract', async () => {
  const fresh = await Nats.start();
  try {
    const bus = await Bus.open(fresh.url);
    await bus.hold([done]);
    const { config } = await bus.manager.streams.info('shop');
    assert.deepEqual(config.subjects.toSorted(), domains.map((domain) => `${domain}.>`));
    await bus.close();
  } finally {
    await fresh.stop();
  }
});
