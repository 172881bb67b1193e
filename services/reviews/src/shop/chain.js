// From a request to its answer. The order of refusals is the contract's: route, header, overload, who calls, what is accepted, what is
// sent, key, precondition, JSON, validity; only then does the handler ask what is stored.
import { STATUS_CODES } from 'node:http';
import { current, log, told } from './log.js';
import { continueTrace } from './trace.js';
import { Sources } from './sources.js';
import { Problem, invalid, malformed, passing, plain, problem, problemOf, unavailable } from './problem.js';
import { admit, anonymous, callerOf, isPublic } from './access.js';
import { checkAccept, checkMedia, discard, hasBody, parseBody, readBody } from './body.js';
import { bodyErrors, checkPath, queryErrors, route } from './openapi.js';
import { keyError, keyOf } from './idempotency.js';
import { fresh } from './etag.js';

/** Most bytes of a header's names and values. */
const mostHeader = 16 << 10;

/** Makes the listener of requests. `shop` is { config, keys, metrics, operations, handlers, fixed, draining() }. */
export function listener(shop) {
  let inFlight = 0;
  return async (req, res) => {
    const began = process.hrtime.bigint();
    const context = {
      trace: continueTrace(req.headers.traceparent, req.headers.tracestate), route: 'unmatched', began: Date.now(),
      sources: new Sources({ service: shop.config.service, release: shop.config.release, version: shop.config.version }),
    };
    await current.run(context, async () => {
      shop.metrics.active.inc();
      inFlight++;
      let status = 500;
      try {
        status = await write(shop, req, res, context, await respond(shop, req, context, inFlight));
      } catch (error) {
        log.error('an answer could not be written', told(error));
        res.destroy(); // half an answer must not look whole
      }
      inFlight--;
      shop.metrics.active.dec();
      shop.metrics.observe(context.route, req.method, status, Number(process.hrtime.bigint() - began) / 1e9);
    });
  };
}

/** Answers what never became a request: no HTTP, a header beyond all limits, one that stops coming. Listens to 'clientError'. */
export const nonsense = (config) => (error, socket) => {
  // In the middle of an answer, a second one would be taken for a part of it.
  if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage?.headersSent) return socket.destroy();
  socket.setTimeout(1000, () => socket.destroy()); // who never closes his side
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code] ?? 400;
  const context = { trace: continueTrace(), sources: new Sources(config) };
  const { headers, body } = problemAnswer(status === 400 ? malformed('This is no request that can be read.') : plain(status), undefined, context);
  const text = JSON.stringify(body);
  const all = { ...headers, ...context.sources.headers(), Connection: 'close', 'Content-Length': Buffer.byteLength(text) };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${text}`);
};

/** The answer, whatever happens. */
async function respond(shop, req, context, inFlight) {
  const [path] = req.url.split('?');
  try {
    return await decide(shop, req, path, context, inFlight);
  } catch (error) {
    if (error.gone) return { status: 499, headers: {}, body: undefined }; // nobody to tell
    if (!(error instanceof Problem)) {
      if (passing(error)) log.warn('answering 503', told(error));
      else log.error('answering 500', { ...told(error), stack: error.stack });
    }
    return problemAnswer(problemOf(error), path, context);
  }
}

function problemAnswer(p, path, context) {
  return {
    status: p.status, body: p.body(path, context.trace.id),
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...p.headers },
  };
}

async function decide(shop, req, path, context, inFlight) {
  checkHeader(req);
  const fixed = shop.fixed[path];
  if (fixed) {
    context.route = path;
    if (!['GET', 'HEAD'].includes(req.method)) throw plain(405, 'This can only be read.', { Allow: 'GET, HEAD' });
    return fixed(req);
  }
  const found = route(shop.operations, req.method, path);
  if (!found) throw plain(404, 'There is nothing at this path.');
  if (found.allow) throw plain(405, 'This path does not take the method.', { Allow: found.allow });
  const { operation, values } = found;
  context.route = operation.path;
  // More wait in the front door's other replicas rather than here.
  if (inFlight > shop.config.inFlight) throw unavailable('Too much is asked for at the moment.');
  context.deadline = context.began + allowed(req.headers['x-shop-deadline'], shop.config.limits.answer);
  return within(context, () => serve(shop, req, operation, values, context));
}

function checkHeader(req) {
  const hosts = req.rawHeaders.filter((name, n) => n % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1 || (hosts.length === 0 && req.httpVersion === '1.1')) throw malformed('A request names one Host.');
  const size = req.rawHeaders.reduce((sum, part) => sum + Buffer.byteLength(part), req.url.length);
  if (size > mostHeader) throw plain(431, 'The header is larger than 16 KiB.');
}

/** How long the caller still waits, in ms, at most `longest`. A header that is no number says nothing. */
export function allowed(header, longest) {
  return /^-?\d+$/.test(header ?? '') ? Math.max(0, Math.min(longest, Number(header))) : longest;
}

const late = () => unavailable('The answer would come too late.');

async function within(context, work) {
  const left = context.deadline - Date.now();
  if (left <= 0) throw late();
  let timer;
  const end = new Promise((_, reject) => { timer = setTimeout(() => reject(late()), left); });
  try {
    return await Promise.race([work(), end]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the request alone decides, in the contract's order, and then the handler. */
async function serve(shop, req, operation, values, context) {
  const caller = isPublic(operation.security) ? anonymous : await callerOf(req.headers.authorization, shop.keys, shop.config.shop);
  admit(operation.security, caller);
  checkAccept(req.headers.accept);
  if (operation.media && hasBody(req)) checkMedia(operation, req.headers['content-type']);
  const bytes = operation.media ? await readBody(req) : Buffer.alloc(0);
  const key = operation.key ? sentKey(req) : undefined;
  const ifMatch = operation.conditional ? precondition(req) : undefined;
  const body = parseBody(bytes);
  checkPath(operation, values);
  const query = {};
  const errors = queryErrors(operation, new URL(req.url, 'http://shop').searchParams, query);
  const weak = key !== undefined && keyError(key, caller.kind === 'anonymous');
  if (weak) errors.push(weak);
  if (operation.media) errors.push(...bodyErrors(operation, body));
  if (errors.length > 0) throw invalid(...errors);
  const sent = { values, body }; // the same key for another thing is another request, too
  const idempotency = key && { caller: `${caller.kind}:${caller.subject}`, route: `${operation.method} ${operation.path}`, key, sent };
  return shop.handlers[operation.id]({ values, query, body, caller, ifMatch, idempotency, context });
}

function sentKey(req) {
  const header = req.headers['idempotency-key'];
  if (header) return keyOf(header);
  throw malformed('Send an Idempotency-Key: without one, a repeated request would have a second effect.',
    { parameter: 'header.Idempotency-Key', detail: 'It is missing.' });
}

function precondition(req) {
  const header = req.headers['if-match'];
  if (header) return header;
  throw problem('precondition-required', 'Send If-Match with the ETag that you read.');
}

/** Writes the answer; tells the status that was written. */
async function write(shop, req, res, context, answer) {
  if (res.destroyed || answer.status === 499) {
    res.destroy();
    return 499;
  }
  let { status, body } = answer;
  const headers = { ...answer.headers, ...context.sources.headers() };
  if (body !== undefined && !headers['Content-Type']) headers['Content-Type'] = 'application/json';
  if (status === 200 && ['GET', 'HEAD'].includes(req.method) && fresh(req.headers['if-none-match'], headers.ETag)) {
    // A cache updates what it holds with these headers, so they are those of the 200.
    status = 304;
    body = undefined;
    delete headers['Content-Type'];
  }
  if (shop.draining() || tired(req.socket)) headers.Connection = 'close';
  // A body that nobody read would be taken for the next request.
  if (hasBody(req) && !req.readableEnded && !(await discard(req))) headers.Connection = 'close';
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  if (bytes && status !== 304) headers['Content-Length'] = bytes.length;
  res.writeHead(status, headers);
  await new Promise((done) => {
    res.once('close', done); // also when the client leaves
    res.end(req.method === 'HEAD' || status === 304 ? undefined : bytes, done);
  });
  return status;
}

/** A connection ends after half a minute to a minute, so that those who ask find pods that came later. */
function tired(socket) {
  const now = Date.now();
  socket.endsAt ??= now + 30_000 + Math.random() * 30_000;
  return now > socket.endsAt;
}
