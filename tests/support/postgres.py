"""PostgreSQL as the storage of a notary-server, with the tables that notary's migrations make."""
import os
import pwd
import shutil
from pathlib import Path

from support.process import Daemon, clean_environment, free_port, run

TABLES = """
CREATE TABLE tuf_files (id serial PRIMARY KEY, created_at timestamp, updated_at timestamp, deleted_at timestamp,
  gun varchar(255) NOT NULL, role varchar(255) NOT NULL, version integer NOT NULL, data bytea NOT NULL,
  sha256 char(64), UNIQUE (gun, role, version));
CREATE INDEX tuf_files_sha256_idx ON tuf_files (sha256);
CREATE TABLE change_category (category varchar(20) PRIMARY KEY);
INSERT INTO change_category VALUES ('update'), ('deletion');
CREATE TABLE changefeed (id serial PRIMARY KEY, created_at timestamp DEFAULT current_timestamp,
  gun varchar(255) NOT NULL, version integer NOT NULL, sha256 char(64),
  category varchar(20) NOT NULL DEFAULT 'update' REFERENCES change_category);
"""
USER = "trust"


class Postgres:
    """Runs as an unprivileged user: it refuses root. Reached over TCP, since notary knows no sockets."""

    def __init__(self, folder: Path):
        (self._programs,) = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
        self._folder = folder
        folder.mkdir(parents=True)
        self._as_user = []
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._as_user = ["/usr/bin/setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}",
                             "--clear-groups"]
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            for parent in folder.parents:  # pytest's folders are its user's alone
                if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                    parent.chmod(parent.stat().st_mode | 0o011)
        self._run("initdb", "-D", folder / "data", "-U", USER, "-A", "trust", "-N", "--no-locale", "-E", "UTF8")
        port = free_port()
        self._daemon = Daemon([*self._as_user, self._programs / "postgres", "-D", folder / "data", "-p", port, "-c",
                               f"unix_socket_directories={folder}", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
                              port=port, log=folder.with_suffix(".log"), env=clean_environment(folder), cwd=folder)
        self.url = f"postgres://{USER}@127.0.0.1:{port}/postgres?sslmode=disable"
        self._run("psql", "-v", "ON_ERROR_STOP=1", "-q", "-c", TABLES, self.url)

    def _run(self, program: str, *args):
        run([*self._as_user, self._programs / program, *args], env=clean_environment(self._folder), cwd=self._folder)

    @property
    def storage(self) -> dict:
        """The section of a notary-server's configuration."""
        return {"backend": "postgres", "db_url": self.url}

    def stop(self):
        self._daemon.stop()
        shutil.rmtree(self._folder / "data")
