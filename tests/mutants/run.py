"""Takes every check of mutants.toml out of the verifier, one at a time, and sees whether the tests notice.

    run.py [--only TEXT] [--jobs N]      TEXT: part of a mutant's file or check

Works on a copy of the tree below build/, so it may run beside other work. The exit code is 0 if at least 95 % were
caught."""
import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "mutants"
TREE, BUILD = WORK / "tree", WORK / "build"
PROGRAMS = ("unit_tuf", "attack", "unit_agent")  # those that notice soonest first
NEEDED = 0.95
TIMEOUT = 600  # seconds, of a test program: a mutant may never end


@dataclass
class Mutant:
    check: str
    file: str
    find: str
    replace: str

    def apply(self):
        path = TREE / self.file
        text = path.read_text()
        assert text.count(self.find) == 1, f"{self.file}: stands {text.count(self.find)} times there: {self.find}"
        path.write_text(text.replace(self.find, self.replace))

    def undo(self):
        shutil.copy2(ROOT / self.file, TREE / self.file)
        (TREE / self.file).touch()  # for the build: newer than what was made of the mutant

    @property
    def programs(self):
        return [p for p in PROGRAMS if not self.file.startswith("agent/") or p != "unit_tuf"]


def copy_tree():
    """What git knows, and what is new; files that are the same keep their times, for the build."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split("\0")
    wanted = {name for name in names if name and (ROOT / name).is_file()}
    for name in wanted:
        source, target = ROOT / name, TREE / name
        if target.exists() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for path in [p for p in TREE.rglob("*") if p.is_file()]:
        if str(path.relative_to(TREE)) not in wanted:
            path.unlink()


def build(jobs: int, *programs: str) -> bool:
    # Without debug information linking takes half the time.
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS=-g0",
                        "-DCOUNTERSIGN_WERROR=OFF"], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(["ninja", "-C", BUILD, "-j", str(jobs), *(f"tests/{p}" for p in programs)], capture_output=True,
                          text=True)
    if done.returncode != 0:
        print(done.stdout[-3000:], file=sys.stderr)
    return done.returncode == 0


def failed_test(program: str) -> str | None:
    """The first test that fails; None if all pass."""
    try:
        done = subprocess.run([BUILD / "tests" / program, "--abort", "~[.]"], cwd=BUILD, capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return "does not end"
    if done.returncode == 0:
        return None
    found = re.search(r"^-{79}\n(.*?)\n-{79}$", done.stdout, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].split()) if found else f"exit code {done.returncode}"


def caught_by(mutant: Mutant, jobs: int) -> str | None:
    for program in mutant.programs:
        if not build(jobs, program):
            raise SystemExit(f"does not build without: {mutant.check} ({mutant.file})")
        if test := failed_test(program):
            return f"{program}: {test}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    rows = tomllib.loads((Path(__file__).parent / "mutants.toml").read_text())["mutant"]
    mutants = [Mutant(**row) for row in rows]
    mutants = [m for m in mutants if options.only in m.file or options.only in m.check]
    copy_tree()
    if not build(options.jobs, *PROGRAMS):
        return 1
    for program in PROGRAMS:
        if test := failed_test(program):
            print(f"fails without any mutant: {program}: {test}", file=sys.stderr)
            return 1
    survivors = []
    for number, mutant in enumerate(mutants, 1):
        mutant.apply()
        try:
            test = caught_by(mutant, options.jobs)
        finally:
            mutant.undo()
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
