import pytest

from ci.systems.github import GitHub
from ci.systems.gitlab import GitLab
from ci.systems.jenkins import Jenkins
from ci.systems.shell import Shell
from ci.systems.run import Step, check_no_secret

SYSTEMS = {"github": GitHub, "gitlab": GitLab, "jenkins": Jenkins, "shell": Shell, "bash": lambda place: Shell(place, ["/bin/bash", "-x"])}


@pytest.fixture(params=SYSTEMS)
def system(place, request):
    return SYSTEMS[request.param](place)


def signing(place, **more):
    login = place.logins["ci"]
    return Step("sign", {"images": f"{place.gun}:1.0", "oci-layout": str(place.image.layout), "key": place.key, "server": place.server,
                         "ca-cert": str(place.ca), "trust-root": place.trust_root} | more,
                {"pin": place.pin, "username": login.user, "password": login.password})


def test_sign(place, system):
    run = system.run(signing(place))
    print(run, run.outputs)
    assert run.exit_code == 0, str(run)
    check_no_secret(system.name, run, place.secrets)
    assert place.signed() == {"1.0": (place.image.digest, place.image.size, "targets/releases")}
