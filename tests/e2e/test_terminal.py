#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person at a terminal sees and types; a pseudo-terminal plays it."""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import fcntl
import termios
import time

import fixture
from fixture import CLI, OK, PATIENCE, compare, contains, equal, require, write


class Person:
    """Starts pisync-cli at a terminal, reads what it says and types."""

    def __init__(self, test, device, *arguments, columns=80):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(CLI, [CLI, *map(str, arguments)], device.env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.status = None
        test.defer(self.close)

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        os.close(self.fd)

    def read_more(self, limit):
        ready, _, _ = select.select([self.fd], [], [], limit)
        if not ready:
            return True
        try:
            more = os.read(self.fd, 65536)
        except OSError:  # EIO: the other end is closed
            return False
        self.seen += more
        return bool(more)

    def expect(self, text, seconds=30):
        """Reads until text has come since the last call."""
        end = time.monotonic() + seconds * PATIENCE
        while text.encode() not in self.seen:
            if time.monotonic() > end or not self.read_more(0.1):
                raise AssertionError(f"no {text!r} in {self.seen.decode(errors='replace')}")
        before, self.seen = self.seen.split(text.encode(), 1)
        return before.decode(errors="replace")

    def type(self, text):
        os.write(self.fd, text.encode() + b"\n")

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def wait(self):
        """Reads to the end; (exit status, what was said)."""
        while self.read_more(10 * PATIENCE):
            pass
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        return self.status, self.seen.decode(errors="replace")


def answer_setup(person, server, device, there, keyfile=None):
    person.expect("address of the Pi")
    person.type("127.0.0.1")
    person.expect("Port")
    person.type("none of your business")
    person.expect("Port")
    person.type(str(server.port))
    answer_the_rest(person, server, device, there, keyfile)


def answer_the_rest(person, server, device, there, keyfile=None):
    person.expect("User name")
    person.type(server.user)
    person.expect("publickey, password or agent")
    person.type("")
    if keyfile:
        person.expect(f"private key [{keyfile}]")
        person.type("")
    person.expect("Folder on the Pi")
    person.type(there)
    person.expect("Folder on this computer")
    person.type(str(device.local))


def test_setup_by_questions(t):
    server = t.server()
    device = t.device()
    here, there = server.remote()
    person = Person(t, device, "setup", "--keyfile", server.key)
    answer_setup(person, server, device, there)
    contains(person.expect("Type \"yes\" in full"), server.fingerprint)
    person.type("yes")
    status, said = person.wait()
    equal(status, OK, said)
    contains(said, "pisync-cli")
    write(device.local / "a", "1")
    device.sync()
    compare(device.local, here)


def test_port_may_be_left_open(t):
    server = t.server()
    device = t.device()
    person = Person(t, device, "setup", "--keyfile", server.key)
    person.expect("address of the Pi")
    person.type("nobody.invalid")
    contains(person.expect("]: "), "22")
    person.type("")
    answer_the_rest(person, server, device, "there")
    status, said = person.wait()
    equal(status, fixture.CONNECT, said)
    contains(said, "nobody.invalid")


def test_setup_finds_the_key_of_the_readme(t):
    """ssh -i would have to be told of ~/.ssh/pisync; setup without options comes upon it."""
    server = t.server()
    device = t.device()
    here, there = server.remote()
    key = pathlib.Path(device.env["HOME"]) / ".ssh" / "pisync"
    write(key, server.key.read_bytes())
    key.chmod(0o600)
    person = Person(t, device, "setup")
    answer_setup(person, server, device, there, keyfile=key)
    person.expect("Type \"yes\" in full")
    person.type("yes")
    status, said = person.wait()
    equal(status, OK, said)
    contains(device.ini.read_text(), f"keyfile = {key}")


def test_y_is_not_yes(t):
    server = t.server()
    device = t.device()
    _, there = server.remote()
    person = Person(t, device, "setup", "--keyfile", server.key)
    answer_setup(person, server, device, there)
    person.expect("Type \"yes\" in full")
    person.type("y")
    status, said = person.wait()
    equal(status, fixture.CONNECT, said)
    equal(device.ini.exists(), False)


def test_password_is_not_echoed(t):
    account = t.account()
    server = t.server(account=account, password=True)
    device = t.device()
    _, there = server.remote()
    person = Person(t, device, "setup", "--host", "127.0.0.1", "--port", server.port, "--user",
                    server.user, "--auth", "password", "--remote", there, "--local", device.local,
                    "--fingerprint", server.fingerprint)
    person.expect("Password of")
    equal(person.echoes(), False, "echo")
    person.type("not the password")
    person.expect("Password of")
    person.type(account.password)
    person.expect("keyring")
    equal(person.echoes(), True, "echo afterwards")
    person.type("n")
    status, said = person.wait()
    equal(status, OK, said)
    equal(account.password in said, False, "the password is not shown")


def start_keyring(t, device):
    """A real keyring on a private bus, unlocked."""
    require(shutil.which("gnome-keyring-daemon"), "gnome-keyring", "there is no gnome-keyring")
    device.env["DBUS_SESSION_BUS_ADDRESS"] = t.bus()
    daemon = t.spawn(["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
                     env=device.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL)
    daemon.stdin.write(b"of the keyring")
    daemon.stdin.close()

    def owns_its_name():
        done = subprocess.run(["dbus-send", "--session", "--print-reply", "--dest="
                               "org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner",
                               "string:org.freedesktop.secrets"], env=device.env, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return b"true" in done.stdout
    fixture.wait_for("the keyring", owns_its_name)


def test_password_is_kept_in_the_keyring(t):
    account = t.account()
    server = t.server(account=account, password=True)
    device = t.device()
    start_keyring(t, device)
    _, there = server.remote()
    person = Person(t, device, "setup", "--host", "127.0.0.1", "--port", server.port, "--user",
                    server.user, "--auth", "password", "--remote", there, "--local", device.local,
                    "--fingerprint", server.fingerprint)
    person.expect("Password of")
    person.type(account.password)
    person.expect("keyring")
    person.type("")
    status, said = person.wait()
    equal(status, OK, said)
    write(device.local / "a", "1")
    device.sync()
    equal(account.password in device.ini.read_text(), False)


def test_interrupt_at_the_password(t):
    account = t.account()
    server = t.server(account=account, password=True)
    device = t.device()
    _, there = server.remote()
    person = Person(t, device, "setup", "--host", "127.0.0.1", "--port", server.port, "--user",
                    server.user, "--auth", "password", "--remote", there, "--local", device.local,
                    "--fingerprint", server.fingerprint)
    person.expect("Password of")
    os.write(person.fd, b"\x03")
    status, said = person.wait()
    equal(status, 130, said)
    equal(person.echoes(), True, "the terminal is as before")


def test_passphrase(t):
    server, device = t.pair()
    locked = device.dir / "locked"
    server.make_key(locked, passphrase="open sesame")
    server.authorized_keys.write_text(locked.with_suffix(".pub").read_text())
    device.change_ini("AUTH", "keyfile", locked)
    person = Person(t, device, "sync")
    person.expect("Passphrase of the key")
    person.type("open sesame")
    status, said = person.wait()
    equal(status, OK, said)


def test_progress_line(t):
    server, device = t.pair()
    line = t.slowlink(server, "-u", "2m")
    device.use_port(server, line.port)
    write(device.local / "a rather long name of a picture taken in summer.jpg",
          os.urandom(4 << 20))
    person = Person(t, device, "sync", columns=60)
    person.expect("% ")
    status, said = person.wait()
    equal(status, OK, said)
    drawn = [part for part in said.split("\r") if "\x1b[K" in part]
    for part in drawn:
        text = re.sub(r"\x1b\[K.*", "", part, flags=re.DOTALL)
        equal(len(text) < 60, True, repr(text))
    contains(said, "left")


def test_trust_by_question(t):
    server, device = t.pair()
    server.stop()
    server.new_host_key()
    server.start()
    person = Person(t, device, "trust")
    contains(person.expect("Type \"yes\" in full"), "CHANGED")
    person.type("yes")
    status, said = person.wait()
    equal(status, OK, said)
    device.sync()


def test_forget_state_asks(t):
    _, device = t.pair()
    write(device.local / "a", "1")
    device.sync()
    person = Person(t, device, "forget-state")
    person.expect("[y/N]")
    person.type("")
    equal(person.wait()[0], OK)
    equal(device.sync().actions, [], "nothing was forgotten")


fixture.main(globals(), "terminal")
