// The rules of src/shop, each without network and database.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFrom, duration, versionFrom } from '../src/shop/config.js';
import { continueTrace, traceHeaders } from '../src/shop/trace.js';
import { Sources } from '../src/shop/sources.js';
import { passing, problemOf } from '../src/shop/problem.js';
import { fresh, mustMatch, shapeOf, tagOf } from '../src/shop/etag.js';
import { after, pageOf } from '../src/shop/page.js';
import { canonical, checkAccept } from '../src/shop/body.js';
import { admit, signs } from '../src/shop/access.js';
import { keyError, keyOf } from '../src/shop/idempotency.js';
import { notReady, unfit } from '../src/shop/postgres.js';
import { inTheWay } from '../src/shop/migrate.js';
import { allowed } from '../src/shop/chain.js';

const good = { SHOP: 'acme', SHOP_RELEASE: 'acme-1', DATABASE_URL: 'postgres://r:secret@db/shop', CATALOG_URL: 'http://catalog:8080/' };
const status = (n) => (p) => p.status === n;

test('a process that does not know its place does not start, and says all that is wrong', () => {
  assert.equal(configFrom(good, 'reviews', ['catalog']).upstreams.catalog, 'http://catalog:8080');
  assert.throws(() => configFrom({ PORT: '70000', DRAIN_DELAY: '5', DB_POOL_MAX: '1', DATABASE_URL: 'my://secret@db' }, 'reviews', ['catalog']), (error) => {
    for (const part of ['SHOP is not set', 'SHOP_RELEASE is not set', 'CATALOG_URL is not set', 'PORT is "70000", not a port', 'DRAIN_DELAY is "5", not a duration', 'DB_POOL_MAX', 'DATABASE_URL is not']) {
      assert.ok(error.message.includes(part), `${part} is missing in: ${error.message}`);
    }
    assert.ok(!error.message.includes('secret'), error.message);
    return true;
  });
});

test('a service reads variables of its own as it reads the others', () => {
  const size = (s) => (/^\d+$/.test(s) ? Number(s) : undefined);
  size.what = 'a size';
  const read = (env) => configFrom({ ...good, ...env }, 'reviews', [], { own: { size: ['SIZE', 3, size], name: ['NAME', undefined, (s) => s] } }).own;
  assert.deepEqual([read({ NAME: 'x' }), read({ NAME: 'x', SIZE: '5' }), configFrom(good, 'reviews').own], [{ size: 3, name: 'x' }, { size: 5, name: 'x' }, {}]);
  assert.throws(() => read({ SIZE: 'big' }), /SIZE is "big", not a size; NAME is not set/);
});

test('the version of the image is not in the image: who deploys it tells, else the shop\'s stands for it', () => {
  assert.equal(configFrom({ ...good, IMAGE_VERSION: '7', SHOP_VERSION: '2026.11' }, 'reviews').version, '7');
  assert.equal(versionFrom({ SHOP_VERSION: '2026.11' }), '2026.11');
  assert.equal(versionFrom({ IMAGE_VERSION: '' }), 'dev');
});

test('durations are written as Go writes them', () => {
  for (const [text, ms] of [['5s', 5000], ['300ms', 300], ['1m30s', 90_000], ['1.5s', 1500], ['0', 0], ['5', undefined], ['', undefined], ['s', undefined], ['-1s', undefined]]) {
    assert.equal(duration(text), ms, text);
  }
});

test('a trace goes on, in later versions too, and a wrong one is begun anew', () => {
  const id = '0af7651916cd43dd8448eb211c80319c';
  for (const header of [`00-${id}-b7ad6b7169203331-01`, `01-${id}-b7ad6b7169203331-01-extra`, `cc-${id}-b7ad6b7169203331-ff`]) {
    const trace = continueTrace(header, 'a=b');
    assert.equal(trace.id, id, header);
    assert.notEqual(trace.span, 'b7ad6b7169203331', 'a hop of its own');
    assert.deepEqual(traceHeaders(trace), { traceparent: `00-${id}-${trace.span}-01`, tracestate: 'a=b' });
  }
  for (const header of [undefined, '', 'x', `ff-${id}-b7ad6b7169203331-01`, `00-${id}-b7ad6b7169203331-01-extra`, `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `00-${id}-${'0'.repeat(16)}-01`, `00-${id.toUpperCase()}-b7ad6b7169203331-01`]) {
    const trace = continueTrace(header, 'a=b');
    assert.ok(trace.id !== id && /^[0-9a-f]{32}$/.test(trace.id), header);
    assert.equal(trace.state, undefined, 'a state without its trace means nothing');
  }
});

test('sources of upstreams are merged, and a mix shows', () => {
  const sources = new Sources({ service: 'reviews', release: 'a-1', version: '7,=\n' });
  const upstream = { 'x-shop-sources': 'catalog=a-1, pricing=a-1', 'x-shop-versions': 'catalog=3' };
  for (let n = 0; n < 2; n++) sources.merge((name) => upstream[name]);
  sources.merge(() => undefined);
  assert.deepEqual(sources.headers(), { 'X-Shop-Sources': 'reviews=a-1,catalog=a-1,pricing=a-1', 'X-Shop-Versions': 'reviews=7,catalog=3' });
  sources.merge((name) => ({ 'x-shop-sources': 'catalog=a-2' })[name]);
  assert.match(sources.headers()['X-Shop-Sources'], /catalog=a-1,.*catalog=a-2/);
});

test('what passes is 503 with Retry-After, and the rest 500 that tells nothing', () => {
  const coded = (code) => Object.assign(new Error('inner'), { code });
  for (const code of ['53300', '57P01', '08006', '40001', '40P01', '55P03', 'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND']) assert.ok(passing(coded(code)), code);
  assert.ok(passing(new Error('timeout exceeded when trying to connect')) && passing(new Error('Connection terminated unexpectedly')));
  for (const code of ['23514', '42P01', undefined]) assert.ok(!passing(coded(code)), code);
  assert.equal(problemOf(coded('57P01')).headers['Retry-After'], '1');
  const failed = problemOf(coded('23514'));
  assert.ok(failed.status === 500 && failed.type === 'about:blank' && !failed.detail.includes('inner'));
});

test('writes compare the version, caches all of the tag', () => {
  const tag = tagOf(12, shapeOf({ type: 'object' }));
  assert.match(tag, /^"12-[0-9a-f]{8}"$/);
  for (const header of [tag, '"12-00000000"', `"3-x", ${tag}`, '*']) mustMatch(header, 12);
  for (const header of [`W/${tag}`, '"1-2"', '"121-0"', '12', '"12"', '"2-12"']) assert.throws(() => mustMatch(header, 12), status(412), header);
  for (const header of [tag, `W/${tag}`, `"a", ${tag}`, '*']) assert.ok(fresh(header, tag), header);
  for (const header of [undefined, '', '"12-00000000"']) assert.ok(!fresh(header, tag), header);
  assert.notEqual(shapeOf({ a: 1 }), shapeOf({ a: 2 }));
});

test('a cursor leads on, and fits only the filter that it was made for', () => {
  const rows = ['9', '7', '5'];
  const { items, next } = pageOf(rows, 2, (row) => row, ['a']);
  assert.deepEqual(items, ['9', '7']);
  assert.equal(after(next, ['a']), '7');
  assert.equal(pageOf(rows, 3, (row) => row, ['a']).next, undefined);
  assert.equal(after(undefined, ['a']), undefined);
  const forged = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const cursor of ['x', forged(['', '7']), forged({}), forged(7), forged(null), next.slice(1)]) assert.throws(() => after(cursor, ['a']), status(400), cursor);
  assert.throws(() => after(next, ['b']), status(400), 'another filter');
});

test('the same JSON is the same body', () => {
  assert.equal(canonical(JSON.parse('{"b":[1,{"d":null,"c":"x"}],"a":true}')), canonical(JSON.parse(' {"a": true, "b": [1, {"c":"x","d":null}]} ')));
  assert.notEqual(canonical({ a: [1, 2] }), canonical({ a: [2, 1] }));
  assert.notEqual(canonical({ a: '1' }), canonical({ a: 1 }));
});

test('who takes no JSON gets none', () => {
  for (const accept of [undefined, '', '*/*', 'text/html, application/*;q=0.1', 'application/json; charset=utf-8', 'APPLICATION/JSON']) checkAccept(accept);
  for (const accept of ['text/html', 'application/json;q=0', 'application/xml, text/*']) assert.throws(() => checkAccept(accept), status(406), accept);
});

test('requirements admit whom they name', () => {
  const callers = {
    nobody: { kind: 'anonymous', scopes: [] }, customer: { kind: 'customer', subject: 'c', scopes: [] }, clerk: { kind: 'staff', subject: 's', scopes: ['catalog:write'] },
    moderator: { kind: 'staff', subject: 's', scopes: ['catalog:write', 'reviews:moderate'] }, search: { kind: 'service', subject: 'search', scopes: [] },
  };
  for (const [security, answers] of [
    [[], {}],
    [[{ owner: [] }, {}], {}],
    [[{ customer: [] }], { nobody: 401, clerk: 403, moderator: 403, search: 403 }],
    [[{ staff: ['reviews:moderate'] }], { nobody: 401, customer: 403, clerk: 403, search: 403 }],
    [[{ service: ['search'] }], { nobody: 401, customer: 403, clerk: 403, moderator: 403 }],
    [[{ service: ['checkout'] }], { nobody: 401, customer: 403, clerk: 403, moderator: 403, search: 403 }],
    [[{ unheard: [] }], { nobody: 401, customer: 403, clerk: 403, moderator: 403, search: 403 }],
  ]) {
    for (const [name, caller] of Object.entries(callers)) {
      if (answers[name]) assert.throws(() => admit(security, caller), status(answers[name]), `${name} at ${JSON.stringify(security)}`);
      else admit(security, caller);
    }
  }
});

test('the key of a service signs for that service and nobody else', () => {
  const own = { iss: 'service/search', kind: 'service', sub: 'search' };
  assert.ok(signs('service/search/1', own) && signs('auth/1', { iss: 'auth', kind: 'staff', sub: 'x' }));
  for (const claims of [{ ...own, sub: 'checkout' }, { ...own, kind: 'staff' }, { ...own, iss: 'auth' }]) assert.ok(!signs('service/search/1', claims));
  assert.ok(!signs('auth/1', own));
});

test('an idempotency key is long enough, and one of nobody cannot be guessed', () => {
  assert.equal(keyOf('"0123456789abcdef"'), '0123456789abcdef');
  const uuid = '0198c9a5-5f0e-4c1b-9a77-2f5d0f8e2b11';
  for (const key of [uuid, 'x'.repeat(22), 'x'.repeat(255)]) assert.equal(keyError(key, true), undefined, key);
  assert.equal(keyError('0123456789abcdef', false), undefined);
  for (const key of ['short', 'x'.repeat(256), 'with a blank in the key', 'ümlaut-ümlaut-ümlaut']) assert.equal(keyError(key, false)?.parameter, 'header.Idempotency-Key', key);
  for (const key of ['0123456789abcdef', 'order-4711-of-today']) assert.ok(keyError(key, true), key);
});

test('a schema fits from the version that the release needs, until the floor passes it', () => {
  assert.equal(unfit('reviews', 3, { version: 3, floor: 1 }), undefined);
  assert.equal(unfit('reviews', 3, { version: 5, floor: 3 }), undefined);
  assert.match(unfit('reviews', 3, { version: 2, floor: 1 }), /has version 2, this release needs 3/);
  assert.match(unfit('reviews', 3, { version: 5, floor: 4 }), /serves releases from version 4 on/);
});

test('a blip of PostgreSQL leaves readiness alone, a schema that does not fit does not', () => {
  assert.ok(notReady({}, 0), 'never seen');
  assert.equal(notReady({ at: 1000 }, 31_000), undefined);
  assert.match(notReady({ at: 1000 }, 31_001), /has not answered/);
  assert.equal(notReady({ at: 1000, unfit: 'too old' }, 1000), 'too old');
});

test('a floor waits for the releases that need what goes', () => {
  const seen = ['reviews/acme-old/3', 'reviews/acme-new/5', 'cart/acme-old/1', 'psql', 'reviews/acme-other/4'];
  assert.deepEqual(inTheWay(seen, 'reviews', 'acme-new', 4), ['acme-old']);
  assert.deepEqual(inTheWay(seen, 'reviews', 'acme-new', 3), []);
});

test('a caller\'s patience shortens ours and never lengthens it', () => {
  for (const [header, ms] of [[undefined, 5000], ['x', 5000], ['1.5', 5000], ['1500', 1500], ['99999999999999999999', 5000], ['0', 0], ['-5', 0]]) assert.equal(allowed(header, 5000), ms, header);
});
