// The shop's stream in NATS JetStream. A connection is not made again when it breaks: what was on its way then is asked for anew by whoever
// connects next, so nothing overtakes.
import { connect } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';

const name = 'shop';
/** The services whose events the contract has schemas for; services/internal/events reads them from there, which our image does not have. */
export const domains = ['auth', 'cart', 'catalog', 'customers', 'inventory', 'invoicing', 'media', 'orders', 'payments', 'pricing', 'promotions', 'returns', 'reviews', 'shipping'];
const second = 1e9;
const missing = (error) => [10014, 10059].includes(error.code); // no such consumer, no such stream

/** How long JetStream keeps a pull that it has nothing for, in ms; no less is allowed. */
const pull = 1000;
const together = 64;

export class Bus {
  static async open(url) {
    const { username, password, host } = new URL(url);
    const who = password ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : username && { token: decodeURIComponent(username) };
    const connection = await connect({ servers: host, ...who, reconnect: false, timeout: 2000, name: 'emporium' });
    const bus = new Bus();
    try {
      return Object.assign(bus, { connection, jetstream: jetstream(connection, { timeout: 5000 }), manager: await jetstreamManager(connection, { timeout: 5000 }), held: new Set() });
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  close() {
    return this.connection.close();
  }

  /** Makes sure that the stream is there and holds the types. Subjects are only ever added: others may know more. */
  async hold(types) {
    const wanted = [...new Set(types.map((type) => `${type.split('.')[0]}.>`))].filter((subject) => !this.held.has(subject));
    if (wanted.length === 0) return;
    const config = await this.manager.streams.info(name).then((info) => info.config, (error) => {
      if (missing(error)) return this.#create(wanted);
      throw error;
    });
    const more = wanted.filter((subject) => !config.subjects.includes(subject));
    if (more.length > 0) await this.manager.streams.update(name, { ...config, subjects: [...config.subjects, ...more] });
    wanted.forEach((subject) => this.held.add(subject));
  }

  /**
   * Makes it with the subjects of all services of the contract: so it is seldom changed later, while others are at work on it, which
   * nats-server 2.15 does not always survive. Of two who make it at the same moment one may be told that it is there already, with other subjects.
   */
  async #create(wanted) {
    const subjects = [...new Set([...wanted, ...domains.map((domain) => `${domain}.>`)])];
    try {
      return (await this.manager.streams.add({
        name, description: "What happened in the shop, as CloudEvents. Subject: the event's type.", subjects, storage: 'file', retention: 'limits', discard: 'old',
        max_age: 7 * 86_400 * second, duplicate_window: 120 * second, num_replicas: 1, compression: 's2',
      })).config;
    } catch (error) {
      if (error.code !== 10058) throw error;
      return (await this.manager.streams.info(name)).config;
    }
  }

  /** Stores an event: when it resolves, JetStream has it on disk. */
  async publish(e) {
    await this.hold([e.type]);
    await this.jetstream.publish(e.type, JSON.stringify(e), { msgID: e.id });
  }

  /**
   * Makes the consumer anew at the first event that is not done, which ends whoever still consumes under the name. What he did since his
   * last acknowledgement comes twice, which the inbox sees. Returns messages(): those that come within a second.
   */
  async takeOver(durable, types) {
    await this.hold(types);
    const config = {
      durable_name: durable, ack_policy: 'explicit', ack_wait: 300 * second, max_ack_pending: 256, max_deliver: -1, deliver_policy: 'all', filter_subjects: [...types].sort(),
    };
    const before = await this.manager.consumers.info(name, durable).catch((error) => { if (!missing(error)) throw error; });
    const done = before ? doneBy(before, types) : 0;
    if (done > 0) Object.assign(config, { deliver_policy: 'by_start_sequence', opt_start_seq: done + 1 });
    // Dying here loses the place: then all that is kept comes again, and the inbox knows it.
    if (before) await this.manager.consumers.delete(name, durable);
    await this.manager.consumers.add(name, config);
    const consumer = await this.jetstream.consumers.get(name, durable);
    return async () => {
      if (this.connection.isClosed()) throw new Error('NATS closed the connection');
      const all = [];
      for await (const message of await consumer.fetch({ max_messages: together, expires: pull })) all.push(message);
      return all;
    };
  }
}

/** Up to where all is done in the stream: nothing, when a type is asked for that was not before. */
export function doneBy({ config, ack_floor: floor }, types) {
  const known = [...(config.filter_subjects ?? []), config.filter_subject];
  return types.every((type) => known.includes(type)) ? Math.max(floor.stream_seq, (config.opt_start_seq ?? 0) - 1) : 0;
}
