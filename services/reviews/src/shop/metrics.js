// Metrics of a process. No label grows with paths, methods or hosts.
import { createServer } from 'node:http';
import client from 'prom-client';

const known = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export class Metrics {
  registry = new client.Registry();

  constructor(version) {
    const registers = [this.registry];
    client.collectDefaultMetrics({ register: this.registry });
    this.duration = new client.Histogram({
      name: 'http_server_request_duration_seconds', registers, labelNames: ['route', 'method', 'status'],
      help: "How long requests took, from the request's header to the end of the answer.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    });
    this.active = new client.Gauge({ name: 'http_server_active_requests', registers, help: 'Requests that are being answered.' });
    const events = (name, help) => {
      const counter = new client.Counter({ name, help, registers, labelNames: ['type'] });
      return (type) => counter.labels(type).inc();
    };
    this.published = events('shop_events_published_total', 'Events that were published, by type.');
    this.taken = events('shop_events_taken_total', 'Events that were taken, by type. An event that came again is not counted.');
    this.parked = events('shop_events_parked_total', 'Events that failed too often and were put aside, by type. Look into the table inbox_parked.');
    new client.Gauge({ name: 'build_info', registers, labelNames: ['version'], help: "The image's version." }).labels(version).set(1);
  }

  observe(route, method, status, seconds) {
    this.duration.labels(route, known.has(method) ? method : 'other', String(status)).observe(seconds);
  }

  /** What a pool does, read when it is asked for. */
  pool(pool) {
    const gauge = (name, help, value) => new client.Gauge({ name, help, registers: [this.registry], collect() { this.set(value()); } });
    gauge('db_pool_connections', 'Connections of the pool.', () => pool.totalCount);
    gauge('db_pool_idle_connections', 'Connections of the pool that nobody uses.', () => pool.idleCount);
    gauge('db_pool_waiting', 'Requests that wait for a connection.', () => pool.waitingCount);
  }

  /** The side port: Prometheus only. */
  server() {
    return createServer(async (req, res) => {
      if (req.url.split('?')[0] !== '/metrics') return res.writeHead(404).end();
      if (!['GET', 'HEAD'].includes(req.method)) return res.writeHead(405, { Allow: 'GET, HEAD' }).end();
      const text = await this.registry.metrics();
      return res.writeHead(200, { 'Content-Type': this.registry.contentType }).end(req.method === 'HEAD' ? undefined : text);
    });
  }
}
