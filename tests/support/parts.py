"""Programs that scripts/setup fetched and unpacked, but did not install."""
from pathlib import Path

PARTS = Path(__file__).resolve().parents[2] / "build" / "parts"


def part(program: str) -> Path:
    """Out of whichever package has it: Debian's releases differ. Where none has, a path that does not exist."""
    return next(iter(sorted(PARTS.glob(f"[!.]*/usr/*bin/{program}"))), PARTS / program)
