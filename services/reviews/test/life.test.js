// The process as the cluster sees it: it migrates, starts, drains, and outlives its database.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from './cluster.js';
import { catalog, customer, environment } from './shop.js';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
let cluster;
let goods;

before(async () => {
  cluster = await Cluster.start();
  goods = await catalog();
});
const children = new Set();
const killAll = () => children.forEach((child) => child.kill('SIGKILL'));
process.once('exit', killAll);
after(async () => {
  killAll(); // those of a test that failed
  goods?.stop();
  await cluster?.stop();
});

/** Runs a command of the service; `serve` is up when its port is known. */
function run(command, url, more = {}) {
  // It ends with this process, however that ends.
  const child = spawn('setpriv', ['--pdeathsig=KILL', process.execPath, main, command], { env: { PATH: process.env.PATH, ...environment(url, goods.url, more) }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child.once('exit', () => children.delete(child)));
  const lines = [];
  const port = new Promise((resolve) => {
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
      for (let at; (at = text.indexOf('\n')) >= 0; text = text.slice(at + 1)) {
        const line = JSON.parse(text.slice(0, at)); // every line is one JSON object
        lines.push(line);
        if (line.msg === 'serving') resolve(line.port);
      }
    });
  });
  const ended = new Promise((resolve) => { child.once('exit', (code, signal) => resolve(code ?? signal)); });
  return { child, lines, ended, port };
}

const told = (process) => process.lines.map((line) => JSON.stringify(line)).join('\n');

async function served(url, more) {
  const process = run('serve', url, more);
  const port = await Promise.race([process.port, process.ended.then((code) => { throw new Error(`it ended with ${code}: ${told(process)}`); })]);
  return { ...process, base: `http://127.0.0.1:${port}`, number: port };
}

async function until(what, probe, limit = 20_000) {
  for (const begun = Date.now(); ; await sleep(20)) {
    if (await probe()) return;
    assert.ok(Date.now() - begun < limit, `waiting for ${what}`);
  }
}
const status = (url, options) => fetch(url, options).then(async (r) => { await r.text(); return r.status; }, () => 0);

test('a pod without its schema is not ready and says why; the Job of the migration makes it ready', async () => {
  const url = await cluster.database();
  const pod = await served(url);
  await until('a look at the database', async () => (await (await fetch(`${pod.base}/startupz`)).text()).includes('schema reviews is not there yet'));
  assert.deepEqual([await status(`${pod.base}/livez`), await status(`${pod.base}/readyz`)], [200, 503]);
  // Two Jobs at once take turns.
  const jobs = [run('migrate', url, { SHOP_SEED: 'sample' }), run('migrate', url, { SHOP_SEED: 'sample' })];
  assert.deepEqual(await Promise.all(jobs.map((job) => job.ended)), [0, 0], jobs.map(told).join('\n'));
  await until('readiness', async () => (await status(`${pod.base}/readyz`)) === 200);
  const { summary, items } = await (await fetch(`${pod.base}/api/reviews?sku=KIT-1001`)).json();
  assert.ok(summary.count > 0 && items.length === summary.count, 'sample reviews');
  const again = run('migrate', url, { SHOP_SEED: 'sample' });
  assert.equal(await again.ended, 0);
  assert.equal((await (await fetch(`${pod.base}/api/reviews?sku=KIT-1001`)).json()).summary.count, summary.count, 'seeded once');
  pod.child.kill('SIGTERM');
  assert.equal(await pod.ended, 0, told(pod));
});

test('SIGTERM under load fails no request', async () => {
  const url = await cluster.database();
  assert.equal(await run('migrate', url).ended, 0);
  const pod = await served(url, { DRAIN_DELAY: '1s' });
  await until('readiness', async () => (await status(`${pod.base}/readyz`)) === 200);
  const agent = new Agent({ keepAlive: true });
  const ask = (path) => new Promise((resolve) => {
    request({ port: pod.number, path, agent }, (res) => res.resume().once('end', () => resolve(res))).once('error', (error) => resolve({ statusCode: error.code })).end();
  });
  let told503 = false;
  let closing = 0;
  const failed = [];
  // A proxy sends requests until it has heard that the pod is not ready.
  const load = Array.from({ length: 4 }, async () => {
    while (!told503) {
      const res = await ask('/api/reviews?sku=A');
      if (res.statusCode !== 200) failed.push(res.statusCode);
      if (res.headers?.connection === 'close') closing++;
    }
  });
  await sleep(200);
  pod.child.kill('SIGTERM');
  await until('the pod not to be ready', async () => (await ask('/readyz')).statusCode === 503, 900);
  await sleep(300);
  told503 = true;
  await Promise.all(load);
  assert.equal(await pod.ended, 0, told(pod));
  assert.deepEqual(failed, []);
  assert.ok(closing > 0, 'connections were told to close');
  agent.destroy();
});

test('a request in flight when the port closes is finished', async () => {
  const url = await cluster.database();
  assert.equal(await run('migrate', url).ended, 0);
  const pod = await served(url, { DRAIN_DELAY: '100ms' });
  const body = Buffer.from(JSON.stringify({ sku: 'A', stars: 5, author: 'Mika', text: 'good' }));
  const answer = new Promise((resolve, reject) => {
    customer('c1').then((as) => {
      const req = request({ port: pod.number, method: 'POST', path: '/api/reviews', headers: { 'content-type': 'application/json', 'content-length': body.length, authorization: `Bearer ${as}`, 'idempotency-key': randomUUID() } }, (res) => resolve(res.resume().statusCode));
      req.once('error', reject).write(body.subarray(0, 10));
      setTimeout(() => pod.child.kill('SIGTERM'), 200);
      setTimeout(() => req.end(body.subarray(10)), 1000);
    });
  });
  assert.equal(await answer, 201);
  assert.equal(await pod.ended, 0, told(pod));
});

test('a second signal ends at once', async () => {
  const pod = await served(await cluster.database(), { DRAIN_DELAY: '60s' });
  pod.child.kill('SIGTERM');
  await until('the drain', () => pod.lines.some((line) => line.msg === 'draining'));
  pod.child.kill('SIGTERM');
  assert.equal(await pod.ended, 1);
});

test('a restart of PostgreSQL is 503 for customers, and no reason to restart the pod or to take it out', async () => {
  const url = await cluster.database();
  assert.equal(await run('migrate', url).ended, 0);
  const pod = await served(url);
  const list = () => status(`${pod.base}/api/reviews?sku=A`);
  await until('readiness', async () => (await status(`${pod.base}/readyz`)) === 200);
  await list();
  await cluster.down();
  await until('the refusal', async () => (await list()) === 503);
  const refused = await fetch(`${pod.base}/api/reviews?sku=A`);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  await refused.text();
  await sleep(2500); // a look was not answered meanwhile
  assert.deepEqual([await status(`${pod.base}/livez`), await status(`${pod.base}/readyz`)], [200, 200]);
  await cluster.up();
  await until('the service to work again', async () => (await list()) === 200);
  pod.child.kill('SIGTERM');
  assert.equal(await pod.ended, 0, told(pod));
});

test('an answered POST is answered the same by a process that came after', async () => {
  const url = await cluster.database();
  assert.equal(await run('migrate', url).ended, 0);
  const as = await customer('c1');
  const key = randomUUID();
  const post = (pod) => fetch(`${pod.base}/api/reviews`, { method: 'POST', body: JSON.stringify({ sku: 'A', stars: 5, author: 'Mika', text: 'good' }), headers: { 'content-type': 'application/json', authorization: `Bearer ${as}`, 'idempotency-key': key } });
  const [one, two] = [await served(url), await served(url, { SHOP_RELEASE: 'acme-2' })];
  const first = await (await post(one)).text();
  one.child.kill('SIGKILL');
  const again = await post(two);
  assert.deepEqual([again.status, await again.text(), again.headers.get('idempotent-replayed')], [201, first, 'true']);
  two.child.kill('SIGTERM');
  assert.equal(await two.ended, 0);
});

test('what is no HTTP is answered and ends the connection', async () => {
  const pod = await served(await cluster.database());
  const answer = await new Promise((resolve) => {
    let text = '';
    connect(pod.number, '127.0.0.1').on('data', (chunk) => { text += chunk; }).on('close', () => resolve(text)).end('NONSENSE\r\n\r\n');
  });
  assert.match(answer, /^HTTP\/1\.1 400 [^]*X-Shop-Sources: reviews=acme-1a2b3c4d\r\n[^]*"status":400/);
  const long = await fetch(`${pod.base}/livez`, { headers: { 'x-long': 'x'.repeat(100_000) } });
  assert.deepEqual([long.status, (await long.json()).status], [431, 431]);
  assert.equal(await status(`${pod.base}/livez`), 200);
  pod.child.kill('SIGTERM');
  assert.equal(await pod.ended, 0);
});
