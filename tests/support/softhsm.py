"""A SoftHSM token of its own: own folder, own configuration, PINs at random."""
import os
import re
from pathlib import Path

from support.process import clean_environment, run
from support.secrets import Secrets

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
SPY_SUPPRESSIONS = Path(__file__).with_name("pkcs11_spy.supp")


def spy_module() -> Path:
    (path,) = Path("/usr/lib").glob("*-linux-gnu/pkcs11/pkcs11-spy.so")
    return path


class SoftHsm:
    def __init__(self, folder: Path, secrets: Secrets, label="ci"):
        (folder / "tokens").mkdir(parents=True)
        self.folder = folder
        self.label = label
        self.pin = secrets.new()
        self._so_pin = secrets.new()
        config = folder / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.env = {"SOFTHSM2_CONF": str(config), "COUNTERSIGN_PKCS11_MODULE": str(MODULE),
                    "COUNTERSIGN_PIN": self.pin}
        self.add_token(label)
        self._tool("--token-label", label, "--init-pin", "--login", "--login-type", "so", "--so-pin", "env:SO_PIN",
                   "--new-pin", "env:PIN")

    def add_token(self, label: str):
        """In the one free slot, which SoftHSM keeps at the end. Only the first has a PIN."""
        slots = self._tool("--list-slots").stdout.count("Slot ")
        self._tool("--init-token", "--slot-index", slots - 1, "--label", label, "--so-pin", "env:SO_PIN")

    def _tool(self, *args):
        env = clean_environment(self.folder) | self.env | {"PIN": self.pin, "SO_PIN": self._so_pin}
        return run(["/usr/bin/pkcs11-tool", "--module", MODULE, *args], env=env, cwd=self.folder)

    def uri(self, object_name: str) -> str:
        return f"pkcs11:token={self.label};object={object_name}"

    def tool(self, *args):
        """pkcs11-tool, logged in."""
        return self._tool("--token-label", self.label, "--login", "--pin", "env:PIN", *args)

    def generate(self, name: str, key_id="01") -> Path:
        """A P-256 key pair made in the token by pkcs11-tool (which cannot read back longer curves); the path of its
        public half."""
        self.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", name, "--id", key_id, "--usage-sign")
        der, pem = self.folder / f"{name}.der", self.folder / f"{name}-{key_id}.pub"
        self.tool("--read-object", "--type", "pubkey", "--id", key_id, "--output-file", der)
        run(["/usr/bin/openssl", "pkey", "-pubin", "-inform", "DER", "-in", der, "-out", pem],
            env=clean_environment(self.folder), cwd=self.folder)
        return pem

    def objects(self) -> str:
        return self.tool("--list-objects").stdout

    def spied(self) -> tuple[dict[str, str], Path]:
        """An environment in which every call to the module is logged, and the log."""
        log = self.folder / f"spy-{os.urandom(4).hex()}.log"
        return self.env | {"COUNTERSIGN_PKCS11_MODULE": str(spy_module()), "PKCS11SPY": str(MODULE),
                           "PKCS11SPY_OUTPUT": str(log),
                           "LSAN_OPTIONS": f"print_suppressions=0:suppressions={SPY_SUPPRESSIONS}"}, log


def calls(log: Path, function: str) -> int:
    """How often the module was called; 0 if it was never even loaded."""
    if not log.exists():
        return 0
    return len(re.findall(rf"^\d+: {function}$", log.read_text(errors="replace"), re.MULTILINE))
