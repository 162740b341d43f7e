"""The examples that we give to users, run as they stand: an image is built, pushed to a registry, signed with a token key,
verified with a policy. What the policy refuses is not deployed. The official clients have the last word."""
import shutil
from pathlib import Path

import pytest

from ci.systems.github import ROOT, GitHub
from ci.systems.gitlab import GitLab, unexpanded
from ci.systems.jenkins import Jenkins
from ci.systems.run import Run, check_no_secret

INTEGRATIONS = ROOT / "ci-integrations"
PROJECT = Path(__file__).with_name("project")


def fill(folder: Path, place, teams: list[str]):
    """The project whose pipeline it is."""
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    place.policy(folder / "policy.json", teams)


def github(place, teams) -> tuple[Run, str]:
    system = GitHub(place)
    fill(system.workspace, place, teams)
    system.environment["REGISTRY_AUTH_FILE"] = str(place.registry_login())
    login = place.logins["ci"]
    run = system.finish(system.start(
        INTEGRATIONS / "github" / "example.yml", "release",
        {"COUNTERSIGN": str(Path(system.environment["HOME"]) / "bin/countersign"), "REPOSITORY": place.gun,
         "TRUST_ROOT": place.trust_root, "CA_CERT": str(place.ca)},
        {"TOKEN_PIN": place.pin, "REGISTRY_USER": login.user, "REGISTRY_PASSWORD": login.password}))
    return run, "0123456789abcdef0123456789abcdef01234567"


def gitlab(place, teams) -> tuple[Run, str]:
    system = GitLab(place)
    fill(system.project, place, teams)
    system.environment["REGISTRY_AUTH_FILE"] = str(place.registry_login())
    login = place.logins["ci"]
    example = (INTEGRATIONS / "gitlab" / "example.gitlab-ci.yml").read_text()
    # The component is in this project, at this commit.
    pipeline = example.replace("your-group/countersign/countersign@1", "$CI_PROJECT_PATH/countersign@$CI_COMMIT_SHA")
    system.count = 0
    run = system.finish(system.start(pipeline, {
        "REPOSITORY": place.gun, "TRUST_ROOT": place.trust_root, "CA_CERT": system.path(str(place.ca)),
        "COUNTERSIGN_PIN": unexpanded(place.pin), "COUNTERSIGN_USERNAME": login.user,
        "COUNTERSIGN_PASSWORD": unexpanded(login.password)}, validate=True))
    return run, system.commit


def jenkins(place, teams, jenkinsfile="Jenkinsfile") -> tuple[Run, str]:
    system = Jenkins(place)
    login = place.logins["ci"]
    system.environment["REGISTRY_AUTH_FILE"] = str(place.registry_login())
    build = system.build(0, INTEGRATIONS / "jenkins" / jenkinsfile, {
        "REPOSITORY": place.gun, "TRUST_ROOT": place.trust_root, "CA_CERT": str(place.ca)}, {
            "countersign-pin": {"kind": "string", "value": place.pin},
            "registry": {"kind": "usernamePassword", "user": login.user, "password": login.password}})
    fill(Path(build["workspace"]), place, teams)
    return system.finish(system.start([build])), "1"


def jenkins_scripted(place, teams) -> tuple[Run, str]:
    return jenkins(place, teams, "Jenkinsfile.scripted")


@pytest.fixture(params=[github, gitlab, jenkins, jenkins_scripted], ids=lambda f: f.__name__)
def pipeline(request):
    return request.param


def test_what_the_policy_accepts_is_deployed(place, pipeline):
    run, tag = pipeline(place, ["ci"])
    assert run.exit_code == 0, str(run)
    ((name, (digest, size, role)),) = place.signed().items()
    assert (name, role) == (tag, "targets/releases")
    assert f"deploying {place.gun}@{digest}" in run.log, str(run)
    assert place.pushed(tag) == (digest, size)
    assert place.signers(tag) == ["jenkins"]
    (receipt,) = [path for path in run.left if path.name.endswith("receipt.json")]
    place.reader().ok("receipt", "verify", receipt)
    claims = place.reader().ok("inspect", f"{place.gun}:{tag}").target(tag)["provenance"]
    assert claims["targets/jenkins"]["ci"] in pipeline.__name__, claims


def test_what_the_policy_refuses_fails_the_build(place, pipeline):
    run, tag = pipeline(place, ["ci", "qa"])
    assert run.exit_code == 1, str(run)
    assert place.signed().keys() == {tag}
    assert "deploying" not in run.log, str(run)
    assert "TEAM_MISSING" in run.log or "qa" in run.log, str(run)
