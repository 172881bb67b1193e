// What a request carries: its media type, its size, its text.
import { malformed, plain } from './problem.js';

/** Most bytes of a body. */
export const most = 1 << 20;
/** Longest wait for a whole body, in ms. */
const patience = 30_000;

/** Whether a body comes, or was announced. */
export const hasBody = (req) => req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

/** Throws 406 when the caller takes no JSON. */
export function checkAccept(accept) {
  if (!accept) return;
  const good = accept.toLowerCase().split(',').some((item) => {
    const [type, ...parameters] = item.split(';').map((part) => part.trim());
    const refused = parameters.some((p) => /^q=0(\.0*)?$/.test(p));
    return ['*/*', 'application/*', 'application/json', 'application/problem+json'].includes(type) && !refused;
  });
  if (!good) throw plain(406, 'This service answers in application/json.');
}

const acceptHeader = { POST: 'Accept-Post', PATCH: 'Accept-Patch', PUT: 'Accept' };

/** Throws 415 unless the body says that it is what the operation takes. JSON is UTF-8, so no other charset will do. */
export function checkMedia(operation, contentType) {
  const [type, ...parameters] = (contentType ?? '').toLowerCase().split(';').map((part) => part.trim());
  const strange = parameters.some((p) => p.startsWith('charset=') && !/^charset="?utf-8"?$/.test(p));
  if (!operation.media.includes(type) || strange) {
    throw plain(415, `The body must be ${operation.media.join(' or ')}.`, { [acceptHeader[operation.method]]: operation.media.join(', ') });
  }
}

/** The whole body, or 413; a body that stops coming is 408. */
export function readBody(req) {
  if (Number(req.headers['content-length'] ?? 0) > most) throw tooLarge();
  return collect(req, most, patience, tooLarge, () => plain(408, 'The body stopped coming.', { Connection: 'close' }));
}

/** Reads what nobody wants, so that the caller hears the answer and the connection can be used again. Tells whether all came. */
export async function discard(req) {
  const enough = () => new Error('enough');
  return collect(req, 8 * most, 1000, enough, enough).then(() => true, () => false);
}

function collect(req, limit, wait, large, late) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let size = 0;
    const timer = setTimeout(() => finish(reject, late()), wait);
    const data = (chunk) => {
      size += chunk.length;
      if (size > limit) finish(reject, large());
      else chunks.push(chunk);
    };
    const end = () => finish(resolve, Buffer.concat(chunks));
    const gone = () => finish(reject, Object.assign(new Error('the client left'), { gone: true }));
    const finish = (settle, value) => {
      clearTimeout(timer);
      req.off('data', data).off('end', end).off('close', gone).off('error', gone).pause();
      settle(value);
    };
    if (req.readableEnded) return end();
    req.on('data', data).on('end', end).on('close', gone).on('error', gone).resume();
    return undefined;
  });
}

// What follows is not read, so the connection cannot be used again.
const tooLarge = () => plain(413, 'The body is larger than 1 MiB.', { Connection: 'close' });

const strict = new TextDecoder('utf-8', { fatal: true });

/** The value of a JSON text, or 400. */
export function parseBody(bytes) {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(strict.decode(bytes));
  } catch {
    throw malformed('The body is not JSON in UTF-8.');
  }
}

/** The same JSON has the same text, whatever its spaces and the order of its fields. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? '';
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}
