"""What is added to one more tag by where its key is and where the authorities are."""
import shutil
from pathlib import Path

from bench.case import Case
from bench.clients import Countersign, Site
from bench.costs import Runs
from bench.rows import EXTRA, Row
from bench.setting import Setting, rounds
from support.identities import NAME
from support.process import clean_environment, run
from support.softhsm import SoftHsm

SYSTEM_FOLDER = Path("/etc/ssl/certs")


class SystemFolder(Countersign):
    """Trusts what the machine trusts, a folder of authorities by hash, and the server's."""

    name = "system's folder of authorities"

    def ca_options(self, site: Site) -> list[str]:
        self.env["SSL_CERT_DIR"] = f"{SYSTEM_FOLDER}:{site.ca.parent}/hashed"
        return []


class SystemFile(Countersign):
    """…all of them in one file, as SSL_CERT_FILE names it."""

    name = "system's file of authorities"

    def ca_options(self, site: Site) -> list[str]:
        self.env |= {"SSL_CERT_FILE": str(site.ca.parent / "all.pem"), "SSL_CERT_DIR": ""}
        return []


def authorities(setting: Setting):
    runs, job = Runs(), "sign, cold"
    with Case(setting, "authorities") as case:
        folder = case.site.ca.parent
        (folder / "hashed").mkdir()
        shutil.copy2(case.site.ca, folder / "hashed" / "ca.pem")
        run(["/usr/bin/openssl", "rehash", folder / "hashed"], env=clean_environment(folder), cwd=folder)
        kinds, system = [Countersign, SystemFolder], SYSTEM_FOLDER / "ca-certificates.crt"
        if system.exists():
            (folder / "all.pem").write_bytes(system.read_bytes() + case.site.ca.read_bytes())
            kinds.append(SystemFile)
        for kind in rounds(setting.of(15, 3), kinds):
            runs.add(job, kind.name, case.cost_of_signing(case.client(kind)))
    for kind in kinds[1:]:
        yield Row("G10", f"{kind.name}: extra CPU", "ms", EXTRA, runs.values(job, kind.name, "cpu"),
                  runs.values(job, Countersign.name, "cpu"), 2, "one file")
    yield runs


def token(setting: Setting):
    runs, job = Runs(), "sign, cold"
    with Case(setting, "token") as case:
        hsm = SoftHsm(setting.place("token"), case.administrator.secrets)
        case.administrator.add_key(case.site.repositories[0], hsm.generate(NAME))

        class Token(Countersign):
            name = "countersign, token"
            key_options = ["--key", hsm.uri(NAME)]

            def prepare_key(self, site: Site):
                self.env |= hsm.env

        for kind in rounds(setting.of(15, 3), [Countersign, Token]):
            runs.add(job, kind.name, case.cost_of_signing(case.client(kind)))
    yield Row("G11", "token instead of key file: extra wall", "ms", EXTRA, runs.values(job, Token.name, "wall"),
              runs.values(job, Countersign.name, "wall"), 12, "key file")
    yield runs
