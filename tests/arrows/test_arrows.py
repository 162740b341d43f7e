"""The dependency arrows: agent -> hsm -> tuf, each folder only what stands below it, and each library of others only
where it belongs."""
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import folders  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
FOLDERS = ("tuf", "hsm", "agent", "tests")

# what is included: pattern; where it may be: folders
ALLOWED = {
    "hsm": (r"^hsm/", ("hsm", "agent", "tests")),
    "agent": (r"^agent/", ("agent", "tests")),
    "support of the tests": (r"^tests/", ("tests",)),
    "libp11 and p11-kit": (r"^(libp11\.h|p11_err\.h|p11-kit/|pkcs11|.*/pkcs11\.h$)", ("hsm/pkcs11", "tests")),
    "dlopen": (r"^dlfcn\.h$", ("hsm/pkcs11", "agent/http", "tests")),
    "CLI11": (r"^CLI/|^CLI11\.hpp$", ("agent/cli",)),
    "libcurl": (r"^curl/", ("agent", "tests/fuzz", "tests/bench")),
    "libpsl": (r"^libpsl\.h$", ("agent/http",)),
    "spdlog": (r"^spdlog/", ("agent", "tests")),
    "Catch2": (r"^catch2/", ("tests/support",)),
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


@pytest.mark.parametrize("folder", sorted(folders.included()))
def test_a_folder_includes_only_what_its_row_names(folder):
    assert folder in folders.MAY_INCLUDE, "give it a row in cmake/folders.cmake"
    assert folders.included()[folder] <= set(folders.MAY_INCLUDE[folder])


def test_every_row_is_read_as_the_build_reads_it():
    rows = (ROOT / "cmake/folders.cmake").read_text()
    assert len(folders.MAY_INCLUDE) == rows.count("\ncountersign_folder(") + 1
    assert all(set(used) <= set(folders.MAY_INCLUDE) for used in folders.MAY_INCLUDE.values())
    assert "tuf/view" in folders.MAY_INCLUDE["agent/cli"] and "agent/cli" not in folders.MAY_INCLUDE["agent/work"]


def test_no_folders_include_each_other_in_a_circle():
    assert folders.cycles(folders.included()) == []
    assert folders.cycles({name: set(may) for name, may in folders.MAY_INCLUDE.items()}) == []
    assert folders.cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_the_picture_in_the_architecture_is_that_of_the_code():
    assert f"```mermaid\n{folders.picture()}\n```" in (ROOT / "docs/architecture.md").read_text(), \
        "draw it anew: scripts/arrows"


def test_unit_tests_stand_where_the_code_stands_that_they_test():
    tests = [path for path in (ROOT / "tests/unit").rglob("*_test.cpp")]
    assert tests
    astray = [str(path.relative_to(ROOT)) for path in tests
              if str(path.parent.relative_to(ROOT / "tests/unit")) not in folders.MAY_INCLUDE]
    assert not astray, "\n".join(astray)


def test_the_study_has_no_environment_and_no_clock():
    forbidden = re.compile(r"\b(getenv|system_clock|steady_clock|fopen|printf|std::cout|std::cerr)\b")
    wrong = [f"{path.relative_to(ROOT)}: {found.group()}" for path in sources() if path.is_relative_to(ROOT / "tuf")
             for found in [forbidden.search(re.sub(r"//.*", "", path.read_text()))] if found]
    assert not wrong, "\n".join(wrong)


def test_only_front_doors_read_the_time_of_day_and_the_environment():
    # What other programs put there, and what a door calls to have it read.
    places = {"agent/http/proxy_settings.cpp", "agent/http/tls_trust.cpp", "hsm/os/user_lock.cpp",
              "agent/config/environment.cpp", "agent/config/ci_context.cpp", "hsm/secret_source.cpp"}
    reads = re.compile(r"\b(getenv|system_clock::now)\b")
    found = {str(path.relative_to(ROOT)) for path in sources()
             if path.is_relative_to(ROOT / "hsm") or path.is_relative_to(ROOT / "agent")
             if reads.search(re.sub(r"//.*", "", path.read_text()))}
    assert found - places == {"agent/cli/program.cpp"}
    called = re.compile(r"\b(Environment::of_process|CiContext::of_process|SecretSource::take_environment)\b\(\)")
    callers = {str(path.relative_to(ROOT)) for path in sources() if not path.is_relative_to(ROOT / "tests")
               for name in called.findall(path.read_text()) if f"{name}() {{" not in path.read_text()}
    assert callers == {"agent/cli/program.cpp"}


def test_a_draft_is_signed_only_where_the_gate_stands():
    # A new repository has no entries; everything else is signed by publish_changes, right after the gate.
    signs = re.compile(r"\bdraft\.sign\(")
    places = {str(path.relative_to(ROOT)) for path in sources() if path.is_relative_to(ROOT / "agent")
              if signs.search(path.read_text())}
    assert places == {"agent/work/publish_changes.cpp", "agent/work/new_repository.cpp"}
    loop = (ROOT / "agent/work/publish_changes.cpp").read_text()
    rehearsal = r"if \(options\.until == Until::kReady\) \{\s*require_readable\([^;]*;\s*return [^;]*;\s*\}"
    waiting = r"if \(queue\.is_busy\(\)\) \{[^}]*continue;\s*\}"
    assert re.search(rf"publication\.pass_gate\(\*repository, draft\);\s*{rehearsal}\s*{waiting}\s*const [^;]*draft\.sign\(", loop)
    assert "for_new_repository" in (ROOT / "agent/work/new_repository.cpp").read_text()
