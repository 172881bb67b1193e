// The service's own part of the shop's database: a pool, transactions, and a look at whether the schema fits this release.
import pg from 'pg';
import { log, told } from './log.js';

/** No look was answered for so long: then the pod is not ready. A restart of PostgreSQL takes less. */
const silence = 30_000;
const every = 2000;

/** The settings of a connection. The application's name tells the floor who still needs an old shape: reviews/<release>/<version>. */
export function settings({ databaseUrl, release, limits }, schema, needs) {
  return {
    connectionString: databaseUrl, application_name: `${schema}/${release}/${needs}`,
    connectionTimeoutMillis: limits.connection, statement_timeout: limits.statement, idle_in_transaction_session_timeout: 2 * limits.statement, keepAlive: true,
    // A server that vanished ends no statement: nobody would give the connection up for a quarter of an hour.
    query_timeout: limits.statement + 1000,
  };
}

/** A pool that connects when it is used: a database that is not there yet is a reason to be not ready, not a reason to die. */
export function open(config, schema, needs) {
  const pool = new pg.Pool({
    ...settings(config, schema, needs), max: config.connections - 1, // the other one looks
    idleTimeoutMillis: 30_000, maxLifetimeSeconds: 1800, // an idle connection is a process of the server, of some 2 MB
  });
  pool.on('error', (error) => log.warn('an idle connection ended', told(error))); // the pool makes another when it needs one
  return pool;
}

/** Runs `work(client)` in a transaction. What PostgreSQL undid for the sake of another one is done again, three times. */
export async function inTransaction(pool, work) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact(await pool.connect(), work);
    } catch (error) {
      if (!['40001', '40P01'].includes(error.code) || attempt === 3) throw error;
    }
  }
}

async function transact(client, work) {
  let broken;
  // The pool does not listen to what it has lent, and an error that nobody listens to ends the process.
  const lost = (error) => { broken = error; };
  client.on('error', lost);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A statement without an answer blocks the connection: it is given up, and PostgreSQL rolls back.
    if (/read timeout/.test(error.message)) lost(error);
    if (!broken) await client.query('ROLLBACK').catch(lost);
    throw error;
  } finally {
    client.release(broken);
    client.off('error', lost);
  }
}

/** The newest migration that is in, and the oldest release that the schema serves. */
export async function look(client, schema) {
  const { rows: [seen] } = await client.query(
    `SELECT (SELECT coalesce(max(version_id), 0)::int FROM ${schema}.migrations WHERE is_applied) AS version,
            (SELECT coalesce(max(floor), 0)::int FROM ${schema}.floor) AS floor`);
  return seen;
}

/** Why a release that needs this version cannot use the schema, or undefined. */
export function unfit(schema, needs, { version, floor }) {
  if (version < needs) return `schema ${schema} has version ${version}, this release needs ${needs}`;
  if (floor > needs) return `schema ${schema} serves releases from version ${floor} on, this one has ${needs}`;
  return undefined;
}

/** Why a pod is not ready by what was seen last, or undefined. A schema that does not fit counts at once, a silent PostgreSQL after a while. */
export function notReady(seen, now) {
  if (seen.at === undefined) return 'PostgreSQL was not seen yet';
  if (seen.unfit) return seen.unfit;
  if (now - seen.at > silence) return `PostgreSQL has not answered for ${Math.round((now - seen.at) / 1000)} s`;
  return undefined;
}

/** Looks every two seconds on a connection of its own, so that no probe waits behind customers. Says when PostgreSQL goes and comes. */
export class Watch {
  seen = {};
  #options;
  #schema;
  #needs;
  #client;
  #timer;
  #stopped = false;
  #silent = false;

  constructor(options, schema, needs) {
    this.#options = options;
    this.#schema = schema;
    this.#needs = needs;
  }

  async run() {
    await this.#once();
    if (this.#stopped) this.#drop(); // stop came during the look
    else this.#timer = setTimeout(() => this.run(), every);
  }

  async #once() {
    try {
      if (!this.#client) {
        const client = new pg.Client(this.#options);
        client.on('error', () => { if (this.#client === client) this.#client = undefined; }); // the next look tells
        await client.connect();
        this.#client = client;
      }
      this.#answered(unfit(this.#schema, this.#needs, await look(this.#client, this.#schema)));
    } catch (error) {
      // No schema yet is an answer; no connection is none.
      if (['3F000', '42P01', '42501'].includes(error.code)) this.#answered(`schema ${this.#schema} is not there yet`);
      else this.#unanswered(error);
    }
  }

  #answered(reason) {
    if (this.#silent) log.info('PostgreSQL answers again');
    this.#silent = false;
    this.seen = { at: Date.now(), unfit: reason };
  }

  #unanswered(error) {
    if (!this.#silent) log.warn('PostgreSQL does not answer', told(error));
    this.#silent = true;
    this.#drop();
  }

  // Nobody waits for the farewell: a server that vanished sends none.
  #drop() {
    this.#client?.end().catch(() => {});
    this.#client = undefined;
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#drop();
  }
}
