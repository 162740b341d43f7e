"""Answers that are none: redirects, pages of proxies, codes that mean nothing here, logins that lead elsewhere."""
import pytest

from support.attack import Attack, attacks
from support.hostile_server import Answer, RawAnswer

HTML = b"<html><body>Sign in to Wi-Fi</body></html>"


def everything(answer):
    def play(repo):
        repo.shelf.everything = answer

    return play


def only(name: str, answer):
    def play(repo):
        repo.shelf.answers[name] = answer

    return play


def redirect(status: int, location: str):
    return everything(Answer(b"", status, (("Location", location),)))


def redirect_to_a_good_copy(repo):
    """The same files, elsewhere on this very server."""
    copy = f"/v2/{repo.gun}/_trust/tuf/1.timestamp.json"
    repo.shelf.answers["timestamp.json"] = Answer(b"", 302, (("Location", copy),))


def realm(location: str):
    return everything(Answer(b"{}", 401, (("WWW-Authenticate", f'Bearer realm="{location}",service="x",scope="y"'),)))


def login(header: str):
    return everything(Answer(b"{}", 401, (("WWW-Authenticate", header),)))


def nobody_was_asked(*paths: str):
    def check(scene):
        asked = [path for path in scene.server.paths if any(part in path for part in paths)]
        assert not asked, asked

    return check


def error_body(body: bytes, status=500):
    return everything(Answer(body, status))


def quoted_escaped(scene):
    for outcome in scene.outcomes.values():
        assert "forged" not in [line.split(":")[0] for line in outcome.stderr.splitlines()], str(outcome)


LONG = "SERVER_ERROR"
BAD = "MALFORMED_METADATA"
ELSEWHERE = "https://elsewhere.example.com/v2/"
ATTACKS = attacks(
    *(Attack(f"{status} to {location}", redirect(status, location), LONG, says="redirect")
      for status, location in [(301, ELSEWHERE), (302, "http://127.0.0.1/"), (307, "file:///etc/passwd"),
                               (308, "/elsewhere"), (303, "\x1b[2J")]),
    # A redirect of the timestamp makes official clients answer from their cache (section 7.4).
    Attack("302 of the timestamp to a good copy on the same server", redirect_to_a_good_copy, LONG, says="redirect"),
    Attack("302 without a Location", everything(Answer(b"", 302)), LONG, says="nowhere"),
    Attack("200 with a web page", everything(Answer(HTML, 200, (("Content-Type", "text/html"),))), BAD),
    Attack("200 without a body", everything(Answer(b"")), BAD),
    Attack("200 with a web page for the timestamp", only("timestamp.json", Answer(HTML)), BAD),
    Attack("200 without a body for the timestamp", only("timestamp.json", Answer(b"")), BAD),
    *(Attack(f"{status}", everything(Answer(b"", status)), LONG)
      for status in (206, 304, 402, 405, 418, 451, 501, 599)),
    Attack("204", everything(RawAnswer(b"HTTP/1.1 204 No Content\r\n\r\n")), LONG),
    Attack("204 for the timestamp", only("timestamp.json", RawAnswer(b"HTTP/1.1 204 No Content\r\n\r\n")), LONG),
    Attack("304 for the timestamp", only("timestamp.json", Answer(b"", 304)), LONG),
    Attack("status 999", everything(Answer(b"", 999)), LONG),
    Attack("no HTTP at all", everything(RawAnswer(b"SSH-2.0-OpenSSH_9.2\r\n")), LONG),
    Attack("HTTP/0.9", everything(RawAnswer(b'{"signed":{},"signatures":[]}')), LONG),
    Attack("connection closed without a word", everything(RawAnswer(b"")), "CONNECTION_LOST"),
    Attack("connection closed amid the headers", everything(RawAnswer(b"HTTP/1.1 200 OK\r\nContent-Le")),
           "CONNECTION_LOST"),
    *(Attack(f"login at {location}", realm(location), "UNAUTHORIZED", check=nobody_was_asked("/login"))
      for location in ("http://127.0.0.1/login", "https://user:password@127.0.0.1/login", "file:///login", "//login",
                       "https://127.0.0.1\\@elsewhere/login", "", "https://", "javascript:alert(1)")),
    *(Attack(f"login of the kind {header!r}", login(header), "UNAUTHORIZED")
      for header in ("Negotiate", "Basic", 'Basic realm="x"', "", "Bearer", "Digest realm=\"x\",nonce=\"y\"",
                     'Bearer realm="' + "x" * 20000 + '"')),
    Attack("an error message that forges lines", error_body(
        b'{"errors":[{"code":"X\\u001b[2J","message":"\\nforged: all is well\\r\\u2028forged: x"}]}'), LONG,
        check=quoted_escaped),
    Attack("an error message of 10 MiB", error_body(b'{"errors":[{"message":"' + b"x" * (10 << 20) + b'"}]}'), LONG),
    Attack("an error message that is a bomb", error_body(b"[" * 100_000), LONG),
    Attack("retry after a thousand years", everything(Answer(b"", 429, (("Retry-After", "31536000000"),))), LONG,
           says="too many requests"),
    Attack("retry after a lie", everything(Answer(b"", 429, (("Retry-After", "\x1b[2Jsoon"),))), LONG),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.about[:80].encode("unicode_escape").decode())
def test_http(attack, play):
    play(attack)
