// C46: only buyers review. What orders and shipping tell is taken as the inbox takes it, but for the one test with NATS.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { cancelled, completed, delivered, paid, placed, sent } from './buying.js';
import { fits, schemaOf } from './contracted.js';
import { Nats } from './nats.js';
import * as pods from './pods.js';
import { customer, environment, start, until } from './shop.js';
import { openedShop } from './world.js';
import { forgetNameless } from '../src/buyers.js';
import { takes } from '../src/events.js';
import { configured } from '../src/service.js';
import { event } from '../src/shop/event.js';
import { inTransaction } from '../src/shop/postgres.js';

const { cluster, goods, url, shop, db } = await openedShop({ REVIEWS_FROM: 'buyers' });
after(pods.killAll);

const text = { stars: 5, author: 'Mika', title: 'Good', text: 'It does what it should.' };
let products = 0;
const product = () => `B-${++products}`;
const post = (sku, who, more = {}, ask = shop.ask) => ask('POST', '/api/reviews', { body: { sku, ...text, ...more }, as: who && customer(who), key: randomUUID() });
/** Takes events, each in a transaction of its own; types that are not known have no effect. */
const take = async (...events) => {
  for (const e of events) if (takes[e.type]) await inTransaction(db, (client) => takes[e.type](client, e));
};
const bought = async (of) => (await db.query('SELECT sku, customer, arrived FROM reviews.bought WHERE order_id = ANY($1) ORDER BY order_id, sku', [[of].flat()])).rows;

test('C46: who is not known is 401, and what is refused first tells nobody what was bought', async () => {
  assert.equal((await post(product())).status, 401);
  assert.equal((await post(product(), 'c1', { stars: 6 })).status, 422);
});

test('C46: a customer without an order of the product that arrived is 403: none, one under way, one cancelled, somebody else\'s, of something else', async () => {
  const [sku, other] = [product(), product()];
  const ways = {
    none: [],
    placed: (o) => [placed(o, 'placed', sku)],
    paid: (o) => [placed(o, 'paid', sku), paid(o)],
    sent: (o) => [placed(o, 'sent', sku), paid(o), sent(o)],
    cancelled: (o) => [placed(o, 'cancelled', sku), cancelled(o, sku)],
    late: (o) => [placed(o, 'late', sku), cancelled(o, sku), completed(o)],
    neighbour: (o) => [placed(o, 'somebody', sku), delivered(o, sku)],
    guest: (o) => [placed(o, undefined, sku), delivered(o, sku), completed(o)],
    elsewhere: (o) => [placed(o, 'elsewhere', sku, other), delivered(o, other)],
  };
  for (const [who, told] of Object.entries(ways)) {
    await take(...(typeof told === 'function' ? told(randomUUID()) : told));
    const asked = goods.asked.length;
    const refused = await post(sku, who);
    assert.deepEqual([refused.status, refused.body.type, goods.asked.length], [403, 'urn:emporium:problem:forbidden', asked], who);
  }
  assert.equal((await post(other, 'elsewhere')).status, 201, 'what was in the parcel');
});

test('C46: with an order that arrived it is 201, by its parcel or when the order is completed', async () => {
  const [one, two] = [product(), product()];
  const [first, second] = [randomUUID(), randomUUID()];
  await take(placed(first, 'anna', one, two, one), delivered(first, one));
  assert.deepEqual([(await post(one, 'anna')).status, (await post(two, 'anna')).status], [201, 403]);
  await take(delivered(first, two), placed(second, 'ben', one), completed(second));
  assert.deepEqual([(await post(two, 'anna')).status, (await post(one, 'ben')).status], [201, 201]);
});

test('C46: a refusal uses up no key: the same request is taken when the parcel is there', async () => {
  const [sku, order, key] = [product(), randomUUID(), randomUUID()];
  const ask = () => shop.ask('POST', '/api/reviews', { body: { sku, ...text }, as: customer('patient'), key });
  await take(placed(order, 'patient', sku));
  assert.equal((await ask()).status, 403);
  await take(delivered(order, sku));
  assert.deepEqual([(await ask()).status, (await ask()).headers.get('idempotent-replayed')], [201, 'true']);
});

test('C46: events of a parcel and of its order may come in any order and twice', async () => {
  const permutations = ([head, ...tail]) => (head === undefined ? [[]] : permutations(tail).flatMap((rest) => rest.concat(head).map((_, n) => rest.toSpliced(n, 0, head))));
  const sku = product();
  for (const order of permutations([0, 1, 2])) {
    const [id, who] = [randomUUID(), `orderly-${order.join('')}`];
    const events = [placed(id, who, sku), delivered(id, sku), delivered(id, sku)];
    for (const n of [...order, order[0]]) await take(events[n]);
    assert.deepEqual(await bought(id), [{ sku, customer: who, arrived: true }], order.join());
    assert.equal((await post(sku, who)).status, 201);
  }
});

test('C46: a second review of the product is 409 and names the first, which may be changed; after it was removed there may be another', async () => {
  const [sku, order] = [product(), randomUUID()];
  await take(placed(order, 'twice', sku), delivered(order, sku));
  const first = await post(sku, 'twice', { text: 'See www.example.org' });
  assert.deepEqual([first.status, first.body.state], [201, 'pending']);
  const second = await post(sku, 'twice');
  const path = first.headers.get('location');
  assert.deepEqual([second.status, second.body.type, second.body.review, second.headers.get('content-type')], [409, 'urn:emporium:problem:conflict', first.body.id, 'application/problem+json']);
  assert.ok(second.body.detail.includes(path) && second.body.instance === '/api/reviews', second.text);
  assert.equal((await shop.ask('PUT', path, { as: customer('twice'), match: first.headers.get('etag'), body: { ...text, stars: 3 } })).body.stars, 3);
  assert.equal((await shop.ask('DELETE', path, { as: customer('twice'), match: '*' })).status, 204);
  const answers = await Promise.all([1, 2, 3, 4, 5].map((stars) => post(sku, 'twice', { stars })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409, 409, 409], 'of many at once there is one');
});

test('C46: where anyone may review, nothing has to be bought; another value is no rule', async () => {
  const free = await start(await cluster.database(), goods.url, { REVIEWS_FROM: 'anyone' });
  assert.equal((await post(product(), 'c1', {}, free.ask)).status, 201);
  assert.equal(await free.stop(), true);
  const of = (value) => configured(environment(url, goods.url, { REVIEWS_FROM: value }));
  assert.deepEqual([of('').own.from, of('buyers').own.from, of('anyone').own.from], ['buyers', 'buyers', 'anyone']);
  assert.throws(() => of('friends'), /REVIEWS_FROM is "friends", not one of buyers, anyone/);
});

test('C39: what an erased customer bought is forgotten, and what is told of it later is not noted', async () => {
  const [sku, anna, ben] = [product(), randomUUID(), randomUUID()];
  const [hers, later, his] = [randomUUID(), randomUUID(), randomUUID()];
  await take(placed(hers, anna, sku), delivered(hers, sku), placed(his, ben, sku));
  await take(event('customers', 'customers.customer.erased.v1', anna, { customer: anna }), placed(later, anna, sku), delivered(later, sku), completed(hers));
  assert.deepEqual(await bought([hers, later].sort()), [{ sku, customer: null, arrived: true }], 'a parcel without a name');
  assert.deepEqual(await bought(his), [{ sku, customer: ben, arrived: false }]);
  assert.equal((await post(sku, anna)).status, 403);
  const { rows: [{ event: told }] } = await db.query("SELECT event FROM reviews.outbox WHERE event->>'type' = 'customers.erasure.done.v1' AND event->>'subject' = $1", [anna]);
  assert.equal(told.data.count, 1);
});

test('a parcel whose order nobody told of is forgotten after 14 days, and what has a customer is kept', async () => {
  const [sku, old, young, kept] = [product(), randomUUID(), randomUUID(), randomUUID()];
  await take(delivered(old, sku), delivered(young, sku), placed(kept, 'kept', sku));
  await db.query("UPDATE reviews.bought SET noted = now() - interval '15 days' WHERE order_id = ANY($1)", [[old, kept]]);
  assert.ok(await forgetNameless(db) >= 1);
  assert.deepEqual([await forgetNameless(db), (await bought(old)).length, (await bought(young)).length, (await bought(kept)).length], [0, 0, 1, 1]);
});

test('what cannot be read is refused, so that it is parked and seen', async () => {
  const [sku, order] = [product(), randomUUID()];
  const without = (e, name, value) => ({ ...e, data: { ...e.data, [name]: value } });
  for (const e of [
    without(placed(order, 'c', sku), 'order'), without(placed(order, 'c', sku), 'lines', []), without(placed(order, 'c', sku), 'lines', [{}]), without(placed(order, 'c', sku), 'customer', 7),
    without(delivered(order, sku), 'order', ''), without(delivered(order, sku), 'lines', 'A'), without(completed(order), 'order', 7), without(cancelled(order, sku), 'order', null),
  ]) await assert.rejects(take(e), /^Error: [a-z.]+\.v1: data\./, JSON.stringify(e));
  assert.deepEqual(await bought(order), []);
});

test('what is read of orders and shipping is what the contract promises', { skip: !schemaOf('orders.order.placed.v1') && 'the contract is not in this image' }, () => {
  const order = randomUUID();
  for (const e of [completed(order), cancelled(order, 'A'), delivered(order, 'A')]) assert.ok(fits(e.type, e.data), e.type);
  const { properties, required } = schemaOf('orders.order.placed.v1');
  assert.ok(['order', 'lines'].every((name) => required.includes(name)) && properties.lines.items.required.includes('sku') && properties.customer.type === 'string');
});

test('C46: a customer reviews what arrived, as the worker takes it from NATS', async () => {
  const nats = await Nats.start();
  try {
    const [sku, order] = [product(), randomUUID()];
    const worker = pods.run('work', url, goods.url, { EVENTS_URL: nats.url });
    const all = [delivered(order, sku), placed(order, 'real', sku)];
    await nats.publish(...all, all[0]);
    await until(() => `the review to be taken: ${worker.told()}`, async () => (await post(sku, 'real')).status === 201);
    worker.child.kill('SIGTERM');
    assert.equal(await worker.ended, 0, worker.told());
  } finally {
    await nats.stop();
  }
});
