// Errors as RFC 9457 problems, the only form in which a service of a shop tells one.
import { STATUS_CODES } from 'node:http';

const blank = 'about:blank';

/** The kinds with a type of their own; the title is the same for all problems of a kind. */
const kinds = {
  malformed: [400, 'The request cannot be read'],
  unauthenticated: [401, 'The caller is not known'],
  forbidden: [403, 'The caller may not do this'],
  'not-found': [404, 'There is no such thing'],
  conflict: [409, 'The state does not allow it'],
  'idempotency-in-flight': [409, 'A request with this key is in flight'],
  stale: [412, 'It was changed meanwhile'],
  invalid: [422, 'The request is not valid'],
  'idempotency-mismatch': [422, 'The key came with another body before'],
  'precondition-required': [428, 'Say which version is meant'],
  unavailable: [503, 'Not there right now'],
};

/** An answer that is not what was asked for. Rules and stores throw it; the chain writes it. `members` are the kind's own (RFC 9457, 3.2). */
export class Problem extends Error {
  constructor(type, status, title, detail, { errors, headers, members } = {}) {
    super(detail ?? title);
    Object.assign(this, { type, status, title, detail, errors, headers: headers ?? {}, members });
  }

  /** The body: what only the request knows is added here. */
  body(path, traceId) {
    const { type, title, status, detail, errors, members } = this;
    return { ...members, type, title, status, detail, instance: path, traceId, errors };
  }
}

/** A problem of a kind: problem('conflict', 'You reviewed this product before.'). */
export function problem(kind, detail, more) {
  const [status, title] = kinds[kind];
  return new Problem(`urn:emporium:problem:${kind}`, status, title, detail, more);
}

/** A problem that its status says all about. */
export const plain = (status, detail, headers) => new Problem(blank, status, STATUS_CODES[status], detail, { headers });

export const notFound = (what, id) => problem('not-found', `There is no ${what} "${id}".`);
export const stale = () => problem('stale', 'It was changed since you read it. Read it again, and repeat the change if it still makes sense.');
export const invalid = (...errors) => problem('invalid', 'The request is not valid; errors tells where.', { errors });
export const malformed = (detail, ...errors) => problem('malformed', detail, { errors: errors.length > 0 ? errors : undefined });
export const unavailable = (detail, seconds = 1) => problem('unavailable', detail, { headers: { 'Retry-After': String(seconds) } });

/** Whether an error comes from a network, or from a PostgreSQL that starts, stops or is full: it is likely over in a moment. */
export function passing(error) {
  const code = String(error?.code ?? '');
  if (/^(08|53|57|40001|40P01|55P03|25006)/.test(code)) return true;
  if (/^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH)/.test(code)) return true;
  // node-postgres has no code for these.
  return /timeout (expired|exceeded)|read timeout|Connection terminated|Client was closed|not queryable/i.test(error?.message ?? '');
}

/** The problem to answer an error with. What it was goes to the log alone. */
export function problemOf(error) {
  if (error instanceof Problem) return error;
  if (passing(error)) return unavailable('Something that is needed for the answer is not there right now.');
  return plain(500, 'The service failed. The trace id names the failure in its log.');
}
