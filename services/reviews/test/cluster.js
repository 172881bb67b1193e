// A real PostgreSQL for tests: one server a test file, a database a test, and the service's own role, which owns its schema and nothing else.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
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

// Below those that the kernel gives to connections: while the server is down, nobody else gets its port.
let ports = 0;
async function freePort() {
  for (;;) {
    const port = 20_000 + ((process.pid * 16 + ports++) % 10_000);
    const free = await new Promise((resolve) => {
      const server = createServer().once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

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
    cluster.make();
    process.once('exit', () => { cluster.server?.kill('SIGQUIT'); rmSync(cluster.dir, { recursive: true, force: true }); });
    await cluster.up();
    return cluster;
  }

  /** Makes the files of a cluster, or copies what initdb made before for this PostgreSQL and this user: it takes a second of a processor. */
  make() {
    const { dir, bin, who } = this;
    const name = execFileSync(`${bin}/postgres`, ['--version'], { encoding: 'utf8' }).split(/\s/)[2];
    const kept = `${process.env.XDG_CACHE_HOME ?? `${homedir()}/.cache`}/emporium/nodetest/${name}-${who.uid}`;
    if (spawnSync('cp', ['-a', kept, `${dir}/data`]).status === 0) return;
    rmSync(`${dir}/data`, { recursive: true, force: true });
    const made = spawnSync(`${bin}/initdb`, ['-D', `${dir}/data`, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'], { ...who, encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    // Of two who keep it at once one is first. Where nothing can be kept, it is made each time.
    spawnSync('sh', ['-c', 'mkdir -p "${1%/*}" && cp -a "$0" "$1.$$" && mv -T "$1.$$" "$1" || rm -rf "$1.$$"', `${dir}/data`, kept]);
  }

  /** Starts the server. It ends with this process, however that ends. What it has committed outlives a crash of it: fsync is for crashes of machines. */
  async up() {
    const drop = root ? [`--reuid=${this.who.uid}`, `--regid=${this.who.gid}`, '--clear-groups'] : [];
    this.server = spawn('setpriv', [...drop, '--pdeathsig=QUIT', `${this.bin}/postgres`, '-D', `${this.dir}/data`, '-k', this.dir, '-p', String(this.port),
      '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'max_connections=60'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    this.server.stderr.on('data', (chunk) => { text += chunk; });
    for (;;) {
      try {
        await this.admin('SELECT 1');
        return;
      } catch (error) {
        if (this.server.exitCode !== null) throw new Error(`PostgreSQL does not start: ${error.message}\n${text}`);
        await sleep(50); // how long it takes is the machine's affair
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
