// What reviews tells and takes, by the contract's own examples: one story, of an order that is placed, arrives and is cancelled after all.
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import * as contracttest from './contracttest.js';
import { customer, moderator } from './shop.js';
import { openedShop } from './world.js';
import { takes } from '../src/events.js';

const { shop, db } = await openedShop();
const inbox = { db, taker: 'reviews', handlers: takes };
const [order, buyer] = ['0199c9a5-0000-7000-8000-000000000001', '0199c9a5-0000-7000-8000-000000000005'];

const rows = async (sql, values = []) => (await db.query({ text: sql, values, rowMode: 'array' })).rows;
const bought = () => rows('SELECT sku, customer, arrived FROM reviews.bought WHERE order_id = $1 ORDER BY sku', [order]);

test('what orders, shipping and customers tell has its effect once', { skip: contracttest.skip }, async () => {
  const each = (arrived) => [['KIT-1001', buyer, arrived], ['KIT-1002', buyer, arrived]];
  await contracttest.takes('orders.order.placed.v1', inbox, bought, each(false));
  await contracttest.takes('shipping.parcel.delivered.v1', inbox, bought, each(true));
  await db.query('UPDATE reviews.bought SET arrived = false');
  await contracttest.takes('orders.order.completed.v1', inbox, bought, each(true));
  await contracttest.takes('orders.order.cancelled.v1', inbox, bought, []);
  await contracttest.takes('customers.customer.erased.v1', inbox, () => rows('SELECT count(*)::int FROM reviews.erased'), [[1]]);
});

test('what reviews tells is what the contract shows', { skip: contracttest.skip }, async () => {
  const [sku, who] = [`E-${randomUUID().slice(0, 8)}`, randomUUID()];
  const body = { sku, stars: 5, author: 'Mika', title: 'Good', text: 'It does what it should.' };
  const made = await shop.ask('POST', '/api/reviews', { body, as: customer(who), key: randomUUID() });
  await shop.ask('PATCH', `/api/reviews/${made.body.id}`, { body: { state: 'rejected' }, as: moderator(), match: made.headers.get('etag') });
  const told = async (type) => (await rows("SELECT event FROM reviews.outbox WHERE event->>'type' = $1", [type]))[0][0];
  contracttest.produced('reviews.review.published.v1', await told('reviews.review.published.v1'));
  contracttest.produced('reviews.review.removed.v1', await told('reviews.review.removed.v1'));
  contracttest.produced('customers.erasure.done.v1', await told('customers.erasure.done.v1'));
});
