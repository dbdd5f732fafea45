#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program with a real OpenSSH server: its icon, panels that come late, go or were never
there, and a second launch."""

import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import manager, screen, tap, tray, wait  # noqa: E402
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


def offered(window):
    """The names of all that can be pressed in the window as it is now, and in its menu."""
    menu = window.find("toggle button", "Menu")
    menu.press()
    window.find("push button", "Quit")
    names = {node.name for node in window.all("push button")}
    menu.press()
    wait.until("the menu to close", lambda: window.peek("push button", "Quit") is None)
    return names


def test_all_of_the_menu_is_in_the_window(d):
    pi = Pi(d)
    app = pi.run()
    app.wait_state("idle")
    window = app.window()
    item = app.tray()
    for state, change in (("idle", "Pause"), ("paused", "Resume")):
        app.wait_state(state)
        labels = [label for label in item.labels() if label not in ("-", "Status")]
        assert item.is_enabled(labels[0]) is False
        window.find("label", lambda text, head=labels[0]: text[:10] == head[:10])
        wait.until(lambda labels=labels: f"{labels[1:]} in the window: {offered(window)}",
                   lambda labels=labels: set(labels[1:]) <= offered(window))
        item.press(change)


@tap.desktop(panel=False)
def test_each_of_several_pairs_without_a_tray(d):
    pi = Pi(d)
    second = os.path.join(d.home, "Second")
    os.mkdir(second)
    with open(os.path.join(pi.config, "pisync.ini")) as stream:
        ini = stream.read()
    os.mkdir(str(pi.remote) + "-2")
    with open(os.path.join(pi.config, "second.ini"), "w") as stream:
        stream.write(ini.replace(pi.local, second).replace(f"={pi.there}", f"={pi.there}-2"))
    app = pi.run("--hidden")
    window = app.window()
    window.find("radio button", "Second").press()
    window.find("push button", "Pause for an Hour").press()
    window.find("label", lambda text: text.startswith("Paused until "))
    assert window.peek("push button", "Pause for an Hour") is None
    window.find("radio button", "PiSync").press()
    window.find("label", lambda text: text.startswith("Up to date"))
    assert {"Open Folder", "Pause", "Pause for an Hour", "Sync Now"} <= offered(window)
    goes_on(pi, "while-the-other-is-paused")
    window.find("radio button", "Second").press()
    window.find("push button", "Resume").press()
    window.find("push button", "Pause for an Hour")


@tap.desktop(panel=False)
def test_the_window_does_all_without_a_tray(d):
    pi = Pi(d, throttling=600)
    record = manager.install(d)
    app = pi.run("--hidden")
    window = app.window()
    window.find("label", lambda text: text.startswith("Up to date"))

    def choose(label):
        window.find("toggle button", "Menu").press()
        window.find("push button", label).press()
        wait.until("the menu to close", lambda: window.peek("push button", "Quit") is None)
    window.find("push button", "Open Folder").press()
    manager.wait_opened(record, pi.local)
    window.find("push button", "Pause").press()
    window.find("label", "Paused")
    window.find("push button", "Resume").press()
    window.find("push button", "Pause")
    choose("Pause for an Hour")
    window.find("label", lambda text: text.startswith("Paused until "))
    window.find("push button", "Resume").press()
    window.find("push button", "Pause")
    pi.write("there.txt", "there", side="remote")
    window.find("push button", "Sync Now").press()
    pi.wait_text("there.txt", "there", side="local")
    for label, title in (("Log", "PiSync Log"), ("Preferences", "Preferences"),
                         ("About PiSync", "About PiSync")):
        choose(label)
        opened = app.window(title)
        screen.wait_active(d, title)
        screen.key(d, "Escape")
        app.client.wait_gone(opened)


def test_autostart_entry_starts_it(d):
    """What the switch writes is what a desktop launches at the next login: hidden, in the tray;
    also where an update has replaced the program meanwhile."""
    pi = Pi(d)
    program = shutil.copy2(APP, os.path.join(d.home, "pisync"))
    app = pi.run("--hidden", program=program)
    app.wait_state("idle")
    os.replace(shutil.copy2(APP, program + ".new"), program)
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
