"""What is measured, and how thoroughly."""
from collections.abc import Iterable
from pathlib import Path


class Setting:
    """The program, room for what measuring leaves, and how many rounds there are."""

    def __init__(self, binary: Path, folder: Path, quick: bool):
        self.binary = binary
        self.quick = quick
        self._folder = folder
        self._places = 0

    def place(self, name: str) -> Path:
        self._places += 1
        path = self._folder / f"{self._places}-{name}"
        path.mkdir()
        return path

    def of(self, thorough: int, quick: int) -> int:
        return quick if self.quick else thorough


def rounds(count: int, contenders: Iterable):
    """Who goes first changes with each round, so that a drift of the machine weighs on all alike."""
    contenders = list(contenders)
    for number in range(count):
        yield from (contenders if number % 2 == 0 else contenders[::-1])
