// The SQL of reviews. It decides nothing, and knows no HTTP.
import { randomUUID } from 'node:crypto';
import { inTransaction } from './shop/postgres.js';
import { stale } from './shop/problem.js';
import { mustBeThere, tell } from './events.js';
import { mustBeFirst } from './rules.js';
import { received } from './buyers.js';

// Not AS position: ORDER BY would take the text.
const columns = `id, position::text AS place, sku, author_id AS "authorId", author, stars, title, text, state, current, helpful, unhelpful,
  version::int AS version, created_at AS "createdAt", changed_at AS "changedAt"`;

export class Store {
  constructor(pool) {
    this.pool = pool;
  }

  /** Published reviews, of a product or of all, newest first: one more than the limit, to tell whether there is a next page. */
  async published(sku, after, limit) {
    const values = [after, limit + 1];
    if (sku !== undefined) values.push(sku); // a text of its own, so that each form has its index
    const { rows } = await this.pool.query(
      `SELECT ${columns} FROM reviews.reviews WHERE state = 'published' AND current AND ($1::bigint IS NULL OR position < $1) ${sku === undefined ? '' : 'AND sku = $3'}
       ORDER BY position DESC LIMIT $2`, values);
    return rows;
  }

  /** What waits for a moderator, oldest first. */
  async pending(after, limit) {
    const { rows } = await this.pool.query(
      `SELECT ${columns} FROM reviews.reviews WHERE state = 'pending' AND current AND ($1::bigint IS NULL OR position > $1) ORDER BY position LIMIT $2`, [after, limit + 1]);
    return rows;
  }

  /** How many published reviews of a product have each number of stars: { 5: 12 }. */
  async counts(sku) {
    const { rows } = await this.pool.query(
      `SELECT stars, count(*)::int AS count FROM reviews.reviews WHERE sku = $1 AND state = 'published' AND current GROUP BY stars`, [sku]);
    return Object.fromEntries(rows.map((row) => [row.stars, row.count]));
  }

  async review(id) {
    const { rows: [row] } = await this.pool.query(`SELECT ${columns} FROM reviews.reviews WHERE id = $1`, [id]);
    return row;
  }

  /** Whether a moderator rejected what the customer wrote of the product, and published nothing of it since. */
  async rejected(sku, authorId, client = this.pool) {
    const { rowCount } = await client.query('SELECT 1 FROM reviews.rejections WHERE sku = $1 AND author_id = $2', [sku, authorId]);
    return rowCount > 0;
  }

  /** Whether the product arrived at the customer's. */
  received(sku, customer) {
    return received(this.pool, sku, customer);
  }

  /** Adds the customer's one review of the product within a transaction of the caller; `stateWhen(rejected)` says in which state. */
  async add(client, { sku, stars, author, title, text }, authorId, stateWhen) {
    await mustBeThere(client, authorId);
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [JSON.stringify([sku, authorId])]); // one after the other
    const { rows: [before] } = await client.query('SELECT id FROM reviews.reviews WHERE sku = $1 AND author_id = $2 AND current', [sku, authorId]);
    mustBeFirst(before?.id);
    const state = stateWhen(await this.rejected(sku, authorId, client));
    const { rows: [row] } = await client.query(
      `INSERT INTO reviews.reviews (id, sku, author_id, author, stars, title, text, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${columns}`,
      [randomUUID(), sku, authorId, author, stars, title, text, state]);
    await tell(client, { current: false }, row);
    return row;
  }

  /** Changes the version that was read: of two who read one version, the second gets 412. */
  change(before, { stars, author, title, text, state }) {
    return this.#told(before,
      `UPDATE reviews.reviews SET stars = $3, author = $4, title = $5, text = $6, state = $7, version = version + 1, changed_at = now()
       WHERE id = $1 AND version = $2 RETURNING ${columns}`, [before.id, before.version, stars, author, title, text, state]);
  }

  /** Changes the one review that a statement returns, and tells of it. */
  #told(before, statement, values) {
    return inTransaction(this.pool, async (client) => {
      const { rows: [row] } = await client.query(statement, values);
      if (!row) throw stale();
      await tell(client, before, row);
      return row;
    });
  }

  /** What a moderator says of the version that was read. What is published ends the doubt about its author. */
  moderate(before, state) {
    return this.#told(before,
      `WITH verdict AS (UPDATE reviews.reviews SET state = $3, version = version + 1, changed_at = now() WHERE id = $1 AND version = $2 RETURNING *),
         trusted AS (DELETE FROM reviews.rejections r USING verdict v WHERE v.state = 'published' AND r.sku = v.sku AND r.author_id = v.author_id)
       SELECT ${columns} FROM verdict`, [before.id, before.version, state]);
  }

  /** Removes the version that was read. That it is gone is the version after it: newer than whatever was told of it. */
  remove(before) {
    return inTransaction(this.pool, async (client) => {
      const { rowCount } = await client.query('DELETE FROM reviews.reviews WHERE id = $1 AND version = $2', [before.id, before.version]);
      if (rowCount === 0) throw stale();
      await tell(client, before, { ...before, current: false, version: before.version + 1 });
    });
  }

  /** Counts one voice a customer; another voice replaces the one before. The review's row comes first, so that voters take turns. Undefined: it was removed. */
  async vote(client, id, voterId, helpful) {
    await mustBeThere(client, voterId);
    const { rowCount: there } = await client.query('SELECT 1 FROM reviews.reviews WHERE id = $1 FOR UPDATE', [id]);
    if (there === 0) return undefined;
    const { rowCount } = await client.query(
      `INSERT INTO reviews.votes AS v (review_id, voter_id, helpful) VALUES ($1, $2, $3)
       ON CONFLICT (review_id, voter_id) DO UPDATE SET helpful = excluded.helpful, voted_at = now() WHERE v.helpful <> excluded.helpful`, [id, voterId, helpful]);
    // The same voice again changes nothing, not even the version.
    const count = rowCount === 0 ? '' : `UPDATE reviews.reviews SET version = version + 1,
      helpful = (SELECT count(*) FROM reviews.votes WHERE review_id = $1 AND helpful),
      unhelpful = (SELECT count(*) FROM reviews.votes WHERE review_id = $1 AND NOT helpful) WHERE id = $1`;
    if (count) await client.query(count, [id]);
    const { rows: [row] } = await client.query(`SELECT ${columns} FROM reviews.reviews WHERE id = $1`, [id]);
    return row;
  }
}
