"""Generated and mutated manifests before our reader and others: nothing runs that was not seen, or the file was refused.

    PROOF_INPUTS=N   how many (default: 4,000; with --all 200,000)
    PROOF_SEED=N     the same files again; every difference tells its number
    PROOF_INPUT=N    only this one of them

The other readers: PyYAML, which docker-compose 1 reads with, and kubectl itself; in full size also Debian's Go libraries,
used as kubectl and compose use them, and for some files docker-compose itself."""
import os
import secrets as system_random
from collections import Counter

import pytest

from proof.manifest_readers import (REFUSAL, Batch, DockerCompose, Kubectl, build_go_readers, pyyaml, run_by_compose,
                                    run_by_kubernetes, what_runs)
from proof.manifests import Author

KUBECTL_BATCH = 500


def make_file(seed: int, number: int) -> tuple[bool, bytes]:
    """Whether it is honest, and the file."""
    author = Author(seed, number)
    honest = number % 8 == 0
    return honest, (author.honest() if honest else author.hostile()).encode("utf-8", "surrogatepass")


class Comparison:
    def __init__(self, seed: int, ours: Batch):
        self.seed = seed
        self.counts = Counter()
        self.refused = Counter()
        self.wrong = []
        self._ours = ours

    def ask(self, number: int, honest: bool, content: bytes) -> dict:
        answer = self._ours.ask(content)
        self.counts["files"] += 1
        self.counts["accepted" if "images" in answer else "refused"] += 1
        if "refused" in answer:
            self.refused[answer["refused"].partition(": ")[2].partition(":")[0][:60]] += 1
            if honest:
                self.tell(number, "an honest file is refused", answer, content)
        return answer

    def add(self, number: int, reader: str, runs: set[str], answer: dict, content: bytes):
        if "images" not in answer:
            return
        self.counts[f"seen alike by {reader}"] += bool(runs)
        hidden = runs - set(answer["images"])
        if hidden:
            self.tell(number, f"{reader} runs {'something' if REFUSAL in hidden else hidden}", answer, content)

    def tell(self, number: int, what: str, answer: dict, content: bytes):
        self.counts["wrong"] += 1
        if len(self.wrong) < 10:
            self.wrong.append(f"{what}: PROOF_SEED={self.seed} PROOF_INPUT={number}\n    ours: {answer}\n    {content!r}\n"
                              + content.decode(errors="replace"))

    def report(self) -> str:
        lines = [", ".join(f"{count} {name}" for name, count in self.counts.items()) + f" (seed {self.seed})"]
        return "\n".join(lines + [f"{count:6} refused: {why}" for why, count in self.refused.most_common(30)])


def compare(tmp_path, ours: Batch, seed: int, numbers, in_full: bool) -> Comparison:
    comparison = Comparison(seed, ours)
    kubectl, compose = Kubectl(tmp_path), DockerCompose(tmp_path)
    go = Batch(build_go_readers(tmp_path)) if in_full else None
    kept = {}

    def run_by_kubectl(files) -> set[str]:
        return {image for thing in kubectl.read(files) for image in run_by_kubernetes(thing)}

    def ask_kubectl():
        runs = run_by_kubectl({number: content for number, (_, content) in kept.items()})
        for number, (answer, content) in kept.items():
            mine = {text for text in runs if text.startswith(f"r{number}.example.com/")}
            if not mine <= set(answer["images"]):  # or is it another file's, which lost a digit?
                mine = run_by_kubectl({number: content})
            comparison.add(number, "kubectl itself", mine, answer, content)
        kept.clear()

    for number in numbers:
        honest, content = make_file(seed, number)
        answer = comparison.ask(number, honest, content)
        if "images" not in answer:
            continue
        comparison.add(number, "PyYAML", what_runs(pyyaml(content)), answer, content)
        if go:
            for reader, documents in go.ask(content).items():
                comparison.add(number, f"Go {reader}", what_runs(documents), answer, content)
        kept[number] = answer, content
        if in_full and number % 20 == 1 and b"services" in content:
            runs = set(run_by_compose(compose.read(content)))
            comparison.add(number, "docker-compose itself", runs, answer, content)
        if len(kept) == KUBECTL_BATCH:
            ask_kubectl()
    if kept:
        ask_kubectl()
    if go:
        go.close()
    return comparison


@pytest.fixture
def ours(binary):
    batch = Batch(binary.parent.parent / "tests" / "read_manifests")
    yield batch
    batch.close()


def check(tmp_path, ours, seed: int, count: int, in_full: bool):
    only = os.environ.get("PROOF_INPUT")
    comparison = compare(tmp_path, ours, seed, [int(only)] if only else range(count), in_full)
    print("\n" + comparison.report())
    assert not comparison.wrong, "\n\n".join(comparison.wrong)
    # Else hardly anything was compared.
    assert only or 4 * comparison.counts["accepted"] > comparison.counts["files"]
    return comparison


def test_nothing_runs_that_was_not_seen(tmp_path, ours):
    check(tmp_path, ours, int(os.environ.get("PROOF_SEED", 1)), int(os.environ.get("PROOF_INPUTS", 4_000)), False)


@pytest.mark.slow
def test_nothing_runs_that_was_not_seen_in_two_hundred_thousand_files(tmp_path, ours):
    seed = int(os.environ.get("PROOF_SEED", system_random.randbelow(1 << 32)))
    comparison = check(tmp_path, ours, seed, int(os.environ.get("PROOF_INPUTS", 200_000)), True)
    if comparison.counts["files"] >= 200_000:
        for reader in ("PyYAML", "kubectl itself", "Go kubectl", "Go yaml.v3", "docker-compose itself"):
            assert comparison.counts[f"seen alike by {reader}"] > 100, reader
