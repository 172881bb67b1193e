// The shop around a test: keys and tokens, a catalog, the service itself, and a way to ask it that holds every answer to openapi.json.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { configured, document, plan, serve } from '../src/service.js';
import './patient.js';
import { migrate } from '../src/shop/migrate.js';
import { logAs } from '../src/shop/log.js';
import { operationsOf, route } from '../src/shop/openapi.js';

const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
export const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'auth/1' }, { ...(await exportJWK(pair.publicKey)), kid: 'service/search/1' }] });

/** A token; what is given changes one that is good. */
export function token({ kid = 'auth/1', key = pair.privateKey, alg = 'EdDSA', expires = '1h', ...claims }) {
  return new SignJWT({ iss: 'auth', aud: 'acme', ...claims }).setProtectedHeader({ alg, kid }).setIssuedAt().setExpirationTime(expires).sign(key);
}
export const customer = (sub) => token({ sub, kind: 'customer' });
export const moderator = () => token({ sub: 'mo', kind: 'staff', scope: 'reviews:moderate' });

/** The environment of a process of the stack. Anyone may review: what buyers may is in buyers.test.js. */
export const environment = (databaseUrl, catalogUrl, more = {}) => ({
  SHOP: 'acme', SHOP_RELEASE: 'acme-1a2b3c4d', SHOP_SERVICE: 'reviews', IMAGE_VERSION: '7', PORT: '0', METRICS_PORT: '0', DRAIN_DELAY: '300ms', DRAIN_LIMIT: '1h',
  DATABASE_URL: databaseUrl, CATALOG_URL: catalogUrl, SHOP_JWKS: jwks, REVIEWS_FROM: 'anyone', ...more,
});

/** A catalog that sells everything but NONE, and notes what it is asked. It answers state.status, and not before state.hold. */
export async function catalog() {
  const asked = [];
  const state = { status: undefined, hold: undefined, held: 0 };
  const server = createServer(async (req, res) => {
    asked.push(req);
    state.held++;
    await state.hold;
    state.held--;
    const sku = req.url.split('/').at(-1);
    const status = state.status ?? (sku === 'NONE' ? 404 : 200);
    res.writeHead(status, { 'Content-Type': 'application/json', 'X-Shop-Sources': 'catalog=acme-1a2b3c4d', 'X-Shop-Versions': 'catalog=3', ...(status === 429 && { 'Retry-After': '7' }) });
    res.end(JSON.stringify({ sku, name: 'A thing' }));
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  return { asked, state, url: `http://127.0.0.1:${server.address().port}`, stop: () => { server.close(); server.closeAllConnections(); } };
}

/** The service in this process, migrated, with lines of its log; patient. */
export async function start(databaseUrl, catalogUrl, more, limits) {
  const lines = [];
  const config = configured(environment(databaseUrl, catalogUrl, more));
  Object.assign(config.limits, limits);
  logAs(config, (line) => lines.push(JSON.parse(line)));
  await migrate(config, plan);
  const running = await serve(config, '127.0.0.1');
  const base = `http://127.0.0.1:${running.server.port}`;
  return { config, lines, base, side: `http://127.0.0.1:${running.server.metricsPort}`, stop: () => running.stop(), ask: asker(base) };
}

/** Asks again until it is so, 5,000 times at most: not by the clock, which goes on while the machine does other things. */
export async function until(what, probe) {
  for (let left = 5000; !(await probe()); left--) {
    if (left === 0) throw new Error(`waiting for ${typeof what === 'string' ? what : what()}`);
    await sleep(20);
  }
}

const operations = operationsOf(document);
const ajv = addFormats(new Ajv2020({ allErrors: true, strict: false })).addSchema({ $id: 'openapi', components: document.components });

/** ask('POST', path, { body, as, key, match, headers }) -> { status, headers, body, text }. */
function asker(base) {
  return async (method, path, { body, as, key, match, headers = {}, raw } = {}) => {
    const response = await fetch(base + path, {
      method, redirect: 'manual', body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }), ...(as && { authorization: `Bearer ${await as}` }),
        ...(key && { 'idempotency-key': key }), ...(match && { 'if-match': match }), ...headers,
      },
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const answer = { status: response.status, headers: response.headers, text, body: /json/.test(type) && text ? JSON.parse(text) : undefined };
    promised(method, path, answer, type);
    return answer;
  };
}

/** Throws unless openapi.json promises such an answer. */
function promised(method, path, { status, headers, body }, type) {
  const told = `${method} ${path}: ${status} ${JSON.stringify(body)}`;
  if (!headers.get('x-shop-sources')?.startsWith('reviews=acme-1a2b3c4d')) throw new Error(`${told}: without its sources`);
  const found = route(operations, method, path.split('?')[0]);
  if (!found?.operation) return;
  const operation = document.paths[found.operation.path][found.operation.method.toLowerCase()];
  const response = operation.responses[status];
  if (!response) throw new Error(`${told}: openapi.json does not list the status`);
  if (body === undefined) return;
  const problem = status >= 400;
  if (type !== (problem ? 'application/problem+json' : 'application/json')) throw new Error(`${told}: ${type}`);
  const schema = problem ? { $ref: '#/components/schemas/Problem' } : response.content['application/json'].schema;
  const check = ajv.compile({ $ref: `openapi${schema.$ref}` });
  if (!check(body)) throw new Error(`${told}: ${ajv.errorsText(check.errors)}`);
}
