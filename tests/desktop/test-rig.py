#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rig tests itself: what the other tests rely on is there and is noticed when it is not."""

import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import a11y, screen, tap, wait  # noqa: E402
from rig.program import Program  # noqa: E402
from rig.session import Desktop  # noqa: E402

OTHER = os.environ["PISYNC_TEST_OTHER"]
HERE = os.path.dirname(os.path.realpath(__file__))


def test_keys_and_names(d):
    other = Program(d, [OTHER])
    other.wait_line("focus in")
    window = a11y.Client(d).window("Other Window")
    screen.type_text(d, "hello 1")
    other.wait_line("text hello 1")
    entry = window.find("text", states=("showing", "focused"))
    assert entry.text() == "hello 1", entry.text()
    entry.set_text("grüße")
    other.wait_line("text grüße")
    assert screen.active_title(d) == "Other Window"
    assert screen.top_title(d) == "Other Window"


def test_picture(d):
    other = Program(d, [OTHER])
    other.wait_line("focus in")
    path = os.path.join(d.dir, "shot.png")
    wait.until("a drawn window", lambda: screen.picture(d).crop(
        *screen.frame(d, "Other Window")).colours() > 5)
    screen.shoot(d, "Other Window", path)
    with open(path, "rb") as stream:
        assert stream.read(8) == b"\x89PNG\r\n\x1a\n"


@tap.desktop(none=True)
def test_blank_is_not_painted():
    assert not screen.Picture(40, 2, [b"\xf0\xf0\xf0" * 40] * 2).is_painted()
    half = b"\xf0\xf0\xf0" * 20 + b"\0\0\0" * 20
    assert not screen.Picture(40, 2, [half] * 2).is_painted()
    assert screen.Picture(40, 1, [bytes(range(120))]).is_painted()


def test_new_window_may_not_steal_the_focus(d):
    first = Program(d, [OTHER, "First"])
    first.wait_line("focus in")
    screen.type_text(d, "busy")
    first.wait_line("text busy")
    # An old user time is what a program has that was last used before.
    Program(d, [OTHER, "Second"], env={"DESKTOP_STARTUP_ID": "old_TIME1"})
    a11y.Client(d).window("Second")
    assert screen.active_title(d) == "First"
    screen.type_text(d, "er")
    first.wait_line("text busyer")


@tap.desktop(keyring="none")
def test_no_keyring_means_none(d):
    assert not d.owns("org.freedesktop.secrets")
    try:
        d.call("org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.DBus.Peer",
               "Ping")
    except Exception as error:
        assert "ServiceUnknown" in str(error), error
    else:
        raise AssertionError("something started a keyring")


def test_panel_killed_and_started_again(d):
    d.kill_panel()
    d.start_panel()
    assert d.owns("org.kde.StatusNotifierWatcher")


@tap.desktop(none=True)
def test_nothing_is_left():
    desktop = Desktop(panel=False).start()
    Program(desktop, ["setsid", "sleep", "1000"])
    Program(desktop, [OTHER])
    wait.until("the programs", lambda: desktop.pids("sleep") and desktop.pids("other-window"))
    desktop.stop()
    assert desktop.pids() == []
    assert not os.path.exists(desktop.dir)


def session(*arguments, **more):
    """Runs the desktop-session script."""
    return subprocess.Popen([os.path.join(HERE, "desktop-session"), "--no-panel", "--keyring",
                             "none", *arguments], stdout=subprocess.PIPE, **more)


@tap.desktop(none=True)
def test_script_passes_the_status_on():
    assert session("sh", "-c", "exit 7").wait(60) == 7
    assert session("sh", "-c", "kill -9 $$").wait(60) == 137
    assert session("/no/such/program").wait(60) == 127
    assert session("--wm", "false", "true", stderr=subprocess.DEVNULL).wait(60) == 125


@tap.desktop(none=True)
def test_script_ends_when_told():
    child = session("sh", "-c", "echo $DESKTOP_SESSION_DIR; exec sleep 1000")
    folder = child.stdout.readline().decode().strip()
    assert os.path.isdir(folder)
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 143
    assert not os.path.exists(folder)


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
