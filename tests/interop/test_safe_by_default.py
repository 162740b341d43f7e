"""Nothing asks, nothing is taken away without `--yes`, and what is nearly a reserved name is refused."""
import sys
from pathlib import Path

import pytest

from support import grammar
from support.forged_keys import ec_key
from support.grammar import options
from support.process import clean_environment, run

WITHOUT_INPUT = Path(__file__).resolve().parents[1] / "support" / "without_input.py"


@pytest.fixture
def store(notary_local):
    return notary_local


@pytest.fixture
def commands(binary) -> dict[str, set[str]]:
    """Every command that does something -> its options."""
    found = {name: options(command) for name, command in grammar.commands(binary).items()}
    assert len(found) > 20
    return found


def files_in(folder: Path) -> dict[str, bytes]:
    """Without the locks: they hold the number of the last process."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != ".lock"}


class Scene:
    """jenkins and alice sign the releases; alice did so last."""

    def __init__(self, world):
        self.world = world
        self.jenkins, self.alice = world.identity(), world.identity()
        self.gun, self.admin = world.repository(self.jenkins)
        self.admin.ok("signer", "add", "alice", self.gun, "--key", self.alice.public)
        self.image = world.image()
        world.ci(self.alice, pin=self.admin.pin).sign(self.gun, "1.0", self.image, *self.alice.key_args)
        self.admin.ok("list", self.gun)

    def everything(self):
        return self.world.store.state(self.gun), files_in(self.admin.trust_dir)


# --- what takes something away --------------------------------------------------------------------------------------

DESTRUCTIVE = {
    "repo delete": [["{gun}"], ["{gun}", "--remote"]],
    "delegation remove": [["{gun}", "targets/releases"]],
    "signer remove": [["alice", "{gun}"], ["alice", "{lonely}"]],
    "key remove": [["{key}"]],
    "revoke": [["{lonely}:1.0", "--key", "{alice}"], ["{lonely}", "--key", "{alice}"]],
    "repo rotate": [["{gun}", "snapshot"]],
}
BY_POLICY = {"delegation add", "delegation purge", "signer rotate"}  # in test_gate.py


def test_nothing_is_taken_away_without_yes(world, commands):
    scene = Scene(world)
    lonely = world.store.gun()  # where alice is the only signer
    owner = world.client(env=scene.admin.env, trust_dir=scene.admin.trust_dir)
    owner.init(lonely)
    owner.ok("signer", "add", "alice", lonely, "--key", scene.alice.public)
    world.ci(scene.alice, pin=owner.pin).sign(lonely, "1.0", scene.image, *scene.alice.key_args)
    owner.ok("list", lonely)
    (key, *_) = [k["canonical_id"] for k in scene.admin.ok("key", "list").document["keys"]]
    with_yes = [name for name, taken in commands.items() if "--yes" in taken]
    assert set(with_yes) == {*DESTRUCTIVE, *BY_POLICY}
    for name in DESTRUCTIVE:
        for operands in DESTRUCTIVE[name]:
            args = [*name.split(), *(word.format(gun=scene.gun, lonely=lonely, key=key, alice=scene.alice.key_args[1])
                                        for word in operands)]
            user = owner if lonely in str(args) else scene.admin
            before = scene.everything(), world.store.state(lonely)
            # What would hide tags for want of a key is refused for that, before anybody is asked for consent.
            outcome = user.refused(10 if args[:2] == ["signer", "remove"] and scene.gun in args else 2, *args)
            assert "--yes" in outcome.stderr or name == "signer remove" and "countersign delegation remove" in (
                outcome.stderr) or outcome.exit_code == 10, str(outcome)
            assert (scene.everything(), world.store.state(lonely)) == before, args
            for nearly in ("--ye", "-y"):
                user.refused(2, *args, nearly, output="text")
            assert (scene.everything(), world.store.state(lonely)) == before, args


# --- reserved names -------------------------------------------------------------------------------------------------

NEARLY_RELEASES = ["release", "relases", "realeses", "relase", "releasess", "releases1", "releaes"]
NO_NAMES = ["Releases", "RELEASES", "releases/", "releases/x", "/releases", "./releases", "releases ", " releases",
            "releases\n", "releаses", "", "..", "targets/releases"]


def test_nearly_reserved_names_are_refused_and_nothing_is_published(world):
    scene = Scene(world)
    before = world.store.state(scene.gun)
    key = ["--key", scene.alice.public]
    for name in ["releases", *NEARLY_RELEASES, *filter(None, NO_NAMES)]:
        assert scene.admin.refused(2, "signer", "add", name, scene.gun, *key).error[0] == "INVALID_ROLE", name
    for name in [*NEARLY_RELEASES, *(name for name in NO_NAMES if name not in ("releases/x", "targets/releases"))]:
        outcome = scene.admin.refused(2, "delegation", "add", scene.gun, f"targets/{name}", *key)
        assert outcome.error[0] == "INVALID_ROLE", name
    for name in ("release", "targets/Release", "releases", "Targets/releases", "targets", "root", "snapshot"):
        assert scene.admin.refused(2, "delegation", "add", scene.gun, name, *key).error[0] == "INVALID_ROLE", name
    assert world.store.state(scene.gun) == before


def test_a_misspelt_role_that_is_there_can_be_looked_after_and_removed(world):
    scene = Scene(world)
    notary = world.notary(trust_dir=scene.admin.trust_dir,
                          passphrase=scene.admin.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"])
    notary.add_delegation(scene.gun, "targets/relases", scene.jenkins.public)
    scene.admin.ok("delegation", "add", scene.gun, "targets/relases", "--key", scene.alice.public)
    scene.admin.ok("delegation", "remove", scene.gun, "targets/relases")
    assert "relases" not in notary.run("delegation", "list", scene.gun).stdout


# --- standard input -------------------------------------------------------------------------------------------------

# In this order they make one story. {new} is a public key, {pem} a private one.
STORY = [
    "repo init {gun}", "key generate jenkins --out {out}", "key import {pem}", "key list", "token list",
    "signer add jenkins {gun} --key {out}/jenkins.pub", "signer add bob {gun} --key {new}",
    "sign {gun}:1.0 --oci-layout {layout}", "verify {gun}:1.0", "list {gun}", "inspect {gun}", "expiry {gun}",
    "repo pin {gun}", "witness {gun} targets/releases", "delegation add {gun} targets/qa --key {new}",
    "delegation list {gun}", "delegation remove {gun} targets/qa", "signer rotate bob {gun} --add {out}/jenkins.pub",
    "delegation purge {gun} --key {new_id}", "signer remove bob {gun}", "revoke {gun}:1.0 --yes",
    "key export {new_id}", "key export --private {new_id} --out {out}/copy.pem", "key passwd {new_id}",
    "key remove {new_id} --yes", "key cert {pem} --cn x --out {out}/x.crt", "key csr {pem} --cn x",
    "repo refresh {gun}", "repo prepare {gun}", "repo repair {gun}",
    "repo rotate {gun} targets", "repo rotate {gun} timestamp", "repo rotate {gun} snapshot --yes", "repo rotate {gun} root",
    "repo delete {gun} --remote --yes",
]


def test_every_command_runs_with_its_standard_input_closed(world, commands):
    token, layout = world.token(), world.image().layout
    admin = world.admin(env=token.env | {"COUNTERSIGN_NEW_PASSPHRASE": world.secrets.new()},
                        wrapper=(sys.executable, WITHOUT_INPUT))
    new = ec_key("standard input")
    pem = new.write(admin.work / "new.pem")
    public = admin.work / "new.pub"
    run(["/usr/bin/openssl", "pkey", "-in", pem, "-pubout", "-out", public], env=clean_environment(admin.home),
        cwd=admin.work)
    values = {"gun": world.store.gun(), "out": admin.work, "pem": pem, "new": public, "new_id": new.id,
              "layout": layout}
    done = set()
    for line in STORY:
        words = [word.format(**values) for word in line.split()]
        admin.ok(*words)
        done |= {" ".join(words[:n]) for n in (1, 2)} & commands.keys()
    assert len(done) > 20
    # And every command there is, called wrongly, and with a name where it wants one.
    for name in commands:
        words = name.split()
        for operands in ([], [values["gun"]], ["--no-such-option"]):
            outcome = admin.run(*words, *operands, output="text")
            assert outcome.exit_code not in (1, 130), str(outcome)


def test_a_rehearsal_with_keys_writes_no_file(world):
    admin = world.admin()
    admin.env["COUNTERSIGN_NEW_PASSPHRASE"] = world.secrets.new()
    pem = ec_key("rehearsal").write(admin.work / "new.pem")
    admin.ok("key", "import", pem)
    (key,) = admin.ok("key", "list").document["keys"]

    def files():
        return {path: path.read_bytes() for folder in (admin.work, admin.trust_dir / "private")
                for path in folder.rglob("*") if path.is_file()}
    before = files()
    for line in ("key generate other", "key import new.pem", "key passwd {id}", "key remove {id}", "key export {id} --out x",
                 "key export --private {id} --out x", "key cert new.pem --cn x --out x", "key csr new.pem --cn x --out x"):
        said = admin.run(*line.format(id=key["canonical_id"]).split(), "--dry-run", output="text")
        assert said.exit_code == 0 and "would " in said.stdout, str(said)
        assert ("would write x\n" in said.stdout) == line.endswith("--out x"), str(said)
        assert files() == before, line
    (admin.work / "x").symlink_to("nowhere")
    admin.refused(11, "key", "cert", "new.pem", "--cn", "x", "--out", "x", "--dry-run")


def test_a_rehearsal_ends_as_the_run_would_by_what_this_machine_lacks(world):
    """And leaves nothing: neither a file nor a line."""
    identity = world.identity()
    gun, admin = world.repository(identity)
    ci = world.ci(identity, pin=admin.pin)
    sign = ["sign", f"{gun}:1.0", "--oci-layout", world.image().layout, *identity.key_args]
    add = ["signer", "add", "carol", gun, "--key", world.identity().public]
    generate = ["key", "generate", "new"]
    bare = world.client()
    broken, dangling = ci.work / "broken.log", ci.work / "dangling.log"
    broken.write_text("no log\n")
    dangling.symlink_to("nowhere")
    (ci.work / "file").write_text("")
    blocked = world.client(env=admin.env, trust_dir=ci.work / "file" / "trust")
    for who, exit_code, words in [
            (ci, 11, [*sign, "--receipt", "/nowhere/receipt"]), (ci, 11, [*sign, "--receipt", ci.work / "file" / "receipt"]),
            (ci, 11, [*sign, "--audit-log", "/nowhere/log"]), (ci, 11, [*sign, "--audit-log", dangling]),
            (ci, 4, [*sign, "--audit-log", broken]), (admin, 11, [*add, "--audit-log", "/nowhere/log"]),
            (bare, 3, generate), (bare, 3, ["repo", "init", world.store.gun()]),
            (blocked, 3, generate),
            (ci, 11, ["key", "export", identity.key_args[1], "--out", "/nowhere/x.pub"])]:
        before = {path: path.read_bytes() for path in who.work.rglob("*") if path.is_file()}
        rehearsed = who.run(*words, "--dry-run")
        assert {path: path.read_bytes() for path in who.work.rglob("*") if path.is_file()} == before
        done = who.run(*words)
        assert (rehearsed.exit_code, rehearsed.error[0]) == (done.exit_code, done.error[0]), f"{rehearsed}\n{done}"
        assert done.exit_code == exit_code, str(done)
    (ci.work / "new").mkdir()
    ci.ok(*sign, "--dry-run", "--receipt", ci.work / "new" / "receipt", "--audit-log", ci.work / "new" / "log")
    ci.ok("doctor", *sign[1:], "--receipt", ci.work / "new" / "receipt", "--audit-log", ci.work / "new" / "log")
    assert not list((ci.work / "new").iterdir())


def test_a_rehearsal_on_a_token_logs_in_to_it_and_makes_no_key(world):
    token = world.token()
    user = world.client(env=token.env)
    uri = f"pkcs11:token={token.label}"
    said = user.ok("key", "generate", "new", "--token", uri, "--dry-run", output="text").stdout
    assert "would make a key new" in said
    user.refused(10, "key", "generate", "new", "--token", "pkcs11:token=other", "--dry-run")
    without_pin = {k: v for k, v in token.env.items() if k != "COUNTERSIGN_PIN"}
    world.client(env=without_pin).refused(3, "key", "generate", "new", "--token", uri, "--dry-run")
    user.ok("key", "generate", "new", "--token", uri)
    (user.work / "new.pub").unlink()
    assert user.refused(10, "key", "generate", "new", "--token", uri, "--dry-run").error[0] == "KEY_AMBIGUOUS"


@pytest.mark.parametrize("line", ["key generate new", "repo init {gun}", "key import {encrypted}",
                                  "key generate new --token pkcs11:token=ci", "sign {signed}:2.0 --oci-layout {layout}"])
def test_a_secret_that_is_missing_is_named_and_not_asked_for(world, line):
    token, identity = world.token(), world.identity("openssl-rsa-pem")
    user = world.client(env={k: v for k, v in token.env.items() if k != "COUNTERSIGN_PIN"},
                        wrapper=(sys.executable, WITHOUT_INPUT))
    signed = None
    if "{signed}" in line:
        signed, admin = world.repository(identity)
        user.pin = admin.pin
    words = [word.format(gun=world.store.gun(), encrypted=identity.key_args[1], signed=signed,
                         layout=world.image().layout) for word in line.split()]
    if signed:
        words += identity.key_args
    assert user.refused(3, *words).error[0] == "SECRET_MISSING"
    assert not list((user.trust_dir / "private").glob("*")) if (user.trust_dir / "private").exists() else True


# --- several repositories -------------------------------------------------------------------------------------------


def test_a_purge_of_many_repositories_tells_of_each_and_one_that_fails_holds_none_up(world):
    scene = Scene(world)
    gone = scene.alice.key_id
    others = [world.store.gun() for _ in range(3)]
    key = ["--signing-key", scene.jenkins.key_args[1]]
    for gun in others[:2]:
        world.client(env=scene.admin.env, trust_dir=scene.admin.trust_dir).init(gun)
    owner = world.client(env=scene.admin.env, trust_dir=scene.admin.trust_dir)
    # In the first alice can be spared, in the second she is the only signer, the third is not there.
    owner.ok("signer", "add", "jenkins", others[0], "--key", scene.jenkins.public, "--key", scene.alice.public)
    owner.ok("signer", "add", "alice", others[1], "--key", scene.alice.public)
    owner.ok("signer", "rotate", "alice", scene.gun, "--add", scene.jenkins.public)
    before = world.store.state(others[1])

    guns = [others[1], others[0], others[2], scene.gun]
    outcome = owner.run("delegation", "purge", *guns, "--key", gone, *key)

    assert outcome.exit_code != 0
    results = {r["gun"]: r["published"] for r in outcome.document["repositories"]}
    assert results == {others[1]: False, others[0]: True, others[2]: False, scene.gun: True}
    message = outcome.error[1]
    assert others[1] in message and others[2] in message
    assert others[0] not in message and scene.gun not in message
    assert world.store.state(others[1]) == before
    for gun in (others[0], scene.gun):
        assert gone not in world.store.read(gun).files["targets"].decode()
    assert set(world.notary().list(scene.gun)) == {"1.0"}
    # Each that failed says why, and what mends it.
    errors = {r["gun"]: r.get("error") for r in outcome.document["repositories"]}
    assert {gun: error and error["code"] for gun, error in errors.items()} == {
        others[1]: "INVALID_ROLE", others[0]: None, others[2]: "NO_TRUST_DATA", scene.gun: None}
    assert errors[others[1]]["hint"] == "add other keys first"
    assert errors[others[2]]["hint"].endswith(f" repo init {others[2]}") and f"--server {world.store.option}" in errors[others[2]]["hint"]
    assert errors[others[1]]["message"] in message and errors[others[2]]["message"] not in message
    lines = owner.run("delegation", "purge", *guns, "--key", gone, *key, output="text").stdout.splitlines()
    for gun in guns:
        line = lines.index(f"{gun}: failed: {errors[gun]['message']}") if errors[gun] else lines.index(f"{gun}: unchanged")
        assert not errors[gun] or lines[line + 1] == f"  hint: {errors[gun]['hint']}"
