"""One attack on the trust data of one repository, and what it must end in.

An attack is a function of a ForgedRepository. If it yields, a reader looks at the repository at each `yield` and
remembers what it saw; if it does not, the reader has seen the repository before. Then the attack must be refused by
`verify` and `sign` of that reader and by `list` of a newcomer who has seen nothing and holds the pin: by the same
error, and with nothing published and nothing remembered."""
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from support.countersign import Countersign, Outcome
from support.forged_keys import ec_key
from support.forger import DELEGATIONS, TAG_LENGTH, ForgedRepository, digest_of
from support.hostile_server import HostileServer
from support.secrets import Secrets

EXIT_CODES = {"PATH_NOT_COVERED": 5, "NO_TRUST_DATA": 6, "NOT_SIGNED": 6, "ROLE_NOT_FOUND": 6, "UNAUTHORIZED": 7,
              "FORBIDDEN": 7, "SERVER_ERROR": 8, "CONNECTION_LOST": 8, "SERVER_UNREACHABLE": 8, "TIMEOUT": 8}
MEASURE = Path(__file__).with_name("measure.py")
UNTRUSTED = 4  # of every other name
AS_FOR_READERS = "as for readers"


@dataclass(frozen=True)
class Attack:
    about: str
    play: Callable
    error: str | None = None  # its name; None: accepted, and `why` says why
    why: str = ""
    newcomer: str | None = AS_FOR_READERS
    sign: str | None = AS_FOR_READERS
    seen: bool = False  # only newcomers meet it: who has seen these files does not ask for what the snapshot still names
    unusable: tuple[str, ...] = ()  # delegations that are named as such while the rest is accepted
    hidden: tuple[tuple[str, str], ...] = ()  # tag and role in which it must not be seen
    says: str = ""  # stands in the message of the error, or in a warning
    check: Callable[["Scene"], None] = field(default=lambda scene: None)  # whatever else is to be seen

    def __post_init__(self):
        if self.seen:
            object.__setattr__(self, "why", self.why or "what was seen before is not asked for")
        if None in (self.error, self.newcomer, self.sign):
            assert self.why, f"{self.about}: an acceptance needs a reason"

    def __str__(self):
        return self.about

    def expected(self, who: str) -> str | None:
        if self.seen and who != "newcomer":
            return None
        expected = {"verify": self.error, "sign": self.sign, "newcomer": self.newcomer}[who]
        return self.error if expected == AS_FOR_READERS else expected

    def spares_the_rest(self, who: str) -> bool:
        """Whether the trust data as a whole is accepted, though not what was asked of it."""
        return bool(self.unusable) or self.expected(who) in ("NOT_SIGNED", "ROLE_NOT_FOUND", "PATH_NOT_COVERED")


def attacks(*rows: Attack) -> list[Attack]:
    names = [row.about for row in rows]
    assert len(set(names)) == len(names), f"twice in the table: {sorted(n for n in names if names.count(n) > 1)}"
    return list(rows)


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class Scene:
    """The repository, the reader who has seen it before, and newcomers."""

    def __init__(self, binary: Path, folder: Path, server: HostileServer, *, measured=False):
        self.binary = binary
        self.folder = folder
        self.server = server
        self.gun = server.gun()
        self._cost = folder / "cost"
        self._wrapper = ("/usr/bin/python3", "-I", "-S", MEASURE, self._cost, "-") if measured else ()
        self.peaks: dict[str, int] = {}  # KiB, of the runs that were measured
        self.ci = ec_key("ci")
        self.key_file = self.ci.write(folder / "ci.pem")
        self.repo = ForgedRepository(self.gun, server.shelf(self.gun), self.ci)
        self.reader = self.client("reader")
        self.outcomes: dict[str, Outcome] = {}

    def client(self, name: str) -> Countersign:
        return Countersign(self.binary, self.folder / name, self.server, Secrets(), pin=self.repo.pin,
                           wrapper=self._wrapper)

    def note_peak(self, who: str):
        if self._wrapper:
            self.peaks[who] = int(self._cost.read_text().split()[2])

    @property
    def posts(self) -> list[dict[str, bytes]]:
        return self.repo.shelf.posts

    def image(self, tag: str) -> str:
        return f"{self.gun}:{tag}@sha256:{digest_of(tag).hex()}"

    def list(self, client: Countersign | None = None, **options) -> Outcome:
        return (client or self.reader).run("list", self.gun, **options)

    def verify(self, tag="1.0", *args) -> Outcome:
        return self.reader.run("verify", self.image(tag), *args)

    def sign(self, tag="signed", *args) -> Outcome:
        return self.reader.run("sign", self.image(tag), "--size", TAG_LENGTH, "--key", self.key_file, *args)

    def look(self):
        """The reader sees the repository as it is now, and remembers."""
        outcome = self.list()
        assert outcome.exit_code == 0, f"what comes before the attack is refused\n{outcome}"
        self.note_peak("look")

    def play(self, attack: Callable):
        if inspect.isgeneratorfunction(attack):
            for _ in attack(self.repo):
                self.look()
        else:
            self.look()
            attack(self.repo)
        self.reader.pin = self.repo.pin
        self.reader.store = SimpleNamespace(option=self.repo.address or self.server.option, ca=self.server.ca)


def run(scene: Scene, attack: Attack):
    scene.play(attack.play)
    for who in ("verify", "newcomer", "sign"):
        client = scene.reader if who != "newcomer" else scene.client("newcomer")
        client.store = scene.reader.store
        memory = client.trust_dir / "tuf"
        before = files_below(memory)
        posts = len(scene.posts)
        outcome = {"verify": scene.verify, "sign": scene.sign, "newcomer": lambda: scene.list(client)}[who]()
        scene.outcomes[who] = outcome
        scene.note_peak(who)
        expected = attack.expected(who)
        if expected is None:
            _check_accepted(scene, attack, who, outcome)
            assert (len(scene.posts) > posts) == (who == "sign"), f"{who} published, or did not\n{outcome}"
        else:
            _check_refused(attack, expected, outcome)
            assert len(scene.posts) == posts, f"something was published\n{outcome}"
            if not attack.spares_the_rest(who):
                assert files_below(memory) == before, f"what was refused is remembered\n{outcome}"
    attack.check(scene)
    assert not scene.server.faults, "\n".join(scene.server.faults)


def _check_refused(attack: Attack, expected: str, outcome: Outcome):
    name, message = outcome.error or (None, "")
    assert name == expected, str(outcome)
    assert outcome.exit_code == EXIT_CODES.get(name, UNTRUSTED), str(outcome)
    assert expected != attack.error or attack.says in message, str(outcome)


def _check_accepted(scene: Scene, attack: Attack, who: str, outcome: Outcome):
    assert outcome.exit_code == 0, f"not accepted although {attack.why}\n{outcome}"
    warnings = {w["message"].split()[0] for w in outcome.document["warnings"] if w["code"] == "ROLE_UNUSABLE"}
    if who == "sign":
        assert {"targets/releases"} <= set(scene.posts[-1]) <= set(DELEGATIONS), str(outcome)
        return
    assert warnings == set(attack.unusable), str(outcome)
    if attack.unusable:
        assert attack.says in str(outcome.document["warnings"]), str(outcome)
    if who == "newcomer":
        seen = {(each["name"], role) for each in outcome.repository["targets"] for role in each["roles"]}
        assert not seen & set(attack.hidden), str(outcome)
        assert not {role for _, role in seen} & set(attack.unusable), str(outcome)
        if attack.unusable:
            inspected = scene.reader.ok("inspect", scene.gun).repository["delegations"]
            broken = {each["name"] for each in inspected if each["state"] not in ("usable", "empty")}
            assert broken == set(attack.unusable), inspected
        for role in attack.unusable:
            refused = scene.verify("1.0", "--role", role)
            assert refused.exit_code in (UNTRUSTED, EXIT_CODES["NOT_SIGNED"]), str(refused)
