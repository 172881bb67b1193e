// Where the keys of tokens come from: a text, auth, and the set that services sign with. Each case asks for callers, not for keys.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { callerOf, Keys } from '../src/shop/access.js';
import { configFrom } from '../src/shop/config.js';

const place = { SHOP: 'acme', SHOP_RELEASE: 'acme-1', DATABASE_URL: 'postgres://r:secret@db/shop' };
const pairs = Object.fromEntries(await Promise.all(['auth', 'other', 'search'].map(async (name) => [name, await generateKeyPair('EdDSA', { crv: 'Ed25519' })])));
const set = async (keys) => JSON.stringify({ keys: await Promise.all(Object.entries(keys).map(async ([kid, pair]) => ({ ...(await exportJWK(pair.publicKey)), kid }))) });
const ofAuth = await set({ 'auth/1': pairs.auth });
const ofServices = await set({ 'service/search/1': pairs.search });

const signed = (kid, pair, claims) => new SignJWT({ aud: 'acme', ...claims }).setProtectedHeader({ alg: 'EdDSA', kid }).setIssuedAt().setExpirationTime('1h').sign(pair.privateKey);
const staff = () => signed('auth/1', pairs.auth, { iss: 'auth', sub: 'mo', kind: 'staff' });
const search = (claims = {}) => signed('service/search/1', pairs.search, { iss: 'service/search', sub: 'search', kind: 'service', ...claims });

/** An auth that publishes `state.set`, or is away while there is none; asked.path is where it was asked. */
async function auth(state) {
  const server = createServer((req, res) => {
    state.path = req.url;
    res.writeHead(state.set ? 200 : 503).end(state.set);
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  after(() => { server.close(); server.closeAllConnections(); });
  return `http://127.0.0.1:${server.address().port}`;
}

/** The keys that a process with this environment starts with. */
async function started(env) {
  const keys = new Keys(configFrom({ ...place, ...env }, 'reviews').keys);
  after(() => keys.stop());
  await keys.start();
  return keys;
}

const admitted = async (keys, token) => (await callerOf(`Bearer ${await token}`, keys, 'acme')).subject;
const refused = async (keys, token) => assert.rejects(async () => callerOf(`Bearer ${await token}`, keys, 'acme'), (p) => p.status === 401);

test("the keys of services stand beside auth's, wherever these come from", async () => {
  const state = { set: ofAuth };
  const address = await auth(state);
  for (const env of [{ SHOP_JWKS: ofAuth }, { SHOP_JWKS_URL: `${address}/keys` }, { AUTH_URL: address }, { AUTH_URL: `${address}/` }]) {
    const keys = await started({ ...env, SHOP_SERVICE_JWKS: ofServices });
    assert.equal(await admitted(keys, staff()), 'mo', JSON.stringify(env));
    assert.equal(await admitted(keys, search()), 'search', JSON.stringify(env));
  }
  assert.equal(state.path, '/.well-known/jwks.json', 'who depends on auth asks it there');
});

test('an address that is given counts before that of auth', async () => {
  const state = { set: ofAuth };
  await started({ AUTH_URL: 'http://127.0.0.1:1', SHOP_JWKS_URL: `${await auth(state)}/keys` });
  assert.equal(state.path, '/keys');
});

test('auth may start after us: services get in before, staff with the next look', async () => {
  const state = {};
  const keys = await started({ AUTH_URL: await auth(state), SHOP_SERVICE_JWKS: ofServices });
  assert.equal(await admitted(keys, search()), 'search');
  await refused(keys, staff());
  state.set = ofAuth;
  await keys.look();
  assert.equal(await admitted(keys, staff()), 'mo');
  assert.equal(await admitted(keys, search()), 'search');
});

test('who started while auth was away knows its keys soon after it is back', async () => {
  const state = {};
  const keys = await started({ AUTH_URL: await auth(state) });
  state.set = ofAuth;
  for (const end = Date.now() + 10_000; ;) {
    try {
      assert.equal(await admitted(keys, staff()), 'mo');
      return;
    } catch (problem) {
      assert.ok(problem.status === 401 && Date.now() < end, problem);
    }
    await new Promise((done) => { setTimeout(done, 20); });
  }
});

test('an auth that is away leaves the last keys in use', async () => {
  const state = { set: ofAuth };
  const keys = await started({ AUTH_URL: await auth(state), SHOP_SERVICE_JWKS: ofServices });
  for (const away of [undefined, 'no JSON']) {
    state.set = away;
    await assert.rejects(keys.look());
    assert.equal(await admitted(keys, staff()), 'mo');
    assert.equal(await admitted(keys, search()), 'search');
  }
});

test('auth cannot give a service another key: of two with one id that which is near counts', async () => {
  const state = { set: await set({ 'auth/1': pairs.auth, 'service/search/1': pairs.other }) };
  const keys = await started({ AUTH_URL: await auth(state), SHOP_SERVICE_JWKS: ofServices });
  assert.equal(await admitted(keys, search()), 'search');
  await refused(keys, signed('service/search/1', pairs.other, { iss: 'service/search', sub: 'search', kind: 'service' }));
});

test('the key of a service is good for its own tokens alone', async () => {
  const keys = await started({ SHOP_JWKS: ofAuth, SHOP_SERVICE_JWKS: ofServices });
  for (const claims of [{ sub: 'checkout' }, { iss: 'service/checkout', sub: 'checkout' }, { kind: 'staff' }, { iss: 'auth', kind: 'staff' }]) await refused(keys, search(claims));
});

test('a set that is near and cannot be read keeps the process from starting', async () => {
  for (const [env, says] of [[{ SHOP_SERVICE_JWKS: 'x' }, /reading the keys of tokens/], [{ SHOP_JWKS: ofAuth, SHOP_SERVICE_JWKS: 'x' }, /reading the keys of tokens/], [{ SHOP_SERVICE_JWKS: '{"keys":[]}' }, /holds no Ed25519 key/]]) {
    await assert.rejects(started(env), says);
  }
});

test('without any set nobody with a token gets in', async () => {
  const keys = await started({});
  for (const token of [staff(), search()]) await refused(keys, token);
});
