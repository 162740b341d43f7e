"""What only GitHub's actions do: installing, masking, cleaning up after a job that was killed, Node's versions."""
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ci.systems.github import ROOT, GitHub
from ci.systems.job import descendants
from ci.systems.node import NODE
from ci.systems.run import Step, check_no_secret
from ci.test_step import signing
from support.process import run as run_process

ACTIONS = ROOT / "ci-integrations" / "github"
FOUND_NODE = Path(shutil.which("node", path="/usr/local/bin:/usr/bin") or NODE)


class Download(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def download(tmp_path, servers):
    """A web server with TLS; the folder that it serves, and its address."""
    folder = tmp_path / "download"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Download, directory=str(folder)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*servers.authority.issue("download"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield folder, f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def workflow(github: GitHub, steps: list[dict]) -> Path:
    path = github.home / "workflow.yml"
    path.write_text(json.dumps({"name": "test", "on": "push", "jobs": {"job": {"runs-on": "ubuntu-24.04", "steps": steps}}}))
    return path


def use(action: str, **inputs) -> dict:
    return {"uses": f"./ci-integrations/github/{action}", "with": inputs}


def without_countersign(github: GitHub) -> GitHub:
    github.environment["PATH"] = github.environment["PATH"].partition(":")[2]
    return github


def test_setup_takes_a_program_that_is_there_or_one_with_the_right_digest_and_no_other(place, servers, download):
    folder, url = download
    shutil.copy(place.binary, folder / "countersign")
    digest = hashlib.sha256((folder / "countersign").read_bytes()).hexdigest()
    github = without_countersign(GitHub(place))
    github.environment["NODE_EXTRA_CA_CERTS"] = str(servers.notary.ca)
    refused = [(dict(url=f"{url}/countersign", sha256="0" * 64), 4), (dict(url=f"{url}/countersign", sha256=digest.upper()), 2),
               (dict(url=f"{url}/countersign"), 2), (dict(url=f"{url}/absent", sha256=digest), 8), (dict(), 2),
               (dict(url=url.replace("https", "http") + "/countersign", sha256=digest), 2), (dict(path="/nowhere/countersign"), 3),
               (dict(path="/bin/true"), 2), (dict(url=f"{url}/countersign", sha256=digest, path=str(place.binary)), 2)]
    steps = [use("setup", **inputs) | {"continue-on-error": True} for inputs, _ in refused]
    version = {"run": "countersign --version", "shell": "bash"}
    run = github.finish(github.start(workflow(github, [
        *steps, version | {"id": "missing", "continue-on-error": True}, use("setup", url=f"{url}/countersign", sha256=digest), version,
        use("setup", path=str(place.binary)), version]), "job", {}, {}))
    assert [step.status for step in run.steps] == [*[status for _, status in refused], 127, 0, 0, 0, 0], str(run)
    assert run.steps[-2].outputs["path"] == str(place.binary)
    assert run.steps[-4].outputs["version"] in run_process([place.binary, "--version"], env={}, cwd=github.home).stdout
    assert {p.suffix for p in run.left} <= {".sh"}  # the scripts of `run:`; what was downloaded is gone


def test_every_form_of_a_secret_is_masked_in_later_steps_too(place):
    github = GitHub(place)
    step = signing(place)
    github.environment["FORMS"] = "\n".join([
        "import base64, json, os, urllib.parse",
        "secret = os.environ['SECRET']; data = secret.encode()",
        "print(base64.b64encode(data).decode()); print(base64.b64encode(b'user:' + data).decode()); print(base64.b64encode(b'xy' + data + b'z').decode())",
        "print(base64.urlsafe_b64encode(data).decode()); print(data.hex()); print(data.hex().upper())",
        "print(urllib.parse.quote(secret)); print(urllib.parse.quote(secret, safe='')); print(urllib.parse.quote_plus(secret)); print(json.dumps(secret, ensure_ascii=False))"])
    echo = {"run": "/usr/bin/python3 -c \"$FORMS\"", "shell": "bash", "env": {"SECRET": "${{ secrets.PIN }}"}}
    inputs = {name: value for name, value in step.inputs.items()}
    run = github.finish(github.start(workflow(github, [
        use("sign", pin="${{ secrets.PIN }}", username="ci", password="${{ secrets.PASSWORD }}", **inputs), echo]), "job", {},
        {"PIN": place.pin, "PASSWORD": step.secrets["password"]}))
    assert run.exit_code == 0, str(run)
    assert not place.secrets.found_in(run.log), run.log
    assert place.secrets.found_in(run.raw)  # they were printed
    assert run.log.count("***") >= 10


def test_masks_come_before_any_other_output(place, tmp_path):
    step = signing(place)
    environment = place.environment() | {"RUNNER_TEMP": str(tmp_path)} | {f"INPUT_{name.upper()}": value for name, value in (
        step.inputs | step.secrets | {"dry-run": "false", "allow-move": "false", "summary": "true"}).items()}
    for name in ("OUTPUT", "STATE", "STEP_SUMMARY"):
        environment[f"GITHUB_{name}"] = str(tmp_path / name)
    done = run_process([NODE, ACTIONS / "sign" / "main.mjs"], env=environment, cwd=tmp_path)
    is_mask = [line.startswith("::add-mask::") for line in done.stdout.splitlines()]
    assert is_mask[0] and is_mask == sorted(is_mask, reverse=True), done.stdout


def test_a_killed_step_is_cleaned_up_by_the_post_step(place):
    github = GitHub(place)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        job = github.begin(signing(place, server=f"https://127.0.0.1:{server.getsockname()[1]}"))
        connection, _ = server.accept()
        kept = [path for path in github.temp.rglob("*") if path.is_file() and place.secrets.found_in(path.read_text())]
        assert kept and all(path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700 for path in kept)
        (main,) = [pid for pid in descendants(job.main) if b"main.mjs" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(main, signal.SIGKILL)
        connection.close()
    run = github.finish(job)
    assert run.exit_code == 1 and run.report["posts"] == [0], str(run)
    assert not run.left
    check_no_secret("github", run, place.secrets)


@pytest.mark.parametrize("node", sorted({NODE, FOUND_NODE}), ids=lambda path: "github's" if path == NODE else "the one found here")
def test_summary_and_outputs(place, node):
    github = GitHub(place, node)
    built = {"image.name": f"{place.gun}:2.0", "containerimage.digest": place.image.digest, "containerimage.descriptor": {
        "mediaType": "application/vnd.oci.image.index.v1+json", "digest": place.image.digest, "size": place.image.size}}
    run = github.run(
        signing(place, annotations="team=payments\nrelease=2026.1", receipt="receipt.json"),
        Step("verify", {name: value for name, value in signing(place).inputs.items() if name not in ("key", "oci-layout")},
             {name: value for name, value in signing(place).secrets.items() if name != "pin"}),
        signing(place, images="", oci_layout="", metadata=json.dumps(built)),
        signing(place, images=f"{place.gun}:3.0", dry_run="true"))
    assert [step.status for step in run.steps] == [0] * 4, str(run)
    signed, verified, from_metadata, rehearsed = [step.outputs for step in run.steps]
    assert place.signed().keys() == {"1.0", "2.0"} and signed["receipt"] == "receipt.json"
    claims = place.reader().ok("inspect", f"{place.gun}:1.0").target("1.0")["provenance"]["targets/jenkins"]
    assert (claims["ci"], claims["ref"], claims["team"], claims["release"]) == ("github", "refs/heads/main", "payments", "2026.1")
    assert from_metadata["digest"] == place.image.digest
    assert signed["digest"] == verified["digest"] == place.image.digest
    assert signed["images"] == verified["images"] == f"{place.gun}@{place.image.digest}"
    assert signed["roles"].split("\n") == ["targets/releases", "targets/jenkins"]
    assert json.loads(signed["versions"]) == {place.gun: {"targets/releases": 1, "targets/jenkins": 1}}
    summary = run.report["summary"]
    assert place.image.digest in summary.replace("&#58;", ":") and "jenkins" in summary and "targets/releases" in summary, summary
    assert run.report["commands"] == []


@pytest.mark.parametrize("target, cell", [
    ({"signer": "identity", "signers": ["jenkins"]}, "<code>jenkins</code>"),
    ({"signer": "administrator", "signers": []}, "the repository's administrator"),
    ({"signer": "unknown", "signers": ["5b6530a" + "0" * 57]}, "not known (key <code>5b6530a</code>)")])
def test_the_summary_names_no_signer_whom_nobody_knows(tmp_path, target, cell):
    described = {"name": "1", "digest": "sha256:00", "roles": ["targets/releases"], "verdict": "signed", **target}
    document = {"ok": True, "repositories": [{"gun": "r/a", "roles": [], "targets": [described]}]}
    script = f"import {{summary}} from '{ACTIONS}/lib/summary.mjs'; console.log(summary('verify', {json.dumps(document)}))"
    path = tmp_path / "print.mjs"
    path.write_text(script)
    shown = run_process([FOUND_NODE, path], env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path).stdout
    assert f"| signed | {cell} |" in shown, shown
