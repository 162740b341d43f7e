"""Policy files, and what is released as the official clients see it."""
import json


def write_policy(world, users: dict, rules: list, teams: dict | None = None, bound: str | None = None):
    """users: name -> identity. jenkins' key is a file beside the policy, the others' are in it."""
    folder = world.folder("policy")
    described = {}
    for name, identity in users.items():
        if name == "jenkins":
            (folder / "keys").mkdir()
            (folder / "keys" / "jenkins.pub").write_bytes(identity.public.read_bytes())
            described[name] = {"keys": ["keys/jenkins.pub"]}
        else:
            described[name] = {"keys": [identity.certificate.read_text()]}
    policy = {"version": 1, "users": described, "rules": rules}
    if teams:
        policy["teams"] = teams
    if bound:
        policy["bound"] = bound
    path = folder / "policy.json"
    path.write_text(json.dumps(policy, indent=2))
    return path


def released(world, gun) -> dict[str, str]:
    """Tag -> digest as docker and notary see it, who must agree."""
    docker = {tag: digest for tag, (digest, _) in world.docker().signed_tags(gun).items()}
    notary = {tag: digest for tag, (digest, _, _) in world.notary().list(gun, "targets/releases").items()}
    assert docker == notary
    return docker
