// Events: CloudEvents 1.0 as services/contract/v1/events.md says.
import { randomBytes } from 'node:crypto';
import { current } from './log.js';
import { traceHeaders } from './trace.js';

/** A UUID of version 7: its first 48 bits are the time in ms. */
export function uuid7(now = Date.now()) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** An event of what is being done now, which goes on with the trace of its request. */
export function event(source, type, subject, data) {
  const trace = current.getStore()?.trace;
  return {
    specversion: '1.0', id: uuid7(), source, type, subject, time: new Date().toISOString(),
    ...(trace && { traceparent: traceHeaders(trace).traceparent }), datacontenttype: 'application/json', data,
  };
}

/** Reads what came under a subject; undefined: it is no event, and never will be. Members that are not known are ignored. */
export function decode(subject, bytes) {
  try {
    const e = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const texts = [e.id, e.type, e.subject, e.source].every((text) => typeof text === 'string' && text !== '');
    const good = e.specversion === '1.0' && texts && e.type === subject && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(e.id);
    return good && typeof e.data === 'object' && e.data !== null ? e : undefined;
  } catch {
    return undefined;
  }
}
