"""What mends a verdict: each reason, what `verify --policy` says of it, and the verdict when that was done."""
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from support.benches import bench  # noqa: F401, a fixture
from support.hints import Hint, rows_of
from support.policies import write_policy

NUMBERS = itertools.count()  # each case has a tag and a signer of its own


class Case:
    """A policy of CI and QA. Alice is of QA; whether she may sign is for the administrator to say."""

    def __init__(self, bench):
        self.bench, self.alice = bench, bench.world.identity()
        self.number = next(NUMBERS)
        self.name, self.tag = f"alice-{self.number}", f"verdict-{self.number}"
        bench.ci.sign(bench.gun, self.tag, bench.push(self.tag, "hello"))
        self.qa = bench.world.ci(self.alice, pin=bench.admin.pin, env=bench.ci.env | {"COUNTERSIGN_KEY": self.alice.key_args[1]})

    @property
    def image(self):
        return f"{self.bench.gun}:{self.tag}"

    def demand(self, **rule):
        self.policy = write_policy(self.bench.world, {"jenkins": self.bench.identity, self.name: self.alice},
                                   [{"images": [f"{self.bench.gun}:*"], "teams": ["ci"]} | rule],
                                   {"ci": ["jenkins"], "qa": [self.name]})

    def admit(self):
        self.bench.admin.ok("signer", "add", self.name, self.bench.gun, "--key", self.alice.public)

    def verdict(self, *image):
        outcome = self.bench.ci.run("verify", *(image or [self.image]), "--policy", self.policy)
        (target,) = outcome.repository["targets"]
        return target["verdict"], [reason["mend"] for reason in target["reasons"]]


def run_by(who):
    def mend(case, hint):
        hint.follow(getattr(case, who) if who == "qa" else getattr(case.bench, who), filled={"FILE": case.policy})
    return mend


def nobody_released(case):
    case.tag = "2.0"
    case.bench.push("2.0", "hello")
    case.demand()


def other_image(case):
    case.demand()
    case.other = case.bench.push("other", "other")


def only_by_the_administrator(case):
    case.tag = "3.0"
    case.bench.push("3.0", "hello")
    case.bench.admin.ok("sign", case.image, "--role", "targets", env=case.bench.ci.env | case.bench.admin.env,
                        without=["COUNTERSIGN_KEY"])
    case.demand()


def without_qa(case):
    case.demand(teams=["qa"])


def admitted(case):
    case.admit()
    without_qa(case)


def alice_is_admitted_and_signs(case, hint):
    hint.follow(case.bench.admin, filled={"NAME.pub": case.alice.public, "NAME": case.name, "FILE": case.policy})
    ((_, (mend, *_)),) = [case.verdict()]
    run_by("qa")(case, Hint.read(mend, "verdict-signature-missing"))


def role_demanded(case):
    case.admit()
    case.demand(roles=[f"targets/{case.name}"], signatures={"needed": 1, "of": ["ci", "qa"]})


def signs_with(*options):
    def mend(case, hint):
        case.bench.ci.ok("sign", case.image, *(option.format(**hint.values) for option in options))
    return mend


def signs_just_now(case, hint):
    case.bench.ci.ok("sign", case.image, "--annotate", time.strftime("created=%Y-%m-%dT%H:%M:%SZ", time.gmtime()))


@dataclass(frozen=True)
class Verdict:
    row: str
    make: Callable
    mend: Callable  # does what is said
    image: Callable = lambda case: case.image

    def __str__(self):
        return self.row


VERDICTS = [
    Verdict("verdict-released-by-nobody", nobody_released, run_by("ci")),
    Verdict("verdict-of-another-digest", other_image,
            lambda case, hint: case.bench.ci.sign(case.bench.gun, "other", case.other) and setattr(case, "tag", "other"),
            lambda case: f"{case.image}@{case.other.digest}"),
    Verdict("verdict-signed-in-targets-only", only_by_the_administrator, signs_with()),
    Verdict("verdict-signature-missing", admitted, run_by("qa")),
    Verdict("verdict-signer-missing", without_qa, alice_is_admitted_and_signs),
    Verdict("verdict-role-missing", role_demanded, run_by("qa")),
    Verdict("verdict-of-other-provenance", lambda case: case.demand(provenance={"release": "7"}),
            signs_with("--annotate", "{member}={wanted}")),
    Verdict("verdict-too-old", lambda case: case.demand(max_age_days=1), signs_just_now),
]


@pytest.mark.parametrize("cause", VERDICTS, ids=str)
def test_what_was_refused_is_allowed_after_what_the_verdict_says_was_done(bench, cause):  # noqa: F811
    case = Case(bench)
    cause.make(case)
    image = cause.image(case)
    verdict, mends = case.verdict(image)
    assert verdict == "refused"
    (hint,) = [Hint.read(mend, cause.row) for mend in mends if cause.row in [row.id for row in rows_of(mend)]]
    cause.mend(case, hint)
    assert case.verdict(cause.image(case))[0] == "allowed"
