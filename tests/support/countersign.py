"""Runs the program as one user. Every run, whatever the test is about, must keep the promises that hold for all:
no secret in any output, exit code and JSON agree, one error line on failure, no temporary file left."""
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from support.guide import is_told
from support.hints import BARE, HINT_LINE, rows_of
from support.process import Result, clean_environment, run
from support.schemas import faults_of_output
from support.secrets import Secrets
from support.stores import Store

ERROR_LINE = re.compile(r"^error\[([A-Z0-9_]+)\]: (\S.*)$", re.MULTILINE)
DEFAULT = object()
SANITIZER_REPORT = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:")


@dataclass
class Outcome:
    result: Result
    document: dict | None = field(repr=False)

    @property
    def exit_code(self) -> int:
        return self.result.returncode

    @property
    def stdout(self) -> str:
        return self.result.stdout

    @property
    def stderr(self) -> str:
        return self.result.stderr

    @property
    def error(self) -> tuple[str, str] | None:
        """Name and message of the error line."""
        found = ERROR_LINE.findall(self.stderr)
        return found[0] if found else None

    @property
    def repository(self) -> dict:
        (one,) = self.document["repositories"]
        return one

    def target(self, name: str) -> dict:
        (one,) = [t for t in self.repository["targets"] if t["name"] == name]
        return one

    def __str__(self):
        return str(self.result)


def _check_promises(outcome: Outcome, command: str, secrets: Secrets, names_server: bool):
    out, err, code = outcome.stdout, outcome.stderr, outcome.exit_code
    assert not secrets.found_in(out + err), f"a secret stands in the output\n{outcome}"
    assert not SANITIZER_REPORT.search(err), str(outcome)
    assert code >= 0, f"killed by signal {-code}\n{outcome}"
    assert "\x1b" not in out + err, f"escape sequences without a terminal\n{outcome}"
    assert len(ERROR_LINE.findall(err)) == (0 if code == 0 else 1), str(outcome)
    for hint in HINT_LINE.findall(err):
        assert rows_of(hint), f"a hint that stands in no table of tests/hints\n{outcome}"
        assert not (names_server and BARE.search(hint)), f"a command without the server that was named\n{outcome}"
    document = outcome.document
    if document is None:
        return
    if document.get("diagnosis"):
        assert is_told(document["checks"][-1]["name"], document["diagnosis"], document["error"]["code"]), str(outcome)
    for failure in [r["error"] for r in document["repositories"] if "error" in r]:
        assert rows_of(failure["hint"]), f"a hint that stands in no table of tests/hints\n{outcome}"
    assert not faults_of_output(document), str(outcome)
    assert document["schema"] == "countersign/v1"
    assert document["command"].split()[0] == command
    assert document["exit_code"] == code and document["ok"] is (code == 0), str(outcome)
    assert isinstance(document["warnings"], list)
    assert (document["error"] is None) == (code == 0), str(outcome)
    if code != 0:
        assert (document["error"]["code"], document["error"]["message"]) == outcome.error, str(outcome)


class Countersign:
    """One user on one machine: home, trust directory, working directory, environment. `pin` is what --trust-root
    gets; `ca=False` leaves the server's CA untrusted; `server` is named in the store's place, None names none;
    `wrapper` is a command that runs the program."""

    def __init__(self, binary: Path, home: Path, store: Store, secrets: Secrets, *, env=None, pin=None,
                 trust_dir: Path | None = None, ca=True, server=DEFAULT, wrapper=()):
        self.binary = binary
        self.home = home
        self.work = home / "work"
        self.tmp = home / "tmp"
        for folder in (home, self.work, self.tmp):
            folder.mkdir(parents=True, exist_ok=True)
        self.trust_dir = trust_dir or home / "trust"
        self.store = store
        self.server = server
        self.secrets = secrets
        self.env = dict(env or {})
        self.pin = pin
        self.ca = ca
        self.wrapper = wrapper

    def global_options(self) -> list[str]:
        options = ["-d", str(self.trust_dir)]
        server = self.store.option if self.server is DEFAULT else self.server
        if server:
            options += ["-s", server]
        if self.ca:
            options += ["--tlscacert", str(self.store.ca)]
        if self.pin:
            options += ["--trust-root", self.pin]
        return options

    def settings(self) -> dict[str, str]:
        """What `global_options` say, for a command that is typed without them."""
        server = self.store.option if self.server is DEFAULT else self.server
        return {"COUNTERSIGN_TRUST_DIR": str(self.trust_dir)} | (
            {"COUNTERSIGN_SERVER": server} if server else {}) | (
            {"COUNTERSIGN_CA_CERT": str(self.store.ca)} if self.ca else {}) | (
            {"COUNTERSIGN_TRUST_ROOT": self.pin} if self.pin else {})

    def argv(self, *args, output="json") -> list[str]:
        argv = [str(self.binary), *map(str, args), *self.global_options(), "-o", output]
        assert not self.secrets.found_in("\0".join(argv)), "the test itself puts a secret into argv"
        return argv

    def environment(self) -> dict[str, str]:
        return clean_environment(self.home) | {"TMPDIR": str(self.tmp)} | self.env

    def run(self, *args, output="json", env=None, without=(), answer="") -> Outcome:
        """env: additional variables; without: variables that are not set; answer: what stands on standard input."""
        environment = self.environment() | (env or {})
        for name in without:
            environment.pop(name, None)
        argv = [*map(str, self.wrapper), *self.argv(*args, output=output)]
        result = run(argv, env=environment, cwd=self.work, check=False, answer=answer)
        outcome = Outcome(result, json.loads(result.stdout) if output == "json" else None)
        _check_promises(outcome, str(args[0]), self.secrets, "-s" in argv)
        assert not list(self.tmp.iterdir()), f"temporary files are left\n{outcome}"
        return outcome

    def ok(self, *args, **options) -> Outcome:
        outcome = self.run(*args, **options)
        assert outcome.exit_code == 0, str(outcome)
        return outcome

    def renewed(self, *args, **options) -> Outcome:
        """Ok; or what was to be done is done, and roles are still due that others sign (`repo refresh`)."""
        outcome = self.run(*args, **options)
        due = outcome.exit_code == 5 and outcome.error[0] == "EXPIRY_DUE"
        assert outcome.exit_code == 0 or due, str(outcome)
        return outcome

    def refused(self, exit_code: int, *args, **options) -> Outcome:
        outcome = self.run(*args, **options)
        assert outcome.exit_code == exit_code, str(outcome)
        return outcome

    def init(self, gun: str, *args) -> str:
        """`repo init`; from now on this user pins the root that it printed. Returns the pin."""
        self.pin = self.ok("repo", "init", gun, *args).repository["trust_root"]
        return self.pin

    def sign(self, gun: str, tag: str, image, *args, **options) -> Outcome:
        return self.ok("sign", f"{gun}:{tag}", "--oci-layout", image.layout, *args, **options)
