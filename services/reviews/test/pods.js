// The service as processes, as the cluster runs it: the command's environment, its log, its end.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environment } from './shop.js';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const patient = { NODE_OPTIONS: `--import=${at('patient.js')}` };
// What runs ends with this process, however that ends.
const program = ['setpriv', '--pdeathsig=KILL', process.execPath, at('../src/main.js')];
const children = new Set();

/** Ends all that run. */
export const killAll = () => children.forEach((child) => child.kill('SIGKILL'));
process.once('exit', killAll);

/** For `more`: a process with the limits of time that it has in a shop. */
export const impatient = { NODE_OPTIONS: '' };

/** Runs a command of the service; `serve` is up when its ports are known. */
export function run(command, url, catalogUrl, more = {}) {
  const child = spawn(program[0], [...program.slice(1), command], { env: { PATH: process.env.PATH, ...patient, ...environment(url, catalogUrl, more) }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child.once('exit', () => children.delete(child)));
  const lines = [];
  const serving = new Promise((resolve) => {
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
      for (let at; (at = text.indexOf('\n')) >= 0; text = text.slice(at + 1)) {
        const line = parsed(text.slice(0, at));
        lines.push(line);
        if (line.msg === 'serving') resolve(line);
      }
    });
  });
  const ended = new Promise((resolve) => { child.once('exit', (code, signal) => resolve(code ?? signal)); });
  const told = () => lines.map((line) => JSON.stringify(line)).join('\n');
  return { child, lines, ended, serving, told, logged: (msg) => lines.some((line) => line.msg === msg) };
}

// Every line is one JSON object; what is none, as the last words of a crash, is kept to be seen.
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { level: 'NO JSON', msg: line };
  }
}

/** A pod that listens. */
export async function served(url, catalogUrl, more) {
  const pod = run('serve', url, catalogUrl, more);
  const { port, metricsPort } = await Promise.race([pod.serving, pod.ended.then((code) => { throw new Error(`it ended with ${code}: ${pod.told()}`); })]);
  return { ...pod, base: `http://127.0.0.1:${port}`, side: `http://127.0.0.1:${metricsPort}`, number: port };
}

/** The status of an answer; 0 without one. */
export const status = (url, options) => fetch(url, options).then(async (r) => { await r.text(); return r.status; }, () => 0);
