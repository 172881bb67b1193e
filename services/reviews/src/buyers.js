// Who received what: from what orders and shipping tell to who may review a product.

/** A text of an event's data; an event without it is parked. */
function text({ type, data }, name) {
  const value = data[name];
  if (typeof value !== 'string' || value === '') throw new Error(`${type}: data.${name} is no text`);
  return value;
}

/** The products of an event's lines, each once and in one order, so that two who write them never wait for each other in a circle. */
function products({ type, data }) {
  const skus = Array.isArray(data.lines) ? data.lines.map((line) => line?.sku) : [];
  if (skus.length === 0 || skus.some((sku) => typeof sku !== 'string' || sku === '')) throw new Error(`${type}: data.lines are no lines with a sku`);
  return [...new Set(skus)].sort();
}

/** Notes who bought what. A guest has no account to review with; of who was erased nothing is noted, whenever the order comes. */
export const placed = (erased) => async (client, e) => {
  const { customer } = e.data;
  if (customer === undefined || (await erased(client, text(e, 'customer')))) return;
  await client.query(
    `INSERT INTO reviews.bought (order_id, sku, customer) SELECT $1, sku, $2 FROM unnest($3::text[]) AS s (sku)
     ON CONFLICT (order_id, sku) DO UPDATE SET customer = excluded.customer`, [text(e, 'order'), customer, products(e)]);
};

/** Notes what arrived. Events of a parcel and of its order have no order among them: who bought it may be told later. */
export async function delivered(client, e) {
  await client.query(
    `INSERT INTO reviews.bought (order_id, sku, arrived) SELECT $1, sku, true FROM unnest($2::text[]) AS s (sku)
     ON CONFLICT (order_id, sku) DO UPDATE SET arrived = true`, [text(e, 'order'), products(e)]);
}

/** All of a completed order arrived: also what staff sent by hand, of which there is no parcel. */
export async function completed(client, e) {
  await client.query('UPDATE reviews.bought SET arrived = true WHERE order_id = $1', [text(e, 'order')]);
}

/** Nothing of a cancelled order comes. */
export async function cancelled(client, e) {
  await client.query('DELETE FROM reviews.bought WHERE order_id = $1', [text(e, 'order')]);
}

/** Whether the customer received the product. */
export async function received(db, sku, customer) {
  const { rowCount } = await db.query('SELECT 1 FROM reviews.bought WHERE customer = $1 AND sku = $2 AND arrived LIMIT 1', [customer, sku]);
  return rowCount > 0;
}

/** Forgets parcels whose order nobody told of while the stream had it: guests', and those of before this service listened. A few at a time; tells how many. */
export async function forgetNameless(db) {
  const { rowCount } = await db.query(
    `DELETE FROM reviews.bought WHERE (order_id, sku) IN (SELECT order_id, sku FROM reviews.bought
     WHERE customer IS NULL AND noted < now() - interval '14 days' LIMIT 500)`);
  return rowCount;
}
