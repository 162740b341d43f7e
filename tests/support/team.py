"""Several people who sign one repository, each on a machine of their own."""
import shutil


class Team:
    """jenkins and carol sign, each on a machine of their own, with their key in its trust directory. Tag 1.0 is of both,
    and carol was the last to sign."""

    def __init__(self, world):
        self.world = world
        self.jenkins, self.carol = world.identity(), world.identity()
        self.gun, self.admin = world.repository(self.jenkins)
        self.admin.ok("signer", "add", "carol", self.gun, "--key", self.carol.public)
        self.image = world.image()
        self.machines = {name: self.machine(getattr(self, name)) for name in ("jenkins", "carol")}
        for name in ("jenkins", "carol"):
            self.sign(name)

    def machine(self, *identities):
        client = self.world.client(pin=self.admin.pin)
        client.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"] = self.world.secrets.new()
        for identity in identities:
            client.ok("key", "import", identity.key_args[1], env=getattr(identity, "env", None) or {})
        return client

    def machine_of_all(self):
        """Which has the administrator's keys, too."""
        client = self.world.client(pin=self.admin.pin, env=self.admin.env)
        for identity in (self.jenkins, self.carol):
            client.ok("key", "import", identity.key_args[1])
        for path in (self.admin.trust_dir / "private").iterdir():
            shutil.copy2(path, client.trust_dir / "private")
        return client

    def sign(self, name, tag="1.0", *args):
        return self.machines[name].ok("sign", f"{self.gun}:{tag}", "--oci-layout", self.image.layout, *args)

    def pulled(self):
        """What official clients get."""
        return {tag: digest for tag, (digest, _, _) in self.world.notary().list(self.gun, "targets/releases").items()}
