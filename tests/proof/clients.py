"""What the two clients say of the same repository on the same server."""
import hashlib
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from support.countersign import Countersign
from support.official import Notary
from support.stores import StaticRepository

ROW = re.compile(r"(.*?) +([0-9a-f]*) +(-?[0-9]+) +(targets[a-z0-9/_-]*) *", re.DOTALL)
SKIPPED = re.compile(r"Error getting (targets/[a-z0-9/_-]+):")


@dataclass
class Verdict:
    """`fatal`: why nothing at all was read. `skipped`: roles whose file does not count. `targets`: role -> what it
    holds, as sorted (name, digest, length)."""
    fatal: str = ""
    skipped: set = field(default_factory=set)
    targets: dict = field(default_factory=dict)

    def of(self, role: str) -> str | list:
        """What it says of one role and of what is below it: its content, or why there is none."""
        if self.fatal:
            return self.fatal
        if role in self.skipped:
            return "skipped"
        return sorted((name, *entry) for name, entries in self.targets.items() for entry in entries
                      if name == role or name.startswith(role + "/"))


class Clients:
    """Both clients, cold for every repository, before one web server."""

    def __init__(self, folder: Path, binary: Path, secrets):
        # Clients flush what they write; in memory that costs nothing.
        memory = Path("/dev/shm")
        self._folder = Path(tempfile.mkdtemp(prefix="proof-", dir=memory if memory.is_dir() else folder))
        self._folder.chmod(0o755)  # nginx reads as another user
        self._store = StaticRepository(self._folder)
        (self._store.folder / "v2").mkdir()
        (self._store.folder / "v2" / "index.html").write_text("{}")
        self._store.option = self._store.url  # both read over HTTPS
        self._binary = binary
        self._secrets = secrets
        self._passphrase = secrets.new()  # one for all: every output is searched for every secret

    def close(self):
        self._store.stop()
        shutil.rmtree(self._folder)

    def ask(self, files: dict[str, bytes], number: int, stem="app") -> tuple[Verdict, Verdict]:
        """The official client's verdict and ours. The number is part of the repository's name."""
        gun = f"registry.example.com/n{number}/{stem}"
        base = self._store.folder / "v2" / "registry.example.com" / f"n{number}"
        for role, content in files.items():
            for name in (role, f"{role}.{hashlib.sha256(content).hexdigest()}"):
                path = base / stem / "_trust" / "tuf" / f"{name}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        home = self._folder / f"home-{number}"
        try:
            return self._ask_official(home / "notary", gun), self._ask_ours(home / "countersign", gun)
        finally:
            shutil.rmtree(base)
            shutil.rmtree(home)

    def _ask_official(self, home: Path, gun: str) -> Verdict:
        result = Notary(home, self._store, self._secrets, root_passphrase=self._passphrase,
                        passphrase=self._passphrase).run("list", gun, check=False)
        if result.returncode != 0:
            return Verdict(fatal="fatal: " + " ".join((result.stdout + result.stderr).split()))
        verdict = Verdict(skipped=set(SKIPPED.findall(result.stderr)))
        _, _, table = result.stdout.partition("\n----")
        for line in table.split("\n")[1:]:
            if row := ROW.fullmatch(line):
                verdict.targets.setdefault(row[4], []).append((row[1].rstrip(), row[2], int(row[3])))
            else:
                assert not line.strip(), result
        return verdict

    def _ask_ours(self, home: Path, gun: str) -> Verdict:
        outcome = Countersign(self._binary, home, self._store, self._secrets).run("list", gun, "--trust-on-first-use")
        if outcome.exit_code != 0:
            # UNTRUSTED; a file that goes on after its announced length is the server's error.
            assert outcome.exit_code == 4 or outcome.error[0] == "SERVER_ERROR", str(outcome)
            return Verdict(fatal="fatal: " + ": ".join(outcome.error))
        warned = {w["message"].split(" of ")[0] for w in outcome.document["warnings"] if w["code"] == "ROLE_UNUSABLE"}
        verdict = Verdict(skipped=warned)
        for entry in outcome.repository["targets"]:
            for role in entry["roles"]:
                verdict.targets.setdefault(role, []).append(
                    (entry["name"].rstrip(" "), (entry["digest"] or "").removeprefix("sha256:"), entry["length"]))
        return verdict
