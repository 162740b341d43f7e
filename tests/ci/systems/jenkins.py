"""Jenkins: our runner of Jenkinsfiles on the Groovy that Jenkins has. Many builds share one Java machine."""
import json
import os
import signal
import subprocess
from pathlib import Path

from ci.systems import trace
from ci.systems.place import Place
from ci.systems.run import Run, Step

HERE = Path(__file__).resolve().parents[1] / "jenkins"
LIBRARY = HERE.parents[2] / "ci-integrations" / "jenkins"
GROOVY = ["/usr/bin/java", "-cp", "/usr/share/groovy/embeddable/groovy-all-2.4.21.jar", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
          "groovy.ui.GroovyMain", str(HERE / "jenkins.groovy")]
# Our inputs by the names that the library's steps give them.
ARGUMENTS = {"images": "images", "image": "image", "ca-cert": "caCert", "server": "server", "trust-root": "trustRoot", "policy": "policy",
             "key": "key", "oci-layout": "ociLayout", "metadata-file": "metadataFile", "receipt": "receipt", "roles": "roles",
             "annotations": "annotations", "dry-run": "dryRun", "allow-move": "allowMove", "images-from": "imagesFrom"}
LISTS = {"images", "key", "roles", "annotations"}


def credentials(secrets: dict[str, str]) -> tuple[dict, dict]:
    """What is in Jenkins' store, and the arguments that name it."""
    store, arguments = {}, {}
    for name, argument in (("pin", "pinCredentialsId"), ("passphrase", "passphraseCredentialsId")):
        if name in secrets:
            store[name] = {"kind": "string", "value": secrets[name]}
            arguments[argument] = name
    if "private-key" in secrets:
        store["key"] = {"kind": "file", "value": secrets["private-key"]}
        arguments["keyFileCredentialsId"] = "key"
    if "username" in secrets:
        store["login"] = {"kind": "usernamePassword", "user": secrets["username"], "password": secrets["password"]}
        arguments["loginCredentialsId"] = "login"
    return store, arguments


class Jenkins:
    name = "jenkins"

    def __init__(self, place: Place):
        self.place = place
        self.home = place.world.folder("jenkins")
        self.environment = place.environment() | {"HUDSON_URL": "https://jenkins.example.com/"}

    def _build(self, number: int, jenkinsfile: Path, params: dict, store: dict) -> dict:
        folder = self.home / str(number)
        (folder / "workspace").mkdir(parents=True)
        return {"jenkinsfile": str(jenkinsfile), "workspace": str(folder / "workspace"), "log": str(folder / "log"),
                "raw": str(folder / "raw"), "params": params, "credentials": store}

    def start(self, builds: list[dict]):
        config = self.home / "config.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({"library": str(LIBRARY), "environment": self.environment, "builds": builds}))
        self.builds = builds
        command = [*trace.wrapper(self.home / "trace"), *GROOVY, str(config), str(self.home / "results.json")]
        return subprocess.Popen(command, env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, encoding="utf-8", errors="surrogateescape", start_new_session=True)

    def begin_all(self, steps: list[Step], *, unwritable=False):
        builds = []
        for number, step in enumerate(steps):
            store, arguments = credentials(step.secrets)
            for name, value in step.inputs.items():
                if name in ("dry-run", "allow-move"):
                    value = value == "true"
                elif name in LISTS:
                    value = value.split("\n") if value else []
                arguments[ARGUMENTS[name]] = value
            builds.append(self._build(number, HERE / "step.groovy", {"COMMAND": step.command, "ARGS": json.dumps(arguments)}, store))
            if unwritable:
                Path(builds[-1]["workspace"], f"countersign-{step.command}.json").mkdir()
        return self.start(builds)

    def begin(self, step: Step, **options):
        return self.begin_all([step], **options)

    def cancel(self, process):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)

    def finish_all(self, process) -> list[Run]:
        trouble, _ = process.communicate(timeout=300)
        results = self.home / "results.json"
        assert results.exists(), trouble
        programs = trace.programs(self.home / "trace")
        runs = []
        for build, result in zip(self.builds, json.loads(results.read_text()), strict=True):
            workspace = Path(build["workspace"])
            mine = [p for p in programs if f"WORKSPACE={workspace}" in p.environment]
            log = Path(build["log"]).read_text()
            returned = workspace / "returned.json"
            document = json.loads(returned.read_text()) if returned.exists() else None
            folders = (workspace.parent, Path(self.environment["TMPDIR"]))
            left = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.name not in ("log", "raw")]
            status = document["exitCode"] if document else _status(log)
            run = Run(0 if result["result"] == "SUCCESS" else 1, status, log, Path(build["raw"]).read_text(), left, mine, document)
            run.report = result
            runs.append(run)
        return runs

    def finish(self, process) -> Run:
        (run,) = self.finish_all(process)
        return run

    def run(self, step: Step, **options) -> Run:
        return self.finish(self.begin(step, **options))


def _status(log: str) -> int | None:
    """The library tells the exit status in its error."""
    _, found, rest = log.rpartition("(exit ")
    return int(rest.split(")")[0]) if found else None
