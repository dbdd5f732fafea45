#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tray icon over the fake engine: what it shows, its menu over D-Bus and by a real click, a
panel that is late, killed, restarted or absent; notifications; sleep; autostart of the file
manager."""

import configparser
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from gi.repository import Gio, GLib  # noqa: E402
from rig import manager, screen, session, tap, tray, wait  # noqa: E402
from rig.program import Program  # noqa: E402
from rig.sample import SAMPLE, Sample, activate, write_pair  # noqa: E402

OLD_TRAY = os.environ.get("PISYNC_TEST_OLD_TRAY", "old-tray")

STATES = (
    ("idle", "PiSync: up to date"),
    ("syncing", "PiSync: syncing"),
    ("paused", "PiSync: paused"),
    ("offline", "PiSync: offline"),
    ("attention", "PiSync: needs your attention"),
    ("error", "PiSync: some files are not synced"),
)


def hidden(d):
    """The program as autostart starts it, up and in the tray."""
    write_pair(d)
    sample = Sample(d, "--hidden")
    return sample, sample.tray()


def test_icon_and_description_follow_the_state(d):
    sample, item = hidden(d)
    assert item.get("Title") == "PiSync"
    for state, description in STATES:
        sample.tell(f"kind={state}")
        item.wait_for("IconName", f"pisync-{state}")
        item.wait_for("IconAccessibleDesc", lambda text, want=description: text.startswith(want))
        item.wait_for("Status", "NeedsAttention" if state == "attention" else "Active")


def test_icon_is_drawn(d):
    """A host that does not find the icon shows nothing, without a word."""
    _sample, _item = hidden(d)
    wait.until("coloured pixels in the panel",
               lambda: screen.picture(d).crop(0, 0, 30, 30).colours() > 20)


def test_menu_does_what_it_says(d):
    sample, item = hidden(d)
    labels = item.labels()
    for label in ("Open Folder", "Pause", "Pause for an Hour", "Sync Now", "Status", "Log",
                  "About PiSync", "Quit"):
        assert label in labels, labels
    item.press("Sync Now")
    sample.wait_line("sync-now pisync")
    item.press("Pause")
    sample.wait_line("pause pisync 0")
    item.find("Paused")
    assert "Pause" not in item.labels()
    item.press("Resume")
    sample.wait_line("resume pisync")
    item.press("Pause for an Hour")
    sample.wait_line("pause pisync 3600")
    item.press("About PiSync")
    sample.window("About PiSync").find("push button", "Close").press()
    item.press("Quit")
    assert sample.wait(3) == 0


def test_status_line_follows(d):
    sample, item = hidden(d)
    sample.tell("kind=syncing", "state=syncing", "files=3/120", "bytes=1/2", "rate=2100000",
                "left=240", "transfer=up:a.jpg:1:2")
    item.find("Uploading 3 of 120 · 2.1\xa0MB/s · 4 min left")
    sample.tell("kind=syncing", "state=scanning")
    item.find("Looking for changes…")
    sample.tell("kind=idle")
    item.find(lambda label: label.startswith("Up to date · last sync "))
    assert not item.is_enabled(lambda label: label.startswith("Up to date"))


def test_a_section_for_each_of_several_pairs(d):
    write_pair(d, "photos", "My_Photos")
    sample, item = hidden(d)
    sample.tell("kind=paused", pair="photos")
    item.find("My_Photos: Paused")
    item.find(lambda label: label.startswith("PiSync: Up to date"))
    item.press("Open “My_Photos”")
    item.press("Resume")
    sample.wait_line("resume photos")
    assert not sample.has_line("resume pisync")


def test_open_folder_opens_it(d):
    local = write_pair(d)
    record = manager.install(d)
    sample = Sample(d, "--hidden")
    sample.tray().press("Open Folder")
    manager.wait_opened(record, local)


def test_real_click(d):
    sample, item = hidden(d)
    item.click("Sync Now")
    sample.wait_line("sync-now pisync")


def test_left_click_in_mate(d):
    """MATE's panel says "Activate" and opens no menu when that is not known; others do."""
    write_pair(d)
    place = GLib.Variant("(ii)", (10, 10))
    for desktop, known in (("XFCE", False), ("MATE", True)):
        sample = Sample(d, "--hidden", env={"XDG_CURRENT_DESKTOP": desktop})
        item = sample.tray()
        try:
            d.call(item.bus_name, item.path, tray.ITEM, "Activate", place)
            assert known, desktop
            screen.wait_active(d, "PiSync")
        except GLib.Error as error:
            assert not known and "UnknownMethod" in error.message, error.message
        assert sample.end() == 0, sample.output()


def test_icon_of_one_colour_in_gnome(d):
    write_pair(d)
    sample = Sample(d, "--hidden", env={"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"})
    sample.tray().wait_for("IconName", "pisync-idle-symbolic")


@tap.desktop(none=True)
def test_icons_are_where_the_theme_has_them():
    """Hosts look only into the folders that hicolor's index names."""
    index = configparser.ConfigParser()
    index.read("/usr/share/icons/hicolor/index.theme")
    known = index["Icon Theme"]["Directories"].split(",")
    theme = os.path.join(os.environ["PISYNC_TEST_SHARE"], "icons", "hicolor")
    for folder, _folders, files in os.walk(theme):
        assert not files or os.path.relpath(folder, theme) in known, folder


def test_panel_killed_and_started_again(d):
    sample, item = hidden(d)
    d.kill_panel()
    d.start_panel()
    item = sample.tray()
    sample.tell("kind=paused")
    item.wait_for("IconName", "pisync-paused")
    item.press("Resume")
    sample.wait_line("resume pisync")


@tap.desktop(panel=False)
def test_panel_started_late(d):
    write_pair(d)
    sample = Sample(d, "--hidden")
    sample.wait_line("start pisync")
    d.start_panel()
    item = sample.tray()
    item.press("Sync Now")
    sample.wait_line("sync-now pisync")


@tap.desktop(panel=False)
def test_no_tray_at_all(d):
    """The window opens by itself, closing it leaves it in the window list, and all is in it."""
    write_pair(d)
    sample = Sample(d, "--hidden")
    window = sample.window("PiSync")
    screen.wait_active(d, "PiSync")
    screen.key(d, "Escape")
    wait.until("the window to give the keyboard back",
               lambda: screen.active_title(d) != "PiSync")
    assert sample.running()
    assert sample.client.peek_window("PiSync") is not None
    # Its dialogs are not minimised with it.
    sample.tell("ask=password:1")
    screen.wait_active(d, "Sign In to PiSync")
    screen.key(d, "Escape")
    activate(d, "show-status")
    screen.wait_active(d, "PiSync")
    window.find("toggle button", "Menu").press()
    for label in ("Pause for an Hour", "Log", "About PiSync", "Quit"):
        window.find("push button", label)
    window.find("push button", "Quit").press()
    assert sample.wait(3) == 0, sample.output()


@tap.desktop(panel=False)
def test_tray_of_the_old_kind(d):
    """Started late, and without a host of today's icons: one is embedded after a while."""
    write_pair(d)
    sample = Sample(d, "--hidden")
    sample.wait_line("start pisync")
    old = Program(d, [OLD_TRAY])
    old.wait_line("embedded")
    sample.tell("kind=attention", "held=mass-delete:34:x")
    sample.wait_line("told pisync")
    wait.until("the icon to be there", lambda: old.output().count("embedded")
               == old.output().count("gone") + 1)
    assert sample.running()


@tap.desktop(panel=False)
def test_old_tray_that_goes_leaves_the_window(d):
    """It says nothing when it goes, and takes the only face along."""
    write_pair(d)
    first = Program(d, [OLD_TRAY])
    first.wait_line("tray")
    sample = Sample(d, "--hidden")
    first.wait_line("embedded")
    first.end(signal.SIGKILL)
    sample.window()
    screen.wait_active(d, "PiSync")
    # Another one gets the icon, and the window can be closed again.
    second = Program(d, [OLD_TRAY])
    second.wait_line("embedded")
    activate(d, "show-status")
    screen.wait_active(d, "PiSync")
    screen.key(d, "Escape")
    wait.until("the window to go", lambda: sample.client.peek_window("PiSync") is None)
    second.end()
    sample.window()
    assert sample.end() == 0, sample.output()


@tap.desktop(panel=False)
def test_old_tray_that_comes_and_goes(d):
    """GDK counts wrong, until a critical, where one icon is put into tray after tray."""
    write_pair(d)
    sample = Sample(d, "--hidden")
    sample.wait_line("start pisync")
    for number in range(4):
        old = Program(d, [OLD_TRAY])
        old.wait_line("embedded")
        sample.tell("kind=" + ("paused", "idle")[number % 2])
        old.end(signal.SIGKILL if number < 3 else signal.SIGTERM)
    assert sample.end() == 0, sample.output()


@tap.desktop(panel=False)
def test_menu_in_an_old_tray(d):
    """By a real click with either button."""
    write_pair(d)
    old = Program(d, [OLD_TRAY])
    old.wait_line("tray")
    sample = Sample(d, "--hidden")
    old.wait_line("embedded")
    tray_window = sample.client.application("old-tray").children()[0]
    wait.until("the drawn icon", lambda: screen.picture(d).crop(
        *tray_window.extents()[:2], 30, 30).colours() > 20)
    for button, label, line in ((1, "Sync Now", "sync-now"), (3, "Pause", "pause pisync 0")):
        screen.click_at(d, "old-tray", 12, 20, button)
        entry = wait.until(f"menu entry {label!r}", lambda label=label: next(filter(None, (
            window.peek("menu item", label) for window in sample.client.windows())), None))
        screen.click(d, entry)
        sample.wait_line(line)


@tap.desktop(panel=False)
def test_old_tray_that_goes_at_once_leaves_the_window(d):
    """Before the icon is in it."""
    write_pair(d)
    old = Program(d, [OLD_TRAY])
    old.wait_line("tray")
    sample = Sample(d, "--hidden")
    sample.wait_line("start pisync")
    old.end(signal.SIGKILL)
    sample.window()
    assert not old.has_line("embedded")
    assert sample.end() == 0, sample.output()


def test_notification_for_a_decision(d):
    sample, _item = hidden(d)
    bus = Program(d, ["dbus-monitor", "--session", "member='Notify'"])
    bus.wait_line("NameAcquired")
    sample.tell("kind=attention", "held=mass-delete:34:x")
    bus.wait_line("image-path")  # not every daemon looks up our icon by itself
    bubble = wait.until("the notification", lambda: next(
        (w for w in sample.client.windows("xfce4-notifyd")), None))
    bubble.find("label", "34 deletions are waiting for you")
    bubble.find("push button", "Show").press()
    screen.wait_active(d, "PiSync")


def test_notification_is_withdrawn(d):
    sample, _item = hidden(d)
    sample.tell("kind=attention", "held=mass-delete:34:x")

    def bubbles():
        return sample.client.windows("xfce4-notifyd")
    wait.until("the notification", bubbles)
    sample.tell("kind=idle")
    wait.until("the notification to go", lambda: not bubbles())


@tap.desktop(notify=False)
def test_no_notification_daemon(d):
    sample, item = hidden(d)
    sample.tell("kind=attention", "held=mass-delete:34:x")
    item.wait_for("Status", "NeedsAttention")
    assert sample.running()


def test_sleep_and_wake(d):
    """logind's signal, from a system bus that is the private one."""
    write_pair(d)
    address = d.env["DBUS_SESSION_BUS_ADDRESS"]
    login = session.connect(address)
    login.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                    "RequestName", GLib.Variant("(su)", ("org.freedesktop.login1", 4)), None,
                    Gio.DBusCallFlags.NONE, -1, None)
    sample = Sample(d, "--hidden", env={"DBUS_SYSTEM_BUS_ADDRESS": address})
    sample.tray()
    for going, word in ((True, "suspend pisync"), (False, "wake pisync")):
        def told(going=going, word=word):
            login.emit_signal(None, "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                              "PrepareForSleep", GLib.Variant("(b)", (going,)))
            return sample.has_line(word)
        wait.until(word, told, interval=0.2)


def test_status_action(d):
    """What gapplication and scripts see."""
    sample, item = hidden(d)
    sample.tell("kind=paused")
    item.wait_for("IconName", "pisync-paused")
    reply = d.call("io.github.pisync.PiSync", "/io/github/pisync/PiSync", "org.gtk.Actions",
                   "Describe", GLib.Variant("(s)", ("status",))).unpack()
    state = reply[0][2][0]
    assert state["state"] == "paused", state
    assert state["pairs"][0]["pair"] == "pisync", state


def test_signals_end_it_in_order(d):
    for number in (signal.SIGTERM, signal.SIGINT):
        sample = Sample(d, "--hidden")
        tray.find(d)
        assert sample.end(number, 3) == 0, sample.output()


@tap.desktop(none=True)
def test_version():
    out = subprocess.run([SAMPLE, "--version"], stdout=subprocess.PIPE, check=True).stdout
    assert out.startswith(b"pisync "), out


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
