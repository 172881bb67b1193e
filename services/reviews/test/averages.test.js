// C46: averages follow. What the service answers, and what those make of it who know its events alone.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { fits } from './contracted.js';
import { customer, moderator } from './shop.js';
import { openedShop } from './world.js';

const { shop, db } = await openedShop();

const text = { stars: 5, author: 'Mika', title: 'Good', text: 'It does what it should.' };
const doubtful = { text: 'See www.example.org' };
let products = 0;
const product = () => `R-${++products}`;
const post = async (sku, who, more = {}) => {
  const answer = await shop.ask('POST', '/api/reviews', { body: { sku, ...text, ...more }, as: customer(who), key: randomUUID() });
  assert.equal(answer.status, 201, answer.text);
  return { who, id: answer.body.id, path: answer.headers.get('location') };
};
const change = ({ path, who }, more) => shop.ask('PUT', path, { as: customer(who), match: '*', body: { ...text, ...more } });
const remove = ({ path, who }) => shop.ask('DELETE', path, { as: who ? customer(who) : moderator(), match: '*' });
const moderate = ({ path }, state) => shop.ask('PATCH', path, { as: moderator(), match: '*', body: { state } });
const summary = async (sku) => (await shop.ask('GET', `/api/reviews?sku=${sku}`)).body.summary;
const rated = async (sku) => { const { count, average } = await summary(sku); return [count, average]; };

/** What was told of a product, in order: [type, data]. */
const told = async (sku) => (await db.query("SELECT event FROM reviews.outbox WHERE event->>'subject' = $1 ORDER BY seq", [sku])).rows.map(({ event: e }) => {
  assert.ok(e.source === 'reviews' && fits(e.type, e.data), JSON.stringify(e));
  return [e.type.split('.')[2], e.data];
});

/** What somebody counts who hears events in whatever order, and some twice: of each review the highest version. */
function counted(events) {
  const newest = new Map();
  for (const [type, { review, version, stars }] of events) {
    if (version > (newest.get(review)?.version ?? 0)) newest.set(review, { version, stars: type === 'published' ? stars : undefined });
  }
  const stars = { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 };
  for (const one of newest.values()) if (one.stars) stars[one.stars]++;
  return stars;
}

test('C46: without reviews the count is 0 and there is no average', async () => {
  const { count, ...rest } = await summary(product());
  assert.deepEqual([count, 'average' in rest], [0, false]);
});

test('C46: 5, 4, 4, 1 are 3.5 of 4; without the 1 it is 4.3 of 3; a 4 that becomes 5 makes it 4.7', async () => {
  const sku = product();
  const all = [];
  for (const [n, stars] of [5, 4, 4, 1].entries()) all.push(await post(sku, `c${n}`, { stars }));
  assert.deepEqual(await rated(sku), [4, 3.5]);
  assert.equal((await remove(all[3])).status, 204);
  assert.deepEqual(await rated(sku), [3, 4.3]);
  assert.equal((await change(all[2], { stars: 5 })).status, 200);
  assert.deepEqual(await rated(sku), [3, 4.7]);
  assert.deepEqual(counted(await told(sku)), (await summary(sku)).stars);
});

test('C46: twenty reviews at once are twenty', async () => {
  const sku = product();
  await Promise.all(Array.from({ length: 20 }, (_, n) => post(sku, `many${n}`, { stars: 1 + (n % 5) })));
  assert.deepEqual([await rated(sku), (await told(sku)).length], [[20, 3], 20]);
});

test('C46: 0, 6 and 4.5 stars are 422', async () => {
  for (const stars of [0, 6, 4.5]) {
    const { status, body } = await shop.ask('POST', '/api/reviews', { body: { sku: product(), ...text, stars }, as: customer('c1'), key: randomUUID() });
    assert.deepEqual([status, body.errors.map((e) => e.pointer)], [422, ['#/stars']], String(stars));
  }
});

for (const [way, act] of Object.entries({
  'hidden by a moderator': (one) => moderate(one, 'rejected'),
  'changed into one that a moderator shall look at': (one) => change(one, doubtful),
  'withdrawn by its author': (one) => remove(one),
  'removed by a moderator': ({ path }) => remove({ path }),
})) {
  test(`C46: a review that is ${way} is told to be removed, once, by a newer version`, async () => {
    const sku = product();
    const one = await post(sku, 'c1');
    await post(sku, 'c2', { stars: 2 });
    assert.ok((await act(one)).status < 300);
    assert.deepEqual((await told(sku)).filter(([, data]) => data.review === one.id), [['published', { review: one.id, sku, stars: 5, version: 1 }], ['removed', { review: one.id, sku, version: 2 }]]);
    assert.deepEqual([await rated(sku), counted(await told(sku))], [[1, 2], (await summary(sku)).stars]);
  });
}

test('C46: a review that comes back is published by a newer version than its removal', async () => {
  const sku = product();
  const one = await post(sku, 'c1');
  for (const state of ['rejected', 'published']) await moderate(one, state);
  assert.deepEqual((await told(sku)).map(([type, { version }]) => [type, version]), [['published', 1], ['removed', 2], ['published', 3]]);
  assert.deepEqual(await rated(sku), [1, 5]);
});

test('C46: of a review that nobody could read nothing is told, whatever becomes of it', async () => {
  const sku = product();
  const [one, two] = [await post(sku, 'c1', doubtful), await post(sku, 'c2', doubtful)];
  await moderate(one, 'rejected');
  await change(one, doubtful);
  for (const each of [one, two]) assert.equal((await remove(each)).status, 204);
  assert.deepEqual(await told(sku), []);
});

test('C46: a change that was refused or rolled back is told to nobody', async () => {
  const sku = product();
  const one = await post(sku, 'c1');
  const { status } = await shop.ask('DELETE', one.path, { as: customer('c1'), match: '"9-0"' });
  await db.query('ALTER TABLE reviews.outbox ADD CONSTRAINT full_disk CHECK (seq < 0) NOT VALID');
  const failed = [await shop.ask('DELETE', one.path, { as: customer('c1'), match: '*' }).catch(({ message }) => message), await moderate(one, 'rejected').catch(({ message }) => message)];
  await db.query('ALTER TABLE reviews.outbox DROP CONSTRAINT full_disk');
  assert.equal(status, 412);
  for (const message of failed) assert.match(String(message), /: 500 /);
  assert.deepEqual([(await told(sku)).length, await rated(sku)], [1, [1, 5]]);
});

/** The same numbers each time: a run that fails can be repeated. */
function dice(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Four authors and a moderator who do what comes to mind with the reviews of a product, at once. */
async function crowd(sku, throwDice) {
  const reviews = [];
  const acts = [(one) => change(one, { stars: 1 + throwDice(5) }), (one) => change(one, doubtful), (one) => moderate(one, 'rejected'), (one) => moderate(one, 'published'), remove, ({ path }) => remove({ path })];
  for (let n = 0; n < 4; n++) reviews.push(await post(sku, `c${n}`, { stars: 1 + throwDice(5) }));
  for (let round = 0; round < 6; round++) {
    const answers = await Promise.all(Array.from({ length: 4 }, () => acts[throwDice(acts.length)](reviews[throwDice(4)])));
    for (const { status, text: said } of answers) assert.ok([200, 204, 404, 412].includes(status), said);
  }
}

for (let seed = 1; seed <= 8; seed++) {
  test(`C46: who hears all events, in any order and some twice, counts what the service counts (${seed})`, async () => {
    const [sku, throwDice] = [product(), dice(seed)];
    await crowd(sku, throwDice);
    const events = await told(sku);
    const { stars } = await summary(sku);
    for (let turn = 0; turn < 5; turn++) {
      const heard = [...events, ...events.filter(() => throwDice(3) === 0)].map((e) => [throwDice(1e6), e]).sort(([a], [b]) => a - b).map(([, e]) => e);
      assert.deepEqual(counted(heard), stars, JSON.stringify(heard));
    }
    const last = new Map(events.map(([type, data]) => [data.review, [type, data]]));
    assert.deepEqual(counted([...last.values()]), stars, 'the last event of each is its newest');
  });
}
