"""Any CI with a POSIX shell: the recipe as it stands."""
import json
import signal
from pathlib import Path

from ci.systems.job import Job
from ci.systems.place import Place
from ci.systems.run import Run, Step, StepResult

RECIPE = Path(__file__).resolve().parents[3] / "ci-integrations" / "generic" / "countersign.sh"
# Our inputs by the names that the recipe gives them.
INPUTS = {
    "allow-move": "COUNTERSIGN_ALLOW_MOVE", "annotations": "COUNTERSIGN_ANNOTATIONS", "ca-cert": "COUNTERSIGN_CA_CERT",
    "digest-file": "COUNTERSIGN_DIGEST_FILE", "dry-run": "COUNTERSIGN_DRY_RUN", "image": "COUNTERSIGN_IMAGE", "images": "COUNTERSIGN_IMAGES",
    "images-from": "COUNTERSIGN_IMAGES_FROM", "key": "COUNTERSIGN_KEY", "metadata-file": "COUNTERSIGN_METADATA_FILE",
    "oci-layout": "COUNTERSIGN_OCI_LAYOUT", "policy": "COUNTERSIGN_POLICY", "receipt": "COUNTERSIGN_RECEIPT",
    "roles": "COUNTERSIGN_ROLES", "server": "COUNTERSIGN_SERVER", "trust-root": "COUNTERSIGN_TRUST_ROOT",
}
SECRETS = {"pin": "COUNTERSIGN_PIN", "passphrase": "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE",
           "private-key": "COUNTERSIGN_KEY_FILE", "username": "COUNTERSIGN_USERNAME", "password": "COUNTERSIGN_PASSWORD"}


def secret_variables(step: Step, folder: Path) -> dict[str, str]:
    """The private key as CI systems mount it: readable and writable for others."""
    found = {SECRETS[name]: value for name, value in step.secrets.items()}
    if "private-key" in step.secrets:
        path = folder / "mounted-key"
        path.write_text(step.secrets["private-key"])
        path.chmod(0o666)
        found[SECRETS["private-key"]] = str(path)
    return found


def read_dotenv(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines()) if path.exists() else {}


def read_json(path: Path) -> dict | None:
    return json.loads(path.read_text()) if path.is_file() and path.stat().st_size else None


class Shell:
    """Steps one after the other, each in a folder of its own."""
    name = "shell"
    results = {"result.json", "junit.xml", "countersign.env"}

    def __init__(self, place: Place, shell=("/bin/sh",)):
        self.shell = list(shell)
        self.home = place.world.folder("shell")
        self.workspace = self.home / "workspace"
        self.workspace.mkdir()
        self.environment = place.environment()

    def begin(self, *steps: Step) -> Job:
        (step,) = steps
        files = {"COUNTERSIGN_RESULT": "result.json", "COUNTERSIGN_JUNIT": "junit.xml",
                 "COUNTERSIGN_DOTENV": "/proc/countersign.env" if step.unwritable else "countersign.env"}
        inputs = {INPUTS[name]: value for name, value in step.inputs.items()}
        return Job([*self.shell, str(RECIPE), step.command], env=self.environment | files | inputs | secret_variables(step, self.home),
                   cwd=self.workspace, home=self.home)

    def cancel(self, job: Job):
        job.signal(signal.SIGTERM)

    def finish(self, job: Job) -> Run:
        status, log, programs = job.finish()
        result = StepResult(status, read_json(self.workspace / "result.json"), read_dotenv(self.workspace / "countersign.env"))
        return Run(status, [result], log, log, self.left(), programs)

    def left(self) -> list[Path]:
        folders = (self.workspace, Path(self.environment["TMPDIR"]))
        return [path for folder in folders for path in folder.rglob("*") if path.is_file()]

    def run(self, *steps: Step) -> Run:
        runs = [self.finish(self.begin(step)) for step in steps]
        return Run(max(run.exit_code for run in runs), [run.step for run in runs], "".join(run.log for run in runs),
                   "".join(run.raw for run in runs), runs[-1].left, [program for run in runs for program in run.programs])
