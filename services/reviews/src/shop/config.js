// What the operator tells a service about its place in a shop. A service that does not know its release must not start: it would
// break the record of who answered.

/** How long is waited at most, in ms: for a request's header, for our answer, for another service's, for a connection to PostgreSQL, for a statement. */
export const limits = { header: 5000, answer: 5000, upstream: 1000, connection: 2000, statement: 5000 };

/**
 * Reads the environment; throws one error that names all that is wrong. `needs` are the services that are asked: ['catalog']; with `events`
 * EVENTS_URL is needed, too. `own` are variables of the service alone, by the name that they have in the result: { from: ['REVIEWS_FROM', 'buyers', parse] }.
 */
export function configFrom(env, service, needs = [], { events = false, own = {} } = {}) {
  const wrong = [];
  const read = (name, fallback, parse) => {
    const text = env[name];
    if (text === undefined || text === '') {
      if (fallback === undefined) wrong.push(`${name} is not set`);
      return fallback;
    }
    const value = parse(text);
    if (value === undefined) wrong.push(parse.secret ? `${name} is not ${parse.what}` : `${name} is "${text}", not ${parse.what}`);
    return value;
  };
  const config = {
    service: read('SHOP_SERVICE', service, text),
    shop: read('SHOP', undefined, text),
    release: read('SHOP_RELEASE', undefined, text),
    version: versionFrom(env),
    port: read('PORT', 8080, port),
    metricsPort: read('METRICS_PORT', 9090, port),
    drainDelay: read('DRAIN_DELAY', 5000, duration),
    drainLimit: read('DRAIN_LIMIT', 20000, duration),
    databaseUrl: read('DATABASE_URL', undefined, databaseUrl),
    eventsUrl: events ? read('EVENTS_URL', undefined, natsUrl) : undefined,
    connections: read('DB_POOL_MAX', 4, connections),
    inFlight: read('MAX_IN_FLIGHT', 64, inFlight),
    logLevel: read('LOG_LEVEL', 'info', logLevel),
    keys: {
      text: env.SHOP_JWKS, file: env.SHOP_JWKS_FILE, services: env.SHOP_SERVICE_JWKS,
      url: env.SHOP_JWKS_URL || (env.AUTH_URL && `${env.AUTH_URL.replace(/\/+$/, '')}/.well-known/jwks.json`),
    },
    sample: env.SHOP_SEED === 'sample',
    limits: { ...limits },
    upstreams: {},
    own: Object.fromEntries(Object.entries(own).map(([name, variable]) => [name, read(...variable)])),
  };
  for (const need of needs) {
    config.upstreams[need] = read(`${need.toUpperCase().replaceAll('-', '_')}_URL`, undefined, address);
  }
  if (wrong.length > 0) throw new Error(`reading the environment: ${wrong.join('; ')}`);
  return config;
}

/** The image does not know its version, or a commit that changes nothing would make another image: who deploys it tells, else the shop's stands for it. */
export const versionFrom = (env) => env.IMAGE_VERSION || env.SHOP_VERSION || 'dev';

const text = (s) => s;

function port(s) {
  const n = Number(s);
  return /^\d+$/.test(s) && n <= 65535 ? n : undefined;
}
port.what = 'a port';

/** At least two: one looks whether the schema fits, the others serve. */
function connections(s) {
  const n = Number(s);
  return /^\d+$/.test(s) && n >= 2 && n <= 100 ? n : undefined;
}
connections.what = 'a number of connections from 2 to 100';

/** Requests at a time; more are answered 503 at once. */
function inFlight(s) {
  const n = Number(s);
  return /^\d+$/.test(s) && n >= 1 && n <= 65535 ? n : undefined;
}
inFlight.what = 'a number of requests from 1 to 65535';

const logLevel = (s) => (['debug', 'info', 'warn', 'error'].includes(s.toLowerCase()) ? s.toLowerCase() : undefined);
logLevel.what = 'one of debug, info, warn, error';

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Durations are written as Go writes them: 5s, 300ms, 1m30s. */
export function duration(s) {
  if (s === '0') return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(s)) return undefined;
  let total = 0;
  for (const [, n, unit] of s.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) total += Number(n) * units[unit];
  return total;
}
duration.what = 'a duration such as 5s';

function address(s) {
  return URL.canParse(s) && /^https?:$/.test(new URL(s).protocol) ? s.replace(/\/+$/, '') : undefined;
}
address.what = 'an address such as http://catalog:8080';

function databaseUrl(s) {
  return URL.canParse(s) && /^postgres(ql)?:$/.test(new URL(s).protocol) ? s : undefined;
}
databaseUrl.what = 'an address of PostgreSQL';
databaseUrl.secret = true; // it holds a password

function natsUrl(s) {
  return URL.canParse(s) && new URL(s).protocol === 'nats:' ? s : undefined;
}
natsUrl.what = 'an address of NATS';
natsUrl.secret = true; // it may hold one
