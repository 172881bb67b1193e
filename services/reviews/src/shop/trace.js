// W3C Trace Context: a trace is taken from the caller's traceparent or begun, and passed on to whomever is asked next.
import { randomBytes } from 'node:crypto';

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Joins the trace that a traceparent names, as a hop of its own. A header that is missing or wrong begins a new one. */
export function continueTrace(traceparent, tracestate) {
  const m = form.exec(traceparent ?? '');
  // Version ff is forbidden; version 00 has nothing behind the flags, later ones may.
  const valid = m && m[1] !== 'ff' && !(m[1] === '00' && m[5]) && !/^0+$/.test(m[2]) && !/^0+$/.test(m[3]);
  const span = randomBytes(8).toString('hex');
  if (!valid) return { id: randomBytes(16).toString('hex'), span, flags: '00', state: undefined };
  // Of the flags of a later version only the first one means anything to us.
  const flags = (parseInt(m[4], 16) & 1).toString(16).padStart(2, '0');
  return { id: m[2], span, flags, state: tracestate };
}

/** The headers to send on. */
export function traceHeaders(trace) {
  const headers = { traceparent: `00-${trace.id}-${trace.span}-${trace.flags}` };
  if (trace.state) headers.tracestate = trace.state;
  return headers;
}
