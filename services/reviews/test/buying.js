// What orders and shipping tell, as far as reviews reads it, and one member that it does not know.
import { randomUUID } from 'node:crypto';
import { event } from '../src/shop/event.js';

const lines = (skus) => skus.map((sku) => ({ sku, quantity: 2, addedLater: 1 }));
const ofOrder = (what) => (order, data = {}) => event('orders', `orders.order.${what}.v1`, order, { order, number: '2026-1', at: new Date().toISOString(), ...data });

export const paid = ofOrder('paid');
export const sent = ofOrder('sent');
export const completed = ofOrder('completed');
export const cancelled = (order, ...skus) => ofOrder('cancelled')(order, { lines: lines(skus), restock: true });
/** `customer` undefined: a guest. */
export const placed = (order, customer, ...skus) => ofOrder('placed')(order, { ...(customer && { customer }), lines: lines(skus) });

export function delivered(order, ...skus) {
  const parcel = randomUUID();
  return event('shipping', 'shipping.parcel.delivered.v1', parcel, { parcel, order, lines: lines(skus), tracking: 'T1', at: new Date().toISOString() });
}
