"""Images without an engine or a registry: OCI layouts made by the script that users have too."""
import functools
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from support.process import clean_environment, run

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make-oci-layout"


@dataclass(frozen=True)
class Image:
    layout: Path
    digest: str
    size: int

    @property
    def hex(self) -> str:
        return self.digest.removeprefix("sha256:")

    @property
    def child_digest(self) -> str:
        """Of one platform's manifest: what a careless client would sign."""
        index = json.loads((self.layout / "blobs" / "sha256" / self.hex).read_text())
        return index["manifests"][0]["digest"]


@functools.cache
def _made(tag: str, greeting: str) -> tuple[str, int, dict[Path, bytes]]:
    """Digest, size and files. The same arguments give the same layout, and hundreds of tests want the same one."""
    with tempfile.TemporaryDirectory() as folder:
        layout = Path(folder) / "layout"
        printed = run([SCRIPT, layout, tag, greeting], env=clean_environment(folder), cwd=folder).stdout
        digest, size = re.fullmatch(r"(sha256:[0-9a-f]{64}) (\d+)\n", printed).groups()
        files = {path.relative_to(layout): path.read_bytes() for path in layout.rglob("*") if path.is_file()}
    return digest, int(size), files


def make_image(layout: Path, tag: str, greeting: str) -> Image:
    digest, size, files = _made(tag, greeting)
    for path, content in files.items():
        (layout / path).parent.mkdir(parents=True, exist_ok=True)
        (layout / path).write_bytes(content)
    return Image(layout, digest, size)
