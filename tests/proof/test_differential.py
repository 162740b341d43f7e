"""Generated trust data before the official client and ours: both read the same, or a table tells why not.

    PROOF_INPUTS=N   how many (default: 300; with --all 100,000)
    PROOF_SEED=N     the same inputs again (keys are new); every difference tells its number
    PROOF_INPUT=N    only this one of them

Which signature a client accepts tells what canonical form it computes: nearly all files are signed over the form that
the specification gives them."""
import os
import random
import secrets as system_random
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from proof import delegation_kinds, top_kinds
from proof.clients import Clients
from proof.surroundings import Repository, sign_top
from support.forger import targets_body

DIFFERENCES = Path(__file__).with_name("differences.toml")
PER_REPOSITORY = 400


@dataclass
class Input:
    number: int
    kinds: set            # what is odd about it
    role: str             # whose content is compared
    files: dict           # of the role and what is below it; of everything for an oddity of a top role
    keys: dict = None     # what the parent says of a delegation
    definition: dict = None
    alone: bool = True

    def describe(self) -> str:
        return "\n".join(f"    {role}: {content!r}" for role, content in self.files.items())


def make_input(seed: int, number: int) -> Input:
    rng = random.Random(f"{seed}/{number}")
    if number % 32 == 0:
        draft, files = top_kinds.make_repository(rng, f"registry.example.com/n{number}/app")
        return Input(number, {"top: " + kind for kind in draft.kinds}, "targets", files)
    role = f"targets/d{number % PER_REPOSITORY:03}"
    draft = delegation_kinds.make_input(rng, role)
    content = draft.file()
    delegation_kinds.define_role(draft)
    return Input(number, draft.kinds, role, {role: content} | draft.children, draft.keys, draft.role, draft.alone)


def repository_of(inputs: list[Input]) -> dict[str, bytes]:
    """All of them in one repository."""
    if inputs[0].definition is None:
        return inputs[0].files
    body = targets_body()
    body["delegations"]["roles"] = [i.definition for i in inputs]
    for i in inputs:
        body["delegations"]["keys"] |= i.keys
    files = {"targets": sign_top("targets", body)}
    for i in inputs:
        files |= i.files
    return Repository(files).complete()


def verdicts(clients: Clients, inputs: list[Input]):
    """(input, official verdict, ours) for each; what makes a client refuse a whole repository is found by halving."""
    official, ours = clients.ask(repository_of(inputs), inputs[0].number)
    if len(inputs) == 1 or not (official.fatal or ours.fatal):
        for i in inputs:
            yield i, official.of(i.role), ours.of(i.role)
        return
    half = len(inputs) // 2
    yield from verdicts(clients, inputs[:half])
    yield from verdicts(clients, inputs[half:])


def explanations() -> dict[tuple[str, str], dict]:
    rows = tomllib.loads(DIFFERENCES.read_text())["difference"]
    return {(kind, row["difference"]): row for row in rows for kind in row["kinds"]}


def difference(official, ours) -> str | None:
    """How they differ: "stricter" if only we refuse."""
    if isinstance(official, list) and isinstance(ours, list):
        return None if official == ours else "other content"
    if isinstance(official, list) != isinstance(ours, list):
        return "stricter" if isinstance(official, list) else "laxer"
    return None  # both refuse


class Loners:
    """Kinds that mostly make a client refuse the whole repository: it is cheaper to ask for these one by one."""

    def __init__(self):
        self._balance = Counter()

    def add(self, i: Input, official, ours):
        fatal = any(isinstance(verdict, str) and verdict.startswith("fatal") for verdict in (official, ours))
        for kind in i.kinds:
            self._balance[kind] += 1 if fatal else -1

    def __contains__(self, i: Input) -> bool:
        return i.alone or any(self._balance[kind] > 0 for kind in i.kinds)


class Comparison:
    def __init__(self, seed: int):
        self.seed = seed
        self.explained_by = explanations()
        self.counts = Counter()
        self.seen = Counter()      # kinds
        self.explained = Counter()
        self.unexplained = []

    def add(self, i: Input, official, ours):
        self.counts["inputs"] += 1
        self.seen.update(i.kinds)
        what = difference(official, ours)
        if what is None:
            self.counts["accepted by both" if isinstance(ours, list) else "refused by both"] += 1
            return
        reasons = [kind for kind in sorted(i.kinds) if (kind, what) in self.explained_by]
        if reasons:
            self.counts["explained"] += 1
            self.explained[(reasons[0], what)] += 1
            return
        self.counts["unexplained"] += 1
        self.unexplained.append(f"{what}: input {i.number} of PROOF_SEED={self.seed}, {sorted(i.kinds)}\n"
                                f"    official client: {official}\n    countersign: {ours}\n{i.describe()}")

    def report(self) -> str:
        lines = [", ".join(f"{count} {name}" for name, count in self.counts.items()) + f" (seed {self.seed})"]
        lines += [f"{count:6} {what}: {kind}" for (kind, what), count in sorted(self.explained.items())]
        return "\n".join(lines)


def compare(clients: Clients, seed: int, numbers) -> Comparison:
    comparison = Comparison(seed)
    together = []
    loners = Loners()

    def ask(inputs):
        for verdict in verdicts(clients, inputs):
            comparison.add(*verdict)
            loners.add(*verdict)

    for number in numbers:
        i = make_input(seed, number)
        if i in loners:
            ask([i])
            continue
        roles = {other.role for other in together}
        if i.role in roles or len(together) == PER_REPOSITORY:
            ask(together)
            together = []
        together.append(i)
    if together:
        ask(together)
    return comparison


@pytest.fixture
def clients(tmp_path, binary, secrets):
    both = Clients(tmp_path, binary, secrets)
    yield both
    both.close()


def check(clients, seed: int, count: int) -> Comparison:
    only = os.environ.get("PROOF_INPUT")
    comparison = compare(clients, seed, [int(only)] if only else range(count))
    print("\n" + comparison.report())
    assert not comparison.unexplained, "\n".join(comparison.unexplained[:10])
    return comparison


def test_both_clients_read_the_same(clients):
    comparison = check(clients, int(os.environ.get("PROOF_SEED", 1)), int(os.environ.get("PROOF_INPUTS", 300)))
    counts = comparison.counts
    # Else hardly anything was compared.
    assert "PROOF_INPUT" in os.environ or 4 * counts["accepted by both"] > counts["inputs"]


@pytest.mark.slow
def test_both_clients_read_the_same_in_a_hundred_thousand_inputs(clients):
    seed = int(os.environ.get("PROOF_SEED", system_random.randbelow(1 << 32)))
    comparison = check(clients, seed, int(os.environ.get("PROOF_INPUTS", 100_000)))
    if comparison.counts["inputs"] >= 100_000:
        every_kind = set(delegation_kinds.KINDS) | {"top: " + kind for kind in top_kinds.KINDS}
        assert set(comparison.seen) == every_kind
        stale = {(kind, what) for kind, what in comparison.explained_by if (kind, what) not in comparison.explained}
        assert not stale, f"the table explains what does not differ: {sorted(stale)}"


def test_the_table_is_about_kinds_that_exist():
    for kind, what in explanations():
        name = kind.removeprefix("top: ")
        assert name in (top_kinds.KINDS if kind != name else delegation_kinds.KINDS), kind
        assert what in ("stricter", "laxer", "other content")
