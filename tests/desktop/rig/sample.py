# SPDX-License-Identifier: GPL-3.0-or-later
"""The real application over the fake engine (sample.c), and what tests do with it."""

import os

from gi.repository import GLib

from . import a11y, screen, tray, wait
from .program import Program

SAMPLE = os.environ.get("PISYNC_TEST_SAMPLE", "pisync-sample")
OTHER = os.environ.get("PISYNC_TEST_OTHER", "other-window")
APP_ID = "io.github.pisync.PiSync"
APP_PATH = "/io/github/pisync/PiSync"

INI = """[HOST]
host=raspberrypi.local
port=22
[AUTH]
user=pi
auth=password
[LOCAL CONFIG]
local_base={local}
[REMOTE CONFIG]
remote_base=/srv/pisync
"""


def write_pair(d, name="pisync", folder="PiSync"):
    """The ini of a pair and its local folder, which is returned."""
    local = os.path.join(d.home, folder)
    os.makedirs(local, exist_ok=True)
    config = os.path.join(d.home, ".config", "pisync")
    os.makedirs(config, mode=0o700, exist_ok=True)
    with open(os.path.join(config, name + ".ini"), "w") as stream:
        stream.write(INI.format(local=local))
    return local


def activate(d, action, *parameters):
    """An action of the application, over D-Bus."""
    d.call(APP_ID, APP_PATH, "org.gtk.Actions", "Activate",
           GLib.Variant("(sava{sv})", (action, list(parameters), {})))


class Sample(Program):
    """The application; ends with the desktop."""

    def __init__(self, d, *arguments, env=None):
        super().__init__(d, [SAMPLE, *arguments], env=env)
        self.d = d
        self.client = a11y.Client(d)

    def tell(self, *lines, pair="pisync", delay=30):
        """Lets the engine say this, by a timer; see fake-session.h."""
        wait.until("the application on the bus", lambda: self.d.owns(APP_ID), 20)
        activate(self.d, "tell", GLib.Variant("(ssu)", (pair, "\n".join(lines), delay)))

    def window(self, title="PiSync", seconds=15.0):
        return self.client.window(title, seconds=seconds)

    def tray(self):
        return tray.find(self.d)


def use_it_then_leave(d, sample):
    """The state in which focus goes wrong: our program was used, then another one is. Returns the
    other one, which has the keyboard."""
    window = sample.window()
    window.find("push button", "Sync Now")
    screen.wait_active(d, "PiSync")
    screen.click(d, window.find("push button", "Sync Now"))
    sample.wait_line("sync-now")
    other = Program(d, [OTHER])
    screen.wait_active(d, "Other Window")
    screen.type_text(d, "busy")
    other.wait_line("text busy")
    return other
