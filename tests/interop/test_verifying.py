"""verify as people call it: with what a pipe brings, many images at once, files, and one word for one verdict."""
import hashlib
import os
import shlex
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree

import pytest

from support.policies import write_policy

RULES = [{"images": ["registry.example.com/**"], "teams": ["ci"]}]


@pytest.fixture
def store(static_repository):
    return static_repository


@pytest.fixture
def signed(world):
    gun, identity, admin, image = world.signed()
    return gun, identity, image, world.client(pin=admin.pin)


def through_bash(reader, line):
    """The line of a shell, with the program's call where `COUNTERSIGN …` stands."""
    argv = reader.argv("verify")
    call = line.replace("COUNTERSIGN", shlex.join(argv[:2])) + " " + shlex.join(argv[2:])
    done = subprocess.run(["bash", "-c", call], env=reader.environment(), cwd=reader.work, capture_output=True,
                          encoding="utf-8", timeout=60, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def test_what_is_rendered_is_piped_on(signed):
    gun, _, image, reader = signed
    manifest = f"kind: Pod\nspec: {{containers: [{{image: '{gun}:1.0'}}]}}\n"
    for name in ("-", "/dev/stdin"):
        assert reader.ok("verify", "--images-from", name, answer=manifest).target("1.0")["digest"] == image.digest
        outcome = reader.refused(3, "verify", "--images-from", name, answer="image: ${A}\n")
        assert "standard input line 1: holds a variable" in outcome.error[1], str(outcome)
        assert "rendered" not in outcome.document["error"]["hint"], "standard input has no name to render to"
        assert "names no image" in reader.refused(3, "verify", "--images-from", name).error[1]
    (reader.work / "pod.yaml").write_text(manifest)
    (reader.work / "more images").write_text(f"{gun}:2.0\n")
    for line in ("COUNTERSIGN --images-from <(cat pod.yaml)", "COUNTERSIGN --images-from - < pod.yaml",
                 "exec 7< <(cat pod.yaml); COUNTERSIGN --images-from /proc/self/fd/7"):
        code, told = through_bash(reader, line)
        assert code == 0 and image.digest in told, told
    code, told = through_bash(reader, "COUNTERSIGN --images-from <(cat pod.yaml) --images-from 'more images'")
    assert code == 6 and image.digest in told and f"{gun}:2.0 is not signed" in told, told


def test_several_lists_are_one(signed):
    gun, _, _, reader = signed
    for name, text in (("a", f"{gun}:1.0\n"), ("b", f"{gun}:1.0\n{gun}:2.0\n")):
        (reader.work / name).write_text(text)
    outcome = reader.refused(6, "verify", "--images-from", "a", "--images-from", "b", "--images-from", "-",
                             answer=f"{gun}:3.0\n")
    assert [t["name"] for t in outcome.repository["targets"]] == ["1.0", "2.0", "3.0"]
    outcome = reader.refused(2, "verify", "--images-from", "-", "--images-from", "/dev/stdin", answer=f"{gun}:1.0\n")
    assert "twice" in outcome.error[1]


def test_what_comes_through_a_pipe_is_bounded_in_length_and_time(signed):
    gun, _, image, reader = signed
    outcome = reader.refused(3, "verify", "--images-from", "-", answer=f"{gun}:1.0\n" + "#" * (16 << 20))
    assert "standard input: it is longer than 16777216 bytes" in outcome.error[1]
    fifo = reader.work / "fifo"
    os.mkfifo(fifo)
    begun = time.monotonic()
    outcome = reader.refused(8, "verify", "--images-from", fifo, "--timeout", "1s")
    assert outcome.error == ("TIMEOUT", f"the end of the list of images {fifo} did not come in the 1 s that this "
                                        "command has")
    code, told = through_bash(reader, "COUNTERSIGN --images-from - --timeout 1s < <(exec sleep 20 2>/dev/null)")
    assert code == 8 and "the list of images on standard input did not come" in told, told
    endless = "while echo '# more'; do sleep 0.1; done 2>/dev/null"
    code, told = through_bash(reader, f"COUNTERSIGN --images-from - --timeout 1s < <({endless})")
    assert code == 8 and "did not come" in told, told
    assert time.monotonic() - begun < 25

    writer = threading.Thread(target=lambda: fifo.write_text(f"{gun}:1.0\n"))
    writer.start()
    assert reader.ok("verify", "--images-from", fifo).target("1.0")["digest"] == image.digest
    writer.join()


@pytest.mark.parametrize("line, reason", [("COUNTERSIGN --images-from - < /dev/null", "neither a file nor a pipe"),
                                          ("COUNTERSIGN --images-from - < .", "neither a file nor a pipe"),
                                          ("COUNTERSIGN --images-from - <&-", "neither a file nor a pipe"),
                                          ("COUNTERSIGN --images-from /dev/zero", "not a regular file"),
                                          (r"printf '\xff\xfea\0' | COUNTERSIGN --images-from -", "| iconv -f UTF-16")])
def test_what_is_no_list_is_refused_at_once(signed, line, reason):
    code, told = through_bash(signed[3], line)
    assert code == 3 and reason in told, told


def test_the_exit_code_does_not_go_by_the_order_of_the_images(world, signed):
    gun, identity, image, reader = signed
    other_gun, _ = world.repository(world.identity())  # another root
    ours, gone, other = f"{gun}:1.0", f"{gun}:1.9", f"{other_gun}:1.0"
    for images in ([ours, gone, other], [other, gone, ours], [gone, other, ours]):
        outcome = reader.refused(4, "verify", *images)
        assert outcome.error[0] == "PIN_MISMATCH"
        targets = {f"{r['gun']}:{t['name']}": t for r in outcome.document["repositories"] for t in r["targets"]}
        assert {name: t["verdict"] for name, t in targets.items()} == {ours: "signed", gone: "not signed",
                                                                       other: "unknown"}
        assert [r["code"] for name in images for r in targets[name]["reasons"]] == [
            {gone: "NOT_SIGNED", other: "PIN_MISMATCH"}[name] for name in images if name != ours]
        text = reader.refused(4, "verify", *images, output="text").stdout
        assert f"{gone}: not signed\n  {gone} is not signed in targets/releases or targets\n" in text
        reasons = targets[other]["reasons"]
        assert f"{other}: unknown\n  {reasons[0]['message']}\n    {reasons[0]['mend']}\n" in text, text
    assert [reader.run("verify", *images).exit_code for images in ([ours, gone], [gone, ours])] == [6, 6]


def test_a_file_is_verified_against_what_is_signed(world, signed):
    gun, identity, _, reader = signed
    ci = world.ci(identity, pin=reader.pin)
    good, bad = reader.work / "app.tgz", reader.work / "bad.tgz"
    good.write_bytes(b"good" * 1000)
    bad.write_bytes(b"evil" * 1000)
    digests = ["sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() for path in (good, bad)]
    name = f"{gun}:dist/app.tgz"
    ci.ok("sign", name, "--file", good, *identity.key_args)
    policy = write_policy(world, {"jenkins": identity}, RULES, {"ci": ["jenkins"]})
    for options, words in (([], ("signed", "not signed")), (["--role", "targets/jenkins"], ("signed", "not signed")),
                           (["--policy", policy], ("allowed", "refused"))):
        target = reader.ok("verify", name, "--file", good, *options).target("dist/app.tgz")
        assert (target["verdict"], target["digest"]) == (words[0], digests[0]) and "deploy" not in target
        outcome = reader.refused(4, "verify", name, "--file", bad, *options)
        assert outcome.error[0] == "HASH_MISMATCH" and all(d in outcome.error[1] for d in digests), str(outcome)
        target = outcome.target("dist/app.tgz")
        assert (target["verdict"], target["digest"], target["file"]["digest"]) == (words[1], *digests)
        reader.refused(5 if "--policy" in options else 6, "verify", f"{gun}:other.tgz", "--file", good, *options)
    reader.refused(6, "verify", name, "--file", good, "--role", "targets/qa")
    reader.refused(5, "verify", name, "--file", good, "--role", "targets/qa", "--policy", policy)
    reader.refused(3, "verify", name, "--file", reader.work / "absent")
    for wrong in ([name, name], [], ["--images-from", good, name]):
        assert "REPO:NAME" in reader.refused(2, "verify", *wrong, "--file", good).document["error"]["hint"]


def test_a_verdict_is_the_same_word_in_every_format(world, signed):
    gun, identity, image, reader = signed
    policy = write_policy(world, {"jenkins": identity}, RULES, {"ci": ["jenkins"]})
    images = [f"{gun}:1.0", f"{gun}:9"]
    for options, good, bad, code in (([], "signed", "not signed", 6), (["--policy", policy], "allowed", "refused", 5)):
        outcome = reader.refused(code, "verify", *images, *options)
        assert [t["verdict"] for t in outcome.repository["targets"]] == [good, bad]
        assert outcome.target("1.0")["deploy"] == f"{gun}@{image.digest}"
        absent = outcome.target("9")
        assert absent["digest"] is None and absent["length"] is None and "deploy" not in absent, absent
        rows = reader.refused(code, "verify", *images, *options, output="markdown").stdout.splitlines()[2:]
        assert [row.split(" | ")[1] for row in rows] == [good, bad]
        text = reader.refused(code, "verify", *images, *options, output="text").stdout
        assert f": {good}" in text and f"{gun}:9: {bad}" in text
        suite = ElementTree.fromstring(reader.refused(code, "verify", *images, *options, output="junit").stdout)
        assert [case.find("failure") is None for case in suite.iter("testcase")] == [True, False]
