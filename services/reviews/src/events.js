// What reviews tells, and what it takes: services/contract/v1/events.md.
import { createHash } from 'node:crypto';
import { event } from './shop/event.js';
import { put } from './shop/outbox.js';
import { problem } from './shop/problem.js';
import { cancelled, completed, delivered, placed } from './buyers.js';
import { counts } from './rules.js';

const source = 'reviews';

/**
 * Tells what a change means for those who count: that a review counts, with what it says now, or that one counts no more. Of what nobody
 * else reads, before and after, nothing is told. It commits with the change; the version says which of two events is newer.
 */
export async function tell(client, before, now) {
  const { id, sku, stars, version } = now;
  if (counts(now)) await put(client, source, event(source, 'reviews.review.published.v1', sku, { review: id, sku, stars, version }));
  else if (counts(before)) await put(client, source, event(source, 'reviews.review.removed.v1', sku, { review: id, sku, version }));
}

const hash = (customer) => createHash('sha256').update(customer).digest();
const lockOf = (customer) => ['hashtextextended($1, 3)', [`reviews/customer/${customer}`]];

/** Keeps an erasure waiting until the transaction ends, and tells whether there was one. */
async function wasErased(client, customer) {
  const [lock, values] = lockOf(customer);
  await client.query(`SELECT pg_advisory_xact_lock_shared(${lock})`, values);
  const { rowCount } = await client.query('SELECT 1 FROM reviews.erased WHERE customer_hash = $1', [hash(customer)]);
  return rowCount > 0;
}

/** Refuses who was erased: a token may be good for minutes more. */
export async function mustBeThere(client, customer) {
  if (await wasErased(client, customer)) throw problem('forbidden', 'This account was erased.');
}

// A review that everybody reads stays with its stars, so the average does not change and nobody is told, and so does each voice; neither says whose it was.
const forgetting = [
  "DELETE FROM reviews.reviews WHERE author_id = $1 AND NOT (state = 'published' AND current)",
  "UPDATE reviews.reviews SET author_id = 'erased:' || gen_random_uuid(), author = '', version = version + 1 WHERE author_id = $1",
  "UPDATE reviews.votes SET voter_id = 'erased:' || gen_random_uuid() WHERE voter_id = $1",
  'DELETE FROM reviews.rejections WHERE author_id = $1',
  'DELETE FROM reviews.bought WHERE customer = $1',
  "DELETE FROM reviews.idempotency_keys WHERE caller = 'customer:' || $1",
];

/** Forgets a customer and says so, in one commit. Asked again it answers again, of nothing. */
async function erase(client, { data: { customer } }) {
  if (typeof customer !== 'string' || customer === '') throw new Error('customers.customer.erased.v1: data.customer is no text');
  const [lock, values] = lockOf(customer);
  await client.query(`SELECT pg_advisory_xact_lock(${lock})`, values);
  await client.query('INSERT INTO reviews.erased (customer_hash) VALUES ($1) ON CONFLICT DO NOTHING', [hash(customer)]);
  let count = 0;
  for (const statement of forgetting) count += (await client.query(statement, [customer])).rowCount;
  await put(client, source, event(source, 'customers.erasure.done.v1', customer, { customer, service: source, count }));
}

export const takes = {
  'customers.customer.erased.v1': erase,
  'orders.order.cancelled.v1': cancelled,
  'orders.order.completed.v1': completed,
  'orders.order.placed.v1': placed(wasErased),
  'shipping.parcel.delivered.v1': delivered,
};
