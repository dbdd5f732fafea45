# SPDX-License-Identifier: GPL-3.0-or-later
"""A program under test in a desktop: started, its output read, ended."""

import os
import re
import signal
import subprocess
import threading

from . import wait


# GLib lets go of its first table of quarks when it has to grow. LeakSanitizer sees that, at the
# very beginning and without a name that could be suppressed.
GLIB_TABLE = "Direct leak of 16384 byte(s) in 1 object(s)"
# What GIO takes by malloc itself, past GLib, is its table of MIME types, which it reads once more
# when a file chooser shows what is in a folder.
GIO_TABLE = re.compile(r"#1 \S+\s+\(\S*/libgio-2\.0\.so")
# libssh2 1.10 forgets both halves of its own key where a key exchange is broken off, as by the end
# of the program.
SSH_KEY = "Direct leak of 32 byte(s) in 1 object(s)"
SSH_FRAME = re.compile(r"#1 \S+\s+\(\S*/libssh2\.so")


def has_own_leak(lines):
    """Whether LeakSanitizer's report names a leak that is none of these three."""
    for number, line in enumerate(lines):
        frames = lines[number + 1:number + 3]
        if " leak of " not in line or line.startswith(GLIB_TABLE):
            continue
        if line.startswith(SSH_KEY) and any(SSH_FRAME.search(frame) for frame in frames):
            continue
        if not any(GIO_TABLE.search(frame) for frame in frames):
            return True
    return False


class Program:
    """Output lines are kept as they come; nothing else may read them."""

    def __init__(self, desktop, arguments, name=None, env=None):
        self.name = name or os.path.basename(arguments[0])
        self.lines = []
        full = {**desktop.program_env(), **(env or {})}
        self.process = subprocess.Popen(["env", "--default-signal=INT,QUIT", *arguments], env=full,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        cwd=desktop.home, start_new_session=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        desktop.programs.append(self)

    @property
    def pid(self):
        return self.process.pid

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip("\n"))

    def output(self):
        return "\n".join(self.lines)

    def has_line(self, text):
        return any(text in line for line in self.lines)

    def wait_line(self, text, seconds=15.0):
        """Waits for a line with @text in it."""
        wait.until(lambda: f"{self.name} to print {text!r}; it printed:\n{self.output()}",
                   lambda: self.has_line(text), seconds)

    def running(self):
        return self.process.poll() is None

    def wait(self, seconds=10.0):
        """Waits for the end; the exit status."""
        wait.until(lambda: f"{self.name} to end; it printed:\n{self.output()}",
                   lambda: self.process.poll() is not None, seconds)
        self._reader.join(5)
        leaky = any(" leak of " in line for line in self.lines)
        return 0 if leaky and not has_own_leak(self.lines) else self.process.returncode

    def end(self, number=signal.SIGTERM, seconds=10.0):
        """Sends the signal and waits; the exit status."""
        if self.running():
            self.process.send_signal(number)
        return self.wait(seconds)
