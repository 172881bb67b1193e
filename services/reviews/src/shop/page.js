// Lists a piece at a time: a limit, and an opaque cursor that says after which item the next piece begins. A list read so neither
// repeats nor skips an item that is there all the time, whatever is added or removed meanwhile.
import { createHash } from 'node:crypto';
import { malformed } from './problem.js';

const hashOf = (filter) => createHash('sha256').update(JSON.stringify(filter)).digest('base64url').slice(0, 8);

/** The key after which the page begins, or undefined for the first page. A cursor fits only the filter that it was made for. */
export function after(cursor, filter) {
  if (cursor === undefined || cursor === '') return undefined;
  let read;
  try {
    read = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    read = undefined;
  }
  if (!Array.isArray(read) || read.length !== 2 || read[0] !== hashOf(filter) || !/^\d{1,18}$/.test(read[1])) {
    throw malformed('The cursor is not one of this list.', { parameter: 'query.cursor', detail: 'Use next of the page before, unchanged, with the same filter.' });
  }
  return read[1];
}

/** A page of up to limit + 1 items; the one too many tells that there is a next page. The key is a whole number as text. */
export function pageOf(items, limit, key, filter) {
  if (items.length <= limit) return { items };
  const shown = items.slice(0, limit);
  return { items: shown, next: Buffer.from(JSON.stringify([hashOf(filter), String(key(shown.at(-1)))])).toString('base64url') };
}
