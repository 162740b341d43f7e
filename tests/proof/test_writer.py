"""Random repositories, written by our code and published to a real notary-server, are in the one exact form and hold
for the official client exactly what was put into them.

    PROOF_REPOSITORIES=N   how many (default: 40; with --all 10,000)
    PROOF_SEED=N           the same contents again; every failure tells the seed and the number"""
import base64
import http.client
import json
import os
import re
import secrets as system_random
import shutil
import ssl
import subprocess
from urllib.parse import urlsplit

import pytest

from proof.exact_form import canonical, rewrite
from support.official import Notary
from support.process import clean_environment
from support.trust_data import Reader


class KeptReader(Reader):
    """A reader with one connection: tens of thousands of files are read."""

    def __init__(self, url, ca):
        super().__init__(url, ca)
        self._connection = http.client.HTTPSConnection(urlsplit(url).netloc, timeout=30,
                                                       context=ssl.create_default_context(cafile=str(ca)))

    def get(self, gun, name):
        self._connection.request("GET", f"/v2/{gun}/_trust/tuf/{name}.json")
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status in (200, 404), (gun, name, answer.status)
        return content if answer.status == 200 else None


def what_clients_list(roles: list[dict]) -> dict[str, tuple[str, int, str]]:
    """Name -> digest, length and role by the specification (sections 3.6, 7.6): breadth first, children in the order of
    their parent, the first definition of a name wins. A path counts if it starts with one of the parent's that counts;
    names outside the paths that count do not."""
    by_name = {role["name"]: role for role in roles}
    listed = {}
    queue = [("targets", [""])]
    while queue:
        name, paths = queue.pop(0)
        for target, entry in by_name[name]["targets"].items():
            if target.startswith(tuple(paths)):
                listed.setdefault(target, (entry["sha256"], entry["length"], name))
        queue += [(role["name"], [path for path in role["paths"] if path.startswith(tuple(paths))])
                  for role in roles if role["name"].rpartition("/")[0] == name]
    return listed


ROW = re.compile(r"(.*?) *([0-9a-f]{64}) +([0-9]+) +([a-z0-9/_-]+) *")


def what_notary_lists(notary: Notary, gun: str) -> list[tuple[str, tuple[str, int, str]]]:
    """Names may hold anything but control characters, so a row is taken apart from its end. The table pads names
    with spaces: those at the end of a name cannot be seen."""
    lines = notary.run("list", gun).stdout.split("\n")
    start = next((n + 1 for n, line in enumerate(lines) if line.startswith("----")), len(lines))
    rows = [ROW.fullmatch(line) for line in lines[start:] if line]
    assert all(rows), lines
    return sorted((row[1], (row[2], int(row[3]), row[4])) for row in rows)


def check_files(data, roles):
    for role, content in data.files.items():
        assert rewrite(content) == content, f"{role} is not in the exact form"
    for role in roles:
        if role["name"] not in data.files:
            assert not role["targets"]
            continue
        stored = data.signed(role["name"])["targets"]
        assert set(stored) == set(role["targets"])
        for name, wanted in role["targets"].items():
            assert base64.b64decode(stored[name]["hashes"]["sha256"]).hex() == wanted["sha256"]
            assert stored[name]["length"] == wanted["length"]
            assert ("custom" in stored[name]) == ("custom" in wanted)
            assert canonical(stored[name].get("custom")) == canonical(wanted.get("custom"))


def check_repositories(tmp_path, store, secrets, program, seed: int, count: int):
    reader = KeptReader(store.url, store.ca)
    writer = subprocess.Popen([program, store.url, store.ca, str(seed), "0", str(count)],
                              env=clean_environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8")
    read, tags = 0, 0
    try:
        for number, line in enumerate(writer.stdout):
            repository = json.loads(line)
            gun, roles = repository["gun"], repository["roles"]
            try:
                check_files(reader.read(gun), roles)
                notary = Notary(tmp_path / "notary", store, secrets)
                wanted = what_clients_list(roles)
                listed = what_notary_lists(notary, gun)
                assert listed == sorted((name.rstrip(" "), entry) for name, entry in wanted.items())
            except AssertionError as error:
                raise AssertionError(f"repository {number} of PROOF_SEED={seed}: {gun}\n{error}") from error
            shutil.rmtree(notary.home)
            read += 1
            tags += len(wanted)
        assert writer.wait(timeout=60) == 0, writer.stderr.read()
    finally:
        writer.kill()
        writer.wait()
    assert read == count
    assert tags > count, "hardly any of the repositories holds anything"
    print(f"\n{read} repositories with {tags} visible tags (seed {seed})")


@pytest.fixture
def program(binary):
    return binary.parent.parent / "tests" / "random_repositories"


def test_the_official_client_reads_random_repositories(tmp_path, notary_local, secrets, program):
    seed, count = int(os.environ.get("PROOF_SEED", 1)), int(os.environ.get("PROOF_REPOSITORIES", 40))
    check_repositories(tmp_path, notary_local, secrets, program, seed, count)


@pytest.mark.slow
def test_the_official_client_reads_ten_thousand_random_repositories(tmp_path, notary_local, secrets, program):
    seed = int(os.environ.get("PROOF_SEED", system_random.randbelow(1 << 32)))
    check_repositories(tmp_path, notary_local, secrets, program, seed,
                       int(os.environ.get("PROOF_REPOSITORIES", 10_000)))
