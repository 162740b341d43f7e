"""What inspect draws, and the pages of verify and expiry, of a repository with a role that nobody reads."""
import json
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from support.policies import write_policy

RULES = [{"images": ["registry.example.com/**"], "teams": ["ci"]}]
SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """Which elements and attributes there are, and what stands in those that are asked for."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.attributes, self.headline, self.json, self._open = [], set(), "", "", ""
        self.policy = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append(tag)
        self.attributes |= set(attrs)
        self._open = "json" if attrs.get("id") == "json" else tag
        if attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        if self._open == "h1":
            self.headline += data
        if self._open == "json":
            self.json += data


@pytest.fixture
def store(static_repository):
    return static_repository


@pytest.fixture
def signed(world):
    gun, identity, admin, _ = world.signed()
    admin.ok("signer", "add", "alice", gun, "--key", world.identity().public_form("pub"))
    return gun, identity, admin.pin


def test_the_chain_is_drawn_with_every_role_and_what_is_not_read_in_red(world, signed):
    gun, _, pin = signed
    reader = world.client(pin=pin)
    root = ElementTree.fromstring(reader.ok("inspect", gun, output="svg").stdout)
    assert (root.tag, root.get("role")) == (f"{SVG}svg", "img")
    roles = {r["name"] for r in reader.ok("inspect", gun).repository["delegations"]}
    texts = [e.text for e in root.iter(f"{SVG}text")]
    assert roles | {"root", "targets", "snapshot", "timestamp", gun, "1.0"} <= set(texts), texts
    assert not [e for e in root.iter() if "bad" in e.get("class", "").split()]
    mermaid = reader.ok("inspect", gun, output="mermaid").stdout
    assert mermaid.startswith("flowchart LR\n") and all(f"<b>{role}</b>" in mermaid for role in roles)

    for file in (world.store.folder / "v2" / gun / "_trust" / "tuf" / "targets").glob("jenkins.*.json"):
        file.write_bytes(file.read_bytes()[:-1] + b" ")
    reader = world.client(pin=pin)  # the other has seen the file as it was
    broken = reader.ok("inspect", gun, output="svg")
    root = ElementTree.fromstring(broken.stdout)
    cards = [e for e in root.iter(f"{SVG}rect") if "bad" in e.get("class").split()]
    assert len(cards) == 1 and "ROLE_UNUSABLE" in broken.stderr
    assert any("so nothing in it is read" in (e.text or "") for e in root.iter(f"{SVG}text"))
    assert "class r" in reader.ok("inspect", gun, output="mermaid").stdout


def check_page(text, document):
    page = Page(text)
    assert "script" not in page.elements and not page.attributes & {"style", "src", "href"}
    assert page.policy.startswith("default-src 'none'; style-src 'sha256-")
    embedded = json.loads(page.json)
    assert embedded["command"] == document["command"]
    assert embedded.get("error") == document.get("error")
    assert [r["gun"] for r in embedded["repositories"]] == [r["gun"] for r in document["repositories"]]
    return page


def test_the_page_of_verify_answers_first_and_ends_with_the_document(world, signed):
    gun, identity, pin = signed
    reader = world.client(pin=pin)
    images = [f"{gun}:1.0", f"{gun}:9"]
    policy = write_policy(world, {"jenkins": identity}, RULES, {"ci": ["jenkins"]})
    for options, code, headline, good in (([], 6, "1 of 2 images is not known to be signed", "The image is signed"),
                                          (["--policy", policy], 5, "1 of 2 images may not run", "The image may run")):
        document = reader.refused(code, "verify", *images, *options).document
        text = reader.refused(code, "verify", *images, *options, output="html").stdout
        assert check_page(text, document).headline == headline
        assert document["repositories"][0]["trust_root"] in text and "pinned by" in text
        assert text.index(f"{gun}:9") < text.index(f"{gun}:1.0")
        assert check_page(reader.ok("verify", images[0], *options, output="html").stdout,
                          reader.ok("verify", images[0], *options).document).headline == good


def test_the_page_of_expiry_answers_first_and_names_what_is_due(world, signed):
    gun, _, pin = signed
    reader = world.client(pin=pin)
    page = check_page(reader.ok("expiry", gun, output="html").stdout, reader.ok("expiry", gun).document)
    assert page.headline.startswith("Nothing is due by ")
    far = ("expiry", gun, "--at", "2040-01-31")
    text = reader.refused(5, *far, output="html").stdout
    assert check_page(text, reader.refused(5, *far).document).headline.endswith("roles are due")
    assert "Rehearsed" in text and ">expired<" in text
