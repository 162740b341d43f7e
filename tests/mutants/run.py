"""Takes every check of mutants.toml out of the verifier, one at a time, and sees whether the tests notice.

    run.py [--only TEXT] [--build DIR]      TEXT: part of a mutant's file or check

The tests are built once. For a mutant its one file is compiled and linked before the libraries, so that the changed
one is taken; neither the tree nor the build is touched. The exit code is 0 if at least 95 % were caught."""
import argparse
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("unit_tuf", "unit_agent", "attack")
# Those that notice soonest first. Properties, and what needs megabytes, mostly repeat what a test says in a sentence.
SOON, LATE = "~[.]~[property]~[bulk]", "~[.][property],~[.][bulk]"
RUNS = {
    "tuf": (("unit_tuf", SOON), ("attack", SOON), ("unit_agent", SOON), ("unit_tuf", LATE), ("attack", LATE)),
    "agent": (("unit_agent", SOON), ("attack", SOON), ("attack", LATE)),
}
NEEDED = 0.95
TIMEOUT = 600  # seconds, of a test program: a mutant may never end


@dataclass
class Mutant:
    check: str
    file: str
    find: str
    replace: str

    @property
    def runs(self):
        part = self.file.partition("/")[0]
        near = sorted((ROOT / "tests" / "unit" / self.file).parent.glob("*_test.cpp"))
        first = ",".join(f"[#{path.stem}]~[.]" for path in near)
        return ((f"unit_{part}", first), *RUNS[part]) if near else RUNS[part]

    def text(self) -> str:
        text = (ROOT / self.file).read_text()
        assert text.count(self.find) == 1, f"{self.file}: stands {text.count(self.find)} times there: {self.find}"
        return text.replace(self.find, self.replace)


class Builder:
    """Compiles and links as the build does, with the work of the build."""

    def __init__(self, build: Path, work: Path):
        self.build, self.work = build, work
        lines = subprocess.run(["ninja", "-C", build, "-t", "commands", *(f"tests/{p}" for p in PROGRAMS)], check=True,
                               capture_output=True, text=True).stdout.splitlines()
        self.commands = [line.removeprefix(": && ").partition(" && ")[0] for line in lines]

    def _run(self, arguments: list[str]):
        done = subprocess.run(arguments, cwd=self.build, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr[-3000:])

    def compile(self, mutant: Mutant) -> Path:
        (command,) = [c for c in self.commands if c.endswith(f" -c {ROOT / mutant.file}")]
        arguments = shlex.split(command)
        source, result = self.work / "mutant.cpp", self.work / "mutant.o"
        source.write_text(mutant.text())
        arguments = [a for a in arguments[:arguments.index("-MD")] if a not in ("ccache", "-Werror")]
        self._run([*arguments, "-g0", "-w", "-o", str(result), "-c", str(source)])
        return result

    def link(self, program: str, mutant: Path | None) -> Path:
        (command,) = [c for c in self.commands if f" -o tests/{program} " in c]
        arguments = shlex.split(command)
        result = self.work / program
        arguments[arguments.index("-o") + 1] = str(result)
        fast = ["-fuse-ld=lld"] if shutil.which("ld.lld") else []  # links once for each mutant
        self._run([arguments[0], *fast, "-Wl,--strip-debug", *([str(mutant)] if mutant else []), *arguments[1:]])
        return result


def failed_test(program: Path, tests: str) -> str | None:
    """The first test that fails; None if all pass."""
    try:
        done = subprocess.run([program, "--abort", "--filenames-as-tags", tests], cwd=program.parent, capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return "does not end"
    if done.returncode == 0:
        return None
    found = re.search(r"^-{79}\n(.*?)\n-{79}$", done.stdout, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].split()) if found else f"exit code {done.returncode}"


def caught_by(mutant: Mutant | None, builder: Builder) -> str | None:
    compiled = builder.compile(mutant) if mutant else None
    linked = {}
    for program, tests in mutant.runs if mutant else RUNS["tuf"]:
        if program not in linked:
            linked[program] = builder.link(program, compiled)
        if test := failed_test(linked[program], tests):
            return f"{program}: {test}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "dev")
    options = parser.parse_args()
    rows = tomllib.loads(Path(__file__).with_name("mutants.toml").read_text())["mutant"]
    mutants = [m for m in (Mutant(**row) for row in rows) if options.only in m.file or options.only in m.check]
    subprocess.run(["ninja", "-C", options.build, *(f"tests/{p}" for p in PROGRAMS)], check=True, stdout=subprocess.DEVNULL)
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as work:
        builder = Builder(options.build.resolve(), Path(work))
        if test := caught_by(None, builder):
            print(f"fails without any mutant: {test}", file=sys.stderr)
            return 1
        for number, mutant in enumerate(mutants, 1):
            test = caught_by(mutant, builder)
            if not test:
                survivors.append(mutant)
            print(f"{number:3}/{len(mutants)} {'caught' if test else 'SURVIVED'}  {mutant.file}: {mutant.check}"
                  + (f"\n            {test}" if test else ""), flush=True)
    caught = len(mutants) - len(survivors)
    print(f"\n{caught} of {len(mutants)} mutants caught")
    for mutant in survivors:
        print(f"survived: {mutant.file}: {mutant.check}")
    return 0 if mutants and caught >= NEEDED * len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
