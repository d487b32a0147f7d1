"""A webhook for user_service that keeps the mails."""

import http.server
import json
import threading


class Webhook:
    """Listens on a free port of loopback until it is closed."""

    SECRET = "a secret between two programs"

    def __init__(self):
        self._arrived = threading.Condition()
        self._mails = []
        receive = self._receive

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                receive(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def environment(self, directory):
        """Writes the secret to the directory; returns the environment for user_service."""
        secret_file = directory / "webhook.secret"
        secret_file.write_text(self.SECRET, encoding="ascii")
        return {"VIBESTACK_WEBHOOK_URL": f"http://127.0.0.1:{self._server.server_port}/mail",
                "VIBESTACK_WEBHOOK_SECRET_FILE": str(secret_file)}

    def take(self, email):
        """Returns the next mail for that email. Fails if none comes within some seconds."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: any(mail["email"] == email for mail in self._mails), timeout=20):
                raise AssertionError(f"no mail for {email}")
            mail = next(mail for mail in self._mails if mail["email"] == email)
            self._mails.remove(mail)
            return mail

    def _receive(self, mail):
        with self._arrived:
            self._mails.append(mail)
            self._arrived.notify_all()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
