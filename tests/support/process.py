"""Child processes: short ones run to their end, daemons stopped by their own pid."""
import ctypes
import os
import random
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

SANITIZER_OPTIONS = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")


def clean_environment(home: Path) -> dict[str, str]:
    """Nothing of the caller's environment but the sanitizers' options: proxies, CA bundles and Docker settings
    of the machine must not decide a test."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    environment |= {name: os.environ[name] for name in SANITIZER_OPTIONS if name in os.environ}
    return environment


@dataclass
class Result:
    argv: list[str]
    returncode: int
    stdout: str
    stderr: str

    def __str__(self):
        return f"$ {' '.join(self.argv)}\n[exit {self.returncode}]\n{self.stdout}\n{self.stderr}"


def run(argv, *, env, cwd, check=True, answer="", timeout=120) -> Result:
    """`answer` is what stands on standard input."""
    argv = [str(a) for a in argv]
    done = subprocess.run(argv, env=env, cwd=cwd, input=answer, capture_output=True, timeout=timeout,
                          encoding="utf-8", errors="surrogateescape")
    result = Result(argv, done.returncode, done.stdout, done.stderr)
    if check:
        assert done.returncode == 0, str(result)
    return result


def free_port() -> int:
    """A port below the kernel's own range for outgoing connections, so that nothing takes it before the daemon."""
    while True:
        port = random.SystemRandom().randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def _die_with_parent():
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _answers(address: int | Path) -> bool:
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    with socket.socket(family) as probe:
        return probe.connect_ex(str(address) if isinstance(address, Path) else ("127.0.0.1", address)) == 0


class Daemon:
    """Runs from construction to stop(); ready when its port, or the socket of that path, answers."""

    def __init__(self, argv, *, port: int | Path, log: Path, env, cwd):
        self.log = log
        with open(log, "ab") as out:
            self._process = subprocess.Popen([str(a) for a in argv], env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                                             stdout=out, stderr=out, preexec_fn=_die_with_parent)
        deadline = time.monotonic() + 30
        while True:
            if _answers(port):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{argv[0]} did not come up:\n{log.read_text()[-2000:]}")
            time.sleep(0.02)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def cpu(self) -> float:
        """Seconds, user and system, so far: the clock of another process (clock_getcpuclockid), finer than /proc."""
        return time.clock_gettime((~self._process.pid << 3) | 2)

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
