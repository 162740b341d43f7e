"""An HTTPS server that does what an attack wants: it holds the files of many repositories by name, answers single
paths in scripted ways, and records what it is asked and sent."""
import email
import email.policy
import itertools
import re
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.tls import Authority

TRUST_PATH = re.compile(r"/v2/(.+)/_trust/tuf/(.*)")


@dataclass(frozen=True)
class Answer:
    """`body` may be an endless iterable. `length` is the Content-Length that is told, true unless given; `chunked`
    tells none. The connection is closed after any answer whose end the client cannot know."""
    body: bytes | Callable[[], Iterable[bytes]] = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    delay: float = 0  # seconds before the first byte
    chunked: bool = False

    def pieces(self) -> Iterable[bytes]:
        return [self.body] if isinstance(self.body, bytes) else self.body()


@dataclass(frozen=True)
class RawAnswer:
    """Bytes in the place of status line, headers and body; then the connection is closed."""
    data: bytes


@dataclass
class Shelf:
    """What the server holds of one repository."""
    files: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, Answer | RawAnswer] = field(default_factory=dict)  # in the place of files of these names
    everything: Answer | RawAnswer | None = None  # in the place of every file
    requests: list[str] = field(default_factory=list)  # names of files
    posts: list[dict[str, bytes]] = field(default_factory=list)  # role -> bytes
    on_post: Callable[[dict[str, bytes]], Answer | None] = lambda parts: None  # None: 200

    def answer(self, name: str) -> Answer | RawAnswer:
        if self.everything or name in self.answers:
            return self.everything or self.answers[name]
        if name in self.files:
            return Answer(self.files[name])
        return Answer(b'{"errors":[{"code":"METADATA_NOT_FOUND"}]}', status=404)


def parts_of(content_type: str, body: bytes) -> dict[str, bytes]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    return {part.get_filename(): part.get_payload(decode=True) for part in message.iter_parts()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "HostileServer"

    def do_GET(self):
        self.server.paths.append(self.path)
        if self.path == "/v2/":  # how official clients ask whether anybody is there
            return self._send(self.server.ping)
        shelf, name = self._subject()
        shelf.requests.append(name)
        self._send(shelf.answer(name))

    def do_POST(self):
        self.server.paths.append("POST " + self.path)
        shelf, _ = self._subject()
        parts = parts_of(self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"])))
        shelf.posts.append(parts)
        self._send(shelf.on_post(parts) or Answer())

    def do_DELETE(self):
        """Of a whole repository; the keys of the server stay."""
        self.server.paths.append("DELETE " + self.path)
        shelf, _ = self._subject()
        shelf.files = {name: data for name, data in shelf.files.items() if name.endswith(".key")}
        self._send(Answer())

    def _subject(self) -> tuple[Shelf, str]:
        found = TRUST_PATH.fullmatch(self.path)
        return (self.server.shelves.get(found[1], Shelf()), found[2]) if found else (Shelf(), self.path)

    def _send(self, answer: Answer | RawAnswer):
        if isinstance(answer, RawAnswer):
            self.wfile.write(answer.data)
            self.close_connection = True
            return
        time.sleep(answer.delay)
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        known = isinstance(answer.body, bytes) and answer.length in (None, len(answer.body))
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif known or answer.length is not None:
            self.send_header("Content-Length", str(len(answer.body) if known else answer.length))
        self.close_connection = not (known or answer.chunked)
        self.end_headers()
        for piece in answer.pieces():
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if answer.chunked else piece)
        if answer.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def handle(self):
        try:
            super().handle()
        except OSError:  # the client has heard enough
            self.close_connection = True

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass

    def log_message(self, *args):
        pass


class HostileServer(ThreadingHTTPServer):
    """One for many repositories; as a store it has `url`, `option` and `ca`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path):
        authority = Authority(folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*authority.issue("hostile-server"))
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = self.option = f"https://127.0.0.1:{self.server_address[1]}"
        self.ca = authority.ca
        self.shelves: dict[str, Shelf] = {}
        self._numbers = itertools.count(1)
        self.ping = Answer(b"{}")
        self.paths: list[str] = []  # of all requests, in order
        self.faults: list[str] = []  # of the server itself: there must be none
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def get_request(self):
        """The handshake is left to the connection's own thread."""
        connection, address = super().get_request()
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request, client_address):
        self.faults.append(traceback.format_exc())

    def gun(self) -> str:
        """A name that no other test uses."""
        return f"registry.example.com/n{next(self._numbers)}/app"

    def shelf(self, gun: str) -> Shelf:
        return self.shelves.setdefault(gun, Shelf())

    def stop(self):
        self.shutdown()
        self.server_close()
        self._thread.join()
