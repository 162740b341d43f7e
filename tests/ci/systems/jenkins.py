"""Jenkins: our runner of Jenkinsfiles on the Groovy that Jenkins has. Many builds share one Java machine."""
import json
import signal
from pathlib import Path

from ci.systems.job import Job
from ci.systems.place import Place
from ci.systems.run import Run, Step, StepResult
from ci.systems.shell import read_json

HERE = Path(__file__).resolve().parents[1] / "jenkins"
LIBRARY = HERE.parents[2] / "ci-integrations" / "jenkins"
GROOVY = ["/usr/bin/java", "-cp", "/usr/share/groovy/embeddable/groovy-all-2.4.21.jar", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
          "groovy.ui.GroovyMain", str(HERE / "jenkins.groovy")]
LISTS = {"images", "key", "roles", "annotations"}
FLAGS = {"dry-run", "allow-move"}


def camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(word.capitalize() for word in rest)


def arguments(step: Step) -> dict:
    """Of the library's step: the inputs, and the names of the credentials."""
    found = {}
    for name, value in step.inputs.items():
        found[camel(name)] = value == "true" if name in FLAGS else [value] if name in LISTS else value
    named = {"pin": "pinCredentialsId", "passphrase": "passphraseCredentialsId", "private-key": "keyFileCredentialsId",
             "username": "loginCredentialsId"}
    return found | {argument: name for name, argument in named.items() if name in step.secrets}


def credentials(secrets: dict[str, str]) -> dict:
    """Jenkins' store."""
    store = {name: {"kind": "string", "value": secrets[name]} for name in ("pin", "passphrase") if name in secrets}
    if "private-key" in secrets:
        store["private-key"] = {"kind": "file", "value": secrets["private-key"]}
    if "username" in secrets:
        store["username"] = {"kind": "usernamePassword", "user": secrets["username"], "password": secrets["password"]}
    return store


class Jenkins:
    name = "jenkins"
    results = {f"countersign-{command}.{kind}" for command in ("sign", "verify") for kind in ("json", "xml")} | {"returned.json"}

    def __init__(self, place: Place, **machine):
        self.home = place.world.folder("jenkins")
        self.environment = place.environment(**machine)

    def build(self, number: int, jenkinsfile: Path, params: dict, store: dict) -> dict:
        folder = self.home / str(number)
        (folder / "workspace").mkdir(parents=True)
        return {"jenkinsfile": str(jenkinsfile), "workspace": str(folder / "workspace"), "log": str(folder / "log"),
                "raw": str(folder / "raw"), "params": params, "credentials": store}

    def start(self, builds: list[dict]) -> Job:
        self.builds = builds
        config = self.home / "config.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({"library": str(LIBRARY), "environment": self.environment, "builds": builds}))
        return Job([*GROOVY, str(config), str(self.home / "results.json")], env=self.environment, cwd=self.home, home=self.home)

    def begin(self, *steps: Step) -> Job:
        builds = [self.build(number, HERE / "step.groovy", {"COMMAND": step.command, "ARGS": json.dumps(arguments(step))},
                             credentials(step.secrets)) for number, step in enumerate(steps)]
        for build, step in zip(builds, steps, strict=True):
            if step.unwritable:
                Path(build["workspace"], f"countersign-{step.command}.json").mkdir()
        return self.start(builds)

    def cancel(self, job: Job):
        """Our runner then terminates the processes of the build, as Jenkins does."""
        job.signal(signal.SIGTERM)

    def finish(self, job: Job) -> Run:
        _, trouble, programs = job.finish()
        results_file = self.home / "results.json"
        assert results_file.exists(), trouble
        reports = json.loads(results_file.read_text())
        log, raw, steps = "", "", []
        for build, report in zip(self.builds, reports, strict=True):
            text = Path(build["log"]).read_text()
            log += text
            raw += Path(build["raw"]).read_text()
            workspace = Path(build["workspace"])
            returned = read_json(workspace / "returned.json")
            command = build["params"].get("COMMAND", "sign")
            document = read_json(workspace / f"countersign-{command}.json")
            steps.append(StepResult(returned["exitCode"] if returned else _status(text), document, returned or {}))
        succeeded = all(report["result"] == "SUCCESS" for report in reports)
        return Run(0 if succeeded else 1, steps, log, raw, self.left(), programs, {"builds": reports})

    def left(self) -> list[Path]:
        """Without Jenkins' own logs."""
        folders = [path for path in self.home.iterdir() if path.is_dir()] + [Path(self.environment["TMPDIR"])]
        found = [path for folder in folders for path in folder.rglob("*")]
        return [path for path in found if path.is_file() and not (path.name in ("log", "raw") and path.parent.parent == self.home)]

    def run(self, *steps: Step) -> Run:
        return self.finish(self.begin(*steps))


def _status(log: str) -> int | None:
    """The library tells the exit status in its error."""
    _, found, rest = log.rpartition("(exit ")
    return int(rest.split(")")[0]) if found else None
