"""The schemas of docs/schemas. A member that no schema knows is no error for users, since new ones may come; in tests it is,
so that the schemas stay whole."""
import json
import threading
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator, RefResolver

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schemas"
_one_at_a_time = threading.Lock()  # the resolver of references remembers where it is


def _closed(schema):
    """The same, without room for members that it does not name."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


@cache
def _validator(name: str) -> Draft202012Validator:
    schemas = {path.name: _closed(json.loads(path.read_text())) for path in FOLDER.glob("*.schema.json")}
    schema = schemas[f"{name}.schema.json"]
    return Draft202012Validator(schema, resolver=RefResolver(f"{name}.schema.json", schema, store=schemas))


def faults(name: str, document) -> list[str]:
    """What is not as the schema of that name says; of a command, the first word of it."""
    with _one_at_a_time:
        return [f"{'.'.join(map(str, fault.absolute_path))}: {fault.message[:300]}"
                for fault in _validator(name).iter_errors(document)]


def faults_of_output(document: dict) -> list[str]:
    command = document["command"].split()
    return faults(command[0], document) if command else faults("usage", document)
