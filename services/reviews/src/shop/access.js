// Who may call an operation, and who calls. Callers show a JSON Web Token that auth signed or, between services, one that the calling
// service signed itself. The keys are data, so both stacks of a shop take each other's tokens.
import { readFile } from 'node:fs/promises';
import { importJWK, jwtVerify } from 'jose';
import { log, told } from './log.js';
import { problem } from './problem.js';

/** How far the clocks of two machines may be apart, in seconds. */
const skew = 10;
/** How often the keys are read again, in ms. auth publishes a key an hour before it signs with it. */
const refresh = 30_000;
/** How long after a look that failed they are read again, in ms: who started while auth was away would refuse its customers until then. */
const soon = 1000;

export const anonymous = Object.freeze({ kind: 'anonymous', subject: '', scopes: [] });

/** Public keys of a JSON Web Key Set. A set that cannot be read leaves the last good one in use. */
export class Keys {
  #near = [];
  #far = [];
  #known = new Map();
  #timer;

  /** From a text or a file, an address, and the services' own as a text; without any of them nobody with a token is admitted. */
  constructor({ text, file, url, services }) {
    if (text) this.#near.push(async () => text);
    else if (file) this.#near.push(() => readFile(file, 'utf8'));
    if (services) this.#near.push(async () => services);
    if (url) this.#far.push(async () => (await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'error' })).text());
  }

  /** The first look at what is near must succeed; auth may start after us. */
  async start() {
    if (this.#near.length > 0) {
      await this.#take(this.#near).catch((error) => {
        throw new Error(`reading the keys of tokens: ${error.message}`);
      });
    }
    if (this.#near.length + this.#far.length > 0) await this.#again(false);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Looks from now on. Of several looks that fail one after another the first is told. */
  async #again(failed) {
    const failing = await this.look().then(() => false, (error) => {
      if (!failed) log.warn('reading the keys of tokens: the last ones stay', told(error));
      return true;
    });
    if (this.#timer === null) return; // stopped meanwhile
    this.#timer = setTimeout(() => this.#again(failing), failing ? soon : refresh);
    this.#timer.unref();
  }

  /** Reads all sets. Of two keys with one id that of the last set counts: what is near. */
  look() {
    return this.#take([...this.#far, ...this.#near]);
  }

  async #take(sets) {
    const known = new Map();
    for (const set of await Promise.all(sets.map(async (read) => JSON.parse(await read())))) {
      for (const key of set.keys ?? []) {
        // Newer kinds of keys may stand beside ours.
        if (key.kty === 'OKP' && key.crv === 'Ed25519' && key.kid) known.set(key.kid, await importJWK(key, 'EdDSA'));
      }
    }
    if (known.size === 0) throw new Error('the set holds no Ed25519 key with a kid');
    this.#known = known;
  }

  find(kid) {
    return this.#known.get(kid);
  }
}

/** Whether a key may sign such a token. The key of a service, "service/<name>/…", signs for that service and nobody else. */
export function signs(kid, claims) {
  const own = /^service\/([^/]+)\//.exec(kid);
  if (!own) return claims.iss === 'auth';
  return claims.kind === 'service' && claims.sub === own[1] && claims.iss === `service/${own[1]}`;
}

const refused = () => problem('unauthenticated', 'The token is not a good one.', { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } });

/** Reads an Authorization header. None is an anonymous caller; one that is not good is 401. */
export async function callerOf(authorization, keys, shop) {
  if (!authorization) return anonymous;
  const [scheme, token] = authorization.split(/ +/);
  if (scheme.toLowerCase() !== 'bearer' || !token) throw refused();
  let claims;
  let kid;
  try {
    // The algorithm is fixed: a token does not choose how it is checked.
    ({ payload: claims } = await jwtVerify(token, (header) => {
      kid = header.kid ?? '';
      const key = keys.find(kid);
      if (!key) throw new Error('no such key');
      return key;
    }, { algorithms: ['EdDSA'], audience: shop, clockTolerance: skew, requiredClaims: ['exp', 'sub'] }));
  } catch {
    throw refused();
  }
  const early = claims.iat !== undefined && claims.iat > Date.now() / 1000 + skew;
  const texts = [claims.sub, claims.scope ?? ''].every((value) => typeof value === 'string');
  if (early || !texts || !claims.sub || !['customer', 'staff', 'service'].includes(claims.kind) || !signs(kid, claims)) throw refused();
  return { kind: claims.kind, subject: claims.sub, scopes: (claims.scope ?? '').split(' ').filter(Boolean) };
}

/** Whether nobody's token is looked at. */
export const isPublic = (security) => security.length === 0;

/** Throws 401 or 403 unless one of an operation's requirements admits the caller. */
export function admit(security, caller) {
  if (isPublic(security)) return;
  if (security.some((requirement) => meets(requirement, caller))) return;
  if (caller.kind === 'anonymous') {
    throw problem('unauthenticated', 'Say who you are: Authorization: Bearer <token>.', { headers: { 'WWW-Authenticate': 'Bearer' } });
  }
  throw problem('forbidden', 'You are known, and may not do this.');
}

function meets(requirement, caller) {
  const [scheme] = Object.keys(requirement);
  switch (scheme) {
    case undefined: // {}: also without a token; the operation's rule says what is theirs
    case 'owner':
      return true;
    case 'customer':
      return caller.kind === 'customer';
    case 'staff':
      return caller.kind === 'staff' && requirement.staff.every((scope) => caller.scopes.includes(scope));
    case 'service':
      return caller.kind === 'service' && (requirement.service.length === 0 || requirement.service.includes(caller.subject));
    default:
      return false;
  }
}
