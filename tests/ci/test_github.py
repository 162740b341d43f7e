from ci.systems.github import GitHub
from ci.systems.run import Step, check_no_secret


def signing(place, **more):
    login = place.logins["ci"]
    return Step("sign", {"images": f"{place.gun}:1.0", "oci-layout": str(place.image.layout), "key": place.key, "server": place.server,
                         "ca-cert": str(place.ca), "trust-root": place.trust_root} | more,
                {"pin": place.pin, "username": login.user, "password": login.password})


def test_sign(place):
    github = GitHub(place)
    run = github.run(signing(place))
    print(run, run.report)
    assert run.exit_code == 0, str(run)
    check_no_secret("github", run, place.secrets)
    assert place.signed() == {"1.0": (place.image.digest, place.image.size, "targets/releases")}
