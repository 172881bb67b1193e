// A POST that is repeated with its Idempotency-Key has one effect and one answer. Effect, answer and key are one commit: a process that
// dies leaves either all or nothing, so nothing stays in flight. Who is in flight holds an advisory lock, which ends with the transaction.
import { createHash } from 'node:crypto';
import { canonical } from './body.js';
import { problem } from './problem.js';
import { inTransaction } from './postgres.js';

const visible = /^[\x21-\x7e]{16,255}$/;

/** Reads the header's key. The quoted form means the same key. */
export const keyOf = (header) => (/^"(.*)"$/.exec(header)?.[1] ?? header);

/** What is wrong with a key, as a field, or undefined. A caller without a name needs one that nobody can guess. */
export function keyError(key, anonymous) {
  const random = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(key) || /^[\w-]{22,}$/.test(key);
  if (visible.test(key) && (!anonymous || random)) return undefined;
  return { parameter: 'header.Idempotency-Key', detail: 'Send 16 to 255 visible characters, a UUID for example.' };
}

/**
 * Does something once for a key. `prepare()` asks others and refuses, outside of any transaction; `effect(client)` returns
 * { status, headers, body }. A refusal that either throws leaves the key unused. The same key with another body is 422, while the
 * first is in flight 409; an answer that is there is given again without asking anybody.
 */
export async function once(db, schema, asked, { prepare, effect }) {
  const hash = createHash('sha256').update(canonical(asked.sent)).digest();
  const early = await stored(db, schema, asked, hash);
  if (early) return early;
  await prepare?.();
  return inTransaction(db, async (client) => {
    const name = JSON.stringify([schema, asked.caller, asked.route, asked.key]);
    const { rows: [lock] } = await client.query('SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS ours', [name]);
    if (!lock.ours) throw problem('idempotency-in-flight', 'A request with this Idempotency-Key is in flight. Ask again soon.', { headers: { 'Retry-After': '1' } });
    return (await stored(client, schema, asked, hash)) ?? keep(client, schema, asked, hash, await effect(client));
  });
}

async function stored(db, schema, { caller, route, key }, hash) {
  const { rows: [before] } = await db.query(
    `SELECT body_hash, status, headers, answer FROM ${schema}.idempotency_keys WHERE caller = $1 AND route = $2 AND key = $3`, [caller, route, key]);
  if (!before) return undefined;
  if (!before.body_hash.equals(hash)) throw problem('idempotency-mismatch', 'This Idempotency-Key came with another body before.');
  return { status: before.status, headers: { ...before.headers, 'Idempotent-Replayed': 'true' }, body: before.answer };
}

async function keep(client, schema, { caller, route, key }, hash, answer) {
  const bytes = Buffer.from(JSON.stringify(answer.body));
  await client.query(
    `INSERT INTO ${schema}.idempotency_keys (caller, route, key, body_hash, status, headers, answer) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [caller, route, key, hash, answer.status, answer.headers, bytes]);
  return { ...answer, body: bytes };
}

/** Forgets the keys of more than a day ago, a few at a time; tells how many. */
export async function sweep(db, schema, keep = '24 hours') {
  const { rowCount } = await db.query(
    `DELETE FROM ${schema}.idempotency_keys WHERE ctid IN (SELECT ctid FROM ${schema}.idempotency_keys WHERE created_at < now() - $1::interval LIMIT 500)`, [keep]);
  return rowCount;
}
