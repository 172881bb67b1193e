"""Metrics of a process. No label grows with paths, methods or hosts."""
import prometheus_client as prometheus

prometheus.disable_created_metrics() if hasattr(prometheus, 'disable_created_metrics') else None

METHODS = frozenset(('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'))
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'


class Metrics:
    def __init__(self, version: str):
        self.registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=self.registry)
        prometheus.GCCollector(registry=self.registry)
        self.duration = prometheus.Histogram(
            'http_server_request_duration_seconds', "How long requests took, from the request's header to the answer.",
            ('route', 'method', 'status'), buckets=BUCKETS, registry=self.registry)
        self.active = prometheus.Gauge('http_server_active_requests', 'Requests that are being answered.', registry=self.registry)
        build = prometheus.Gauge('build_info', "The image's version.", ('version',), registry=self.registry)
        build.labels(version).set(1)
        self.taken = self.counter('shop_events_taken', 'Events that were taken, by type. An event that came again is not counted.')
        self.parked = self.counter('shop_events_parked', 'Events that failed too often and were put aside, by type. Look into the table inbox_parked.')
        self._series: dict = {}

    def counter(self, name: str, text: str):
        return prometheus.Counter(name, text, ('type',), registry=self.registry)

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        key = (route, method if method in METHODS else 'other', status)
        series = self._series.get(key)
        if series is None:  # looking it up by its labels takes longer than counting
            series = self._series[key] = self.duration.labels(key[0], key[1], str(status))
        series.observe(seconds)

    def text(self) -> bytes:
        return prometheus.generate_latest(self.registry)
