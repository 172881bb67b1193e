// Who means no good, or cannot do better: bodies, headers and timing that no client of ours sends. Never 500, never an answer without its sources.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { test } from 'node:test';
import { customer, start, until } from './shop.js';
import { openedShop } from './world.js';

const { cluster, goods, shop, db } = await openedShop();

const text = { sku: 'A', stars: 5, author: 'Mika', text: 'It does what it should.' };
const post = async (raw, sub = 'c1') => shop.ask('POST', '/api/reviews', { raw, as: customer(sub), key: randomUUID(), headers: { 'content-type': 'application/json' } });
const review = async () => (await post(JSON.stringify(text), randomUUID())).body; // a customer has one review of a product

for (const [name, raw, status, pointers] of [
  ['a hundred thousand members that nobody knows', `{${Array.from({ length: 112_000 }, (_, n) => `"${n.toString(36)}":1`).join()}}`, 422],
  ['a body as deep as it is long', '['.repeat(400_000) + ']'.repeat(400_000), 422, ['#']],
  ['a member as deep as it is long', JSON.stringify(text).replace('"A"', '['.repeat(400_000) + ']'.repeat(400_000)), 422, ['#/sku']],
  ['a body that never closes', '{"sku":'.repeat(100_000), 400],
  ['a prototype', '{"__proto__":{"stars":5},"constructor":{"prototype":{}}}', 422, ['#/sku', '#/stars', '#/author', '#/text', '#/__proto__', '#/constructor']],
  ['a number that is none', JSON.stringify(text).replace('5', '1e999'), 422, ['#/stars']],
  ['half of a surrogate pair', JSON.stringify(text).replace('should', '\\ud800'), 422, ['#/text']],
  ['a NUL', JSON.stringify(text).replace('should', '\\u0000'), 422, ['#/text']],
  ['a list of all that is wanted', JSON.stringify([text]), 422, ['#']],
  ['null', 'null', 422, ['#']],
  ['two texts', `${JSON.stringify(text)}${JSON.stringify(text)}`, 400],
  ['compressed nonsense', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), 400],
]) {
  test(`${status}: ${name}`, async () => {
    assert.ok(raw.length <= 1 << 20, 'it is refused for what it is and not for its size');
    const answer = await post(raw);
    assert.equal(answer.status, status, answer.text.slice(0, 1000));
    assert.ok(answer.text.length < 8192, `${answer.text.length} bytes are answered`);
    if (pointers) assert.deepEqual(answer.body.errors.map((e) => e.pointer).sort(), pointers.sort());
  });
}

test('text comes back as it was sent', async () => {
  const sent = { sku: 'A', stars: 1, author: ' Ame\u0301lie 🫖', title: 'ﬁne \u202e', text: `${'🫖'.repeat(3990)} \n\t ' "` };
  const { status, body } = await post(JSON.stringify(sent), 'writer');
  assert.equal(status, 201);
  const { body: read } = await shop.ask('GET', `/api/reviews/${body.id}`, { as: customer('writer') }); // it waits for a moderator
  for (const name of Object.keys(sent)) assert.deepEqual([body[name], read[name]], [sent[name], sent[name]], name);
});

/** Sends bytes as they are, and reads until the server closes. */
function wire(...pieces) {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(Number(new URL(shop.base).port), '127.0.0.1').once('error', reject);
    socket.on('data', (chunk) => { heard += chunk; }).once('close', () => resolve(heard));
    for (const piece of pieces) socket.write(piece);
  });
}
const end = 'Connection: close\r\n\r\n';

for (const [name, head, status] of [
  ['no Host', `GET /livez HTTP/1.1\r\n${end}`, 400],
  ['two Hosts', `GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n${end}`, 400],
  ['two lengths', `POST /api/reviews HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n${end}`, 400],
  ['a length and chunks', `POST /api/reviews HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n${end}`, 400],
  ['chunks that are not the last encoding', `POST /api/reviews HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n${end}`, 400],
  ['a length below nothing', `POST /api/reviews HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n${end}`, 400],
  ['a blank before the colon', `GET /livez HTTP/1.1\r\nHost: a\r\nX-Shop-Deadline : 1\r\n${end}`, 400],
  ['no path', `GET nonsense HTTP/1.1\r\nHost: a\r\n${end}`, 400],
  ['an expectation that nobody knows', `GET /livez HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n${end}`, 200],
  ['an upgrade', `GET /livez HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n`, 200],
  ['an address in the place of a path', `GET http://elsewhere/livez HTTP/1.1\r\nHost: a\r\n${end}`, 404],
  ['a name that each object has', `GET /constructor HTTP/1.1\r\nHost: a\r\n${end}`, 404],
  ['HTTP/1.0 without a Host', `GET /livez HTTP/1.0\r\n\r\n`, 200],
]) {
  test(`${status} on the wire: ${name}`, async () => {
    const heard = await wire(head);
    assert.match(heard, new RegExp(`^HTTP/1\\.1 ${status} [^]*x-shop-sources: reviews=acme-1a2b3c4d`, 'i'));
    if (status >= 400) assert.match(heard, /content-type: application\/problem\+json[^]*"traceId":"[0-9a-f]{32}"/i);
    assert.equal(heard.match(/^HTTP\/1\.1 /gm).length, 1, heard);
  });
}

test('who sends nonsense and never closes his side is dropped', async () => {
  const socket = connect({ port: Number(new URL(shop.base).port), host: '127.0.0.1', allowHalfOpen: true });
  let dropped = false;
  socket.resume().on('error', () => { dropped = true; }).write('NONSENSE\r\n\r\n');
  await until('the end of the connection', () => {
    socket.write('more');
    return dropped;
  });
});

test('a review that is removed while somebody votes is 404 for the voter', async () => {
  const { id } = await review();
  const holder = await db.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM reviews.reviews WHERE id = $1 FOR UPDATE', [id]);
  const vote = shop.ask('POST', `/api/reviews/${id}/votes`, { as: customer('c2'), key: randomUUID(), body: { helpful: true } });
  await until('the vote to wait', async () => (await db.query("SELECT 1 FROM pg_stat_activity WHERE usename = current_user AND wait_event_type = 'Lock'")).rowCount > 0);
  await holder.query('DELETE FROM reviews.reviews WHERE id = $1', [id]);
  await holder.query('COMMIT');
  holder.release();
  const { status, body } = await vote;
  assert.deepEqual([status, body.type], [404, 'urn:emporium:problem:not-found']);
});

test('however many ask, a process holds DB_POOL_MAX connections at most', async () => {
  const { id } = await review();
  const sessions = async () => (await db.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = current_user AND application_name LIKE 'reviews/%'")).rows[0].n;
  const seen = [];
  let asking = true;
  const looks = (async () => { while (asking) seen.push(await sessions()); })();
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => (n % 2 === 0
    ? shop.ask('GET', '/api/reviews?sku=A')
    : shop.ask('POST', `/api/reviews/${id}/votes`, { as: customer(`v${n}`), key: randomUUID(), body: { helpful: true } }))));
  asking = false;
  await looks;
  assert.deepEqual(new Set(answers.map((a) => a.status)), new Set([200, 201]));
  assert.equal(Math.max(...seen), 4, `sessions: ${seen}`);
});

test('more at a time than MAX_IN_FLIGHT are 503 at once, and probes are not counted', async () => {
  const small = await start(await cluster.database(), goods.url, { MAX_IN_FLIGHT: '2' });
  goods.state.hold = new Promise((resolve) => { goods.state.go = resolve; });
  const ask = (n) => small.ask('POST', '/api/reviews', { body: { ...text, sku: `S-${n}` }, as: customer(`m${n}`), key: randomUUID() });
  const held = [ask(1), ask(2)];
  await until('two to be in flight', () => goods.state.held === 2);
  const third = await ask(3);
  assert.deepEqual([third.status, third.headers.get('retry-after')], [503, '1']);
  assert.equal((await small.ask('GET', '/livez')).status, 200);
  goods.state.go();
  assert.deepEqual((await Promise.all(held)).map((a) => a.status), [201, 201]);
  assert.equal((await ask(3)).status, 201);
  assert.equal(await small.stop(), true);
});

test('a catalog that says nothing is 503 within the caller\'s patience', async () => {
  goods.state.hold = new Promise((resolve) => { goods.state.go = resolve; });
  const answer = await shop.ask('POST', '/api/reviews', { body: { ...text, sku: 'Q-1' }, as: customer('q'), key: randomUUID(), headers: { 'x-shop-deadline': '300' } });
  assert.deepEqual([answer.status, answer.body.type], [503, 'urn:emporium:problem:unavailable']);
  goods.state.go();
});
