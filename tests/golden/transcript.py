"""Plays a scenario, a list of commands by several people, and writes down what each of them sees.

A line of a scenario is `NAME$ countersign …` (a command of that person), `NAME> FILE TEXT…` (they write a file),
`NAME< FILE` (what stands in it is recorded) or a comment. Keys and images are always the same, so most values stay as
they are; times, signatures and what depends on them are replaced."""
import json
import re
import shlex
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.images import make_image
from support.keys import canonical_key_id
from support.process import clean_environment, run

PEOPLE = ("admin", "jenkins", "carol", "mallory", "reader")
KEYS = {"root": 11, "targets": 12, "other-root": 13, "jenkins": 21, "jenkins-2027": 22, "carol": 23, "mallory": 24}
HELD = {"admin": ("root", "targets"), "jenkins": ("jenkins", "jenkins-2027"), "carol": ("carol",), "mallory": ("mallory",)}
PASSPHRASE = "correct horse"

HEX = re.compile(r"\b[0-9a-f]{64}\b")
SHORT = re.compile(r"(?<![0-9a-f:])[0-9a-f]{7}\b")
REPLACED = [
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?: UTC)?"), "<time>"),
    (re.compile(r"\b20[2-9]\d-\d\d-\d\d\b"), "<date>"),
    (re.compile(r"(?<=\")[A-Za-z0-9+/]{80,}={0,2}(?=\")"), "<base64>"),
    (re.compile(r"\b\d{3,4} days"), "<n> days"),
    (re.compile(r"(?<=<time>  )\d+ +(?=ok|due|renewed)"), "<n>  "),
    (re.compile(r'"days(_left)?": -?\d+'), '"days": <n>'),
    (re.compile(r"(?<=would publish root version )(\d+) \(\d+ bytes\)"), r"\1 (<length> bytes)"),
    (re.compile(r'"length":\d+(?=,"name":"(?:root|targets|snapshot|timestamp)\b)'), '"length":<length>'),
    (re.compile(r"(?<=\} )(\d{9,10}|-?\d+\.\d+e\+\d+|\d\.\d+)$", re.MULTILINE), "<number>"),
]


class Stage:
    """A folder with everybody's home, a static repository, keys, images and policies."""

    def __init__(self, folder: Path, binary: Path):
        self.folder, self.binary = folder, binary
        self.fixed = set()
        for name in PEOPLE:
            (folder / name / "work").mkdir(parents=True)
        (folder / "store").mkdir()
        for name, number in KEYS.items():
            self._key(name, number)
        for person, keys in HELD.items():
            for key in keys:
                path = folder / person / "work" / f"{key}.pem"
                path.write_bytes(self._private[key])
                path.chmod(0o600)
        for person in PEOPLE:
            for key in KEYS:
                (folder / person / "work" / f"{key}.pub").write_bytes(self._public[key])
            for tag, greeting in (("one", "hello"), ("two", "world")):
                image = make_image(folder / person / "work" / tag, "1.0", greeting)
                self.fixed |= {path.name for path in (image.layout / "blobs" / "sha256").iterdir()}

    _private: dict = {}
    _public: dict = {}

    def _key(self, name: str, number: int):
        key = ec.derive_private_key(number, ec.SECP256R1())
        self._private[name] = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                serialization.NoEncryption())
        self._public[name] = key.public_key().public_bytes(serialization.Encoding.PEM,
                                                           serialization.PublicFormat.SubjectPublicKeyInfo)
        path = self.folder / f"{name}.pub"
        path.write_bytes(self._public[name])
        self.fixed.add(canonical_key_id(path))

    def environment(self, person: str) -> dict[str, str]:
        home = self.folder / person
        return clean_environment(home) | {
            "COUNTERSIGN_SERVER": f"file:{self.folder / 'store'}", "COUNTERSIGN_TRUST_DIR": str(home / "trust"),
            "DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": PASSPHRASE,
            "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": PASSPHRASE,
            "COUNTERSIGN_NEW_PASSPHRASE": "another one"} | self._pin

    _pin: dict = {}

    def pin(self, root: str):
        self._pin = {"COUNTERSIGN_TRUST_ROOT": root}

    def neutral(self, text: str) -> str:
        text = text.replace(str(self.folder), "<folder>")
        text = HEX.sub(lambda found: found[0] if found[0] in self.fixed else "<hex>", text)
        text = SHORT.sub(lambda found: found[0] if any(f.startswith(found[0]) for f in self.fixed) else "<id>", text)
        for pattern, by in REPLACED:
            text = pattern.sub(by, text)
        return re.sub(r"(?<=\S)  +", "  ", text)  # columns are as wide as the paths in them


def neutral_json(text: str) -> str:
    """The lengths of files of trust data depend on the length of certificates and signatures."""
    def walk(value, inside=""):
        if isinstance(value, dict):
            return {k: "<length>" if k in ("length", "bytes") and inside in ("roles", "would_publish") else walk(v, k)
                    for k, v in value.items()}
        return [walk(v, inside) for v in value] if isinstance(value, list) else value

    return json.dumps(walk(json.loads(text)), indent=1, ensure_ascii=False)


def play(scenario: str, stage: Stage, output: str) -> str:
    recorded = []
    for line in scenario.splitlines():
        found = re.fullmatch(r"(\w+)([$><]) (.*)", line)
        if not found:
            recorded.append(line)
            continue
        person, kind, words = found.groups()
        work = stage.folder / person / "work"
        recorded.append(line)
        if kind == ">":
            name, _, text = words.partition(" ")
            (work / name).write_text(text + "\n")
            (work / name).chmod(0o600)
        elif kind == "<":
            for text in (work / words).read_text().splitlines():
                recorded.append("  " + stage.neutral(text))
        else:
            recorded += _command(stage, person, words, output)
    return "\n".join(recorded) + "\n"


def _command(stage: Stage, person: str, words: str, output: str) -> list[str]:
    name, *args = shlex.split(words)
    assert name == "countersign", words
    shown = [] if "-o" in args or "--pretty" in args else ["-o", output]
    done = run([stage.binary, *args, *shown], env=stage.environment(person), cwd=stage.folder / person / "work",
               check=False)
    printed = done.stdout
    if shown and output == "json":
        root = [r.get("trust_root") for r in json.loads(printed)["repositories"]]
        printed = neutral_json(printed)
    else:
        root = re.findall(r"(?m)^([0-9a-f]{64})$", printed) if args[:2] == ["repo", "init"] else []
    if args[:2] == ["repo", "init"] and root and root[0]:
        stage.pin(root[0])
    lines = [f"  exit {done.returncode}"]
    lines += [f"  | {text}" for text in stage.neutral(printed).splitlines()]
    lines += [f"  ! {text}" for text in stage.neutral(done.stderr).splitlines()]
    return lines
