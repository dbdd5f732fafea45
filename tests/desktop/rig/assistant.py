# SPDX-License-Identifier: GPL-3.0-or-later
"""A person at the setup assistant of the real program, with a real OpenSSH server."""

import os

from . import screen, wait
from .real import Pi

TITLE = "Set Up PiSync"
LOGIN = "Sign In to PiSync"
HOST_KEY = "Server Key"


class Setup:
    """The assistant, opened from a program that has no pair yet."""

    def __init__(self, d, auth="publickey", env=None, prepare=None, **more):
        self.d, self.env = d, env
        self.pi = Pi(d, auth=auth, trusted=False, **more)
        self.ini = os.path.join(self.pi.config, "pisync.ini")
        os.unlink(self.ini)
        os.rmdir(self.pi.local)
        if prepare:
            prepare(self.pi)
        self.app = self.pi.run(env=env)
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

    def back(self):
        self.next("Back")

    def sign_in_by(self, way):
        """Goes from the server's page to the one about signing in, and chooses a way."""
        self.fill_server()
        self.next()
        self.page("Signing in")
        self.window.find("radio button", lambda name: way in name).press()

    def choose_key(self, path):
        """In the file dialog, where a slash opens a line for a path. Return would belong to the
        list of completions if that is up by then, so it is the button."""
        self.window.find("push button", lambda name: name in ("Key file", "(None)")).press()
        screen.wait_active(self.d, "Choose a Key File")
        screen.key(self.d, "slash")
        dialog = self.app.window("Choose a Key File")
        dialog.find("text").set_text(str(path))
        dialog.find("push button", "Open").press()
        screen.wait_active(self.d, TITLE)

    def finish(self):
        """From the page of the remote folder to the program that keeps the folder."""
        self.page("Folder on the server")
        self.entry("Folder").set_text(self.pi.there)
        self.next()
        self.page("Folder on this computer")
        self.next()
        self.page("Ready to begin")
        self.next("Start")
        self.app.client.wait_gone(self.window)

    def says(self, part, seconds=30):
        return self.window.find("label", lambda text: part in text, seconds)

    def trust(self):
        dialog = self.app.window(HOST_KEY)
        dialog.find("label", lambda text: self.pi.server.fingerprint in text)
        dialog.find("push button", "Trust This Server").press()
        self.app.client.wait_gone(dialog)

    def password(self, text=None, asks=None):
        """Answers the dialog, which has to have the label @asks."""
        dialog = self.app.window(LOGIN)
        screen.wait_active(self.d, LOGIN)
        if asks:
            dialog.find("label", asks)
        dialog.find("password text").set_text(text or self.pi.account.password)
        screen.key(self.d, "Return")
        self.app.client.wait_gone(dialog)

    def read_ini(self):
        with open(self.ini) as stream:
            return stream.read().replace(" = ", "=")
