"""A pushed workflow for a test: an HTTP server, and the workflows file that names it."""

import http.server
import json
import pathlib
import tempfile
import threading


def serve(case, handler):
    """Serves the workflow `pushed` with that request handler until the tests of the class end; returns the workflows file."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    case.addClassCleanup(server.server_close)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    case.addClassCleanup(server.shutdown)
    directory = tempfile.TemporaryDirectory()
    case.addClassCleanup(directory.cleanup)
    file = pathlib.Path(directory.name) / "workflows.json"
    file.write_text(json.dumps({"workflows": [
        {"id": "pushed", "push": {"url": f"http://127.0.0.1:{server.server_port}/hook"}}]}), encoding="ascii")
    return file
