// The process as the cluster sees it: it migrates, starts, drains, and outlives its database.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import * as pods from './pods.js';
import { killAll, status } from './pods.js';
import { customer, start, until } from './shop.js';
import { opened } from './world.js';

const { cluster, goods } = await opened(killAll); // those of a test that failed

const run = (command, url, more) => pods.run(command, url, goods.url, more);
const served = (url, more) => pods.served(url, goods.url, more);

/** A database with the schema, and a pod on it that is ready. */
async function ready(more) {
  const url = await cluster.database();
  const job = run('migrate', url);
  assert.equal(await job.ended, 0, job.told());
  const pod = await served(url, more);
  await until(() => `readiness: ${pod.told()}`, async () => (await status(`${pod.base}/readyz`)) === 200);
  return { ...pod, url };
}

test('a pod without its schema is not ready and says why; the Job of the migration makes it ready', async () => {
  const url = await cluster.database();
  const pod = await served(url);
  await until('a look at the database', async () => (await (await fetch(`${pod.base}/startupz`)).text()).includes('schema reviews is not there yet'));
  assert.deepEqual([await status(`${pod.base}/livez`), await status(`${pod.base}/readyz`)], [200, 503]);
  // Two Jobs at once take turns.
  const jobs = [run('migrate', url, { SHOP_SEED: 'sample' }), run('migrate', url, { SHOP_SEED: 'sample' })];
  assert.deepEqual(await Promise.all(jobs.map((job) => job.ended)), [0, 0], jobs.map((job) => job.told()).join('\n'));
  await until('readiness', async () => (await status(`${pod.base}/readyz`)) === 200);
  const { summary, items } = await (await fetch(`${pod.base}/api/reviews?sku=KIT-1001`)).json();
  assert.ok(summary.count > 0 && items.length === summary.count, 'sample reviews');
  const again = run('migrate', url, { SHOP_SEED: 'sample' });
  assert.equal(await again.ended, 0);
  assert.equal((await (await fetch(`${pod.base}/api/reviews?sku=KIT-1001`)).json()).summary.count, summary.count, 'seeded once');
  pod.child.kill('SIGTERM');
  assert.equal(await pod.ended, 0, pod.told());
});

test('SIGTERM under load fails no request', async () => {
  const delay = 3000;
  const pod = await ready({ DRAIN_DELAY: `${delay}ms` });
  const agent = new Agent({ keepAlive: true });
  const ask = (path) => new Promise((resolve) => {
    request({ port: pod.number, path, agent }, (res) => res.resume().once('end', () => resolve(res))).once('error', (error) => resolve({ statusCode: error.code })).end();
  });
  let told503 = false;
  let killed = Infinity;
  let answered = 0;
  let closing = 0;
  const failed = [];
  // A proxy sends requests until it has heard that the pod is not ready. The port is open for the delay at least: what fails before
  // is a fault, what fails later is this machine's, which let us wait so long.
  const load = Array.from({ length: 4 }, async () => {
    while (!told503) {
      const res = await ask('/api/reviews?sku=A');
      if (res.statusCode === 200) answered++;
      else if (performance.now() < killed + delay) failed.push(res.statusCode);
      else return;
      if (res.headers?.connection === 'close') closing++;
    }
  });
  await until('load', () => answered > 20);
  pod.child.kill('SIGTERM');
  killed = performance.now();
  let stillReady = 0;
  await until('the pod not to be ready', async () => (await ask('/readyz')).statusCode !== 200 || void stillReady++);
  const then = answered;
  await until('load during the drain', () => answered > then + 20 || performance.now() > killed + delay);
  told503 = true;
  await Promise.all(load);
  assert.equal(await pod.ended, 0, pod.told());
  assert.deepEqual(failed, []);
  // Counted, for a slow machine answers few in any time: the signal comes before the next requests, the end of the delay after many.
  assert.ok(stillReady <= 5, `after SIGTERM it said ${stillReady} times that it is ready`);
  assert.ok(closing > 0, 'connections were told to close');
  agent.destroy();
});

test('a request in flight when the port closes is finished', async () => {
  const pod = await ready({ DRAIN_DELAY: '100ms', DRAIN_LIMIT: '120s' });
  const body = Buffer.from(JSON.stringify({ sku: 'A', stars: 5, author: 'Mika', text: 'good' }));
  const headers = { 'content-type': 'application/json', 'content-length': body.length, authorization: `Bearer ${await customer('c1')}`, 'idempotency-key': randomUUID() };
  let req;
  const answer = new Promise((resolve, reject) => {
    req = request({ port: pod.number, method: 'POST', path: '/api/reviews', headers }, (res) => resolve(res.resume().statusCode)).once('error', reject);
    req.write(body.subarray(0, 10));
  });
  await until('the request to be in flight', async () => /^http_server_active_requests 1$/m.test(await (await fetch(`${pod.side}/metrics`)).text()));
  pod.child.kill('SIGTERM');
  await until('the port to close', async () => (await status(`${pod.base}/livez`)) === 0);
  req.end(body.subarray(10));
  assert.equal(await answer, 201);
  assert.equal(await pod.ended, 0, pod.told());
});

for (const [name, sent, limits] of [
  ['brought no request', '', {}], // where a header is waited for for minutes
  ['brought half of a header', 'GET /livez HTTP/1.1\r\nHo', { header: 200 }],
]) {
  test(`a connection that ${name} does not hold up the end`, async () => {
    const shop = await start(await cluster.database(), goods.url, { DRAIN_LIMIT: '60s' }, limits);
    const socket = connect(Number(new URL(shop.base).port), '127.0.0.1').on('error', () => {}).resume();
    const closed = new Promise((resolve) => { socket.once('close', resolve); });
    await new Promise((resolve) => { socket.once('connect', resolve); });
    await new Promise((resolve) => { socket.write(sent, resolve); });
    assert.equal(await status(`${shop.base}/livez`), 200); // the connection before it was taken, too
    assert.equal(await shop.stop(), true, 'all were answered before the limit');
    await closed;
  });
}

test('a second signal ends at once', async () => {
  const pod = await served(await cluster.database(), { DRAIN_DELAY: '600s' });
  pod.child.kill('SIGTERM');
  await until('the drain', () => pod.lines.some((line) => line.msg === 'draining'));
  pod.child.kill('SIGTERM');
  assert.equal(await pod.ended, 1);
});

test('a restart of PostgreSQL is 503 for customers, and no reason to restart the pod or to take it out', async () => {
  const pod = await ready();
  const list = () => status(`${pod.base}/api/reviews?sku=A`);
  assert.equal(await list(), 200);
  await cluster.down();
  const down = performance.now();
  await until('the refusal', async () => (await list()) === 503);
  const refused = await fetch(`${pod.base}/api/reviews?sku=A`);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  await refused.text();
  await until('a look that nobody answers', () => pod.logged('PostgreSQL does not answer'));
  const probes = [await status(`${pod.base}/livez`), await status(`${pod.base}/readyz`)];
  // Thirty seconds after the last look the pod is not ready, and is right.
  assert.deepEqual(probes, performance.now() - down < 25_000 ? [200, 200] : [200, probes[1]]);
  await cluster.up();
  await until(() => `the service to work again: ${pod.told()}`, async () => (await list()) === 200);
  await until('readiness', async () => (await status(`${pod.base}/readyz`)) === 200);
  pod.child.kill('SIGTERM');
  assert.equal(await pod.ended, 0, pod.told());
});

test('an answered POST is answered the same by a process that came after', async () => {
  const one = await ready();
  const two = await served(one.url, { SHOP_RELEASE: 'acme-2' });
  const [as, key] = [await customer('c1'), randomUUID()];
  const post = async (pod) => {
    const answer = await fetch(`${pod.base}/api/reviews`, { method: 'POST', body: JSON.stringify({ sku: 'A', stars: 5, author: 'Mika', text: 'good' }), headers: { 'content-type': 'application/json', authorization: `Bearer ${as}`, 'idempotency-key': key } });
    return { status: answer.status, text: await answer.text(), replayed: answer.headers.get('idempotent-replayed') };
  };
  // On a machine that is slow the catalog answers too late: 503, which is asked again.
  const made = async (pod) => {
    let answer;
    await until('an answer', async () => (answer = await post(pod)).status !== 503);
    return answer;
  };
  const first = await made(one);
  assert.equal(first.status, 201, first.text);
  one.child.kill('SIGKILL');
  assert.deepEqual(await made(two), { ...first, replayed: 'true' });
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
