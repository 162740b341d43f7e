"""A proxy for which every host name is this machine: a test's servers may be called registry.example.com."""
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def _pump(source: socket.socket, target: socket.socket):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # one of the two is gone
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Tunnel"

    def do_CONNECT(self):
        self.server.requests.append((self.path, {n.lower(): v for n, v in self.headers.items()}))
        if self.server.refusal:
            self.send_response_only(*self.server.refusal)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2]))) as there:
            self.send_response_only(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(there, self.connection), daemon=True)
            back.start()
            _pump(self.connection, there)
            back.join()
        self.close_connection = True

    def log_message(self, *args):
        pass


class Tunnel(ThreadingHTTPServer):
    """`requests`: for whom it was asked, and with which headers. `refusal`: a status line instead."""

    daemon_threads = True

    def __init__(self):
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.refusal: tuple[int, str] | None = None
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    def stop(self):
        self.shutdown()
        self.server_close()
