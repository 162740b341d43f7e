#!/usr/bin/python3
"""Asks Docker's own command line what it makes of image references: `docker pull` before an engine that only writes
down what it is asked for. Writes tests/data/references/docker.jsonl, a line for each reference:

    {"group": …, "text": …, "name": …, "version": …}      taken: the repository's full name, tag or digest
    {"group": …, "text": …, "error": …}                   refused
    "old": …                                              what docker 20.10 says instead, where it differs

Not asked: `docker.io/docker.io/alpine`, which `docker pull` shortens to `docker.io/alpine` and then reads once more.

    /usr/bin/python3 tests/support/record_references.py DOCKER OLD_DOCKER >tests/data/references/docker.jsonl
"""
import http.server
import json
import socketserver
import subprocess
import sys
import tempfile
import threading
import urllib.parse

HEX = "e6ffe1ed1e9bbc8ef1a7f8d1c3f9b0a54f7b8c2d3e4f5a6b7c8d9e0f1a2b3c4d"
SHA256, SHA512 = "sha256:" + HEX, "sha512:" + HEX * 2

HUB = ["alpine", "alpine:3", "library/alpine", "library/alpine:3", "docker.io/alpine", "docker.io/library/alpine",
       "docker.io/library/alpine:3.18", "index.docker.io/alpine", "index.docker.io/library/alpine", "index.docker.io/a/b:1",
       "registry-1.docker.io/a/b", "docker.io/a/b/c", "team/app", "team/app:1.0", "team/sub/app", "a/b/c/d/e/f:x",
       "docker.io", "index.docker.io", "docker.io:443/alpine", "docker.io:5000/a/b", "Docker.io/alpine", "DOCKER.IO/alpine",
       "docker.com/alpine", "library/library/alpine", "docker.io/library", "library",
       "hub.docker.com/r/team/app", "docker.io./alpine", "index.docker.io:443/alpine"]
HOSTS = ["localhost", "localhost:5000", "localhost:1", "localhost:65535", "localhost:65536", "localhost:0",
         "localhost:99999999", "localhost:050", "127.0.0.1", "127.0.0.1:5000", "10.0.0.256", "1.2.3", "reg", "reg:5000",
         "reg.example.com", "reg.example.com:443", "reg.example.com:80", "REG.example.com", "Reg.Example.COM:5000",
         "LOCALHOST", "Localhost", "reg-1.example.com", "reg--1.example.com", "-reg.example.com", "reg-.example.com",
         "reg_1.example.com", "reg_1", "reg..example.com", ".example.com", "example.com.", "example.com.:5000",
         "xn--n3h.com", "xn--n3h.com:18080", "ünïcode.com", "reg.example.com:", "reg.example.com:port", "reg.example.com:-1",
         "[::1]", "[::1]:5000", "[2001:db8::1]:443", "[2001:DB8::1]", "[fe80::1%eth0]:5000", "[fe80::1%25eth0]", "[::1", "::1",
         "::1:5000", "[]", "[::g]:5000", "[127.0.0.1]:5000", "a", "A", "1", "a.b", "a:1", "user@reg.example.com",
         "user:pw@reg.example.com", "reg.example.com:5000:5000", "reg example.com", "0x7f.1:5000", "2130706433:5000"]
PATHS = ["app", "a", "1", "app1", "1app", "a.b", "a_b", "a__b", "a___b", "a-b", "a--b", "a---b", "a.-b", "a-.b", "a._b", "a_.b",
         "a..b", ".a", "a.", "_a", "a_", "__a", "a__", "-a", "a-", "a-b_c.d", "a_-b", "a-_b", "App", "aPP", "APP", "a/b", "a//b",
         "/a", "a/", "a/b/", "//a", "a/B", "A/b", "a/./b", "a/../b", "..", ".", "a/b-/c", "a/-b", "a/b/c/d", "ä", "app ",
         " app", "a b", "a\tb", "a\nb", "app\n", "a+b", "a%b", "a~b", "a!b", "a*b", "a,b", "a;b", "a'b", "a\\b", "a?b", "a#b",
         "a=b", "a&b", "a$b", "a(b)", "a|b", "a\u202eb", "a\u00adb", HEX, HEX + "/app", HEX[:63], HEX + "0", HEX.upper(), "sha256", "sha256/a",
         "a" * 128, "a" * 200]
TAGS = ["1", "1.0", "v1.0.0", "latest", "LATEST", "_", "_x", "__", "x_", "x.", "x-", "-x", ".x", "a.b-c_d", "1.0+build", "1.0~rc",
        "a:b", "a/b", "", " ", "x y", "ü", "x\n", "x%20y", "x@y", "x,y", "t" * 128, "t" * 129, "sha256", "5000", "-", ".", "..",
        "x" * 127 + "-", "a--b", "A", "Z9", "0", "00", "+"]
DIGESTS = [SHA256, SHA256[:-1], SHA256 + "0", "sha256:" + HEX.upper(), "SHA256:" + HEX, "sha256:", "sha256", HEX, "sha512:" + HEX,
           SHA512, SHA512[:-1], "sha384:" + HEX + HEX[:32], "md5:" + HEX[:32], "sha1:" + HEX[:40], "sha256:" + "g" * 64, "sha256:" + "0" * 64,
           "sha256+b64:" + HEX, "sha256-x:" + HEX, "sha256.x:" + HEX, "", ":" + HEX, "blake3:" + HEX, "tarsum.v1+sha256:" + HEX,
           "tarsum.dev+sha256:" + HEX, SHA256 + "@" + SHA256, SHA256 + ":tag", " " + SHA256, SHA256 + " "]
WHOLE = ["", " ", ":", "@", "/", ":tag", "@" + SHA256, "app:", "app@", "app:1@", "app@" + SHA256 + ":1", "app:@" + SHA256, "a:b:c", "https://reg.example.com/app",
         "http://localhost:5000/app", "docker://alpine", "oci:alpine", "//alpine", "app:1:2", "app:1/app:2", "app:1/app", "localhost:5000",
         "localhost:5000:1", "localhost:5000/", "reg.example.com", "reg.example.com/", "test.com:tag", "test.com:5000", "192.168.0.1:80", HEX, HEX + ":1",
         HEX + "@" + SHA256, "docker.io/" + HEX, "localhost/" + HEX, HEX.upper(), HEX[:-1], HEX[:-1] + "G", "-", "--help", "-x/y", "app\0", "app:1\r\n", "app;ls", "$(app)",
         "localhost/" + "a" * 246, "localhost/" + "a" * 245, "localhost/" + "a" * 255, "localhost/" + "a" * 256, "a" * 255, "a" * 256, "a" * 247, "a" * 248, "a/" * 127 + "a",
         "a/" * 128 + "a", "r" * 64 + ".example.com/app", "reg.example.com/" + "/".join(["a" * 100] * 3)]


def references():
    for text in HUB:
        yield "hub", text
    for host in HOSTS:
        yield "host", host + "/app:1"
    for host in HOSTS[:12]:
        yield "host", host + "/team/app"
    for path in PATHS:
        yield "path", path if path in (HEX,) else path + ":1"
        yield "path", "reg.example.com/" + path
    for tag in TAGS:
        yield "tag", "reg.example.com:5000/app:" + tag
    for digest in DIGESTS:
        yield "digest", "app@" + digest
        yield "digest", "reg.example.com:5000/app:1.0@" + digest
    for text in WHOLE:
        yield "whole", text


class Engine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        status, body = 200, b"OK"
        if url.path.endswith("/images/create"):
            query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
            asked = {"name": query["fromImage"][0], "version": query["tag"][0]}
            status, body = 418, json.dumps({"message": json.dumps(asked)}).encode()
        self.send_response(status)
        for name, value in (("Api-Version", "1.41"), ("Ostype", "linux"), ("Content-Type", "application/json"),
                            ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = answer

    def address_string(self):
        return "docker"

    def log_message(self, *args):
        pass


def full_name(name):
    """docker 20.10 leaves `docker.io/library/` out."""
    first, _, rest = name.partition("/")
    if not rest:
        return "docker.io/library/" + name
    is_host = first == "localhost" or "." in first or ":" in first or first != first.lower()
    return name if is_host else "docker.io/" + name


def ask(docker, socket, folder, text):
    done = subprocess.run([docker, "pull", "-q", "--", text], capture_output=True, encoding="utf-8", errors="replace",
                          env={"DOCKER_HOST": f"unix://{socket}", "DOCKER_CONFIG": folder, "HOME": folder})
    message = (done.stderr.strip().splitlines() or [""])[-1]
    start = message.find('{"name"')
    if start < 0:
        return {"error": message.removeprefix("Error response from daemon: ")}
    answer = json.loads(message[start:])
    return {"name": full_name(answer["name"]), "version": answer["version"]}


def main():
    docker, old = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        socket = folder + "/engine.sock"
        engine = Engine(socket, Handler)
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        seen = set()
        for group, text in references():
            if text in seen or "\0" in text:  # no argument can hold a NUL
                continue
            seen.add(text)
            row, before = ask(docker, socket, folder, text), ask(old, socket, folder, text)
            differs = before.keys() != row.keys() or ("name" in row and before != row)
            print(json.dumps({"group": group, "text": text} | row | ({"old": before} if differs else {}),
                             ensure_ascii=True))


if __name__ == "__main__":
    main()
