"""Everybody of a page on one machine: people with homes of their own and one folder in which they work, a Notary server and a
registry under the names that the pages use. A walk does what a page says, block after block."""
import shutil
from pathlib import Path

from support.images import SCRIPT as MAKE_LAYOUT
from support.pages import ROOT, Block, Values, blocks, name_of, typed
from support.parts import part
from support.process import clean_environment, run
from support.registry import RegistryServer
from support.softhsm import MODULE
from support.stores import Nginx, NotaryServer
from support.tls import Authority

STAGE = ROOT / "tests/docs/stage.sh"
SECRET = "correct horse battery"  # what people type when they are asked: passphrases, PINs

# Bash says what a person has set, where they stand, and how each command ended.
SAVE = """declare -p 2>/dev/null \\
  | grep -vE '^declare -[a-zA-Z]*[rA] |^declare -. (BASH|EPOCH|SHELLOPTS|PPID|UID|EUID|RANDOM|_=|__)' >"$__state"
pwd >"$__state.cwd"
"""


class Walk:
    def __init__(self, folder: Path, binary: Path):
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir(parents=True)
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(
            f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        self._authority = Authority(folder / "tls")
        self.notary = NotaryServer(folder / "notary", with_signer=False, authority=self._authority)
        self.registry = RegistryServer(folder / "registry", self._authority)
        self._binary = binary
        self._web: Nginx | None = None
        self._number = 0
        self.values = Values()
        self._stand_ins = {
            "https://notary.example.com:4443": self.notary.url,
            "notary.example.com:4443": self.notary.url.removeprefix("https://"),
            "registry.example.com": self.registry.host,
            "/usr/lib/softhsm/libsofthsm2.so": str(MODULE),
            "/srv/trust": str(self._place("srv-trust")),
            "/run/secrets": str(self._place("secrets")),
            "/var/log/countersign": str(self._place("log")),
            "/mnt/safe": str(self._place("safe")),
            "examples/team/run": str(ROOT / "examples/team/run"),
        }

    def _place(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(mode=0o700)
        return path

    def serve_folder(self):
        """/srv/trust, as https://trust.example.com has it."""
        self._web = Nginx(self.folder / "web", self._authority, f"root {self._stand_ins['/srv/trust']}; index index.html;")
        self._stand_ins["https://trust.example.com"] = self._web.url

    def stop(self):
        if self._web:
            self._web.stop()
        self.registry.stop()
        self.notary.stop()

    def environment(self, who: str) -> dict[str, str]:
        home = self.folder / "homes" / (who or "somebody")
        if not home.exists():
            home.mkdir(parents=True)
            (home / "tmp").mkdir()
            tls = home / ".docker" / "tls" / self._stand_ins["notary.example.com:4443"]
            tls.mkdir(parents=True)
            shutil.copy(self._authority.ca, tls / "ca.crt")
            if self._web:
                shutil.copytree(tls, tls.parent / self._web.url.removeprefix("https://"))
        environment = clean_environment(home)
        return environment | {
            "PATH": f"{self._binary.parent}:{MAKE_LAYOUT.parent}:{part('docker').parent}:{environment['PATH']}",
            "SSL_CERT_FILE": str(self._authority.ca), "SOFTHSM2_CONF": str(self.folder / "softhsm2.conf"),
            "TMPDIR": str(home / "tmp"), "XDG_RUNTIME_DIR": str(home / "tmp"), "SECRET": SECRET,
            "DOCKER_HOST": f"unix://{home}/no-engine.sock"}

    def real(self, text: str) -> str:
        """With the places of this walk in the place of those that the page names."""
        for name, stand_in in self._stand_ins.items():
            text = text.replace(name, stand_in)
        return text

    def as_written(self, text: str) -> str:
        for name, stand_in in self._stand_ins.items():
            text = text.replace(stand_in, name)
        return text.replace(f"{self.work}/", "").replace(str(self.folder / "homes"), "/home")

    def do(self, block: Block):
        if block.kind == "file":
            path = self.work / block.who
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.real(self.values.put_in(block.text)))
        elif block.kind == "console":
            self._type(block)
        elif block.kind in ("sh", "prepare"):
            stage = STAGE.read_text() if block.kind == "prepare" else ""
            printed, code = self._run(block.who, f"{stage}\nset -euo pipefail\n{block.text}\nset +eu +o pipefail")
            assert code == 0, f"line {block.line}: exit code {code}\n{block.text}\n{printed}"

    def _type(self, block: Block):
        commands = typed(block)
        code = 0
        for command, following in zip(commands, [*commands[1:], None]):
            printed, code = self._run(block.who, command.command, code)
            told = following and "$?" in following.command
            where = f"line {command.line}: {command.command}\n[exit {code}]\n"
            assert code == 0 or told, f"{where}{printed}"
            difference = self.values.difference(command.printed, printed)
            assert not difference, where + difference

    def _run(self, who: str, commands: str, last_code=0) -> tuple[str, int]:
        """What is printed, and the exit code. What a person sets stays set for what they type next."""
        self._number += 1
        folder = self.folder / "runs" / str(self._number)
        folder.mkdir(parents=True)
        environment = self.environment(who)
        state = Path(environment["HOME"]) / "tmp" / ".state"
        script = folder / "script"
        script.write_text(f"""__state={state}
if [ -f "$__state" ]; then . "$__state"; cd "$(cat "$__state.cwd")"; fi
(exit {last_code})
{{
{self.real(self.values.put_in(commands))}
}} >{folder}/printed 2>&1
echo $? >{folder}/code
{SAVE}""")
        run(["/bin/bash", script], env=environment, cwd=self.work, answer=(SECRET + "\n") * 20, check=False)
        printed = self.as_written((folder / "printed").read_text(errors="replace"))
        assert SECRET not in printed, "a secret is printed"
        code = folder / "code"
        return printed, int(code.read_text()) if code.exists() else -1


def walk(page: Path, folder: Path, binary: Path):
    here = Walk(folder, binary)
    try:
        if "https://trust.example.com" in page.read_text():
            here.serve_folder()
        for block in blocks(page):
            try:
                here.do(block)
            except AssertionError as failed:
                raise AssertionError(f"{name_of(page)}, {failed}") from None
    finally:
        here.stop()
