"""Readers of manifests other than ours, and what runs of what they read."""
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from support.parts import part
from support.process import clean_environment

GO_SOURCES = Path(__file__).with_name("go_readers")


class Batch:
    """A program that answers every file with a line of JSON."""

    def __init__(self, program):
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, content: bytes) -> dict:
        self._process.stdin.write(b"%d\n%s" % (len(content), content))
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(30) == 0


def build_go_readers(folder: Path) -> Path:
    program = folder / "go_readers"
    environment = clean_environment(folder) | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                                               "GOCACHE": str(folder / "cache")}
    subprocess.run(["go", "build", "-o", program, "."], cwd=GO_SOURCES, env=environment, check=True)
    return program


def pyyaml(content: bytes) -> list:
    """As docker-compose 1 read; the documents before what it refuses."""
    documents = []
    try:
        for document in yaml.load_all(content, yaml.SafeLoader):
            documents.append(document)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, AttributeError, IndexError):
        pass
    return documents


class Kubectl:
    """kubectl itself: what it would send, told by a command that prints it."""

    PROGRAM = part("kubectl")

    def __init__(self, folder: Path):
        self._folder = folder

    def read(self, files: dict[int, bytes]) -> list:
        """The objects of all of them: images tell which file they come from."""
        folder = self._folder / "kubectl"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for number, content in files.items():
            (folder / f"{number}.yaml").write_bytes(content)
        environment = clean_environment(self._folder) | {"KUBECONFIG": "/dev/null"}
        outcome = subprocess.run([self.PROGRAM, "label", "--local", "--overwrite", "-f", folder, "read=yes", "-o", "json"],
                                 env=environment, capture_output=True)
        decoder, text, at, objects = json.JSONDecoder(), outcome.stdout.decode(), 0, []
        while (at := at + len(re.match(r"\s*", text[at:]).group())) < len(text):
            thing, at = decoder.raw_decode(text, at)
            objects.append(thing)
        return objects


class DockerCompose:
    PROGRAMS = ("/usr/bin/docker-compose", "/usr/libexec/docker/cli-plugins/docker-compose")

    def __init__(self, folder: Path):
        self.program = next((p for p in self.PROGRAMS if Path(p).exists()), None)
        self._folder = folder

    def read(self, content: bytes) -> list:
        path = self._folder / "compose.yaml"
        path.write_bytes(content)
        environment = clean_environment(self._folder)
        outcome = subprocess.run([self.program, "-f", path, "config"], env=environment, cwd=self._folder, capture_output=True)
        return pyyaml(outcome.stdout) if outcome.returncode == 0 else []


# What runs

REFUSAL = "what only a refusal answers"


def named(node, name):
    """The members of that name, as Go's JSON readers find them."""
    return [value for key, value in node.items() if isinstance(key, str) and key.casefold() == name]


def images_of(node) -> Iterator[str]:
    """Every image in it, at any depth: text, the reference of a volume, or what a chart puts together."""
    stack = [(node, frozenset())]
    while stack:
        node, above = stack.pop()
        if id(node) in above:
            continue  # an alias to what it stands in
        if isinstance(node, list):
            stack += [(n, above | {id(node)}) for n in node]
        if not isinstance(node, dict):
            continue
        for image in named(node, "image"):
            if isinstance(image, str) and image:
                yield image
            elif isinstance(image, dict):
                yield from (text for text in named(image, "reference") if isinstance(text, str) and text)
                yield from chart_image(image)
        stack += [(n, above | {id(node)}) for n in node.values()]


def chart_image(image: dict) -> Iterator[str]:
    part = {name: str(value) for name in ("registry", "repository", "tag", "digest") for value in named(image, name)
            if value not in (None, "") and not isinstance(value, (dict, list))}
    if "repository" in part and ("tag" in part or "digest" in part):
        yield ("".join(part[n] + "/" for n in ["registry"] if n in part) + part["repository"] +
               "".join(":" + part[n] for n in ["tag"] if n in part) + "".join("@" + part[n] for n in ["digest"] if n in part))


def run_by_kubernetes(thing) -> Iterator[str]:
    if not isinstance(thing, dict):
        return
    if isinstance(thing.get("items"), list):  # whatever it calls itself
        for item in thing["items"]:
            yield from run_by_kubernetes(item)
        return
    if not isinstance(thing.get("kind"), str) or not thing["kind"]:
        return  # is refused
    hidden = {"status"}
    if thing.get("apiVersion") == "v1" and thing["kind"] in ("ConfigMap", "Secret"):
        hidden |= {"data", "stringData"}
    yield from images_of({key: value for key, value in thing.items() if key not in hidden})


def run_by_compose(documents: list) -> Iterator[str]:
    """Documents are laid over each other; a file without services is one of version 1 if it holds only maps."""
    tops = [d for d in documents if isinstance(d, dict)]
    if not any(isinstance(top.get("services"), dict) for top in tops):
        if len(tops) == 1 and tops[0] and all(isinstance(v, dict) for v in tops[0].values()):
            yield from run_by_services([tops[0]])
        return
    yield from run_by_services([top["services"] for top in tops if isinstance(top.get("services"), dict)])
    for top in tops:
        if top.get("include"):
            yield REFUSAL
        for model in (top.get("models") or {}).values() if isinstance(top.get("models"), dict) else ():
            if isinstance(model, dict) and isinstance(model.get("model"), str):
                yield model["model"]


def run_by_services(maps: list[dict]) -> Iterator[str]:
    for services in maps:
        for service in services.values():
            if not isinstance(service, dict):
                continue
            image = service.get("image")
            if isinstance(image, str) and image:
                yield image
            elif service.get("build"):
                yield REFUSAL
            if service.get("provider"):
                yield REFUSAL
            if isinstance(service.get("extends"), dict) and service["extends"].get("file"):
                yield REFUSAL
            for volume in service.get("volumes") if isinstance(service.get("volumes"), list) else ():
                if isinstance(volume, dict) and volume.get("type") == "image" and isinstance(volume.get("source"), str):
                    yield volume["source"]


def what_runs(documents: list) -> set[str]:
    runs = set(run_by_compose(documents))
    for document in documents:
        runs.update(run_by_kubernetes(document))
    return {text for text in runs if text}
