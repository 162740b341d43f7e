"""Killed at any moment, a command leaves a repository that works and a trust directory that has lost no key; run
again, it finishes its work. By default a few moments of each command, among them those around publishing; with
`--all` every system call that changes a file or sends something."""
import itertools

import pytest

from support.kill import SENDING, WAITING, Moment, kill_at, watch
from support.killable import COMMANDS, Scene

FEW = 4  # moments of each command by default
WATCHED = 3  # times at most
KILLS = 20  # in one repository: the list of its roots grows, and so does what every reader checks


def finish(attempt):
    outcome = attempt.client.run(*attempt.args)
    assert outcome.exit_code in attempt.again, str(outcome)
    assert attempt.done(), str(outcome)


def kill_and_finish(scene, command, moment) -> bool:
    attempt = command(scene)
    scene.keys = scene.key_files()
    killed = kill_at(attempt.client, moment, attempt.args)
    if attempt.works:
        scene.check(attempt.client.trust_dir)
        scene.check_keys()
    finish(attempt)
    if not attempt.works:
        scene.check(attempt.client.trust_dir)
    scene.check_keys()
    return killed


def live(scene, command):
    attempt = command(scene)
    life = watch(attempt.client, attempt.args)
    assert attempt.done()
    return life


@pytest.fixture
def store(request):
    return request.getfixturevalue(getattr(request, "param", "notary_signer"))


SERVED = [("notary_signer", name) for name in COMMANDS]
# What a static repository keeps in many files, which it must change in one step.
STATIC = [("static_repository", name) for name in
          ("sign", "revoke", "signer add", "repo init", "repo rotate root", "repo rotate timestamp", "repo delete")]


def places(rows):
    return pytest.mark.parametrize(("store", "command"), rows, indirect=["store"],
                                   ids=[f"{name}, {store}" for store, name in rows])


@places([*SERVED, *STATIC[:1], *STATIC[4:5]])
def test_a_command_that_was_killed_leaves_all_in_order_and_is_finished_by_the_next(world, command):
    scene = Scene(world)
    # Over how many connections it sends, and how often it waits for an answer, is the server's pace: in a faster run
    # the n-th may never come. Where none came, the command is watched anew.
    for _ in range(WATCHED):
        moments = live(scene, COMMANDS[command]).some(FEW)
        missed = [moment for moment in moments if not kill_and_finish(scene, COMMANDS[command], moment)]
        others = [moment for moment in missed if moment.call not in (WAITING, SENDING)]
        assert len(others) <= 1, f"of {moments} not {missed}"
        if len(missed) < len(moments):
            break
    assert len(missed) < len(moments)
    scene.check(scene.admin.trust_dir)


@pytest.mark.slow
@places([*SERVED, *STATIC])
def test_a_command_may_be_killed_everywhere(world, command, record_property):
    """Every change in turn, until the command comes to its end before it."""
    scenes = [Scene(world)]
    live(scenes[0], COMMANDS[command])  # also stores what others have published since
    moments = live(scenes[0], COMMANDS[command]).moments
    killed = 0
    for call in dict.fromkeys(moment.call for moment in moments):
        numbers = [moment.number for moment in moments if moment.call == call]
        for number in numbers if call == WAITING else itertools.count(1):
            if kill_and_finish(scenes[-1], COMMANDS[command], Moment(call, number)):
                killed += 1
                if killed % KILLS == 0:
                    scenes.append(Scene(world))
            elif call != WAITING:
                break
    record_property("killed", killed)
    assert killed >= 0.8 * len(moments), f"{killed} of {len(moments)}"
    for scene in scenes:
        scene.check(scene.admin.trust_dir)


def make_token_key(operator, token, name):
    return ["key", "generate", name, "--token", f"pkcs11:token={token.label}", "--out", operator.work]


def kill_generation(world, moments_of):
    """SoftHSM writes its own files in the same process, and in place: who is killed while it logs in may have no token
    any more. That is between SoftHSM and its users; here it is killed whenever it is not writing."""
    token = world.token()
    operator = world.client(env=token.env)
    numbers = itertools.count(1)
    life = watch(operator, make_token_key(operator, token, "first"), but_for=token.folder)
    moments, killed = moments_of(life), 0
    for moment in moments:
        name = f"key{next(numbers)}"
        killed += kill_at(operator, moment, make_token_key(operator, token, name))
        operator.ok("token", "list")
        operator.ok("key", "cert", token.uri("first"), "--cn", "first")  # signs
        public = operator.work / f"{name}.pub"
        if public.exists():
            continue
        again = operator.run(*make_token_key(operator, token, name))
        if again.exit_code == 0:
            continue
        # It was made, and is not made twice.
        assert again.error[0] == "KEY_AMBIGUOUS" and " key export " in again.stderr, str(again)
        exported = operator.run("key", "export", token.uri(name), "--out", public)
        assert exported.exit_code == 0, str(exported)
        operator.ok("key", "cert", token.uri(name), "--cn", name)
    assert killed >= 0.8 * len(moments)
    return killed


def test_a_token_keeps_its_keys_when_the_making_of_another_is_killed(world):
    kill_generation(world, lambda life: life.some(FEW))


@pytest.mark.slow
def test_the_making_of_a_token_key_may_be_killed_everywhere(world, record_property):
    record_property("killed", kill_generation(world, lambda life: life.moments))
