# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program with a real OpenSSH server as the Pi (tests/e2e/fixture.py)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "e2e"))
import factors  # noqa: E402
import fixture  # noqa: E402

from . import a11y, tap, tray, wait  # noqa: E402
from .program import Program  # noqa: E402
from .sample import activate  # noqa: E402

APP = os.environ.get("PISYNC_TEST_APP", "pisync")
WATCHED = os.environ.get("PISYNC_TEST_WATCHED", "pisync-watched")

INI = """[HOST]
host={host}
port={port}
[AUTH]
user={user}
auth={auth}
{keyfile}
[LOCAL CONFIG]
local_base={local}
throttling={throttling}
[REMOTE CONFIG]
remote_base={remote}
[SYNC]
device=desk
{more}
"""


class Pi:
    """A server, the pair that points to it, and the program in the desktop @d."""

    def __init__(self, d, auth="publickey", trusted=True, more="", local=None, throttling=1,
                 host="127.0.0.1", server=None, **options):
        """@host: that, or an alias for it. @server: what makes it of a fixture.Test; else @options
        are those of its server ()."""
        self.d = d
        self.test = fixture.Test()
        d.deferred.append(self.test.clean_up)
        try:
            self.account = self.test.account() if auth == "password" and not server else None
            self.server = server(self.test) if server else self.test.server(
                account=self.account, password=auth == "password", **options)
        except fixture.Skip as reason:
            raise tap.Skip(str(reason)) from None
        self.remote, self.there = self.server.remote()  # the latter as the server calls it
        self.remote.mkdir(exist_ok=True)
        if self.account:
            self.account.own(self.remote)
        self.local = local or os.path.join(d.home, "PiSync")
        os.makedirs(self.local, exist_ok=True)
        self.config = os.path.join(d.home, ".config", "pisync")
        os.makedirs(self.config, mode=0o700, exist_ok=True)
        keyfile = f"keyfile={self.server.key}" if auth == "publickey" else ""
        with open(os.path.join(self.config, "pisync.ini"), "w") as stream:
            stream.write(INI.format(host=host, port=self.server.port, user=self.server.user,
                                    auth=auth, keyfile=keyfile, local=self.local,
                                    remote=self.there, throttling=throttling, more=more))
        if host != "127.0.0.1":
            self._write_alias(host)
        if trusted:
            self.trust()

    def _write_alias(self, host):
        folder = os.path.join(self.d.home, ".ssh")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(os.path.join(folder, "config"), "a") as stream:
            stream.write(f"Host {host}\n  HostName 127.0.0.1\n")

    def trust(self):
        """As if a person had confirmed the server's key before."""
        key = (self.server.dir / "host.pub").read_text().split()[:2]
        with open(os.path.join(self.config, "known_hosts"), "w") as stream:
            stream.write(f"[127.0.0.1]:{self.server.port} {' '.join(key)}\n")

    def run(self, *arguments, env=None, program=APP):
        """Starts the program."""
        return App(self.d, program, *arguments, env=env)

    def write(self, name, text="text", side="local"):
        """A file on one side."""
        path = self.path(name, side)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as stream:
            stream.write(text)
        if side == "remote" and self.account:
            self.account.own(path)

    def path(self, name, side="local"):
        return os.path.join(self.local if side == "local" else str(self.remote), name)

    def text(self, name, side="local"):
        """What a file holds; None where there is none."""
        try:
            with open(self.path(name, side)) as stream:
                return stream.read()
        except FileNotFoundError:
            return None

    def wait_text(self, name, text, side="remote", seconds=20):
        """Waits until a file on that side holds @text (None: is gone)."""
        wait.until(lambda: f"{name} on the {side} side to be {text!r}; it is "
                           f"{self.text(name, side)!r}; the log says:\n{self.log()}",
                   lambda: self.text(name, side) == text, seconds)

    def names(self, side="local"):
        """All files of a side, ours left out."""
        root = self.local if side == "local" else str(self.remote)
        found = []
        for folder, folders, files in os.walk(root):
            if ".pisync" in folders:
                folders.remove(".pisync")
            found += [os.path.relpath(os.path.join(folder, name), root) for name in files]
        return sorted(found)

    def log(self):
        path = os.path.join(self.d.home, ".local/state/pisync/pisync/log.txt")
        if not os.path.exists(path):
            return "(no log)"
        with open(path, errors="replace") as stream:
            return "".join(stream.readlines()[-15:])

    def device(self, name="laptop"):
        """Another computer with the same pair, driven by pisync-cli."""
        device = self.test.device(name)
        device.setup(self.server).expect(fixture.OK)
        return device


class App(Program):
    """The program itself; ends with the desktop."""

    def __init__(self, d, program, *arguments, env=None):
        super().__init__(d, [program, *arguments], env=env)
        self.d = d
        self.client = a11y.Client(d)

    def window(self, title="PiSync", seconds=20.0):
        return self.client.window(title, seconds=seconds)

    def no_window(self, title):
        return self.client.peek_window(title) is None

    def tray(self):
        return tray.find(self.d, 20)

    def wait_state(self, state, seconds=20.0):
        """Waits for the icon of that state."""
        self.tray().wait_for("IconName", f"pisync-{state}", seconds)

    def activate(self, action, *parameters):
        activate(self.d, action, *parameters)


def make_conflict(d):
    """(pair, program, name of the copy): the desk and a laptop wrote letter.txt meanwhile."""
    pi = Pi(d)
    app = pi.run()
    pi.write("letter.txt", "first")
    pi.wait_text("letter.txt", "first")
    app.wait_state("idle")
    laptop = pi.device()
    laptop.sync()
    app.tray().press("Pause")
    app.wait_state("paused")
    pi.write("letter.txt", "from the desk")
    (laptop.local / "letter.txt").write_text("from the laptop, longer")
    laptop.sync()
    app.tray().press("Resume")
    wait.until(lambda: f"a conflicted copy in {pi.names()}", lambda: len(pi.names()) == 2, 40)
    return pi, app, next(name for name in pi.names() if "conflicted copy" in name)
