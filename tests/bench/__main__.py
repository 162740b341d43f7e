"""Measures countersign beside the official client, on a real notary-server behind a relay. Prints medians, ranges and
ratios; fails only if something does not run."""
import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from bench.clients import Countersign, CountersignPlainKey, Official, Site
from bench.costs import Cost, Row, table
from bench.filled_repository import ROLES, FilledRepository
from bench.relay import Relay
from support.official import Notary
from support.secrets import Secrets
from support.stores import NotaryServer

SIGN, AGAIN, LOOK_UP, LIST = ("sign, cold", "sign the same again", "look up a tag, cold", "list all tags, cold")


class Failure(Exception):
    """Something did not run; there is nothing to measure."""


class Case:
    """A number of tags per role at a distance: a server of its own, so that no case inherits the others' memory."""

    def __init__(self, binary: Path, folder: Path, tags: int, rtt_ms: float):
        folder.mkdir()
        self._binary = binary
        self._folder = folder
        self._numbers = 0
        secrets = Secrets()
        self._server = NotaryServer(folder / "server", with_signer=False)
        self._log = folder / "server" / "notary-server.log"
        self._relay = None
        try:
            repository = FilledRepository(binary, folder / "repository", self._server, secrets, tags)
            owner = Notary(folder / "owner", self._server, secrets)
            owner.import_key(repository.key_file)
            self._relay = Relay(urlsplit(self._server.url).port)
            self._relay.rtt = rtt_ms / 1000
            self._site = Site(repository, f"https://127.0.0.1:{self._relay.port}", self._server.ca,
                              owner.trust_dir / "private" / f"{repository.key_id}.key", owner.passphrase)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        if self._relay:
            self._relay.stop()
        self._server.stop()

    def run(self, rounds: int) -> list[Row]:
        """Who goes first changes with each round, so that a drift of the machine weighs on all alike."""
        rows: dict[tuple, Row] = {}

        def measure(job, client, commands):
            row = rows.setdefault((job, client.name), Row(job, client.name, []))
            row.costs.append(self._cost(client, commands))

        contenders = [lambda home: Official(self._site, home), lambda home: Countersign(self._site, home, self._binary),
                      lambda home: CountersignPlainKey(self._site, home, self._binary)]
        tags = []
        for number in range(rounds):
            order = contenders if number % 2 == 0 else contenders[::-1]
            for make in order:
                client = self._fresh(make)
                tags.append(f"new-{len(tags)}")
                measure(SIGN, client, client.sign(tags[-1]))
                measure(AGAIN, client, client.sign(tags[-1]))
            for make in contenders[:2] if number % 2 == 0 else contenders[1::-1]:
                client = self._fresh(make)
                measure(LOOK_UP, client, client.look_up(self._site.repository.a_tag))
                client = self._fresh(make)
                measure(LIST, client, client.list())
        self._check(tags)
        names = [c.name for c in (Official, Countersign, CountersignPlainKey)]
        return [rows[job, name] for job in (SIGN, AGAIN, LOOK_UP, LIST) for name in names if (job, name) in rows]

    def _fresh(self, make):
        self._numbers += 1
        home = self._folder / f"client-{self._numbers}"
        home.mkdir()
        return make(home)

    def _cost(self, client, commands: list[list[str]]) -> Cost:
        total = Cost()
        requests_before = self._requests()
        for command in commands:
            total.add(self._measure(command, client.env))
        traffic = self._relay.take_traffic()
        total.add(Cost(requests=self._requests() - requests_before, connections=traffic.connections,
                       round_trips=traffic.round_trips, sent=traffic.sent, received=traffic.received))
        return total

    def _measure(self, command: list[str], env: dict[str, str]) -> Cost:
        result, output = self._folder / "result", self._folder / "output"
        result.unlink(missing_ok=True)
        launcher = ["/usr/bin/python3", "-I", "-S", str(Path(__file__).parents[1] / "support" / "measure.py")]
        done = subprocess.run([*launcher, str(result), str(output), *command], env=env, cwd=self._folder, timeout=300)
        if done.returncode != 0:
            raise Failure(f"$ {' '.join(command)}\n[exit {done.returncode}]\n"
                          f"{output.read_text(errors='replace')[-4000:] if output.exists() else ''}")
        wall, cpu, memory = result.read_text().split()
        return Cost(wall=float(wall), cpu=float(cpu), memory=int(memory))

    def _requests(self) -> int:
        """So far, by the server's log, which is complete when it has stopped to grow."""
        size = -1
        while size != (size := self._log.stat().st_size):
            time.sleep(0.05)
        return self._log.read_text().count('"msg":"response completed"')

    def _check(self, tags: list[str]):
        """A run that did not do its job would be fast."""
        data = self._server.read(self._site.repository.gun)
        for role in ROLES:
            missing = set(tags) - set(data.targets(role))
            if missing:
                raise Failure(f"not signed into {role}: {', '.join(sorted(missing))}")


def waits(near: dict, far: dict) -> str:
    """How many round trips come one after another, which no time at one distance tells."""
    lines = [f"\n== {near['tags']} tags per role, round trips in sequence: what {far['rtt_ms']} instead of "
             f"{near['rtt_ms']} ms add to wall, in RTTs"]
    for here, there in zip(near["rows"], far["rows"]):
        seconds = there.median("wall") - here.median("wall")
        count = seconds * 1000 / (far["rtt_ms"] - near["rtt_ms"])
        lines.append(f"{here.job + ', ' + here.client:<45} {count:5.1f}")
    return "\n".join(lines)


def machine(binary: Path) -> dict:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {"cpu": model, "processors": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()[0],
            "countersign": subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()}


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few runs, for a first look")
    parser.add_argument("--runs", type=int, metavar="N", help="of every command, instead of 7 (3 from 1000 tags on)")
    parser.add_argument("--tags", type=numbers, metavar="N,...", default=[10, 10_000], help="per role")
    parser.add_argument("--rtt", type=numbers, metavar="MS,...", default=[0, 50])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every run's numbers there")
    options = parser.parse_args()
    binary = Path(os.environ["COUNTERSIGN"]).resolve()

    report = {"schema": "countersign-bench/v1", "machine": machine(binary), "cases": []}
    print(", ".join(f"{name}: {value}" for name, value in report["machine"].items()))
    print("Median (range). Memory: the peak. Round trips: of all connections, with TCP's and TLS's handshakes.")
    folder = Path(tempfile.mkdtemp(prefix="countersign-bench."))
    try:
        for tags in options.tags:
            cases = []
            for rtt in options.rtt:
                small = tags < 1000
                rounds = options.runs or ((2 if small else 1) if options.quick else (7 if small else 3))
                print(f"\n== {tags} tags per role, RTT {rtt} ms, runs: {rounds}", flush=True)
                case = Case(binary, folder / f"{tags}-{rtt}", tags, rtt)
                try:
                    rows = case.run(rounds)
                finally:
                    case.stop()
                print(table(rows), flush=True)
                cases.append({"tags": tags, "rtt_ms": rtt, "rows": rows})
            near, far = (pick(cases, key=lambda case: case["rtt_ms"]) for pick in (min, max))
            if near is not far:
                print(waits(near, far), flush=True)
            report["cases"] += [case | {"rows": [row.as_json() for row in case["rows"]]} for case in cases]
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
