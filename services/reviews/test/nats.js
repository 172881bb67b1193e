// A real NATS with JetStream for tests. Its files outlive down().
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { Bus } from '../src/shop/bus.js';
import { until } from './shop.js';

export class Nats {
  static async start() {
    const nats = new Nats();
    nats.dir = mkdtempSync('/tmp/reviewsnats-');
    nats.port = await new Promise((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); });
    });
    nats.url = `nats://127.0.0.1:${nats.port}`;
    await nats.up();
    return nats;
  }

  async up() {
    const program = process.env.NATS_SERVER ?? 'nats-server';
    this.server = spawn('setpriv', ['--pdeathsig=KILL', program, '-js', '-sd', this.dir, '-a', '127.0.0.1', '-p', String(this.port)], { stdio: 'ignore' });
    await until('NATS to answer', () => Bus.open(this.url).then(async (bus) => { await bus.close(); return true; }, () => false));
  }

  /** Kills the server, as a crash would. */
  async down() {
    const ended = new Promise((done) => { this.server.once('exit', done); });
    this.server.kill('SIGKILL');
    await ended;
  }

  async stop() {
    await this.down();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** All events of a type that the stream holds, in order. */
  async stored(type) {
    const bus = await Bus.open(this.url);
    try {
      const { state } = await bus.manager.streams.info('shop').catch(() => ({ state: { last_seq: 0, first_seq: 1 } }));
      const all = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const message = await bus.manager.streams.getMessage('shop', { seq });
        if (message.subject === type) all.push(JSON.parse(new TextDecoder().decode(message.data)));
      }
      return all;
    } finally {
      await bus.close();
    }
  }

  async publish(...events) {
    const bus = await Bus.open(this.url);
    for (const e of events) await bus.publish(e);
    await bus.close();
  }
}
