"""The examples that we give to users, run as they stand: an image is built, pushed to a registry, signed with a token key,
verified with a policy. What the policy refuses is not deployed. The official clients have the last word."""
import shutil
from pathlib import Path

import pytest

from ci.systems.github import ROOT, GitHub
from ci.systems.gitlab import GitLab, unexpanded
from ci.systems.jenkins import Jenkins
from ci.systems.run import Run

INTEGRATIONS = ROOT / "ci-integrations"
PROJECT = Path(__file__).with_name("project")


def fill(folder: Path, place, teams: list[str]):
    """The project whose pipeline it is."""
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    place.policy(folder / "policy.json", teams)


def github(place, teams) -> tuple[Run, str]:
    """Each job on a machine of its own; the next one starts only when the one before went well."""
    example = INTEGRATIONS / "github" / "example.yml"
    login = place.logins["ci"]
    registry = {"REGISTRY_USER": login.user, "REGISTRY_PASSWORD": login.password}
    secrets = {"build": {}, "sign": registry | {"TOKEN_PIN": place.pin}, "deploy": registry}  # of their environments
    runs, needs = [], {}
    for job, given in secrets.items():
        system = GitHub(place, token=job == "sign")
        if job != "sign":
            fill(system.workspace, place, teams)
        if job == "build":
            system.environment["REGISTRY_AUTH_FILE"] = str(place.registry_login())
        runs.append(system.finish(system.start(
            example, job,
            {"COUNTERSIGN": str(Path(system.environment["HOME"]) / "bin/countersign"), "REPOSITORY": place.gun,
             "TRUST_ROOT": place.trust_root, "CA_CERT": str(place.ca)}, given, needs=needs)))
        if runs[-1].exit_code != 0:
            break
        needs[job] = {"result": "success", "outputs": runs[-1].report["outputs"]}
    return (Run(runs[-1].exit_code, [], "".join(run.log for run in runs), "".join(run.raw for run in runs),
                [path for run in runs for path in run.left], [program for run in runs for program in run.programs]),
            "0123456789abcdef0123456789abcdef01234567")


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
        "GITLAB_CI": "true",  # as GitLab itself says; gitlab-ci-local says false
        "COUNTERSIGN_PIN": {"values": {"signing": unexpanded(place.pin)}}, "COUNTERSIGN_USERNAME": login.user,
        "COUNTERSIGN_PASSWORD": unexpanded(login.password)}, validate=True))
    return run, system.commit


def jenkins(place, teams, jenkinsfile="Jenkinsfile") -> tuple[Run, str]:
    system = Jenkins(place, token=False)
    login = place.logins["ci"]
    system.environment["REGISTRY_AUTH_FILE"] = str(place.registry_login())
    build = system.build(0, INTEGRATIONS / "jenkins" / jenkinsfile, {
        "REPOSITORY": place.gun, "TRUST_ROOT": place.trust_root, "CA_CERT": str(place.ca)}, {
            "countersign-pin": {"kind": "string", "value": place.pin},
            "registry": {"kind": "usernamePassword", "user": login.user, "password": login.password}})
    project = place.world.folder("project")
    fill(project, place, teams)
    build |= {"project": str(project), "agents": {"signing": place.token()}}
    return system.finish(system.start([build])), "1"


def jenkins_scripted(place, teams) -> tuple[Run, str]:
    return jenkins(place, teams, "Jenkinsfile.scripted")


def check_no_secret_where_the_project_runs(place, pipeline, run: Run):
    """Neither the PIN nor the token is at hand for build.sh and what it starts."""
    builds = [program for program in run.programs if program.name in ("build.sh", "buildah")]
    assert len(builds) >= 2
    for program in builds:
        environment = "\0".join(program.environment)
        assert place.pin not in environment, f"{program.name} has the PIN"
        if pipeline is not gitlab:  # whose runner here is one machine for all jobs
            assert "SOFTHSM2_CONF=" not in environment, f"{program.name} runs where the token is"


@pytest.mark.parametrize("pipeline", [github, gitlab, jenkins, jenkins_scripted])
def test_what_the_policy_accepts_is_deployed(place, pipeline):
    run, tag = pipeline(place, ["ci"])
    assert run.exit_code == 0, str(run)
    check_no_secret_where_the_project_runs(place, pipeline, run)
    assert not place.secrets.found_in(run.raw + "\0".join(arg for program in run.programs for arg in program.arguments))
    ((name, (digest, size, role)),) = place.signed().items()
    assert (name, role) == (tag, "targets/releases")
    assert f"deploying {place.gun}@{digest}" in run.log, str(run)
    assert place.pushed(tag) == (digest, size)
    assert place.signers(tag) == ["jenkins"]
    (receipt,) = [path for path in run.left if path.name.endswith("receipt.json")]
    place.reader().ok("receipt", "verify", receipt)
    claims = place.reader().ok("inspect", f"{place.gun}:{tag}").target(tag)["provenance"]
    assert claims["targets/jenkins"]["ci"] in pipeline.__name__, claims


@pytest.mark.parametrize("pipeline", [github, gitlab, jenkins])
def test_what_the_policy_refuses_fails_the_build(place, pipeline):
    run, tag = pipeline(place, ["ci", "qa"])
    assert run.exit_code == 1, str(run)
    assert place.signed().keys() == {tag}
    assert "deploying" not in run.log, str(run)
    assert "no member of qa has signed" in run.log, str(run)  # why
