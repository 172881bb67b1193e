// Work that one replica of all stacks does, and the others wait for. The turn is a lock of the very connection that the work is done on:
// who lost it can change nothing any more.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Bus } from './bus.js';
import { log, told } from './log.js';
import { look, settings, unfit } from './postgres.js';

const again = 1000;
/** After so long a failure is a new one, and told. */
const silence = 30_000;

export class Worker {
  stopped = false;
  #ended = Promise.resolve();

  /** `work(client, bus, worker)` goes on until worker.stopped, or until something is away. */
  constructor({ config, schema, needs }, name, work) {
    Object.assign(this, { config, schema, needs, name, work });
  }

  start() {
    this.#ended = this.#run();
  }

  /** Resolves when nothing is being done any more. */
  stop() {
    this.stopped = true;
    return this.#ended;
  }

  async #run() {
    for (let said = false; !this.stopped;) {
      const began = Date.now();
      try {
        await this.#session();
      } catch (error) {
        said = said && Date.now() - began < silence;
        if (!said) log.warn('working again soon', { worker: this.name, ...told(error) });
        said = true;
      }
      if (!this.stopped) await sleep(again);
    }
  }

  async #session() {
    const client = new pg.Client(settings(this.config, this.schema, this.needs));
    client.on('error', () => {}); // the query that fails tells
    let bus;
    try {
      await client.connect();
      if (!(await this.#turn(client))) return;
      bus = await Bus.open(this.config.eventsUrl);
      await this.work(client, bus, this);
    } finally {
      await Promise.race([Promise.allSettled([bus?.close(), client.end()]), sleep(again)]); // who vanished says no farewell
    }
  }

  async #turn(client) {
    const why = unfit(this.schema, this.needs, await look(client, this.schema));
    if (why) throw new Error(why);
    for (; !this.stopped; await sleep(again)) {
      const { rows: [{ ours }] } = await client.query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS ours', [`emporium/${this.schema}/${this.name}`]);
      if (ours) return true;
    }
    return false;
  }
}
