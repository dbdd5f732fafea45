#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program with a real OpenSSH server: its icon, panels that come late, go or were never
there, and a second launch."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import screen, tap, tray, wait  # noqa: E402
from rig.program import Program  # noqa: E402
from rig.real import APP, Pi  # noqa: E402
from rig.sample import activate  # noqa: E402

OTHER = os.environ.get("PISYNC_TEST_OTHER", "other-window")


def shows(item, state, description):
    item.wait_for("IconName", f"pisync-{state}", 40)
    item.wait_for("IconAccessibleDesc", lambda text: text.startswith(f"PiSync: {description}"))


def goes_on(pi, name):
    """The engine behind the windows still works."""
    pi.write(name, name)
    pi.wait_text(name, name)


def test_icon_and_description_follow_what_happens(d):
    pi = Pi(d)
    app = pi.run("--hidden")
    item = app.tray()
    shows(item, "idle", "up to date")
    item.press("Pause")
    shows(item, "paused", "paused")
    item.press("Resume")
    shows(item, "idle", "up to date")
    pi.server.stop()
    shows(item, "offline", "offline")
    pi.server.new_host_key()
    pi.server.start()
    item.press("Sync Now")
    shows(item, "attention", "needs your attention")


def test_panel_killed_and_started_again(d):
    pi = Pi(d)
    app = pi.run("--hidden")
    app.wait_state("idle")
    app.tray()
    d.kill_panel()
    goes_on(pi, "while-it-was-gone")
    d.start_panel()
    app.tray().press("Pause")
    app.wait_state("paused")


@tap.desktop(panel=False)
def test_panel_started_late(d):
    pi = Pi(d)
    app = pi.run("--hidden")
    goes_on(pi, "before")
    d.start_panel()
    item = app.tray()
    shows(item, "idle", "up to date")
    item.press("Pause")
    app.wait_state("paused")


@tap.desktop(panel=False)
def test_no_tray_at_all(d):
    """The window opens by itself, closing it does not end anything, and all is in it."""
    pi = Pi(d)
    app = pi.run("--hidden")
    window = app.window()
    screen.wait_active(d, "PiSync")
    screen.key(d, "Escape")
    wait.until("the window to give the keyboard back",
               lambda: screen.active_title(d) != "PiSync")
    goes_on(pi, "closed")
    activate(d, "show-status")
    screen.wait_active(d, "PiSync")
    window.find("toggle button", "Menu").press()
    window.find("push button", "Quit").press()
    assert app.wait(10) == 0, app.output()


def test_autostart_entry_starts_it(d):
    """What the switch writes is what a desktop launches at the next login: hidden, in the tray."""
    pi = Pi(d)
    app = pi.run("--hidden")
    app.wait_state("idle")
    app.activate("preferences")
    window = app.window("Preferences")
    window.find("radio button", "General").press()
    window.find("check box", "Start PiSync when I log in").press()
    entry = os.path.join(d.home, ".config/autostart/io.github.pisync.PiSync.desktop")
    wait.until("the autostart entry", lambda: os.path.exists(entry))
    assert app.end() == 0, app.output()
    Program(d, ["gio", "launch", entry])
    goes_on(pi, "after-the-login")
    item = tray.find(d, 20)
    shows(item, "idle", "up to date")
    assert app.client.peek_window("PiSync") is None
    item.press("Quit")


def test_second_launch_raises_the_window(d):
    pi = Pi(d)
    app = pi.run()
    app.wait_state("idle")
    screen.click(d, app.window().find("push button", "Sync Now"))
    Program(d, [OTHER])
    screen.wait_active(d, "Other Window")
    second = Program(d, [APP])
    assert second.wait() == 0, second.output()
    screen.wait_active(d, "PiSync")
    assert screen.top_title(d) == "PiSync"
    goes_on(pi, "still-the-first")


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
