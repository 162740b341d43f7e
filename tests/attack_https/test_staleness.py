"""Freeze, and servers that refuse or are gone while the cache is fresh and valid: official clients answer from the
cache with exit code 0 (section 7.4)."""
import pytest

from support.attack import Attack, attacks
from support.forger import PAST
from support.hostile_server import Answer
from support.process import free_port


def expired(role: str, expires=PAST):
    """The next version of a role, already expired; everything that was seen before is fresh."""

    def play(repo):
        if role in ("snapshot", "timestamp"):
            repo.publish(**{role: lambda body: body.update(expires=expires)})
        else:
            repo.edit(role)["expires"] = expires
            repo.publish(role)

    return play


def answers(status: int, *files: str, headers=()):
    def play(repo):
        answer = Answer(b'{"errors":[{"code":"ANY","message":"because"}]}', status, headers)
        if files:
            repo.shelf.answers |= dict.fromkeys(files, answer)
        else:
            repo.shelf.everything = answer

    return play


def nobody_there(repo):
    repo.address = f"https://127.0.0.1:{free_port()}"


SKIPPED = "a delegation that expired is skipped and named; the others still count (section 7.4)"
ATTACKS = attacks(
    *(Attack(f"expired {role}", expired(role), "EXPIRED", says=role)
      for role in ("timestamp", "snapshot", "targets", "root")),
    Attack("expired targets/jenkins", expired("targets/jenkins"), unusable=("targets/jenkins",), says="expired",
           hidden=(("1.0", "targets/jenkins"),), why=SKIPPED + "; its signer may renew it (promises 8)"),
    Attack("expired targets/releases", expired("targets/releases"), "EXPIRED", newcomer=None, sign=None,
           unusable=("targets/releases",), says="targets/releases", hidden=(("1.0", "targets/releases"),),
           why=SKIPPED + "; its signer may renew it (promises 8)"),
    Attack("zero time of expiry", expired("timestamp", "0001-01-01T00:00:00Z"), "EXPIRED"),
    *(Attack(f"expiry that is no time: {text!r}", expired("timestamp", text), "MALFORMED_METADATA", says="expires")
      for text in ("", "never", "2999-01-01", "2999-02-30T00:00:00Z", "2999-01-01 00:00:00Z", "99999-01-01T00:00:00Z",
                   "2999-01-01T00:00:00", 32503680000, None)),
    # Stale answers.
    *(Attack(f"{status} for everything while the cache is fresh", answers(status), error)
      for status, error in [(404, "NO_TRUST_DATA"), (401, "UNAUTHORIZED"), (403, "FORBIDDEN"), (500, "SERVER_ERROR"),
                            (503, "SERVER_ERROR"), (400, "SERVER_ERROR"), (410, "SERVER_ERROR")]),
    *(Attack(f"{status} for the timestamp while the cache is fresh", answers(status, "timestamp.json"), error)
      for status, error in [(404, "REPOSITORY_BROKEN"), (401, "UNAUTHORIZED"), (403, "FORBIDDEN"),
                            (500, "SERVER_ERROR")]),
    Attack("404 for the root while the cache is fresh", answers(404, "root.json"), "NO_TRUST_DATA", seen=True),
    Attack("nobody listens where the server was, while the cache is fresh", nobody_there, "SERVER_UNREACHABLE"),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_staleness(attack, play):
    play(attack)
