"""Who may delegate to whom, and for which names: paths that widen, roles that are nobody's children, names that leave
their folder, cycles and depth; and target names that lie to whoever reads them."""
import re

import pytest

from support.attack import Attack, attacks
from support.forged_keys import ec_key
from support.forger import TYPES, digest_of, target, targets_body

ALICE = ec_key("alice")
ROLE = "targets/alice"


def named(name):
    """A delegation of that name; a good file is there for it."""

    def lie(snapshot):
        if isinstance(name, str) and name not in TYPES:
            snapshot["meta"][name] = snapshot["meta"]["targets"]

    def play(repo):
        body = repo.edit("targets")
        body["delegations"]["roles"].append({"name": name, "keyids": [], "threshold": 1, "paths": [""]})
        repo.publish("targets", snapshot=lie)

    return play


def twice(repo):
    roles = repo.edit("targets")["delegations"]["roles"]
    roles.append(roles[0] | {"keyids": [ALICE.id]})
    repo.publish("targets")


def delegation(role=ROLE, paths=("",), tags=("x",), under="targets", **definition):
    """A delegation with tags, defined by `under`, whether that is its parent or not."""

    def play(repo):
        keys = repo.edit(under)["delegations"]["keys"]
        keys[ALICE.id] = ALICE.object
        entry = {"name": role, "keyids": [ALICE.id], "threshold": 1, "paths": list(paths)} | definition
        repo.bodies[under]["delegations"]["roles"].append(entry)
        repo.bodies[role] = targets_body({tag: target(tag) for tag in tags})
        repo.signers[role] = [ALICE]
        repo.publish(under, role)

    return play


def both(*plays):
    def play(repo):
        for each in plays:
            each(repo)

    return play


def releases_only_for(*paths):
    """targets/releases loses names that it has signed."""

    def play(repo):
        repo.edit("targets")["delegations"]["roles"][0]["paths"] = list(paths)
        repo.publish("targets")

    return play


def deep(levels: int, leaf="1.0"):
    """targets/a/a/a…: each delegates to the next."""

    def play(repo):
        role = "targets"
        for _ in range(levels):
            child = role + "/a"
            delegation(child, under=role, tags=(leaf,))(repo)
            role = child

    return play


def back_to_its_parent(repo):
    """targets/alice delegates to targets/alice/x and, once more, to targets/alice and to targets."""
    delegation()(repo)
    roles = repo.edit(ROLE)["delegations"]["roles"]
    repo.bodies[ROLE]["delegations"]["keys"][ALICE.id] = ALICE.object
    for name in (ROLE, "targets/releases", "targets/jenkins"):
        roles.append({"name": name, "keyids": [ALICE.id], "threshold": 1, "paths": [""]})
    repo.publish(ROLE)


def taken_over_by_a_sibling(repo):
    """targets/alice says that its own key signs targets/releases, and signs it."""
    delegation()(repo)
    body = repo.edit(ROLE)
    body["delegations"]["keys"][ALICE.id] = ALICE.object
    body["delegations"]["roles"].append({"name": "targets/releases", "keyids": [ALICE.id], "threshold": 1,
                                         "paths": [""]})
    repo.publish(ROLE)
    repo.tag("1.0", "targets/releases", content="forged")
    repo.signers["targets/releases"] = [ALICE]
    repo.publish("targets/releases")


def child_of_an_unusable_role(repo):
    delegation()(repo)
    delegation(ROLE + "/child", under=ROLE, tags=("child",))(repo)
    repo.signers[ROLE] = [ec_key("stranger")]
    repo.edit(ROLE)
    repo.publish(ROLE)


def sign_outside_paths(repo):
    repo.edit("targets")["delegations"]["roles"][0]["paths"] = ["1."]
    repo.publish("targets")


def tags(*names):
    """In the role that pullers ask."""

    def play(repo):
        for name in names:
            repo.tag(name, "targets/releases")
        repo.publish("targets/releases")

    return play


def no_line_is_forged(scene):
    """What is printed for people holds nothing that moves the cursor, ends a line or turns the text around."""
    shown = scene.list(output="text")
    assert shown.exit_code == 0, str(shown)
    printed = shown.stdout + shown.stderr
    forging = [c for c in printed if re.match("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e\u2066]", c)]
    assert not forging, ascii(printed)
    assert not [line for line in printed.splitlines() if line.lstrip().startswith("forged")], printed


def all_are_told_apart(*names):
    def check(scene):
        listed = scene.outcomes["newcomer"].repository["targets"]
        assert {each["name"]: each["digest"] for each in listed if each["name"] in names} == {
            name: "sha256:" + digest_of(name).hex() for name in names}

    return check


def shown(*names, **more):
    return dict(play=tags(*names), check=all_are_told_apart(*names),
                why="the name is the signer's to choose; it is shown escaped", **more)


BAD = "MALFORMED_METADATA"
IGNORED = "readers ignore what a delegation says outside its paths (section 3.6)"
NO_CHILD = "a file can only delegate to its direct children; anything else that it names has no meaning"
# A file with a control character cannot be served again by an official server (section 3.1).
UNWRITABLE = dict(sign="MALFORMED_METADATA")
ATTACKS = attacks(
    *(Attack(f"delegation called {name!r}", named(name), BAD, says="name")
      for name in ("targets/../x", "targets/../../../etc/x", "targets//a", "targets/a/", "/targets/a", "targets/./a",
                   "targets/Releases", "targets/a%2fb", "targets/a\\b", "targets/a.b", "targets/", "targets/é",
                   "targets/a\nb", "targets/\x1b[2J", "targets/a\0b", "targets", "root", "timestamp", "", "TARGETS/a",
                   "targets/" + "a" * 250, 7, None)),
    Attack("the same delegation twice, with other keys", twice, BAD, says="twice"),
    # Paths.
    Attack("a delegation signs outside its paths", delegation(paths=["v/"], tags=["v/1", "x", "1.0"]),
           hidden=(("x", ROLE), ("1.0", ROLE)), why=IGNORED),
    Attack("a delegation without paths signs", delegation(paths=[]), hidden=(("x", ROLE),), why=IGNORED),
    Attack("paths that look like patterns", delegation(paths=["*", ".*", "v/?"], tags=["x", "v/1"]),
           hidden=(("x", ROLE), ("v/1", ROLE)), why="paths are plain prefixes, no globbing (section 3.6)"),
    Attack("a child has wider paths than its parent",
           both(delegation(paths=["v/"], tags=["v/1"]),
                delegation(ROLE + "/b", ["", "w"], ["v/2", "w", "1.0"], under=ROLE)),
           hidden=(("w", ROLE + "/b"), ("1.0", ROLE + "/b")), why=IGNORED),
    Attack("targets/releases signs what is not in its paths", releases_only_for("v/"), "NOT_SIGNED", newcomer=None,
           sign="PATH_NOT_COVERED", hidden=(("1.0", "targets/releases"),), why=IGNORED),
    Attack("paths that are no strings", delegation(paths=[7]), BAD),
    # Who is whose child.
    Attack("targets/alice redefines itself and its siblings", back_to_its_parent, why=NO_CHILD),
    Attack("targets/alice says who signs targets/releases", taken_over_by_a_sibling, "BAD_SIGNATURE", newcomer=None,
           unusable=("targets/releases",), hidden=(("1.0", "targets/releases"),), why=NO_CHILD),
    Attack("targets delegate to a grandchild", delegation("targets/a/b", under="targets", tags=("1.0", "x")),
           hidden=(("x", "targets/a/b"), ("1.0", "targets/a/b")), why=NO_CHILD),
    Attack("targets/alice delegates to a child of targets/bob",
           both(delegation(), delegation("targets/bob/x", under=ROLE, tags=("y",))),
           hidden=(("y", "targets/bob/x"),), why=NO_CHILD),
    Attack("child of a role that is below its threshold", child_of_an_unusable_role, unusable=(ROLE,),
           hidden=(("child", ROLE + "/child"),), why="a role that is skipped takes its children along (section 7.4)"),
    Attack("40 levels of delegations", deep(40), why="the protocol sets no limit but the length of a name"),
    Attack("125 levels of delegations", deep(125), unusable=("targets" + 124 * "/a",), says="name",
           why="a role whose file cannot be read is skipped and named, and only the last name is too long"),
    # Names of targets.
    Attack("escape sequences in a tag", **shown("\x1b[2J\x1b[1;1Hforged", "\x9b2J", **UNWRITABLE)),
    Attack("line breaks in a tag", **shown("1.1\nforged  sha256:00", "1.2\rforged", **UNWRITABLE)),
    Attack("line separators of Unicode in a tag", **shown("1.3\u2028forged", "1.4\u0085forged", "1.5\u2029forged")),
    Attack("a tag that turns the text around", **shown("\u202e0.1", "\u2066x\u2069")),
    Attack("zero bytes and backspaces in a tag", **shown("1.1\b\b\bx", "\0", "\x7f", **UNWRITABLE)),
    Attack("two tags that look the same", **shown("caf\u00e9", "cafe\u0301", "\u0441afe")),
    Attack("tags that are paths", **shown("../../etc/passwd", "/etc/passwd", "a/../b", ".")),
    Attack("tags that mean something to shells and JSON",
           **shown("$(reboot)", "`x`", "\"},{\"", "__proto__", "constructor", "<script>&amp;", "%s%n", "--help")),
    Attack("an empty tag", **shown("")),
    Attack("a tag of 100,000 characters", **shown("x" * 100_000)),
)
TEXT = [attack for attack in ATTACKS if "tag" in attack.about and attack.error is None]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.about.encode("unicode_escape").decode())
def test_delegations(attack, play):
    play(attack)


@pytest.mark.parametrize("attack", TEXT, ids=str)
def test_hostile_names_are_printed_escaped(attack, scene):
    scene.play(attack.play)
    no_line_is_forged(scene)
