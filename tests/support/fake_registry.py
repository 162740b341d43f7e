"""A web server that answers as a test tells it to and writes down whatever it is sent: registry, token service, or
the host that a secret must not reach."""
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.tls import Authority


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    def __str__(self):
        return f"{self.method} {self.path}\n{self.headers}\n{self.body!r}"


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def manifest(content: bytes, media_type="application/vnd.oci.image.index.v1+json", digest: str | None = None) -> Reply:
    return Reply(200, content, {"Content-Type": media_type} | ({"Docker-Content-Digest": digest} if digest else {}))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "FakeRegistry"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, self.path, {n.lower(): v for n, v in self.headers.items()}, body)
        self.server.requests.append(request)
        reply = self.server.reply(request)
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_HEAD = do_POST = do_CONNECT = answer

    def log_message(self, *args):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:  # the client does not like it here
            self.close_connection = True


class FakeRegistry(ThreadingHTTPServer):
    """Plain HTTP without an authority. A `name` that is not this machine's is reached by a Tunnel. `reply` may be replaced at any time. With `client_ca` only clients with a
    certificate are heard."""

    daemon_threads = True

    def __init__(self, authority: Authority | None, reply: Callable[[Request], Reply] = lambda request: Reply(404), *,
                 name="127.0.0.1", client_ca=None):
        self.reply = reply
        self.requests: list[Request] = []
        self._context = None
        if authority:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*authority.issue("fake-registry", [name]))
        if client_ca:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(client_ca)
        super().__init__(("127.0.0.1", 0), Handler)
        self.host = f"{name}:{self.server_address[1]}"
        self.url = ("https://" if authority else "http://") + self.host
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def get_request(self):
        connection, address = super().get_request()
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        pass  # a handshake that the client broke off is what many a test is about

    def stop(self):
        self.shutdown()
        self.server_close()
