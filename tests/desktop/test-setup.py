#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The setup assistant: from nothing to a folder that is kept, with a real OpenSSH server."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import screen, tap, wait  # noqa: E402
from rig.real import Pi  # noqa: E402

TITLE = "Set Up PiSync"
LOGIN = "Sign In to PiSync"
HOST_KEY = "Server Key"


class Setup:
    """A person at the assistant."""

    def __init__(self, d, auth="publickey"):
        self.d = d
        self.pi = Pi(d, auth=auth, trusted=False)
        self.ini = os.path.join(self.pi.config, "pisync.ini")
        os.unlink(self.ini)
        os.rmdir(self.pi.local)
        self.app = self.pi.run()
        self.app.window().find("push button", "Set Up…").press()
        self.window = self.app.window(TITLE)

    def entry(self, name):
        return self.window.find("text", name)

    def fill_server(self, host="127.0.0.1"):
        self.page("Your server")
        self.entry("Server").set_text(host)
        self.entry("User name").set_text(self.pi.server.user)
        self.entry("Port").set_text(str(self.pi.server.port))

    def page(self, title):
        """Waits until the page with this heading can be used."""
        label = self.window.find("label", title, 20)
        wait.until(f"the page {title} to be usable", lambda: label.is_("sensitive"))

    def next(self, name="Next"):
        button = self.window.find("push button", name)
        wait.until(lambda: f"{name} to be usable\n{self.window.dump()}",
                   lambda: button.is_("sensitive"))
        button.press()

    def says(self, part, seconds=30):
        return self.window.find("label", lambda text: part in text, seconds)

    def trust(self):
        dialog = self.app.window(HOST_KEY)
        dialog.find("label", lambda text: self.pi.server.fingerprint in text)
        dialog.find("push button", "Trust This Server").press()
        self.app.client.wait_gone(dialog)

    def password(self, text=None):
        dialog = self.app.window(LOGIN)
        screen.wait_active(self.d, LOGIN)
        dialog.find("password text").set_text(text or self.pi.account.password)
        screen.key(self.d, "Return")
        self.app.client.wait_gone(dialog)

    def read_ini(self):
        with open(self.ini) as stream:
            return stream.read()


def test_from_nothing_to_a_kept_folder(d):
    setup = Setup(d, auth="password")
    pi = setup.pi
    pi.write("from-there.txt", "there", side="remote")
    os.makedirs(pi.local)
    pi.write("from-here.txt", "here!")
    setup.fill_server()
    setup.next()
    setup.page("Signing in")
    setup.window.find("check box", lambda name: name.startswith("Make a key")).press()
    setup.next()
    setup.trust()
    setup.password()
    setup.page("Folder on the server")
    setup.window.find("table cell", lambda name: name.startswith("Home folder ("), 20)
    setup.entry("Folder").set_text(str(pi.remote))
    setup.next()
    setup.page("Folder on this computer")
    assert setup.entry("Folder").text() == pi.local
    setup.next()
    setup.page("Ready to begin")
    setup.window.find("label", "1 file, 5 bytes")
    assert len(setup.window.all("label", "1 file, 5 bytes")) == 2
    assert pi.text("from-here.txt", "remote") is None
    assert not os.path.exists(setup.ini)
    setup.next("Start")
    setup.app.client.wait_gone(setup.window)
    pi.wait_text("from-here.txt", "here!")
    pi.wait_text("from-there.txt", "there", side="local")
    setup.app.wait_state("idle")
    assert f"user={pi.server.user}" in setup.read_ini().replace(" ", "")
    assert os.path.exists(os.path.join(d.home, ".config/autostart",
                                       "io.github.pisync.PiSync.desktop"))
    assert setup.app.end() == 0, setup.app.output()


def test_mistakes_are_told_and_mended(d):
    setup = Setup(d, auth="password")
    setup.fill_server(host="my pi")
    setup.says("A server’s name has no spaces")
    assert not setup.window.find("push button", "Next").is_("sensitive")
    setup.entry("Port").set_text("99999")
    setup.entry("Server").set_text("no-such-host.invalid")
    setup.says("The port is a whole number")
    setup.entry("Port").set_text(str(setup.pi.server.port))
    setup.next()
    setup.page("Signing in")
    setup.next()
    setup.says("no-such-host.invalid")
    setup.window.find("push button", "Back").press()
    setup.page("Your server")
    assert setup.entry("User name").text() == setup.pi.server.user
    setup.entry("Server").set_text("127.0.0.1")
    setup.next()
    setup.page("Signing in")
    setup.next()
    setup.trust()
    setup.password("wrong")
    setup.app.window(LOGIN).find("label", "That password was not right. Please try again.", 30)
    setup.password()
    setup.page("Folder on the server")
    setup.next()
    setup.page("Folder on this computer")
    setup.entry("Folder").set_text(d.home)
    setup.says("It cannot be your whole home folder")
    setup.entry("Folder").set_text(setup.pi.local)
    setup.next()
    setup.page("Ready to begin")


def test_folder_is_made_in_the_tree(d):
    setup = Setup(d, auth="password")
    setup.fill_server()
    setup.next()
    setup.page("Signing in")
    setup.window.find("check box", lambda name: name.startswith("Make a key")).press()
    setup.next()
    setup.trust()
    setup.password()
    setup.page("Folder on the server")
    cell = setup.window.find("table cell", lambda name: name.startswith("Home folder ("), 20)
    screen.wait_active(d, TITLE)
    screen.click(d, cell)
    home = cell.name.partition("(")[2].rstrip(")")
    wait.until("the folder to be taken over", lambda: setup.entry("Folder").text() == home)
    setup.window.find("push button", "New Folder…").press()
    screen.wait_active(d, "New Folder")
    screen.type_text(d, "Photos")
    screen.key(d, "Return")
    wait.until("the new folder to be chosen",
               lambda: setup.entry("Folder").text() == home + "/Photos")
    assert os.path.isdir(home + "/Photos")


def test_key_is_made_with_the_password(d):
    setup = Setup(d, auth="password")
    setup.fill_server()
    setup.next()
    setup.page("Signing in")
    setup.next()
    setup.trust()
    setup.password()
    setup.page("Folder on the server")
    setup.next()
    setup.page("Folder on this computer")
    setup.next()
    setup.page("Ready to begin")
    setup.next("Start")
    setup.app.client.wait_gone(setup.window)
    setup.app.wait_state("idle")
    ini = setup.read_ini()
    assert "id_ed25519-127.0.0.1" in ini, ini
    assert setup.pi.server.authorized_keys.exists()


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
