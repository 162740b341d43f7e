"""Where pages, `--help` and the program could say different things: each is held to the others."""
import json
import re
from pathlib import Path

import pytest

from support.grammar import commands, grammar, help_of, options
from support.process import clean_environment, run

ROOT = Path(__file__).resolve().parents[2]
COMMAND_LINE = (ROOT / "docs/command-line.md").read_text()


@pytest.fixture
def store(notary_local):
    return notary_local


def test_the_commands_that_want_yes_are_those_of_which_the_page_says_so(binary):
    by_help = {name for name, command in commands(binary).items() if "--yes" in options(command)}
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", COMMAND_LINE, re.MULTILINE)
    by_page = {re.match(r"[a-z ]*[a-z]", name)[0] for names, text in rows if "--yes" in names + text
               for name in re.findall(r"`([a-z].*?)`", names)}
    assert {"revoke", "repo delete", "key remove", "signer remove"} <= by_help
    # One that takes nothing away of what pullers see, or all of it always, says it in general (above the table).
    assert by_help - {"delegation add", "delegation remove", "delegation purge", "signer rotate"} == by_page


def test_each_command_names_its_formats_and_the_page_those_that_few_print(binary):
    everywhere = ["text", "json"]
    by_help = {name: command["formats"] for name, command in commands(binary).items()}
    assert all(formats[:2] == everywhere for formats in by_help.values())
    (row,) = re.findall(r"^\| `-o, --output text\\\|json` \| (.*) \|$", COMMAND_LINE, re.MULTILINE)
    by_page = {name: re.findall("`([a-z]+)`", formats)
               for name, formats in re.findall(r"`([a-z]+)` also (?:prints )?((?:`[a-z]+`(?:, | and )?)+)", row)}
    assert {name: formats[2:] for name, formats in by_help.items() if len(formats) > 2} == by_page


def test_the_page_names_every_option_and_every_exit_code_that_the_program_has(binary):
    described = grammar(binary)
    named = set(re.findall(r"--[a-z][a-z-]+", COMMAND_LINE))
    # What only one command takes may stand on the page about that.
    everywhere = "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
    assert not {name for name in options(described) if name.startswith("--")} - named - {"--help", "--version"}
    assert not [name for command in commands(binary).values() for name in options(command) if name not in everywhere]
    rows = re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", COMMAND_LINE, re.MULTILINE)
    assert rows == [(str(row["code"]), row["name"]) for row in described["exit_codes"]]


@pytest.mark.parametrize("words", [[], ["sign"], ["repo"], ["repo", "init"]], ids=" ".join)
def test_help_is_told_wherever_it_is_asked_for(words, binary):
    def told(*line):
        return run([binary, *line], env=clean_environment(binary.parent), cwd=binary.parent).stdout

    screen = told(*words, "--help")
    assert screen == told(*words, "-h") and len(screen.splitlines()) <= 24
    assert screen.splitlines()[:2] == told("help", *words).splitlines()[:2]


@pytest.fixture
def signed(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    ci = world.ci(identity, pin=admin.pin)
    image = world.image()
    ci.ok("sign", f"{gun}:1.0", "--oci-layout", image.layout, *identity.key_args)
    return gun, admin, ci, image, identity


REQUEST = re.compile(r"\b(GET|HEAD|POST|PUT|DELETE) \S+ /v2/\S*: [1-5][0-9][0-9], [0-9]+ bytes$", re.MULTILINE)
HEADER = re.compile(r"(?i)\b(authorization|content-type|user-agent|accept|www-authenticate)\b")


@pytest.mark.parametrize("command", ["list", "verify", "sign", "revoke", "repo refresh", "signer add"])
def test_v_says_the_steps_and_vv_every_request_but_no_header(command, signed, world):
    gun, admin, ci, image, identity = signed
    who, args = {
        "list": (ci, [gun]), "verify": (ci, [f"{gun}:1.0"]), "repo refresh": (admin, [gun]),
        "sign": (ci, [f"{gun}:2.0", "--oci-layout", image.layout, *identity.key_args]),
        "revoke": (ci, [f"{gun}:1.0", "--yes", *identity.key_args]),
        "signer add": (admin, ["carol", gun, "--key", world.identity().public]),
    }[command]
    words = [*command.split(), *args, "--dry-run"] if command not in ("list", "verify") else [command, *args]
    quiet, steps, wire = (who.ok(*words, *more).stderr for more in ([], ["-v"], ["-vv"]))
    assert gun in steps and len(steps.splitlines()) > len(quiet.splitlines())
    assert not REQUEST.search(quiet + steps) and REQUEST.search(wire)
    assert not HEADER.search(wire)
    assert "steps; every request" in COMMAND_LINE and "Steps on stderr; twice: every request" in " ".join(help_of(ci.binary, "options").split())


def test_every_run_that_publishes_or_is_about_to_leaves_a_line_and_no_other(signed):
    gun, _, ci, image, identity = signed
    log = ci.work / "audit.log"

    def lines():
        return [json.loads(line)["signed"] for line in log.read_text().splitlines()] if log.exists() else []

    def one_more(line):
        before = len(lines())
        run_it = line()
        return run_it, lines()[before:]

    sign = ["--oci-layout", image.layout, *identity.key_args, "--audit-log", log]
    for tag, exit_code, written in (("2.0", 0, 1), ("2.0", 0, 1), ("3.0 --dry-run", 0, 0), ("3.0 --role targets/none", 6, 1)):
        name, *more = tag.split()
        done, new = one_more(lambda: ci.run("sign", f"{gun}:{name}", *sign, *more))
        assert (done.exit_code, len(new)) == (exit_code, written), str(done)
        assert all(line["exit_code"] == exit_code for line in new)
    _, new = one_more(lambda: ci.ok("list", gun, "--audit-log", log))
    assert not new
    assert "finds that nothing is to be published" in (ROOT / "docs/proof.md").read_text()
    assert "publishes or is about to" in COMMAND_LINE and "publishes or is about to" in " ".join(help_of(ci.binary, "options").split())
