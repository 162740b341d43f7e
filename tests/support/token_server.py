#!/usr/bin/python3
"""Token service of Docker's registry token protocol, for tests: one realm for a registry and a notary-server.

GET /token?service=S&scope=TYPE:NAME:ACTIONS with Basic credentials (or none), or POST with
grant_type=password or grant_type=refresh_token. Answers {"token", "access_token", "expires_in", "issued_at"}.

USERS is a JSON file: {"alice": {"password": "...", "actions": ["pull", "push", "*"], "names": ["team/*"]}}.
Without "names" a user may act on every repository. The entry "" is for requests without credentials. The
refresh token of a user is "refresh-USER". The file is read for every request.

The token is signed with ES256 or RS256, by the kind of key, and carries the certificate in x5c.
"""

import argparse
import base64
import http.server
import json
import ssl
import sys
import time
import urllib.parse
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenSigner:
    def __init__(self, cert_file, key_file):
        with open(key_file, "rb") as file:
            self.key = serialization.load_pem_private_key(file.read(), None)
        with open(cert_file, "rb") as file:
            certificate = x509.load_pem_x509_certificate(file.read())
        self.is_ec = isinstance(self.key, ec.EllipticCurvePrivateKey)
        self.header = {
            "typ": "JWT",
            "alg": "ES256" if self.is_ec else "RS256",
            # Standard base64, not base64url.
            "x5c": [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()],
        }

    def sign(self, claims):
        text = base64url(json.dumps(self.header).encode()) + "." + base64url(json.dumps(claims).encode())
        if self.is_ec:
            der = self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
            r, s = utils.decode_dss_signature(der)
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        else:
            signature = self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return text + "." + base64url(signature)


def matches(name, patterns):
    for pattern in patterns:
        if name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1])):
            return True
    return False


def granted(user, scope):
    # TYPE:NAME:ACTIONS, and NAME may hold colons (host:port/repo): cut at the first and at the last.
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    if not name or not matches(name, user.get("names", ["*"])):
        return None
    allowed = [action for action in actions.split(",") if action in user.get("actions", [])]
    return {"type": kind, "name": name, "actions": allowed} if allowed else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        self.answer(url.path, urllib.parse.parse_qs(url.query))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.answer(urllib.parse.urlsplit(self.path).path, urllib.parse.parse_qs(body))

    def who(self, parameters):
        """User name and whether the credentials are right."""
        with open(self.server.options.users, encoding="utf-8") as file:
            self.users = json.load(file)
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic":
            name, _, password = base64.b64decode(value).decode().partition(":")
        elif parameters.get("grant_type") == ["refresh_token"]:
            name = parameters.get("refresh_token", [""])[0].removeprefix("refresh-")
            return name, name in self.users
        elif parameters.get("grant_type") == ["password"]:
            name, password = parameters["username"][0], parameters["password"][0]
        else:
            return "", True
        return name, self.users.get(name, {}).get("password") == password

    def answer(self, path, parameters):
        name, valid = self.who(parameters)
        scopes = [scope for text in parameters.get("scope", []) for scope in text.split()]
        status, document = 200, None
        if path != "/token":
            status, document = 404, {}
        elif not valid:
            status = 401
            document = {"errors": [{"code": "UNAUTHORIZED", "message": "bad credentials", "detail": None}]}
        else:
            grants = [granted(self.users.get(name, {}), scope) for scope in scopes]
            document = self.make_token(name, parameters, [grant for grant in grants if grant])
        print(self.command, f"user={name}", f"scope={','.join(scopes)}", status, flush=True)
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def make_token(self, name, parameters, access):
        options = self.server.options
        now = int(time.time())
        token = self.server.signer.sign({
            "iss": options.issuer, "sub": name, "aud": parameters.get("service", [""])[0],
            "exp": now + options.lifetime, "nbf": now - 5, "iat": now, "jti": str(uuid.uuid4()), "access": access,
        })
        issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        return {"token": token, "access_token": token, "expires_in": options.lifetime, "issued_at": issued}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls-cert", help="without it the service speaks plain HTTP")
    parser.add_argument("--tls-key")
    parser.add_argument("--token-cert", required=True)
    parser.add_argument("--token-key", required=True)
    parser.add_argument("--users", required=True)
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--lifetime", type=int, default=300, help="of a token, in seconds")
    options = parser.parse_args()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    server.options = options
    server.signer = TokenSigner(options.token_cert, options.token_key)
    if options.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls_cert, options.tls_key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
