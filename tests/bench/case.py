"""A place to measure at: a server of its own, so that no case inherits another's memory, a relay before it, and
machines of users that know nothing yet."""
import os
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from bench.administrator import ROLES, Administrator
from bench.clients import Site
from bench.costs import Cost
from bench.launch import Failure, cost_of
from bench.relay import Relay
from bench.setting import Setting
from support.forger import digest_of
from support.stores import NotaryServer


class Case:
    """One repository with `tags` in each role, or as many `repositories` without any. `with case:` ends it."""

    def __init__(self, setting: Setting, name: str, *, tags=10, other_roles=0, repositories=0):
        self._folder = setting.place(name)
        self._machines = 0
        self._tags = 0
        self._relay = None
        self.server = NotaryServer(self._folder / "server", with_signer=False)
        self._log = self._folder / "server" / "notary-server.log"
        try:
            self.administrator = admin = Administrator(setting.binary, self._folder / "administrator", self.server)
            made = admin.repositories(repositories) or [admin.repository(tags, other_roles=other_roles)]
            self.site = Site(setting.binary, made, self.server.ca, admin.key_file, admin.stored_key, admin.passphrase)
            self._relay = Relay(urlsplit(self.server.url).port)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self._relay:
            self._relay.stop()
        self.server.stop()

    def client(self, kind, *, rtt_ms: float | None = None):
        """A new machine, next to the server; or behind the relay, that far away."""
        self._machines += 1
        home = self._folder / f"client-{self._machines}"
        home.mkdir()
        if rtt_ms is None:
            return kind(self.site, home, self.server.url)
        self._relay.rtt = rtt_ms / 1000
        return kind(self.site, home, f"https://127.0.0.1:{self._relay.port}")

    def new_tag(self) -> str:
        self._tags += 1
        return f"new-{self._tags}"

    def cost(self, client, commands: list[list[str]]) -> Cost:
        """Of one job."""
        total = Cost()
        cpu, requests = self.server.cpu(), self._requests()
        for command in commands:
            total.add(cost_of(command, client.env, self._folder))
        traffic = self._relay.take_traffic()
        total.add(Cost(requests=self._requests() - requests, server_cpu=self.server.cpu() - cpu,
                       connections=traffic.connections, round_trips=traffic.round_trips, sent=traffic.sent,
                       received=traffic.received))
        return total

    def cost_of_signing(self, client) -> Cost:
        tag = self.new_tag()
        cost = self.cost(client, client.sign(tag))
        self.check({self.site.gun: [tag]})
        return cost

    def look_up(self, client, tag: str) -> Cost:
        cost = self.cost(client, client.look_up(tag))
        if digest_of(tag).hex() not in (self._folder / "output").read_text():
            raise Failure(f"{client.name} did not tell the digest of {tag}")
        return cost

    def check(self, signed: dict[str, Iterable[str]]):
        """A run that did not do its job would be fast. Tags by repository."""
        for gun, tags in signed.items():
            if missing := self.missing(gun, tags):
                raise Failure(f"not signed in {gun}: {', '.join(sorted(missing)[:10])}")

    def missing(self, gun: str, tags: Iterable[str]) -> set[str]:
        data = self.server.read(gun)
        return {tag for role in ROLES for tag in set(tags) - set(data.targets(role))}

    def _requests(self) -> int:
        """So far, by the server's log, which is complete when it has stopped to grow."""
        size = -1
        while size != (size := os.stat(self._log).st_size):
            time.sleep(0.05)
        return self._log.read_text().count('"msg":"response completed"')
