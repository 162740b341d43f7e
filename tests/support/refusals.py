"""A command that is refused, the hint that it gives, and the command again after what the hint says was done."""
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.hints import Hint
from support.images import make_image
from support.registry import RegistryServer
from support.world import World


class Bench:
    """A signer at whose machine commands need no more than what they print: server, pin and key stand in variables. The
    registry has the image, as 1.0, and it is signed."""

    def __init__(self, world: World, registry: RegistryServer):
        self.world, self.registry = world, registry
        self.repository = registry.repository()
        self.gun = f"{registry.host}/{self.repository}"
        self.identity = world.identity()
        _, self.admin = world.repository(self.identity, gun=self.gun)
        self.ci = world.ci(self.identity, pin=self.admin.pin,
                           env={"COUNTERSIGN_KEY": self.identity.key_args[1], "SSL_CERT_FILE": str(registry.ca)})
        self.image = self.push("1.0", "hello")
        self.ci.sign(self.gun, "1.0", self.image)

    @property
    def named(self) -> str:
        return f"{self.gun}:1.0"

    def build(self, greeting: str, tag="1.0"):
        return make_image(self.world.folder("image") / "layout", tag, greeting)

    def push(self, tag: str, greeting: str):
        image = self.build(greeting)
        self.registry.push(self.repository, tag, image)
        return image

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.world.folder("files") / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


@dataclass
class Refusal:
    row: str
    command: Callable[[Bench], list]
    mend: Callable[[Bench, Hint, list], list | None]  # does what the hint says; what is typed then, if not the same again
    about: str = ""

    def __str__(self):
        return f"{self.row} {self.about}".strip()

    def check(self, bench: Bench):
        command = self.command(bench)
        refused = bench.ci.run(*command)
        assert refused.exit_code != 0, str(refused)
        again = self.mend(bench, Hint.of(refused, self.row), command)
        bench.ci.ok(*(command if again is None else again))


def follow(**options):
    """Its command is run as printed."""
    return lambda bench, hint, command: hint.follow(bench.ci, **options) and None


def replace(**words: Callable[[Bench, Hint], object]):
    """The n-th word (`_n`) of the command is written as the hint says."""
    def mend(bench, hint, command):
        return [words[f"_{n}"](bench, hint) if f"_{n}" in words else word for n, word in enumerate(command)]
    return mend


def add(*more):
    return lambda bench, hint, command: [*command, *(word(bench, hint) if callable(word) else word for word in more)]


def leave_out(*places: int):
    return lambda bench, hint, command: [word for n, word in enumerate(command) if n not in places]
