"""Every document that was recorded is as docs/schemas says, and every example of a page; and the schemas refuse what is none."""
import copy
import json
import re

import pytest

from support.pages import ROOT, blocks
from support.schemas import FOLDER, faults, faults_of_output

RECORDED = ROOT / "tests/golden/recorded"
TIME, HEX = "2026-01-01T00:00:00Z", "0" * 64
# The recordings leave out what is another one in each run.
STAND_INS = [('"days": <n>', '"days_left": 1'), ('"<length>"', "1"), ("<length>", "1"), ("<n>", "1"), ("<time>", TIME), ("<hex>", HEX),
             ("<base64>", "QUJD")]


def filled(text: str) -> str:
    for placeholder, value in STAND_INS:
        text = text.replace(placeholder, value)
    return text


def documents(path):
    """The JSON documents of a transcript: lines that begin with `| `, between commands."""
    text = ""
    for line in path.read_text().splitlines() + ["end"]:
        if line.startswith("  | "):
            text += filled(line[4:]) + "\n"
        elif text:
            if '"schema": "countersign/v1"' in text:
                yield json.loads(text)
            text = ""


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.json")), ids=lambda path: path.stem)
def test_every_recorded_output_is_as_its_schema_says(path):
    found = list(documents(path))
    assert len(found) > 10
    assert not [(document["command"], fault) for document in found for fault in faults_of_output(document)]


def test_a_recorded_receipt_and_audit_lines_are_as_their_schemas_say():
    recorded = (RECORDED / "signing.text").read_text().splitlines()
    lines = [filled(line.strip()) for line in recorded if line.startswith('  {"signed":')]
    kinds = [json.loads(line)["signed"]["_type"] for line in lines]
    assert kinds.count("countersign-receipt/v1") == 1 and kinds.count("countersign-audit/v1") == 3
    for line, kind in zip(lines, kinds):
        assert not faults("receipt-file" if "receipt" in kind else "audit-line", json.loads(line))


def test_what_pages_show_of_files_is_as_their_schemas_say():
    checked = 0
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for block in blocks(page):
            name = {"config.json": "configuration", "release.json": "release"}.get(block.who) if block.kind == "file" else None
            if name:
                checked += 1
                assert not faults(name, json.loads(block.text)), page
    assert checked >= 3


def test_every_schema_has_a_row_and_every_command_a_schema():
    page = (ROOT / "docs/formats.md").read_text()
    named = set(re.findall(r"\(schemas/([a-z-]+)\.schema\.json\)", page))
    assert named == {path.name.removesuffix(".schema.json") for path in FOLDER.iterdir()}


def test_the_schemas_refuse_what_is_none():
    (good,) = [d for d in documents(RECORDED / "signing.json") if d["command"] == "sign" and d["exit_code"] == 0][:1]
    assert not faults_of_output(good)

    def changed(change):
        document = copy.deepcopy(good)
        change(document)
        return document

    for change in (lambda d: d.pop("warnings"), lambda d: d.update(more=1), lambda d: d.update(exit_code="0"),
                   lambda d: d["repositories"][0].pop("gun"), lambda d: d["repositories"][0].update(unheard=True),
                   lambda d: d["repositories"][0]["targets"].append({"name": "x"})):
        assert faults_of_output(changed(change))
