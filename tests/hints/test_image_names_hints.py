"""How a command, an image and a file that names images are written: what is misspelt is refused with a hint, and written
as that says it works."""
import datetime

import pytest

from support.benches import bench  # noqa: F401, a fixture
from support.hints import Hint
from support.refusals import Refusal, add, leave_out, replace


def verify(image):
    """An image that is misspelt, and then named as it is called."""
    return {"command": lambda b: ["verify", image.format(gun=b.gun)],
            "mend": replace(_1=lambda b, h: b.named), "about": image[:40]}


def listed(row, name, text, mended, about=""):
    """A file that names images, of which a line is mended as the hint says."""
    def command(b):
        return ["verify", "--images-from", b.file(name, text.replace("IMAGE", b.named))]

    def mend(b, hint, given):
        given[-1].write_text(mended.replace("IMAGE", b.named))
    return Refusal(row, command, mend, about or text[:40])


def stand_in(tool, script):
    """Neither Docker Compose nor helm is on every machine. What is run as printed takes their words."""
    def mend(b, hint, command):
        path = b.ci.home / "programs" / tool
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        rendered = hint.follow(b.ci, env={"TAG": "1.0"}, filled={"CHART": command[-1]} if tool == "helm" else None)
        path.unlink()
        return [*command[:-1], b.ci.work / (rendered or "rendered.yaml")]
    return mend


def filled_in(b, hint, command):
    return [*command[:-1], b.ci.work / hint.follow(b.ci, env={"TAG": "1.0"})]


def in_parts(b, hint, command):
    lines = command[-1].read_text().splitlines(keepends=True)
    parts = [b.file("part", "".join(lines[begin::2])) for begin in (0, 1)]
    return ["verify", "--images-from", parts[0], "--images-from", parts[1]]


SERVICE = "services: {app: {image: 'IMAGE'}}\n"
POD = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: IMAGE\n"

REFUSALS = [
    # the command line
    Refusal("command-misspelt", lambda b: ["list", b.gun, "--everything"],
            lambda b, hint, command: hint.follow(b.ci) or command[:-1]),
    Refusal("command-misspelt", lambda b: ["repo", "pin"],
            lambda b, hint, command: hint.follow(b.ci) or [*command, b.gun], "two words"),
    Refusal("value-empty", lambda b: ["verify", b.named, "--policy", ""], lambda b, hint, command: command[:-2]),
    Refusal("operand-empty", lambda b: ["verify", b.named, ""], lambda b, hint, command: command[:-1]),
    Refusal("value-empty", lambda b: ["verify", "--policy=", b.named],
            lambda b, hint, command: [command[0], command[2]], "behind ="),
    Refusal("options-exclude-each-other",
            lambda b: ["sign", b.named, "--check-registry", "--no-check-registry"], leave_out(3), "registry"),
    Refusal("options-exclude-each-other",
            lambda b: ["sign", b.named, "--no-provenance", "--annotate", "a=b"], leave_out(2), "provenance"),
    Refusal("date-misshapen", lambda b: ["expiry", b.gun, "--at", "31.1.2027"],
            replace(_3=lambda b, hint: datetime.date.today().isoformat())),
    Refusal("doctor-without-image", lambda b: ["doctor", "--oci-layout", b.image.layout],
            lambda b, hint, command: ["doctor", b.named, *command[1:]]),
    Refusal("doctor-without-tag", lambda b: ["doctor", b.gun, "--oci-layout", b.image.layout],
            replace(_1=lambda b, hint: f"{hint.values['repo']}:1.0")),
    Refusal("doctor-of-a-digest", lambda b: ["doctor", f"{b.gun}@{b.image.digest}"],
            replace(_1=lambda b, hint: hint.values["repo"])),
    Refusal("doctor-offline", lambda b: ["doctor", b.gun, "--offline"], leave_out(2)),
    Refusal("signer-without-key", lambda b: ["signer", "add", "jenkins", b.gun, "--dry-run"],
            add("--key", lambda b, hint: b.identity.public)),
    # names of images
    Refusal("reference-misshapen", **verify("{gun}/" + "x" * 300 + ":1.0")),
    Refusal("repository-in-capitals", **verify("{gun}/App:1.0")),
    Refusal("repository-misshapen", **verify("{gun}/-app:1.0")),
    Refusal("registry-misshapen", **verify("[::1/app:1.0")),
    Refusal("host-misshapen", **verify("registry_.example.com/app:1.0")),
    Refusal("host-misshapen", **verify("host:port/app:1.0")),
    Refusal("name-with-blank", **verify("{gun}:1.0 {gun}:1.0")),
    Refusal("name-with-blank", **verify(" {gun}:1.0")),
    Refusal("name-with-blank", **verify("{gun}:1.0\n")),
    *(Refusal("name-with-login", lambda b, login=login: ["verify", f"{login}@{b.named}"],
              replace(_1=lambda b, hint: hint.values["image"]), login)
      for login in ("ci:x", "x", "ci:a/x", "https://ci:x", "https://ci:a/x", "ci:a@x")),
    *(Refusal("name-of-a-layout", lambda b, at=at: ["verify", at.format(layout=b.image.layout)],
              replace(_1=lambda b, hint: b.named), at)
      for at in ("oci:{layout}:1.0", "oci:./layout", "oci:layout:1.0", "oci-archive:app.tar:1.0", "docker-archive:./app.tar")),
    *(Refusal("name-of-elsewhere", lambda b, prefix=prefix: ["verify", f"{prefix}{b.named}"],
              replace(_1=lambda b, hint: b.named), prefix) for prefix in ("docker-daemon:", "containers-storage:")),
    Refusal("image-url", lambda b: ["verify", f"docker://{b.named}"],
            lambda b, hint, command: ["verify", command[1].replace(hint.values["scheme"], "")], "docker"),
    Refusal("image-id", lambda b: ["verify", b.image.digest],
            replace(_1=lambda b, hint: f"{b.gun}@{b.image.digest}"), "with sha256:"),
    Refusal("image-id", lambda b: ["verify", b.image.hex],
            replace(_1=lambda b, hint: f"{b.gun}@sha256:{b.image.hex}")),
    Refusal("image-url", lambda b: ["verify", f"https://{b.named}"],
            lambda b, hint, command: ["verify", command[1].replace(hint.values["scheme"], "")]),
    Refusal("image-token-uri", lambda b: ["sign", "pkcs11:token=ci;object=jenkins"],
            lambda b, hint, command: ["sign", b.named, "--key", b.identity.key_args[1]]),
    Refusal("repository-with-tag", lambda b: ["list", f"{b.named}@{b.image.digest}"],
            replace(_1=lambda b, hint: hint.values["repo"])),
    Refusal("tag-misshapen", **verify("{gun}:-1.0")),
    Refusal("digest-misshapen", lambda b: ["verify", f"{b.gun}@sha256:{b.image.hex.upper()}"],
            replace(_1=lambda b, hint: f"{b.gun}@sha256:{b.image.hex}")),
    *(Refusal(row, **verify("{gun}:" + mark.replace("{", "{{").replace("}", "}}"))) for row, mark in [
        ("placeholder-workflow", "${{ matrix.tag }}"), ("placeholder-component", "$[[ inputs.tag ]]"),
        ("placeholder-chart", "{{ .Values.tag }}"), ("placeholder-compose", "${TAG}"),
        ("placeholder-substitution", "$(TAG)"), ("placeholder-variable", "$TAG"), ("placeholder-erb", "<%= tag %>"),
        ("placeholder-words", "<tag>"), ("placeholder-concourse", "((tag))"), ("placeholder-batch", "%TAG%"),
        ("placeholder-of-some-tool", "@@TAG@@"), ("placeholder-of-some-tool", "#{tag}")]),
    # files that name images
    listed("list-of-another-kind", "readme", "This is what we run.\n", "IMAGE\n"),
    listed("list-of-another-kind", "list", "IMAGE\nan image:\n", "IMAGE\n"),
    listed("list-of-another-kind", "empty", "# nothing yet\n", "IMAGE\n"),
    listed("list-of-another-kind", "broken", "a: [\n", POD),
    listed("list-with-unclear-line", "twice.yaml", POD + "    image: other\n", POD),
    listed("list-with-unclear-line", "hidden", "# comment\u2028IMAGE\n", "IMAGE\n", "line separator"),
    listed("list-with-unclear-line", "directive.yaml", "%YAML 1.2\n---\n" + POD, POD),
    listed("list-with-unclear-line", "tag.yaml", POD.replace("IMAGE", "!!binary IMAGE"), POD),
    listed("list-with-unclear-line", "more.json", '{"image":"IMAGE"} and more', '{"image":"IMAGE"}'),
    listed("list-with-bare-number", "number.yaml", "image: {repository: REPO, tag: 1.0}\nimages: {image: 'IMAGE'}\n",
           SERVICE),
    Refusal("list-too-long", lambda b: ["verify", "--images-from", b.file("long", f"{b.named}\n" * 10_001)], in_parts),
    Refusal("compose-to-be-rendered",
            lambda b: ["verify", "--images-from", b.file("it's compose.yaml", f"services: {{a: {{image: '{b.gun}:$TAG'}}}}")],
            stand_in("docker", '[ "$1 $2 $4" = "compose -f config" ] && exec envsubst < "$3"'), "variable"),
    Refusal("compose-to-be-rendered",
            lambda b: ["verify", "--images-from", b.file("compose.yaml", f"include: [more.yaml]\nservices: {{a: {{image: '{b.named}'}}}}\n")],
            stand_in("docker", '[ "$1 $2 $4" = "compose -f config" ] && exec grep -v include: "$3"'), "include"),
    Refusal("list-to-be-rendered", lambda b: ["verify", "--images-from", b.file("it's a list", f"{b.gun}:$TAG\n")],
            filled_in, "list"),
    Refusal("list-to-be-rendered",
            lambda b: ["verify", "--images-from", b.file("pod.yaml", POD.replace("IMAGE", f"'{b.gun}:${{TAG}}'"))],
            filled_in, "manifest"),
    Refusal("chart-to-be-rendered",
            lambda b: ["verify", "--images-from", b.file("chart.yaml", f"image: '{b.gun}:{{{{ .Values.tag }}}}'\n")],
            stand_in("helm", """[ "$1" = template ] && exec sed "s/{{ .Values.tag }}/$TAG/" "$2" """)),
    listed("pipe-to-be-rendered", "default.yaml", POD.replace("IMAGE", "'${REGISTRY:-nowhere}/app:1'"), POD),
    listed("compose-builds", "compose.yaml", "services: {app: {build: .}}\n", SERVICE),
    listed("compose-provider", "compose.yaml", SERVICE[:-2] + ", db: {provider: {type: x}}}\n", SERVICE),
    # what is to be verified
    Refusal("verify-without-tag", lambda b: ["verify", b.gun],
            replace(_1=lambda b, hint: f"{hint.values['repo']}:1.0")),
    Refusal("verify-without-image", lambda b: ["verify"],
            lambda b, hint, command: ["verify", "--images-from", b.file("list", f"{b.named}\n")]),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_what_is_misspelt_works_as_the_hint_says(bench, refusal):  # noqa: F811
    refusal.check(bench)


def test_a_command_that_is_none_is_found_by_the_hint(bench):  # noqa: F811
    refused = bench.ci.refused(2, "attest", bench.named, output="text")
    Hint.of(refused, "no-such-command").follow(bench.ci)
    bench.ci.ok("verify", bench.named)


@pytest.mark.parametrize("row, wrong, right", [
    ("command-nearly-right", ["lsit", "REPO"], lambda word: [word.strip('"'), "REPO"]),
    ("command-nearly-right", ["help", "vrify"], lambda word: ["help", word.strip('"')]),
    ("option-nearly-right", ["repo", "pni", "REPO"], lambda word: [*word.strip('"').split(), "REPO"]),
    ("option-nearly-right", ["list", "REPO", "--quite"], lambda word: ["list", "REPO", word]),
    ("option-nearly-right", ["list", "REPO", "--log-fromat=json"], lambda word: ["list", "REPO", f"{word}=json"]),
])
def test_what_is_nearly_a_command_or_an_option_is_the_one_that_the_hint_names(bench, row, wrong, right):  # noqa: F811
    def words(some):
        return [bench.gun if word == "REPO" else word for word in some]

    hint = Hint.of(bench.ci.refused(2, *words(wrong), output="text"), row)
    hint.follow(bench.ci)
    bench.ci.ok(*words(right(hint.values["word"])), output="text")


@pytest.mark.parametrize("theirs, ours", [("trust sign", "sign"), ("trust signer add", "signer"), ("lookup", "verify"),
                                          ("generate-key-pair", "key generate")])
def test_a_command_of_another_program_is_found_by_the_hint(bench, theirs, ours):  # noqa: F811
    hint = Hint.of(bench.ci.refused(2, *theirs.split(), bench.named, output="text"), "command-of-another-program")
    hint.follow(bench.ci)
    assert hint.shown.splitlines()[1].startswith(f"Usage: countersign {ours} ")


@pytest.mark.parametrize("row, words", [
    ("value-of-none", ["list", "REPO", "--log-format", "yaml"]),
    ("value-out-of-bounds", ["list", "REPO", "--parallel", "many"]),
    ("value-no-number", ["delegation", "add", "REPO", "targets/qa", "--threshold", "some", "--dry-run"]),
])
def test_an_option_takes_a_value_of_those_that_the_hint_names(bench, row, words):  # noqa: F811
    words = [bench.gun if word == "REPO" else word for word in words]
    hint = Hint.of(bench.ci.refused(2, *words), row)
    option = hint.values["option"]
    named = hint.values.get("values", "").split(", ") if row == "value-of-none" else [
        hint.values.get("least", "1"), hint.values.get("most", "2")]
    for value in named:
        words[words.index(option) + 1] = value
        outcome = bench.ci.run(*words)
        assert outcome.exit_code != 2, str(outcome)


def test_standard_input_is_named_once(bench):  # noqa: F811
    manifest = f"image: {bench.named}\n"
    twice = bench.ci.refused(2, "verify", "--images-from", "-", "--images-from", "/dev/stdin", answer=manifest)
    Hint.of(twice, "standard-input-twice")
    bench.ci.ok("verify", "--images-from", "-", answer=manifest)


def test_what_comes_through_a_pipe_is_rendered_before_it(bench):  # noqa: F811
    manifest = "image: '%s:$TAG'\n" % bench.gun
    refused = bench.ci.refused(3, "verify", "--images-from", "-", answer=manifest)
    Hint.of(refused, "pipe-to-be-rendered")
    bench.ci.ok("verify", "--images-from", "-", answer=manifest.replace("$TAG", "1.0"))
