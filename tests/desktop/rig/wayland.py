# SPDX-License-Identifier: GPL-3.0-or-later
"""A Wayland session without a screen in the private desktop: mutter, GNOME's compositor, with keys
by its remote desktop. Panel, keyring and accessibility are those of the desktop: they are D-Bus."""

import os
import shutil

from gi.repository import GLib

from . import tap, wait

DISPLAY = "wayland-test"
REMOTE = "org.gnome.Mutter.RemoteDesktop"
SHIFT, RETURN, ESCAPE = 0xffe1, 0xff0d, 0xff1b


class Compositor:
    """The compositor of the desktop @d; @env is for programs that are to be shown by it."""

    def __init__(self, d):
        if shutil.which("mutter") is None:
            raise tap.Skip("no mutter")
        self.d = d
        env = {key: value for key, value in d.env.items() if key != "DISPLAY"}
        d.spawn("mutter", ["mutter", "--wayland", "--headless", "--no-x11", "--virtual-monitor",
                           "1280x900", "--wayland-display", DISPLAY], env=env)
        socket = os.path.join(d.env["XDG_RUNTIME_DIR"], DISPLAY)
        wait.until("the Wayland display", lambda: os.path.exists(socket), 20)
        wait.until("mutter's remote desktop", lambda: d.owns(REMOTE), 20)
        self.env = {"WAYLAND_DISPLAY": DISPLAY, "GDK_BACKEND": "wayland", "DISPLAY": ""}
        self.session = d.call(REMOTE, "/org/gnome/Mutter/RemoteDesktop", REMOTE,
                              "CreateSession").unpack()[0]
        d.call(REMOTE, self.session, f"{REMOTE}.Session", "Start")
        self.key(SHIFT)  # the first key makes the keyboard, and is lost

    def key(self, symbol):
        """A key is pressed and let go."""
        for down in (True, False):
            self.d.call(REMOTE, self.session, f"{REMOTE}.Session", "NotifyKeyboardKeysym",
                        GLib.Variant("(ub)", (symbol, down)))

    def type_text(self, text, entry):
        """ASCII, each sign once the one before has arrived in @entry (a node), which was empty."""
        for number, sign in enumerate(text, 1):
            self.key(ord(sign))
            wait.until(lambda number=number: f"{number} signs in {entry}",
                       lambda number=number: len(entry.text()) == number)
