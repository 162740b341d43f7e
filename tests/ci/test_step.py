"""The step itself, in every CI system: what it does, how it fails, what it does with hostile input."""
import socket
import subprocess
from pathlib import Path

import pytest

from ci.systems.github import GitHub
from ci.systems.gitlab import GitLab
from ci.systems.jenkins import Jenkins
from ci.systems.job import Job
from ci.systems.run import Step, check_no_secret
from ci.systems.shell import INPUTS, RECIPE, Shell, secret_variables

SYSTEMS = {"github": GitHub, "gitlab": GitLab, "jenkins": Jenkins, "shell": Shell}
SHELLS = {"traced bash": lambda place: Shell(place, ["/bin/bash", "-x"])}  # others than /bin/sh


@pytest.fixture(params=SYSTEMS)
def system(place, request):
    return (SYSTEMS | SHELLS)[request.param](place)


in_every_shell = pytest.mark.parametrize("system", [*SYSTEMS, *SHELLS], indirect=True)


def signing(place, **more) -> Step:
    login = place.logins["ci"]
    inputs = {"images": f"{place.gun}:1.0", "oci-layout": str(place.image.layout), "key": place.key, "server": place.server,
              "ca-cert": str(place.ca), "trust-root": place.trust_root} | {k.replace("_", "-"): v for k, v in more.items()}
    return Step("sign", {name: value for name, value in inputs.items() if value},
                {"pin": place.pin, "username": login.user, "password": login.password})


def only_results(system, run):
    """No key, no state: nothing is left but the results."""
    assert {path.name for path in run.left} <= system.results | {f"{n}.{kind}" for n in range(len(run.steps)) for kind in ("json", "xml", "env")}


def with_key_file(place) -> Step:
    """Another signer, whose key is a file: a secret of the CI system, with a passphrase."""
    identity = place.world.identity("openssl-rsa-pem")
    place.owner.ok("signer", "add", "backup", place.gun, "--key", identity.public)
    private = Path(identity.key_args[1])
    step = signing(place, images=f"{place.gun}:2.0", key="")
    del step.secrets["pin"]
    step.secrets["private-key"] = private.read_text()
    step.secrets["passphrase"] = identity.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"]
    for line in private.read_text().splitlines()[1:-1]:
        place.secrets.add(line)
    return step


@in_every_shell
def test_tags_are_signed_with_the_token_key_and_with_a_key_file(place, system):
    run = system.run(signing(place), with_key_file(place))
    assert run.exit_code == 0, str(run)
    assert [step.status for step in run.steps] == [0, 0] and all(step.document["ok"] for step in run.steps), str(run)
    check_no_secret(system.name, run, place.secrets)
    only_results(system, run)
    entry = (place.image.digest, place.image.size, "targets/releases")
    assert place.signed() == {"1.0": entry, "2.0": entry}


def test_many_repositories_are_pinned_line_by_line(place, system):
    pins = f"registry.example.com/other={'0' * 64}\n{place.gun}={place.trust_root}"
    run = system.run(signing(place, trust_root=pins), signing(place, images=f"{place.gun}:2.0", trust_root=f"{place.gun}={'0' * 64}"))
    assert [step.status for step in run.steps] == [0, 4], str(run)
    assert list(place.signed()) == ["1.0"]


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_annotation(system, run, number: int, code: str):
    """The failure is where the CI system shows failures: an annotation, or a failed test of the report."""
    if system.name == "github":
        titles = [c["properties"] for c in run.report["commands"] if c["command"] == "error"]
        assert f"countersign {code}" in titles[number], str(run)
    elif system.name == "jenkins":
        reported = run.report["builds"][number]["junit"]
        assert not reported or reported[0]["cases"][0]["failure"].startswith(code), str(run)
    assert f"error[{code}]: " in run.log or f"countersign {code}::" in run.log, str(run)


@in_every_shell
def test_failures_are_told_and_leave_nothing(place, system):
    """Wrong PIN, server down, refusals of a guard and of a policy, a result that cannot be written."""
    place.sign("moved", place.world.image("another"))
    wrong_pin = signing(place)
    wrong_pin.secrets["pin"] = place.secrets.new()
    unwritable = signing(place)
    unwritable.unwritable = True
    failures = [(wrong_pin, 10, "WRONG_PIN"),
                (signing(place, server=f"https://127.0.0.1:{closed_port()}"), 8, "SERVER_UNREACHABLE"),
                (signing(place, images=f"{place.gun}:moved"), 5, "TAG_MOVED"),
                (signing(place, policy=str(place.policy(place.world.folder("policy") / "policy.json", ["qa"]))), 5, "POLICY"),
                (unwritable, 11, "LOCAL")]
    before = place.signed()
    run = system.run(*[step for step, _, _ in failures])
    assert [step.status for step in run.steps] == [status for _, status, _ in failures], str(run)
    for number, (_, _, code) in enumerate(failures):
        check_annotation(system, run, number, code)
    check_no_secret(system.name, run, place.secrets)
    only_results(system, run)
    assert place.signed() == before


@in_every_shell
def test_a_cancelled_job_leaves_nothing(place, system):
    with socket.create_server(("127.0.0.1", 0)) as server:  # takes connections and never answers
        server.settimeout(60)
        job = system.begin(signing(place, server=f"https://127.0.0.1:{server.getsockname()[1]}"))
        connection, _ = server.accept()
        system.cancel(job)
        run = system.finish(job)
        connection.close()
    # gitlab-ci-local takes a job whose shell was terminated for one that passed.
    assert system.name == "gitlab" or run.exit_code != 0 and run.step.status in (130, 143, None), str(run)
    assert system.name != "gitlab" or run.step.document["error"]["code"] == "INTERRUPTED", str(run)
    check_no_secret(system.name, run, place.secrets)
    only_results(system, run)
    assert place.signed() == {}


HOSTILE = [
    "{gun}:1.0\n::set-output name=digest::forged", "{gun}:1.0\n::error::forged", "{gun}:1.0%0A::set-output name=digest::forged",
    "{gun}:1.0\nCOUNTERSIGN_DIGEST=forged", "{gun}:1.0 {gun}:2.0", "::stop-commands::x", "##[set-output name=digest]forged",
    "{gun}:$(touch pwned)", "{gun}:`touch pwned`", "{gun}:1.0; touch pwned", "{gun}:1.0' ; touch pwned ; '", '{gun}:1.0" ; touch pwned ; "',
    "{gun}:1.0\ntouch pwned\n", "{gun}:${COUNTERSIGN_PIN}", "{gun}:$COUNTERSIGN_PIN", "{gun}:$$COUNTERSIGN_PIN",
    "{gun}:${env.COUNTERSIGN_PIN}", "{gun}:${'touch pwned'.execute()}", "{gun}:${{ secrets.PIN_0 }}", "{gun}:*", "{gun}:1.0\\",
    "--allow-move", "--output=text", "-h", "--", "-", "{gun}:\x1b[2J", "{gun}:\u202e1.0", "{gun}:" + "x" * 100_000,
]


def test_hostile_names_are_refused_or_inert(place, system):
    names = [text.replace("{gun}", place.gun) for text in HOSTILE]
    run = system.run(*[signing(place, images="", image=name) for name in names])
    assert all(step.status not in (0, None) for step in run.steps), str([step.status for step in run.steps]) + str(run)
    check_no_secret(system.name, run, place.secrets)
    only_results(system, run)
    assert place.signed() == {}
    assert not {"touch", "whoami"} & {program.name for program in run.programs}
    for number, step in enumerate(run.steps):
        assert "forged" not in str({name: value for name, value in step.outputs.items() if name != "result"}), str(run)
    for program in run.programs:
        if program.name == "countersign":  # the name is one argument, after the end of options, and the last
            assert program.arguments.index("--") == len(program.arguments) - 2, program.arguments
    if system.name == "github":
        assert {c["command"] for c in run.report["commands"]} <= {"error", "warning"}, run.report["commands"]


OPTIONS = ["server", "ca-cert", "trust-root", "key", "oci-layout", "roles"]


def test_hostile_options_are_refused_or_inert(place, system):
    hostile = "-x$(touch pwned)`touch pwned`'\";touch pwned;${COUNTERSIGN_PIN}%0A::set-output name=digest::forged"
    run = system.run(*[signing(place, **{name: hostile}) for name in OPTIONS])
    assert all(step.status not in (0, None) for step in run.steps), str(run)
    check_no_secret(system.name, run, place.secrets)
    only_results(system, run)
    assert place.signed() == {}
    assert not {"touch", "whoami"} & {program.name for program in run.programs}


@pytest.mark.parametrize("where", ["image", "images", "annotations"])
def test_a_short_secret_in_a_name_is_refused_before_anything_runs(place, system, where):
    """As a CI makes it of a tag called v$COUNTERSIGN_PIN."""
    step = signing(place)
    step.secrets["pin"] = pin = place.secrets.add("qZ7x")
    step.inputs[where] = f"release=v{pin}" if where == "annotations" else f"{place.gun}:v{pin}"
    run = system.run(step)
    assert run.step.status == 2, str(run)
    check_no_secret(system.name, run, place.secrets)
    assert "countersign" not in {program.name for program in run.programs}
    assert place.signed() == {}


def test_a_secret_that_nobody_could_keep_out_of_results_is_refused(place, system):
    step = signing(place)
    step.secrets["pin"] = "123"
    run = system.run(step)
    assert run.step.status == 3, str(run)
    assert "countersign" not in {program.name for program in run.programs}


@pytest.mark.parametrize("environment, status, says", [
    ({"COUNTERSIGN_PIN_FILE": "qZ7x/secret"}, 3, "the file that COUNTERSIGN_PIN_FILE names"),
    ({"COUNTERSIGN_PASSWORD_FILE": "qZ7x/secret"}, 3, "the file that COUNTERSIGN_PASSWORD_FILE names"),
    ({"COUNTERSIGN_KEY_FILE": "-----BEGIN PRIVATE KEY-----\nqZ7x/secret"}, 3, "the file that COUNTERSIGN_KEY_FILE names"),
    ({"COUNTERSIGN_KEY": "ci.pem\npkcs11:token=ci?module-path=/m.so&pin-value=qZ7x/secret"}, 2, "COUNTERSIGN_KEY holds a PIN"),
    ({"COUNTERSIGN_PIN": "qZ7x/secret", "COUNTERSIGN_SERVER": "https://qZ7x/secret"}, 2, "the name of a server"),
    ({"COUNTERSIGN_PIN": "qZ7x/secret", "COUNTERSIGN_IMAGE": "a:qZ7x/secret"}, 2, "the name of an image"),
    ({"COUNTERSIGN_PASSWORD": "qZ7x/secret"}, 3, "only one is set"),
    ({"COUNTERSIGN_USERNAME": "ci"}, 3, "only one is set"),
], ids=str)
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_the_shell_step_says_what_is_wrong_with_a_secret_without_repeating_it(environment, status, says, shell, tmp_path):
    environment = {"PATH": "/usr/bin:/bin"} | environment
    done = subprocess.run([shell, RECIPE, "sign"], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == status and says in done.stderr, done.stderr
    assert "qZ7x" not in done.stdout + done.stderr and not list(tmp_path.iterdir())
    assert [line.split(":")[0].split("[")[0] for line in done.stderr.splitlines()] == ["error", "hint"], done.stderr


@pytest.mark.parametrize("shell", [["/bin/sh"], ["/bin/bash"]], ids=["sh", "bash"])
def test_results_replace_what_a_build_has_left_in_their_place(place, shell):
    """Links to files that the build cannot write itself, and second names of files."""
    system = Shell(place, shell)
    kept = place.world.folder("kept")
    for name in system.results:
        (kept / name).write_text("precious")
    (system.workspace / "result.json").symlink_to(kept / "result.json")
    (system.workspace / "junit.xml").symlink_to(kept / "junit.xml")
    (system.workspace / "countersign.env").hardlink_to(kept / "countersign.env")
    run = system.run(signing(place))
    assert run.exit_code == 0, str(run)
    assert {path.read_text() for path in kept.iterdir()} == {"precious"}
    for name in system.results:
        path = system.workspace / name
        assert path.is_file() and not path.is_symlink() and path.read_text() not in ("", "precious"), name


def test_results_may_go_to_a_device(place):
    system = Shell(place)
    step = signing(place)
    job = Job([*system.shell, str(RECIPE), "sign"], env=system.environment | {"COUNTERSIGN_RESULT": "/dev/null", "COUNTERSIGN_DOTENV": "/dev/stdout"}
              | {INPUTS[name]: value for name, value in step.inputs.items()} | secret_variables(step, system.home),
              cwd=system.workspace, home=system.home)
    run = system.finish(job)
    assert run.exit_code == 0 and f"COUNTERSIGN_DIGEST={place.image.digest}" in run.log, str(run)
    assert Path("/dev/stdout").is_symlink() and Path("/dev/null").is_char_device()
