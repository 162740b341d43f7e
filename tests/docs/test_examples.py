"""The examples run as they stand."""
import subprocess

from support.pages import ROOT
from support.process import clean_environment

TEAM = ROOT / "examples" / "team"


def test_the_small_team_signs_releases_and_refuses(tmp_path, binary):
    environment = clean_environment(tmp_path)
    environment |= {"PATH": f"{binary.parent}:{environment['PATH']}", "TMPDIR": str(tmp_path)}
    done = subprocess.run([TEAM / "run"], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("OK: ")
    assert done.stdout.count("[exit code 5, as it should be]") == 2
    assert "registry.example.com/shop/web:v1: allowed: registry.example.com/shop/web@sha256:" in done.stdout
    assert not list(tmp_path.glob("countersign-team.*")), "the team's folder is left"
