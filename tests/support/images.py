"""Images without an engine or a registry: OCI layouts made by the script that users have too."""
import json
import re
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


def make_image(layout: Path, tag: str, greeting: str) -> Image:
    printed = run([SCRIPT, layout, tag, greeting], env=clean_environment(layout.parent), cwd=layout.parent).stdout
    digest, size = re.fullmatch(r"(sha256:[0-9a-f]{64}) (\d+)\n", printed).groups()
    return Image(layout, digest, int(size))
