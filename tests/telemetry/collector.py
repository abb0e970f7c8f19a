"""A collector as OpenTelemetry's protocol asks for it: takes in over HTTP what is exported, and keeps it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_DELTA


class Collector(ThreadingHTTPServer):
    """Everything that was exported to it; ``bodies`` are the bytes as they came, unpacked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[tuple[str, bytes]] = []

    @property
    def url(self) -> str:
        """What ``TTHC_OTEL_ENDPOINT`` is set to."""
        return f"http://127.0.0.1:{self.server_port}"

    def points(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Return (tags, value) of every point of a metric, in the order in which they came."""
        found = []
        for path, body in list(self.bodies):
            if path != "/v1/metrics":
                continue
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        if metric.name != name:
                            continue
                        if metric.WhichOneof("data") == "sum":
                            assert metric.sum.aggregation_temporality == AGGREGATION_TEMPORALITY_DELTA
                        for point in getattr(metric, metric.WhichOneof("data")).data_points:
                            tags = {each.key: each.value.string_value for each in point.attributes}
                            found.append((tags, point.as_int or point.as_double))
        return found

    def spans(self) -> list:
        """Return every span, in the order in which they came."""
        return [
            span
            for path, body in list(self.bodies)
            if path == "/v1/traces"
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.bodies.append((self.path, body))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def listening() -> Iterator[Collector]:
    """Yield a collector that takes in until the block ends."""
    with Collector() as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        try:
            yield collector
        finally:
            collector.shutdown()
