"""Runs a command with standard input closed, on a terminal at which nobody sits: without_input.py COMMAND…

Whoever reads from the terminal instead, as programs do that ask for passphrases, waits there for ever."""
import fcntl
import os
import pty
import sys
import termios


def main(argv: list[str]):
    # A group leader cannot start a session of its own.
    if os.getpgrp() == os.getpid() and (child := os.fork()):
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    keyboard, terminal = pty.openpty()
    os.set_inheritable(keyboard, True)  # as long as it is open, a reader waits
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    os.close(0)
    os.execv(argv[0], argv)


if __name__ == "__main__":
    main(sys.argv[1:])
