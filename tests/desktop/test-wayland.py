#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program under Wayland (GNOME's compositor): it starts, its password dialog has the keys
as it comes up, and every window opens. A critical of GLib ends it."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import tap, wait  # noqa: E402
from rig.real import Pi, factors  # noqa: E402
from rig.sample import Sample, activate, write_pair  # noqa: E402
from rig.wayland import ESCAPE, RETURN, Compositor  # noqa: E402


def window(app, title):
    """As App.window (), but what is painted here cannot be seen from outside."""
    return wait.until(lambda: f"window {title!r}, there are {app.client.windows()}",
                      lambda: app.client.peek_window(title), 20)


def answer(compositor, app, text, title):
    dialog = window(app, "Sign In to PiSync")
    dialog.find("label", title)
    wait.until("the dialog to have the keyboard", lambda: dialog.is_("active"))
    entry = dialog.find("password text")
    wait.until("the entry to have it", lambda: entry.is_("focused"))
    compositor.type_text(text, entry)
    compositor.key(RETURN)
    app.client.wait_gone(dialog)


def test_password_and_windows(d):
    pi = Pi(d, auth="password", server=factors.TwoFactorServer)
    pi.write("a.txt")
    compositor = Compositor(d)
    app = pi.run("--hidden", env=compositor.env)
    answer(compositor, app, pi.server.password, "Password needed")
    answer(compositor, app, pi.server.codes[0], "The server has a question")
    pi.wait_text("a.txt", "text")
    app.wait_state("idle")
    app.tray().press("Status")
    status = window(app, "PiSync")
    status.find("label", "a.txt")
    wait.until("the status window to be in front", lambda: status.is_("active"))
    for label, title in (("Log", "PiSync Log"), ("Preferences", "Preferences"),
                         ("About PiSync", "About PiSync")):
        app.tray().press(label)
        window(app, title)
    app.tray().press("Quit")
    assert app.wait() == 0, app.output()


@tap.desktop(panel=False)
def test_minimised_without_a_tray(d):
    """Closing the window minimises it; dialogs and the window itself come to the front after."""
    write_pair(d)
    compositor = Compositor(d)
    sample = Sample(d, env=compositor.env)
    status = window(sample, "PiSync")
    wait.until("the window to be in front", lambda: status.is_("active"))
    compositor.key(ESCAPE)
    wait.until("the window to be away", lambda: not status.is_("active"))
    sample.tell("ask=password:1")
    dialog = window(sample, "Sign In to PiSync")
    wait.until("the dialog to have the keyboard", lambda: dialog.is_("active"))
    compositor.key(ESCAPE)
    sample.client.wait_gone(dialog)
    activate(d, "show-status")
    wait.until("the window to be back", lambda: status.is_("active"))


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
