"""What the two clients say of the same repository on the same server."""
import hashlib
import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from support.countersign import Countersign
from support.official import Notary
from support.process import Result

ROW = re.compile(r"(.*?) *([0-9a-f]*) +(-?[0-9]+) +(targets[a-z0-9/_-]*) *", re.DOTALL)


@dataclass
class Verdict:
    """`fatal`: why nothing at all was read. `skipped`: roles whose file does not count. `targets`: role -> what it
    holds, as sorted (name, digest, length)."""
    fatal: str = ""
    skipped: set = field(default_factory=set)
    targets: dict = field(default_factory=dict)


def serve(folder: Path, gun: str, files: dict[str, bytes]) -> Path:
    """Puts the files where a web server finds them."""
    base = folder / "v2" / gun / "_trust" / "tuf"
    for role, content in files.items():
        digest = hashlib.sha256(content).hexdigest()
        for name in {role, f"{role}.{digest}"} if role in ("root", "timestamp") else {f"{role}.{digest}", role}:
            path = base / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return folder / "v2" / gun
