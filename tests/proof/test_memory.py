"""How much memory the worst that comes from outside takes, over a plain run of the same command: the peak of the
process (getrusage), for every kind of input, filled to its limit with what costs most. The bound is a promise
(docs/security.md); the time stands in the table only to be looked at.

    python3 -m pytest -c tests/pytest.ini tests/proof/test_memory.py -s     prints the table"""
import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.attack import Scene
from support.fake_registry import FakeRegistry, Reply
from support.forger import target
from support.hostile_server import Answer, HostileServer

MEBIBYTE = 1 << 20
BOUND = 64 * 1024  # KiB, of every input but what is signed
MARGIN = 16 * 1024  # for what an allocator does elsewhere
# What is signed is held as it came and as it was signed: 16 MiB of text each, and what is read from it.
BOUND_OF_WHAT_IS_SIGNED = 96 * 1024
BOUNDS_OF_HONEST_TAGS = {49_000: (24 * 1024, 112 * 1024), 250_000: (72 * 1024, 256 * 1024)}  # verify, sign
INDEX = "application/vnd.oci.image.index.v1+json"


def repeated(item: str, length: int, before="[", after="]") -> str:
    count = (length - len(before) - len(after)) // (len(item) + 1)
    return before + ",".join([item] * count) + after


def members(value: str, length: int, name_length=8) -> str:
    count = length // (name_length + len(value) + 4)
    return "{" + ",".join(f'"{n:0{name_length}d}":{value}' for n in range(count)) + "}"


# Small in the text and large in memory; each is a text of nearly that length.
SHAPES = {
    "lists": lambda length: repeated("[]", length),
    "objects with a member": lambda length: repeated('{"":0}', length),
    "members": lambda length: members("{}", length),
    "members with long names": lambda length: members("0", length, 24),
    "short texts": lambda length: repeated('""', length),
    "longer texts": lambda length: repeated('"0123456789abcdefghij"', length),
    "numbers": lambda length: repeated("0", length),
    "one text": lambda length: '"' + "x" * (length - 2) + '"',
}


class Measured:
    """A scene whose runs are measured."""

    def __init__(self, scene: Scene):
        self.scene = scene

    def peak(self, *args, **options) -> tuple[int, float]:
        start = time.monotonic()
        outcome = self.scene.reader.run(*args, **options)
        assert outcome.error is None or outcome.error[0] != "INTERNAL", str(outcome)
        self.scene.note_peak("it")
        return self.scene.peaks["it"], time.monotonic() - start


@dataclass(frozen=True)
class Input:
    """`run` gives the arguments (and options) of a run that takes `text` for the input; `wrap` makes the input of a
    shape, and `plain` is a small one."""
    name: str
    length: int
    run: object
    wrap: object = lambda shape: '{"x":' + shape + "}"
    plain: str = "{}"
    bound: int = BOUND


def as_file(*args_before, option: str, name="input.json"):
    def run(scene: Scene, text: str):
        path = scene.folder / name
        path.write_text(text)
        return [*(a(scene) if callable(a) else a for a in args_before), *([option] if option else []), path], {}

    return run


def sign(scene: Scene) -> str:
    return f"{scene.gun}:signed"


def with_docker_config(scene: Scene, text: str):
    folder = scene.folder / "docker"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(text)
    challenge = ("WWW-Authenticate", 'Basic realm="r"')
    scene.repo.shelf.everything = Answer(b"{}", status=401, headers=(challenge,))
    return ["list", scene.gun], {"env": {"DOCKER_CONFIG": str(folder)}}


def answered(status: int, **answer):
    def run(scene: Scene, text: str):
        scene.repo.shelf.everything = Answer(text.encode(), status=status, **answer)
        return ["list", scene.gun], {}

    return run


def token_answer(scene: Scene, text: str):
    challenge = f'Bearer realm="{scene.server.url}/v2/",service="s"'
    scene.repo.shelf.everything = Answer(b"{}", status=401, headers=(("WWW-Authenticate", challenge),))
    scene.server.ping = Answer(text.encode())
    return ["list", scene.gun], {}


def helper_answer(scene: Scene, text: str):
    (scene.folder / "answer").write_text(text)
    helper = scene.folder / "docker-credential-x"
    helper.write_text(f"#!/bin/sh\nexec cat {scene.folder}/answer\n")
    helper.chmod(0o755)
    args, options = with_docker_config(scene, '{"credsStore":"x"}')
    return args, {"env": options["env"] | {"PATH": f"{scene.folder}:/usr/bin:/bin"}}


def from_registry(scene: Scene, text: str):
    registry = FakeRegistry(None, lambda request: Reply(200, text.encode(), {"Content-Type": INDEX}))
    return ["sign", f"{registry.host}/app:1", "--key", scene.key_file, "--insecure-registry", registry.host], {}


def layout(scene: Scene, text: str):
    folder = scene.folder / "layout"
    folder.mkdir(exist_ok=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (folder / "index.json").write_text(text)
    return ["sign", sign(scene), "--oci-layout", folder], {}


def statement(kind: str):
    """Nobody has signed it, and all of it is read."""
    return lambda x: f'{{"signed":{{"_type":"{kind}","keys":[],"x":{x}}},"signatures":[]}}'


SIGN = ("sign", sign)
INPUTS = [
    Input("manifest of a registry", 8 * MEBIBYTE, from_registry, lambda x: f'{{"mediaType":"{INDEX}","manifests":[],"x":{x}}}'),
    Input("manifest in a file", 8 * MEBIBYTE, as_file(*SIGN, option="--manifest"),
          lambda x: f'{{"mediaType":"{INDEX}","manifests":[],"x":{x}}}'),
    Input("index.json of an OCI layout", 8 * MEBIBYTE, layout),
    Input("what buildx writes, in an image", 16 * MEBIBYTE, as_file(*SIGN, option="--metadata-file"),
          lambda x: f'{{"containerimage.digest":"sha256:{"0" * 63}","buildx.build.provenance":{x}}}'),
    Input("what buildx writes, in the targets of bake", 16 * MEBIBYTE, as_file(*SIGN, option="--metadata-file"),
          lambda x: x),
    Input("release", 4 * MEBIBYTE, as_file("sign", option="--release")),
    Input("policy", 4 * MEBIBYTE, as_file("verify", lambda s: f"{s.gun}:1.0", option="--policy")),
    Input("receipt", 16 * MEBIBYTE, as_file("receipt", "verify", option=None),
          statement("countersign-receipt/v1"), bound=BOUND_OF_WHAT_IS_SIGNED),
    Input("audit log", 16 * MEBIBYTE, as_file("audit", "verify", option=None),
          statement("countersign-audit/v1"), bound=BOUND_OF_WHAT_IS_SIGNED),
    Input("configuration", MEBIBYTE, as_file("list", lambda s: s.gun, option="-c")),
    Input("docker's config.json", 4 * MEBIBYTE, with_docker_config),
    Input("answer of a credential helper", 64 << 10, helper_answer),
    Input("token", 256 << 10, token_answer, lambda x: f'{{"token":"x","x":{x}}}', plain='{"token":"x"}'),
    Input("error of a server", MEBIBYTE, answered(400), lambda x: f'{{"errors":[{{"code":"X","detail":{x}}}]}}'),
]


def releases_with(shape: str, room: str):
    """targets/releases at its longest: `shape` where `room` says."""

    def play(repo):
        repo.edit("targets/releases")
        sealed = repo.sealed("targets/releases").decode()
        entry = json.dumps(target("1.0"), separators=(",", ":"))
        if room == "custom":
            text = sealed.replace('"length":1234', '"custom":' + shape + ',"length":1234', 1)
        elif room == "member":
            text = sealed.replace('"signed":{', '"signed":{"Unknown":' + shape + ",", 1)
        else:
            text = sealed.replace('"1.0":', ",".join(f'"t{n}":{entry}' for n in range(60_000)) + ',"1.0":', 1)
        repo.publish(raw={"targets/releases": text.encode()})

    return play


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = HostileServer(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def table():
    rows: list[tuple[str, str, int, int, float]] = []
    yield rows
    print("\n\n| input | worst shape | length | memory over a plain run | time |\n|---|---|---|---|---|")
    for name, shape, length, memory, seconds in rows:
        print(f"| {name} | {shape} | {length / MEBIBYTE:.1f} MiB | {memory / 1024:.0f} MiB | {seconds:.1f} s |")


@pytest.fixture
def scene(tmp_path, binary, server) -> Scene:
    if b"__asan_init" in Path(binary).read_bytes():
        pytest.skip("the sanitizer has memory of its own")
    return Scene(binary, tmp_path, server, measured=True)


def peak(scene: Scene, given: tuple[list, dict]) -> tuple[int, float]:
    args, options = given
    return Measured(scene).peak(*args, **options)


@pytest.mark.slow
@pytest.mark.parametrize("input", INPUTS, ids=lambda i: i.name)
def test_no_input_takes_more_than_its_bound(input, scene, server, table):
    scene.look()
    try:
        base, _ = peak(scene, input.run(scene, input.plain))
        worst = ("", 0, 0, 0.0)
        for shape, make in SHAPES.items():
            text = input.wrap(make(input.length - 200))
            assert len(text) <= input.length
            memory, seconds = peak(scene, input.run(scene, text))
            worst = max(worst, (shape, len(text), memory - base, seconds), key=lambda row: row[2])
    finally:
        server.ping = Answer(b"{}")
    table.append((input.name, *worst))
    assert worst[2] <= input.bound + MARGIN, worst


@pytest.mark.slow
@pytest.mark.parametrize("room", ["custom", "member", "tags"])
def test_a_file_of_trust_data_takes_what_is_told_and_no_more(room, scene, table):
    scene.look()
    base = scene.peaks["look"]
    worst = ("", 0, 0, 0.0)
    shapes = SHAPES if room != "tags" else {"60,000 tags": lambda length: ""}
    # What must be built to be read may be half as long as what stands as it is written.
    for shape, make, length in ((*shape, length) for shape in shapes.items() for length in (16, 32)):
        releases_with(make(length * MEBIBYTE - 8192), room)(scene.repo)
        memory, seconds = Measured(scene).peak("list", scene.gun)
        worst = max(worst, (shape, len(scene.repo.files["targets/releases"]), memory - base, seconds),
                    key=lambda row: row[2])
    table.append((f"trust data, {room}", *worst))
    assert worst[2] <= BOUND_OF_WHAT_IS_SIGNED + MARGIN, worst


@pytest.mark.slow
@pytest.mark.parametrize("tags", BOUNDS_OF_HONEST_TAGS)
def test_very_many_tags_in_two_roles_are_read_and_signed(tags, scene, table):
    scene.look()
    base = scene.peaks["look"]
    for role in ("targets/releases", "targets/jenkins"):
        scene.repo.edit(role)["targets"] = {f"build-{n}": target(f"build-{n}") for n in range(tags)}
    scene.repo.publish("targets/releases", "targets/jenkins")
    commands = (("verify", lambda: scene.verify("build-7")), ("sign", scene.sign))
    for (name, run), bound in zip(commands, BOUNDS_OF_HONEST_TAGS[tags]):
        start = time.monotonic()
        outcome = run()
        assert outcome.exit_code == 0, str(outcome)[:2000]
        scene.note_peak(name)
        memory = scene.peaks[name] - base
        table.append((f"{tags:,} tags in two roles, {name}", "", len(scene.repo.files["targets/releases"]), memory,
                      time.monotonic() - start))
        assert memory <= bound
