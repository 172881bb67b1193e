// The service over HTTP on a real PostgreSQL. Every answer is held to openapi.json by ask().
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { generateKeyPair } from 'jose';
import pg from 'pg';
import { customer, environment, moderator, token, until } from './shop.js';
import { openedShop } from './world.js';
import { plan } from '../src/service.js';
import { configFrom } from '../src/shop/config.js';
import { migrate } from '../src/shop/migrate.js';
import { sweep } from '../src/shop/idempotency.js';

const { cluster, goods, shop, db } = await openedShop();

const text = { stars: 5, author: 'Mika', title: 'Good', text: 'It does what it should.' };
let products = 0;
const product = () => `P-${++products}`;
const post = (body, as, key = randomUUID()) => shop.ask('POST', '/api/reviews', { body, as, key });
const review = async (more = {}, sub = 'c1') => {
  const answer = await post({ sku: product(), ...text, ...more }, customer(sub));
  assert.equal(answer.status, 201, answer.text);
  return { ...answer.body, path: answer.headers.get('location'), tag: answer.headers.get('etag') };
};
const list = (sku, more = '') => shop.ask('GET', `/api/reviews?sku=${sku}${more}`);

test('a review is published and counted', async () => {
  const one = await review();
  assert.equal(one.state, 'published');
  assert.equal(one.path, `/api/reviews/${one.id}`);
  await post({ sku: one.sku, ...text, stars: 4 }, customer('c2'));
  const { body, headers } = await list(one.sku);
  assert.deepEqual(body.items.map((r) => r.stars), [4, 5], 'newest first');
  assert.deepEqual(body.summary, { count: 2, average: 4.5, stars: { 1: 0, 2: 0, 3: 0, 4: 1, 5: 1 } });
  assert.equal(headers.get('cache-control'), 'public, max-age=5');
  const read = await shop.ask('GET', one.path);
  assert.deepEqual([read.headers.get('etag'), read.body], [one.tag, body.items[1]], 'the tag of the write is that of the next read');
});

test('who wrote a review is told to nobody, not even to the author', async () => {
  const who = 'customer-x'; // no text that an id can hold by chance, as c1 is
  const one = await review({}, who);
  const vote = await shop.ask('POST', `${one.path}/votes`, { as: customer('voter-x'), key: randomUUID(), body: { helpful: true } });
  const answers = [await list(one.sku), await shop.ask('GET', one.path), await shop.ask('GET', one.path, { as: customer(who) }), vote];
  for (const { status, text: told } of answers) assert.ok([200, 201].includes(status) && told.includes(one.id) && !/-x\b/.test(told), told);
});

// C46: no reviews are count 0 and no average, not 0.0.
test('a product without reviews has an empty list', async () => {
  assert.deepEqual((await list(product())).body, { items: [], summary: { count: 0, stars: { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 } } });
});

test('a doubtful review is seen by its author and moderators, until it is published', async () => {
  const one = await review({ text: 'See https://example.org' });
  assert.equal(one.state, 'pending');
  assert.equal((await list(one.sku)).body.summary.count, 0);
  for (const [as, status] of [[undefined, 404], [customer('c2'), 404], [customer('c1'), 200], [moderator(), 200]]) assert.equal((await shop.ask('GET', one.path, { as })).status, status);
  const waiting = await shop.ask('GET', '/api/reviews/pending', { as: moderator() });
  assert.ok(waiting.body.items.some((r) => r.id === one.id));
  const verdict = await shop.ask('PATCH', one.path, { as: moderator(), match: one.tag, body: { state: 'published' }, headers: { 'content-type': 'application/merge-patch+json' } });
  assert.equal(verdict.body.state, 'published');
  assert.equal((await list(one.sku)).body.summary.count, 1);
  assert.equal((await shop.ask('PATCH', one.path, { as: moderator(), match: one.tag, body: { state: 'rejected' } })).status, 412, 'made for an older version');
});

test('a change is judged anew', async () => {
  const one = await review();
  const changed = await shop.ask('PUT', one.path, { as: customer('c1'), match: one.tag, body: { ...text, stars: 1, text: 'Buy at www.example.org' } });
  assert.deepEqual([changed.status, changed.body.state, changed.body.stars, changed.body.sku], [200, 'pending', 1, one.sku]);
  assert.notEqual(changed.headers.get('etag'), one.tag);
  assert.equal((await list(one.sku)).body.summary.count, 0);
});

const moderate = (one, state) => shop.ask('PATCH', one.path, { as: moderator(), match: one.tag, body: { state } });
const change = async ({ path }, more = {}, sub = 'c1') => {
  const { headers } = await shop.ask('GET', path, { as: customer(sub) });
  return shop.ask('PUT', path, { as: customer(sub), match: headers.get('etag'), body: { ...text, ...more } });
};

test('what a moderator rejected is not published again by its author, who may change or remove it', async () => {
  const one = await review();
  assert.equal((await moderate(one, 'rejected')).body.state, 'rejected');
  for (const words of ['A plain second try.', 'A plain third try.']) assert.equal((await change(one, { text: words })).body.state, 'pending', words);
  assert.equal((await post({ sku: one.sku, ...text }, customer('c1'))).status, 409, 'another one of the same product');
  await shop.ask('DELETE', one.path, { as: customer('c1'), match: '*' });
  const second = await post({ sku: one.sku, ...text }, customer('c1'));
  assert.deepEqual([second.status, second.body.state], [201, 'pending'], 'after it was removed');
  assert.equal((await list(one.sku)).body.summary.count, 0);
  assert.equal((await post({ sku: one.sku, ...text }, customer('c2'))).body.state, 'published', 'by somebody else');
  assert.equal((await review()).state, 'published', 'by the same customer, of something else');
});

test('what a moderator publishes ends the doubt about its author', async () => {
  const one = await review();
  await moderate(one, 'rejected');
  const again = await change(one);
  const published = await moderate({ path: one.path, tag: again.headers.get('etag') }, 'published');
  assert.deepEqual([published.status, published.body.state], [200, 'published']);
  assert.equal((await change(one, { text: 'A word more.' })).body.state, 'published');
});

test('of a verdict and a change that meet, one is stale', async () => {
  for (let round = 0; round < 10; round++) {
    const one = await review();
    const [verdict, changed] = await Promise.all([moderate(one, 'rejected'), shop.ask('PUT', one.path, { as: customer('c1'), match: one.tag, body: text })]);
    assert.deepEqual([verdict.status, changed.status].sort(), [200, 412]);
    assert.equal((await change(one)).body.state, verdict.status === 200 ? 'pending' : 'published', 'the next change is judged by the verdict that counts');
  }
});

test('what was rejected before rejections were kept is known, and what is rejected by another hand', async () => {
  const url = await cluster.database();
  const config = configFrom(environment(url, goods.url), 'reviews', ['catalog']);
  await migrate(config, { ...plan, migrations: plan.migrations.slice(0, 1) });
  const own = new pg.Client({ connectionString: url });
  await own.connect();
  try {
    const add = (author, state) => own.query(`INSERT INTO reviews.reviews (id, sku, author_id, author, stars, text, state) VALUES (gen_random_uuid(), 'A', $1, 'x', 1, 'x', $2)`, [author, state]);
    await add('before', 'rejected');
    await add('after', 'published');
    await migrate(config, plan);
    await own.query(`UPDATE reviews.reviews SET state = 'rejected' WHERE author_id = 'after'`);
    const { rows } = await own.query('SELECT author_id FROM reviews.rejections ORDER BY author_id');
    assert.deepEqual(rows.map((row) => row.author_id), ['after', 'before']);
  } finally {
    await own.end();
  }
});

test('what was replaced by a release from before is at its address, and counts as little as before', async () => {
  const [one, other] = [await review({ stars: 1 }), await review()];
  await db.query('UPDATE reviews.reviews SET current = false WHERE id = $1', [one.id]);
  const second = await post({ sku: one.sku, ...text, stars: 4 }, customer('c1'));
  const { items, summary } = (await list(one.sku)).body;
  assert.deepEqual([items.map((r) => r.id), summary.count, summary.average], [[second.body.id], 1, 4]);
  const before = await shop.ask('GET', one.path);
  assert.deepEqual([before.status, before.headers.get('etag')], [200, one.tag]);
  const gone = () => db.query("SELECT event->'data'->>'review' AS id FROM reviews.outbox WHERE event->>'type' = 'reviews.review.removed.v1' AND event->'data'->>'review' = ANY($1)", [[one.id, other.id]]);
  for (const { path, tag } of [one, other]) assert.equal((await shop.ask('DELETE', path, { as: customer('c1'), match: tag })).status, 204);
  assert.deepEqual((await gone()).rows, [{ id: other.id }], 'nobody counted the one');
});

test('without a product the reviews of all are listed, and nothing is counted', async () => {
  const [one, two] = [await review(), await review()];
  const { items, summary } = (await shop.ask('GET', '/api/reviews?limit=2')).body;
  assert.deepEqual([items.map((r) => r.id), summary], [[two.id, one.id], undefined]);
});

test('of many who change one version, one wins', async () => {
  const one = await review();
  const answers = await Promise.all([1, 2, 3, 4, 5].map((stars) => shop.ask('PUT', one.path, { as: customer('c1'), match: one.tag, body: { ...text, stars } })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 412, 412, 412, 412]);
});

test('a removed review is gone', async () => {
  const one = await review();
  assert.equal((await shop.ask('DELETE', one.path, { as: customer('c2'), match: one.tag })).status, 404);
  const gone = await shop.ask('DELETE', one.path, { as: customer('c1'), match: one.tag });
  assert.deepEqual([gone.status, gone.text], [204, '']);
  assert.equal((await shop.ask('GET', one.path)).status, 404);
  const another = await review();
  assert.equal((await shop.ask('DELETE', another.path, { as: moderator(), match: '*' })).status, 204, 'moderators may remove any');
});

test('a customer has one voice, the last one counts, and nobody votes for himself', async () => {
  const one = await review();
  const vote = (sub, helpful) => shop.ask('POST', `${one.path}/votes`, { as: customer(sub), key: randomUUID(), body: { helpful } });
  await vote('v1', true);
  const second = await vote('v2', true);
  assert.deepEqual([second.status, second.body.helpful, second.body.unhelpful, second.headers.get('location')], [201, 2, 0, one.path]);
  const again = await vote('v2', true);
  assert.equal(again.headers.get('etag'), second.headers.get('etag'), 'the same voice changes nothing');
  assert.deepEqual([(await vote('v1', false)).body.helpful, (await shop.ask('GET', one.path)).body.unhelpful], [1, 1]);
  assert.equal((await vote('c1', true)).status, 409);
});

test('voices that come at once are all counted', async () => {
  const one = await review();
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => shop.ask('POST', `${one.path}/votes`, { as: customer(`many${n}`), key: randomUUID(), body: { helpful: n % 2 === 0 } })));
  assert.ok(answers.every((a) => a.status === 201), answers.map((a) => a.text).join());
  const { helpful, unhelpful } = (await shop.ask('GET', one.path)).body;
  assert.deepEqual([helpful, unhelpful], [10, 10]);
});

test('a list read by pages neither repeats nor skips, whatever is added or removed meanwhile', async () => {
  const sku = product();
  const made = [];
  // Ids of one digit more come on the way: they are numbers and no texts.
  await db.query("SELECT setval(pg_get_serial_sequence('reviews.reviews', 'position'), 9996)");
  for (let n = 0; n < 7; n++) made.push((await post({ sku, ...text }, customer(`p${n}`))).body.id);
  const seen = [];
  let next = '';
  do {
    const { body } = await list(sku, `&limit=2${next && `&cursor=${next}`}`);
    seen.push(...body.items.map((r) => r.id));
    next = body.next ?? '';
    if (seen.length === 2) {
      assert.equal((await post({ sku, ...text }, customer('late'))).status, 201);
      await db.query('DELETE FROM reviews.reviews WHERE id = $1', [made[3]]);
    }
  } while (next);
  assert.deepEqual(seen, made.toReversed().filter((id) => id !== made[3]));
});

test('a cursor of another product is refused', async () => {
  const sku = product();
  for (let n = 0; n < 2; n++) await post({ sku, ...text }, customer(`q${n}`));
  const { next } = (await list(sku, '&limit=1')).body;
  assert.equal((await list(product(), `&cursor=${next}`)).status, 400);
});

test('a repeated POST has one effect and the same answer, byte for byte', async () => {
  const key = randomUUID();
  const body = { sku: product(), ...text };
  const first = await post(body, customer('k1'), key);
  const asked = goods.asked.length;
  // Another order of fields, other spaces, and the quoted form of the key.
  const raw = ` ${JSON.stringify(Object.fromEntries(Object.entries(body).toReversed()), null, 2)}`;
  const again = await shop.ask('POST', '/api/reviews', { raw, as: customer('k1'), key: `"${key}"`, headers: { 'content-type': 'application/json; charset=utf-8' } });
  assert.deepEqual([again.status, again.text], [first.status, first.text]);
  for (const name of ['etag', 'location']) assert.equal(again.headers.get(name), first.headers.get(name));
  assert.deepEqual([first.headers.get('idempotent-replayed'), again.headers.get('idempotent-replayed')], [null, 'true']);
  assert.equal(goods.asked.length, asked, 'a stored answer asks nobody');
  const other = await post({ ...body, stars: 1 }, customer('k1'), key);
  assert.deepEqual([other.status, other.body.type], [422, 'urn:emporium:problem:idempotency-mismatch']);
  // Another caller with the same key is another request.
  assert.equal((await post({ ...body, sku: product() }, customer('k2'), key)).headers.get('idempotent-replayed'), null);
});

test('the same key for another thing is another request', async () => {
  const [one, two] = [await review(), await review()];
  const key = randomUUID();
  const vote = (path) => shop.ask('POST', `${path}/votes`, { as: customer('w'), key, body: { helpful: true } });
  assert.equal((await vote(one.path)).status, 201);
  assert.equal((await vote(two.path)).status, 422);
});

test('a refused request leaves its key unused', async () => {
  const key = randomUUID();
  assert.equal((await post({ sku: 'NONE', ...text }, customer('k3'), key)).status, 422);
  assert.equal((await post({ sku: product(), ...text }, customer('k3'), key)).status, 201);
});

test('of many with one key at once, one has an effect', async () => {
  const key = randomUUID();
  const body = { sku: product(), ...text };
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(body, customer('k4'), key)));
  for (const a of answers) assert.ok(a.status === 201 || (a.status === 409 && a.body.type === 'urn:emporium:problem:idempotency-in-flight' && a.headers.get('retry-after')), a.text);
  const made = answers.filter((a) => a.status === 201);
  assert.ok(made.length >= 1 && new Set(made.map((a) => a.text)).size === 1);
  assert.equal((await list(body.sku)).body.summary.count, 1);
});

test('keys are forgotten after a day, and not before', async () => {
  const [old, young] = [randomUUID(), randomUUID()];
  for (const key of [old, young]) await post({ sku: product(), ...text }, customer('k5'), key);
  await db.query("UPDATE reviews.idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = $1", [old]);
  await sweep(db, 'reviews');
  const { rows } = await db.query('SELECT key FROM reviews.idempotency_keys WHERE key = ANY($1)', [[old, young]]);
  assert.deepEqual(rows, [{ key: young }]);
});

const wrong = { body: { stars: 9 }, key: 'short' };
for (const [name, status, type, method, path, options] of [
  ['no such path', 404, 'about:blank', 'GET', '/api/none', {}],
  ['no such method', 405, 'about:blank', 'PUT', '/api/reviews', {}],
  ['no such method of a fixed path', 405, 'about:blank', 'PATCH', '/api/reviews/pending', {}],
  ['nobody writes', 401, 'unauthenticated', 'POST', '/api/reviews', wrong],
  ['a moderator is no customer', 403, 'forbidden', 'POST', '/api/reviews', { ...wrong, as: moderator() }],
  ['a customer is no moderator', 403, 'forbidden', 'GET', '/api/reviews/pending', { as: customer('c1') }],
  ['no JSON wanted', 406, 'about:blank', 'GET', '/api/reviews?sku=A', { headers: { accept: 'text/html' } }],
  ['406 comes before 415', 406, 'about:blank', 'POST', '/api/reviews', { as: customer('c1'), raw: 'a=b', headers: { accept: 'text/html', 'content-type': 'text/plain' } }],
  ['no JSON sent', 415, 'about:blank', 'POST', '/api/reviews', { as: customer('c1'), raw: 'a=b', headers: { 'content-type': 'text/plain' } }],
  ['another charset', 415, 'about:blank', 'POST', '/api/reviews', { as: customer('c1'), raw: '{}', headers: { 'content-type': 'application/json; charset=latin1' } }],
  ['too much', 413, 'about:blank', 'POST', '/api/reviews', { as: customer('c1'), raw: `"${'x'.repeat(1 << 20)}"`, headers: { 'content-type': 'application/json' } }],
  ['no key comes before what is invalid', 400, 'malformed', 'POST', '/api/reviews', { as: customer('c1'), body: { stars: 9 } }],
  ['a short key', 422, 'invalid', 'POST', '/api/reviews', { as: customer('c1'), body: { sku: 'A', ...text }, key: 'short' }],
  ['broken JSON', 400, 'malformed', 'POST', '/api/reviews', { as: customer('c1'), key: randomUUID(), raw: '{"stars":', headers: { 'content-type': 'application/json' } }],
  ['no UTF-8', 400, 'malformed', 'POST', '/api/reviews', { as: customer('c1'), key: randomUUID(), raw: Buffer.from([0x22, 0xff, 0x22]), headers: { 'content-type': 'application/json' } }],
  ['no body', 422, 'invalid', 'POST', '/api/reviews', { as: customer('c1'), key: randomUUID() }],
  ['428 comes before 422', 428, 'precondition-required', 'PUT', `/api/reviews/${randomUUID()}`, { as: customer('c1'), body: { stars: 9 } }],
  ['422 comes before 404', 422, 'invalid', 'PUT', `/api/reviews/${randomUUID()}`, { as: customer('c1'), match: '"1-0"', body: { stars: 9 } }],
  ['404 comes before 412', 404, 'not-found', 'PUT', `/api/reviews/${randomUUID()}`, { as: customer('c1'), match: '"1-0"', body: text }],
  ['no id', 404, 'not-found', 'GET', '/api/reviews/7', {}],
  ['a broken escape', 404, 'not-found', 'GET', '/api/reviews/%E0%A4%A', {}],
  ['a product that cannot be', 422, 'invalid', 'GET', '/api/reviews?sku=../x', {}],
  ['an unknown parameter', 422, 'invalid', 'GET', '/api/reviews?sku=A&skew=1', {}],
  ['a parameter twice', 422, 'invalid', 'GET', '/api/reviews?sku=A&sku=B', {}],
  ['too long a page', 422, 'invalid', 'GET', '/api/reviews?sku=A&limit=101', {}],
  ['a page of nothing', 422, 'invalid', 'GET', '/api/reviews?sku=A&limit=0', {}],
  ['an alien cursor', 400, 'malformed', 'GET', '/api/reviews?sku=A&cursor=abc', {}],
  ['no time left', 503, 'unavailable', 'GET', '/api/reviews?sku=A', { headers: { 'x-shop-deadline': '0' } }],
]) {
  test(`${status}: ${name}`, async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const answer = await shop.ask(method, path, { ...options, headers: { traceparent: `00-${trace}-b7ad6b7169203331-01`, ...options.headers } });
    assert.equal(answer.status, status, answer.text);
    const { body, headers } = answer;
    assert.equal(body.type, type === 'about:blank' ? type : `urn:emporium:problem:${type}`);
    assert.deepEqual([body.status, body.traceId, body.instance], [status, trace, path.split('?')[0]]);
    assert.deepEqual([headers.get('cache-control'), headers.get('x-content-type-options'), headers.get('etag')], ['no-store', 'nosniff', null]);
    const needed = { 401: 'www-authenticate', 405: 'allow', 503: 'retry-after', ...(method === 'POST' && { 415: 'accept-post' }) }[status];
    if (needed) assert.ok(headers.get(needed), needed);
    if (status === 422 && type === 'invalid') assert.ok(body.errors.length > 0 && body.errors.every((e) => e.pointer || e.parameter), answer.text);
  });
}

// C46: half a star is 422. C47: a pointer to a/b reads #/a~1b.
test('what is not valid is located', async () => {
  const { body } = await shop.ask('POST', '/api/reviews', { as: customer('c1'), key: 'short', body: { sku: '../x', stars: 5.5, 'a/b': 1, text: 'a\u0000b' } });
  const where = body.errors.map((e) => e.pointer ?? e.parameter).sort();
  assert.deepEqual(where, ['#/author', '#/a~1b', '#/sku', '#/stars', '#/text', 'header.Idempotency-Key']);
});

test('a chunked body over the limit is refused, too', async () => {
  const chunk = new Uint8Array(64 << 10).fill(0x20);
  const stream = new ReadableStream({ start(c) { for (let n = 0; n < 17; n++) c.enqueue(chunk); c.close(); } });
  const response = await fetch(`${shop.base}/api/reviews`, { method: 'POST', body: stream, duplex: 'half', headers: { 'content-type': 'application/json', authorization: `Bearer ${await customer('c1')}`, 'idempotency-key': randomUUID() } });
  assert.equal(response.status, 413);
  await response.text();
});

test('a header over the limit is refused', async () => {
  for (const path of ['/livez', '/api/reviews?sku=A']) {
    const response = await fetch(shop.base + path, { headers: { 'x-long': 'x'.repeat(20_000) } });
    assert.deepEqual([response.status, (await response.json()).status], [431, 431], path);
  }
});

test('a token that is not a good one is 401, and an operation for everybody does not look at it', async () => {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const good = { sub: 'c1', kind: 'customer' };
  const bad = {
    'of another key': await token({ ...good, key: privateKey }), 'of a key nobody has': await token({ ...good, kid: 'auth/9' }), 'of another shop': await token({ ...good, aud: 'other' }),
    expired: await token({ ...good, expires: '-1m' }), 'of another issuer': await token({ ...good, iss: 'mallory' }), 'of a service for a customer': await token({ ...good, kid: 'service/search/1' }),
    'of no kind': await token({ sub: 'c1' }), 'of nobody': await token({ kind: 'customer', sub: '' }), nonsense: 'abc',
    unsigned: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ ...good, iss: 'auth', aud: 'acme', exp: 9e9 })).toString('base64url')}.`,
  };
  for (const [name, as] of Object.entries(bad)) {
    const answer = await shop.ask('GET', '/api/reviews/pending', { as });
    assert.equal(answer.status, 401, name);
    assert.match(answer.headers.get('www-authenticate'), /error="invalid_token"/, name);
    assert.equal((await shop.ask('GET', '/api/reviews?sku=A', { as })).status, 200, name);
  }
});

test('a copy that is right is 304, with the headers that keep it', async () => {
  const one = await review();
  const full = await shop.ask('GET', one.path);
  for (const match of [one.tag, `W/${one.tag}`, `"x", ${one.tag}`, '*']) {
    const answer = await shop.ask('GET', one.path, { headers: { 'if-none-match': match } });
    assert.deepEqual([answer.status, answer.text, answer.headers.get('etag'), answer.headers.get('cache-control'), answer.headers.get('content-type')],
      [304, '', one.tag, full.headers.get('cache-control'), null], match);
  }
  assert.equal((await shop.ask('GET', one.path, { headers: { 'if-none-match': '"0-x"' } })).status, 200);
});

test('HEAD is GET without a body', async () => {
  const one = await review();
  for (const path of [one.path, `/api/reviews?sku=${one.sku}`, '/livez', '/contract', '/api/reviews/7']) {
    const [get, head] = [await shop.ask('GET', path), await shop.ask('HEAD', path)];
    assert.deepEqual([head.status, head.text, head.headers.get('content-length'), head.headers.get('etag')], [get.status, '', get.headers.get('content-length'), get.headers.get('etag')], path);
  }
});

test('the catalog is asked with trace and deadline, and named among the sources', async () => {
  const trace = '1af7651916cd43dd8448eb211c80319c';
  const answer = await shop.ask('POST', '/api/reviews', { body: { sku: product(), ...text }, as: customer('c1'), key: randomUUID(), headers: { traceparent: `00-${trace}-b7ad6b7169203331-01`, tracestate: 'v=1', 'x-shop-deadline': '800' } });
  assert.equal(answer.headers.get('x-shop-sources'), 'reviews=acme-1a2b3c4d,catalog=acme-1a2b3c4d');
  assert.equal(answer.headers.get('x-shop-versions'), 'reviews=7,catalog=3');
  const { headers } = goods.asked.at(-1);
  assert.match(headers.traceparent, new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
  assert.equal(headers.tracestate, 'v=1');
  assert.ok(Number(headers['x-shop-deadline']) <= 800 && Number(headers['x-shop-deadline']) > 0, headers['x-shop-deadline']);
});

test('a catalog that fails is 503 and never the customer\'s mistake', async () => {
  for (const [status, after] of [[500, '1'], [429, '7'], [400, '1'], [302, '1']]) {
    goods.state.status = status;
    const answer = await post({ sku: product(), ...text }, customer('c1'));
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, after], `the catalog answers ${status}`);
  }
  goods.state.status = undefined;
});

test('metrics do not grow with paths and methods', async () => {
  for (let n = 0; n < 30; n++) await shop.ask('GET', `/api/reviews/${randomUUID()}`);
  for (let n = 0; n < 30; n++) await shop.ask('GET', `/no/${n}`);
  const metrics = await (await fetch(`${shop.side}/metrics`)).text();
  const lines = metrics.split('\n').filter((line) => line.startsWith('http_server_request_duration_seconds_count'));
  assert.ok(lines.some((line) => line.includes('route="/api/reviews/{id}",method="GET",status="404"')), lines.join('\n'));
  assert.ok(lines.some((line) => line.includes('route="unmatched"')) && lines.length < 60, lines.join('\n'));
  // An answer is read before its end is noted.
  await until('all requests to be over', async () => /^http_server_active_requests 0$/m.test(await (await fetch(`${shop.side}/metrics`)).text()));
  assert.match(metrics, /^build_info\{version="7"\} 1$/m);
});

test('the contract tells what the release needs of its database', async () => {
  assert.deepEqual((await shop.ask('GET', '/contract')).body, {
    service: 'reviews', version: '7', shop: 'acme', release: 'acme-1a2b3c4d', contract: 'v1', provides: ['reviews/v1'], consumes: ['catalog/v1'],
    emits: ['customers.erasure.done.v1', 'reviews.review.published.v1', 'reviews.review.removed.v1'],
    takes: ['customers.customer.erased.v1', 'orders.order.cancelled.v1', 'orders.order.completed.v1', 'orders.order.placed.v1', 'shipping.parcel.delivered.v1'], schema: { name: 'reviews', version: 4, floor: 1 },
  });
});

test('no text, name or token gets into the log or a metric', async () => {
  const mark = 'Zanzibar-4711';
  const as = await customer(mark);
  await post({ sku: product(), ...text, text: mark, author: mark }, as);
  await shop.ask('POST', '/api/reviews', { as, key: randomUUID(), raw: `{"text":"${mark}`, headers: { 'content-type': 'application/json' } });
  await shop.ask('GET', `/api/reviews?sku=${mark}&q=${mark}`);
  const all = JSON.stringify(shop.lines) + (await (await fetch(`${shop.side}/metrics`)).text());
  assert.ok(shop.lines.length > 0 && !all.includes(mark) && !all.includes(as));
});
