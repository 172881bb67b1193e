// Two people change one thing without losing a change: a write names the version that it was made for, or it is refused.
//
// An ETag is the row's version and a hash of the answer's schema: "12-1f0c9a3e". Writes compare the version alone, so a page of the last
// release can still be saved after a switch. Caches compare all of it, so they do not keep the shape that the last release answered.
import { createHash } from 'node:crypto';
import { stale } from './problem.js';

/** The shape of a JSON Schema: eight hex digits. */
export const shapeOf = (schema) => createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 8);

export const tagOf = (version, shape) => `"${version}-${shape}"`;

/** Throws 412 unless If-Match names this version. A weak tag never matches: RFC 9110 wants the strong comparison here. */
export function mustMatch(header, version) {
  const tags = header.split(',').map((tag) => tag.trim());
  if (!tags.some((tag) => tag === '*' || new RegExp(`^"${version}-[^"]*"$`).test(tag))) throw stale();
}

/** Whether one of the copies that the reader has is what would be answered: the weak comparison. */
export function fresh(header, tag) {
  if (!header || !tag) return false;
  return header.split(',').some((have) => have.trim() === '*' || have.trim().replace(/^W\//, '') === tag);
}
