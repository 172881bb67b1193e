// Holds the service to the contract's own examples of events, as services/internal/contracttest does in Go; hack/shopmap finds a type that has
// no call of produced or takes. The contract is in the repository and not in the service's image, where nothing is held to it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fits } from './contracted.js';
import { consumer } from '../src/shop/inbox.js';

const examples = new URL('../../contract/v1/examples/', import.meta.url);

export const skip = !existsSync(examples) && 'the contract is not in this image';

const example = (type) => JSON.parse(readFileSync(new URL(`${type}.json`, examples)));

/** Each object with a member more, as a later release may send it. */
function grown(value) {
  if (Array.isArray(value)) return value.map(grown);
  if (value === null || typeof value !== 'object') return value;
  return { ...Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, grown(inside)])), addedLater: 'by a release of tomorrow' };
}

/** An event that the service sent is of the type, fits its schema, and has what the example has. */
export function produced(type, event) {
  const shown = example(type);
  assert.equal(event.type, type);
  assert.ok(fits(type, event.data), `${JSON.stringify(event.data)} does not fit the schema of ${type}`);
  assert.deepEqual(Object.keys(event.data).sort(), Object.keys(shown.data).sort());
  const about = (of) => Object.entries(of.data).find(([, value]) => value === of.subject)?.[0];
  assert.equal(about(event), about(shown), `the subject of ${type}`);
  for (const name of ['specversion', 'id', 'source', 'subject', 'time', 'datacontenttype']) assert.ok(event[name], `${type} has no ${name}`);
}

/** Hands events to the service's inbox as NATS does, until each was acknowledged. */
async function deliver(db, taker, handlers, ...events) {
  const worker = { stopped: false };
  const waiting = events.map((e) => ({ subject: e.type, data: new TextEncoder().encode(JSON.stringify(e)), ack: () => { worker.stopped = --left === 0; }, term: () => assert.fail(`${e.type} is no event`) }));
  let left = events.length;
  const bus = { takeOver: async () => async () => waiting.splice(0) };
  const metrics = { taken: () => {}, parked: (type) => assert.fail(`${type} was parked`) };
  const client = await db.connect();
  try {
    await consumer(taker, taker, handlers, metrics)(client, bus, worker);
  } finally {
    client.release();
  }
}

/** The example has its effect through the inbox, once: seen() is want when it was delivered once and twice, and something else before. */
export async function takes(type, { db, taker, handlers }, seen, want) {
  const e = grown(example(type));
  assert.notDeepEqual(await seen(), want, `before ${type}`);
  await deliver(db, taker, handlers, e);
  assert.deepEqual(await seen(), want, `when ${type} was taken`);
  await deliver(db, taker, handlers, e);
  assert.deepEqual(await seen(), want, `when ${type} was taken again`);
}
