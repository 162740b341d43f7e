"""What the program takes, as it says itself: `countersign help -o json`."""
import json
from functools import cache
from pathlib import Path

from support.process import clean_environment, run


@cache
def grammar(binary: Path) -> dict:
    return json.loads(run([binary, "help", "-o", "json"], env=clean_environment(binary.parent), cwd=binary.parent).stdout)


def commands(binary: Path) -> dict[str, dict]:
    """Those that do something, by their names."""
    return {command["name"]: command for command in grammar(binary)["commands"] if not command["group"]}


def options(described: dict) -> set[str]:
    """Every name of every option of a command; of the grammar, of the options that every command has."""
    return {name for option in described["options"] for name in option["names"]}


def help_of(binary: Path, *command: str) -> str:
    """All that is said of a command, and of the options of every command."""
    return run([binary, "help", *command], env=clean_environment(binary.parent), cwd=binary.parent).stdout
