// One JSON object a line. What is said of a request carries its trace by itself.
import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of the request that is being answered. */
export const current = new AsyncLocalStorage();

let fixed = {};
let sink = (line) => process.stderr.write(line);

/** Names who logs; `to` takes the lines, in tests. */
export function logAs(names, to) {
  fixed = names;
  if (to) sink = to;
}

function write(level, msg, fields) {
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
