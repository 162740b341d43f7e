"""Any CI with a POSIX shell: the recipe as it stands, run by one shell."""
import json
import os
import signal
import subprocess
from pathlib import Path

from ci.systems import trace
from ci.systems.place import Place
from ci.systems.run import Run, Step

RECIPE = Path(__file__).resolve().parents[3] / "ci-integrations" / "generic" / "countersign.sh"
# Our inputs by the names that the recipe, GitLab's template and Jenkins' library give them.
VARIABLES = {
    "allow-move": "COUNTERSIGN_ALLOW_MOVE", "annotations": "COUNTERSIGN_ANNOTATIONS", "ca-cert": "COUNTERSIGN_CA_CERT",
    "dry-run": "COUNTERSIGN_DRY_RUN", "image": "COUNTERSIGN_IMAGE", "images": "COUNTERSIGN_IMAGES", "images-from": "COUNTERSIGN_IMAGES_FROM",
    "key": "COUNTERSIGN_KEY", "metadata-file": "COUNTERSIGN_METADATA_FILE", "oci-layout": "COUNTERSIGN_OCI_LAYOUT",
    "policy": "COUNTERSIGN_POLICY", "receipt": "COUNTERSIGN_RECEIPT", "roles": "COUNTERSIGN_ROLES",
    "server": "COUNTERSIGN_SERVER", "trust-root": "COUNTERSIGN_TRUST_ROOT", "result": "COUNTERSIGN_RESULT",
    "junit": "COUNTERSIGN_JUNIT", "dotenv": "COUNTERSIGN_DOTENV",
    "pin": "COUNTERSIGN_PIN", "passphrase": "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "private-key": "COUNTERSIGN_KEY_FILE",
    "username": "COUNTERSIGN_USERNAME", "password": "COUNTERSIGN_PASSWORD",
}


class Shell:
    name = "shell"

    def __init__(self, place: Place, shell=("/bin/sh",)):
        self.place = place
        self.shell = list(shell)
        self.home = place.world.folder("shell")
        self.workspace = self.home / "workspace"
        self.workspace.mkdir()
        self.environment = place.environment()

    def begin(self, step: Step, *, unwritable=False):
        inputs = {"junit": "junit.xml", "dotenv": "countersign.env", "result": "result.json"} | step.inputs
        if unwritable:
            inputs["dotenv"] = "/proc/countersign.env"
        secrets = dict(step.secrets)
        if "private-key" in secrets:
            path = self.home / "mounted-key"
            path.write_text(secrets["private-key"])
            secrets["private-key"] = str(path)
        variables = {VARIABLES[name]: value for name, value in (inputs | secrets).items()}
        command = [*trace.wrapper(self.home / "trace"), *self.shell, str(RECIPE), step.command]
        return subprocess.Popen(command, env=self.environment | variables, cwd=self.workspace, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="surrogateescape",
                                start_new_session=True)

    def cancel(self, process):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)

    def finish(self, process) -> Run:
        log, _ = process.communicate(timeout=120)
        result = self.workspace / "result.json"
        document = json.loads(result.read_text()) if result.exists() and result.stat().st_size else None
        dotenv = self.workspace / "countersign.env"
        outputs = dict(line.split("=", 1) for line in dotenv.read_text().splitlines()) if dotenv.exists() else {}
        return Run(process.returncode, process.returncode, log, log, self.left(), trace.programs(self.home / "trace"), document, outputs)

    def left(self) -> list[Path]:
        folders = (self.workspace, Path(self.environment["TMPDIR"]))
        return [path for folder in folders for path in folder.rglob("*") if path.is_file()]

    def run(self, step: Step, **options) -> Run:
        return self.finish(self.begin(step, **options))
