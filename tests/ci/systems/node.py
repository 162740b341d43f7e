"""The Node of GitHub's runners and what came from npm with it; scripts/setup puts both there."""
from pathlib import Path

MODULES = Path(__file__).resolve().parents[3] / "build" / "parts" / "npm" / "node_modules"


def _node() -> Path:
    (path,) = MODULES.glob("node-linux-*/bin/node")
    return path


NODE = _node()


def tool(name: str) -> list[str]:
    return [str(NODE), str(MODULES / ".bin" / name)]
