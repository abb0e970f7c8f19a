"""An error inside a step is told to a collector by its kind; its words hold values."""

import psycopg
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.telemetry.collector import listening
from tthc import telemetry

PERSON = "Nguyễn Thị Chim Hoàng Yến 031099000123"


def test_an_error_that_quotes_a_row_reaches_no_collector(warehouse, monkeypatch):
    with listening() as collector:
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{collector.url}/v1/traces")))
        monkeypatch.setattr("opentelemetry.trace.get_tracer", lambda name: provider.get_tracer(name))

        @telemetry.traced("stage")
        def stage(fetch_id: int) -> None:
            with telemetry.span("copy", table="so"), psycopg.connect(warehouse) as connection:
                connection.execute("CREATE TEMPORARY TABLE so (ten text CHECK (length(ten) < 5))")
                connection.execute("INSERT INTO so VALUES (%s)", (PERSON,))

        with pytest.raises(psycopg.errors.CheckViolation, match=PERSON):
            stage(7)
        provider.shutdown()
        spans = {span.name: span for span in collector.spans()}
        assert spans.keys() == {"tthc.stage", "tthc.copy"}
        assert {span.status.message for span in spans.values()} == {"CheckViolation"}
        assert not any(PERSON.split()[-1].encode() in body for _, body in collector.bodies)
        assert not any(span.events for span in spans.values())
