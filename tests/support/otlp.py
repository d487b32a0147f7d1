"""An OpenTelemetry collector that keeps the spans that it receives by OTLP over HTTP."""

import dataclasses
import http.server
import threading

from opentelemetry.proto.collector.trace.v1 import trace_service_pb2


@dataclasses.dataclass(frozen=True)
class Span:
    """One span. Ids are hexadecimal; `links` are the (trace id, span id) pairs of its links."""

    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: tuple
    links: tuple
    failed: bool

    def attribute(self, key):
        return dict(self.attributes).get(key)


def value_of(value):
    return getattr(value, value.WhichOneof("value") or "string_value")


def spans_of(request):
    for resource in request.resource_spans:
        service = next(value_of(a.value) for a in resource.resource.attributes if a.key == "service.name")
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            yield Span(service, span.name, span.kind, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(),
                       tuple((a.key, str(value_of(a.value))) for a in span.attributes),
                       tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                       span.status.code == span.status.STATUS_CODE_ERROR)


class Collector:
    """Listens on a free port of loopback until it is closed."""

    def __init__(self):
        self._arrived = threading.Condition()
        self._spans = []
        keep = self._keep

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                request = trace_service_pb2.ExportTraceServiceRequest()
                request.ParseFromString(self._read())
                keep(list(spans_of(request)))
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def _read(self):
                if self.headers.get("transfer-encoding") != "chunked":
                    return self.rfile.read(int(self.headers["content-length"]))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self._server.server_port}"

    def spans(self):
        with self._arrived:
            return list(self._spans)

    def await_spans(self, enough):
        """Waits until `enough(spans)` is true, at most 20 seconds; returns all spans."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: enough(self._spans), timeout=20):
                raise AssertionError("\n".join(map(str, self._spans)))
            return list(self._spans)

    def _keep(self, spans):
        with self._arrived:
            self._spans += spans
            self._arrived.notify_all()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
