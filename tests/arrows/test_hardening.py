"""What compiler and linker can do against the next bug, read from the program itself."""
import json
import platform
import re
import subprocess
from pathlib import Path

import pytest

from support.process import clean_environment, run

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / "build/release/agent/countersign"


class Program:
    def __init__(self, path: Path, folder: Path):
        def read(*argv):
            return run([*argv, path], env=clean_environment(folder), cwd=folder).stdout

        self.headers = read("/usr/bin/readelf", "-hlW")
        self.dynamic = read("/usr/bin/readelf", "-dW")
        self.sections = read("/usr/bin/readelf", "-SW")
        self.imports = read("/usr/bin/nm", "-D", "--undefined-only")
        self.content = path.read_bytes()

    def check(self):
        assert re.search(r"Type:\s+DYN", self.headers) and re.search(r"FLAGS_1.*\bPIE\b", self.dynamic), "no PIE"
        assert "GNU_RELRO" in self.headers, "no RELRO"
        assert re.search(r"FLAGS_1.*\bNOW\b", self.dynamic), "RELRO is not full: symbols are bound lazily"
        assert re.search(r"GNU_STACK.*\sRW\s", self.headers), "the stack can be executed"
        assert not re.search(r"LOAD.*\sRWE\s", self.headers), "memory that can be written and executed"
        assert "TEXTREL" not in self.dynamic
        assert not re.search(r"RPATH|RUNPATH", self.dynamic), "libraries are looked for where somebody has built"
        assert "__stack_chk_fail" in self.imports, "no stack protector"
        if platform.machine() == "x86_64":  # the note that says so is lost: Debian's own start code has no such marks
            assert self.content.count(b"\xf3\x0f\x1e\xfa") > 1000, "functions do not begin with endbr64"


def test_the_program_is_hardened(binary, tmp_path):
    Program(binary, tmp_path).check()


def test_an_index_out_of_range_in_our_code_ends_the_program(tmp_path, binary):
    """What _GLIBCXX_ASSERTIONS means, shown with the flags that our code is compiled with."""
    commands = json.loads((binary.parents[1] / "compile_commands.json").read_text())
    (command,) = [c["command"].split() for c in commands if c["file"].endswith("/agent/main.cpp")]
    flags = [w for w in command if re.match(r"-(f(?!sanitize|no-)|W|std|D_GLIBCXX|m)", w) and "=" not in w[:2]]
    assert "-D_GLIBCXX_ASSERTIONS" in flags
    (tmp_path / "out.cpp").write_text(
        "#include <string_view>\n#include <vector>\nint main(int count, char**) {\n"
        "  std::vector<int> one(static_cast<std::size_t>(count));\n  return one[7];\n}\n")
    env = clean_environment(tmp_path)
    run([command[0] if "ccache" not in command[0] else command[1], *flags, "out.cpp", "-o", "out"], env=env, cwd=tmp_path)
    assert subprocess.run([tmp_path / "out"], env=env, capture_output=True).returncode == -6


def test_users_get_fortified_functions_and_a_stripped_program(tmp_path):
    """Of the release, which is not built here, what it would be built with."""
    run(["/usr/bin/cmake", "--preset", "release", "-B", tmp_path, "-DCOUNTERSIGN_TESTS=OFF"],
        env=clean_environment(tmp_path), cwd=ROOT)
    for command in json.loads((tmp_path / "compile_commands.json").read_text()):
        words = command["command"].split()
        assert {"-O2", "-D_FORTIFY_SOURCE=3", "-D_GLIBCXX_ASSERTIONS", "-fPIE", "-fstack-protector-strong",
                "-fstack-clash-protection"} <= set(words), command
        assert "-g" not in words
    (link,) = re.findall(r"LINK_FLAGS = (.*)", (tmp_path / "build.ninja").read_text())
    assert {"-Wl,-z,relro,-z,now,-z,noexecstack", "-pie", "-s"} <= set(link.split())


@pytest.mark.slow
def test_the_release_is_hardened_fortified_and_small(tmp_path):
    release = Program(RELEASE, tmp_path)
    release.check()
    assert re.search(r"__\w+_chk\b", release.imports.replace("__stack_chk_fail", "")), "nothing is fortified"
    assert "assert_fail" in release.imports, "no checks in the containers"
    assert ".symtab" not in release.sections and ".debug_info" not in release.sections
    assert len(release.content) < 16 << 20
