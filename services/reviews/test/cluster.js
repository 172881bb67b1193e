// A real PostgreSQL for tests: one server a test file, a database a test, and the service's own role, which owns its schema and nothing else.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const root = process.getuid() === 0;

function programs() {
  let versions = [];
  try {
    versions = readdirSync('/usr/lib/postgresql').sort((a, b) => b - a);
  } catch {
    // told below
  }
  if (versions.length === 0) throw new Error('these tests need PostgreSQL: install postgresql-15 (make tools)');
  return `/usr/lib/postgresql/${versions[0]}/bin`;
}

const freePort = () => new Promise((resolve, reject) => {
  const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

export class Cluster {
  #databases = 0;

  static async start() {
    const cluster = new Cluster();
    cluster.bin = programs();
    cluster.dir = mkdtempSync('/tmp/reviewstest-');
    cluster.port = await freePort();
    // PostgreSQL refuses to run as root.
    const [uid, gid] = root ? ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres']))) : [process.getuid(), process.getgid()];
    cluster.who = { uid, gid };
    chownSync(cluster.dir, uid, gid);
    const made = spawnSync(`${cluster.bin}/initdb`, ['-D', `${cluster.dir}/data`, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'], { uid, gid, encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    process.once('exit', () => { cluster.server?.kill('SIGQUIT'); rmSync(cluster.dir, { recursive: true, force: true }); });
    await cluster.up();
    return cluster;
  }

  /** Starts the server. It ends with this process, however that ends. */
  async up() {
    const drop = root ? [`--reuid=${this.who.uid}`, `--regid=${this.who.gid}`, '--clear-groups'] : [];
    this.server = spawn('setpriv', [...drop, '--pdeathsig=QUIT', `${this.bin}/postgres`, '-D', `${this.dir}/data`, '-k', this.dir, '-p', String(this.port),
      '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'max_connections=60'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    this.server.stderr.on('data', (chunk) => { text += chunk; });
    for (let attempt = 0; ; attempt++) {
      try {
        await this.admin('SELECT 1');
        return;
      } catch (error) {
        if (attempt === 600 || this.server.exitCode !== null) throw new Error(`PostgreSQL does not start: ${error.message}\n${text}`);
        await sleep(50);
      }
    }
  }

  /** Stops the server at once, as a crash would. */
  async down() {
    const ended = new Promise((done) => { this.server.once('exit', done); });
    this.server.kill('SIGQUIT');
    await ended;
  }

  async stop() {
    await this.down();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Runs statements as superuser, one after the other. */
  async admin(...statements) {
    return this.inside('postgres', ...statements);
  }

  async inside(database, ...statements) {
    const client = new pg.Client({ host: '127.0.0.1', port: this.port, user: 'postgres', database });
    client.on('error', () => {}); // the query tells
    await client.connect();
    try {
      let result;
      for (const statement of statements) result = await client.query(statement);
      return result;
    } finally {
      await client.end();
    }
  }

  /** An empty database with the role that owns the schema; returns DATABASE_URL. */
  async database() {
    const name = `shop${++this.#databases}`;
    const role = `reviews${this.#databases}`;
    await this.admin(`CREATE ROLE ${role} LOGIN`, `CREATE DATABASE ${name}`, `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`, `GRANT CONNECT ON DATABASE ${name} TO ${role}`);
    await this.inside(name, `CREATE SCHEMA reviews AUTHORIZATION ${role}`);
    return `postgres://${role}@127.0.0.1:${this.port}/${name}`;
  }
}
