// One JSON object a line. What is said of a request carries its trace by itself.
import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of the request that is being answered. */
export const current = new AsyncLocalStorage();

let fixed = {};
let sink = (line) => process.stderr.write(line);
const levels = ['debug', 'info', 'warn', 'error'];
let least = 1;

/** Names who logs, and the least level that is written; `to` takes the lines, in tests. */
export function logAs({ service, release, logLevel }, to) {
  fixed = { service, release };
  least = levels.indexOf(logLevel);
  if (to) sink = to;
}

function write(level, msg, fields) {
  if (levels.indexOf(level.toLowerCase()) < least) return;
  const request = current.getStore();
  const about = request ? { trace: request.trace.id, route: request.route } : {};
  sink(`${JSON.stringify({ time: new Date().toISOString(), level, msg, ...fixed, ...about, ...fields })}\n`);
}

export const log = {
  info: (msg, fields) => write('INFO', msg, fields),
  warn: (msg, fields) => write('WARN', msg, fields),
  error: (msg, fields) => write('ERROR', msg, fields),
};

/** An error for the log: never the parameters of a statement, which PostgreSQL repeats in `detail`. */
export const told = (error) => ({ error: error?.message, code: error?.code });
