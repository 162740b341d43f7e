"""The dependency arrows: agent -> hsm -> tuf, and each library of others only where it belongs."""
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
FOLDERS = ("tuf", "hsm", "agent", "tests")

# what is included: pattern; where it may be: folders
ALLOWED = {
    "hsm": (r"^hsm/", ("hsm", "agent", "tests")),
    "agent": (r"^agent/", ("agent", "tests")),
    "support of the tests": (r"^tests/", ("tests",)),
    "libp11 and p11-kit": (r"^(libp11\.h|p11_err\.h|p11-kit/|pkcs11|.*/pkcs11\.h$)", ("hsm/pkcs11", "tests")),
    "dlopen": (r"^dlfcn\.h$", ("hsm/pkcs11", "tests")),
    "CLI11": (r"^CLI/|^CLI11\.hpp$", ("agent/cli",)),
    "libcurl": (r"^curl/", ("agent", "tests/fuzz")),
    "libpsl": (r"^libpsl\.h$", ("agent/http", "tests/unit")),
    "spdlog": (r"^spdlog/", ("agent", "tests")),
    "Catch2": (r"^catch2/", ("tests",)),
    "files": (r"^(filesystem|fstream|fcntl\.h|unistd\.h|sys/(stat|file|socket)\.h)$", ("hsm", "agent", "tests")),
    "sockets": (r"^(netdb\.h|netinet/.*|arpa/inet\.h)$", ("agent", "tests")),
    "randomness": (r"^(random|openssl/rand\.h|sys/random\.h)$", ("hsm", "agent", "tests")),
}


def sources():
    return [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in (".h", ".cpp")]


def test_there_is_something_to_check():
    assert len(sources()) > 20
    assert any(INCLUDE.findall(path.read_text()) for path in sources())


@pytest.mark.parametrize("what", ALLOWED)
def test_includes_follow_the_arrows(what):
    pattern, folders = ALLOWED[what]
    wrong = [f"{path.relative_to(ROOT)} includes {name}"
             for path in sources() for name in INCLUDE.findall(path.read_text())
             if re.search(pattern, name)
             and not any(path.is_relative_to(ROOT / folder) for folder in folders)]
    assert not wrong, "\n".join(wrong)


def test_the_study_has_no_environment_and_no_clock():
    forbidden = re.compile(r"\b(getenv|system_clock|steady_clock|fopen|printf|std::cout|std::cerr)\b")
    wrong = [f"{path.relative_to(ROOT)}: {found.group()}" for path in sources() if path.is_relative_to(ROOT / "tuf")
             for found in [forbidden.search(re.sub(r"//.*", "", path.read_text()))] if found]
    assert not wrong, "\n".join(wrong)


def test_a_draft_is_signed_only_where_the_gate_stands():
    # A new repository has no entries; everything else is signed by publish_changes, right after the gate.
    signs = re.compile(r"\bdraft\.sign\(")
    places = {str(path.relative_to(ROOT)) for path in sources() if path.is_relative_to(ROOT / "agent")
              if signs.search(path.read_text())}
    assert places == {"agent/work/publish_changes.cpp", "agent/work/administer.cpp"}
    loop = (ROOT / "agent/work/publish_changes.cpp").read_text()
    assert re.search(r"pass_gate\(\*repository, draft\);\s*const [^;]*draft\.sign\(", loop)
    assert "for_new_repository" in (ROOT / "agent/work/administer.cpp").read_text()
