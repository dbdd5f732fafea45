#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences: what is changed applies at once and is in the pair's ini."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import tap, wait  # noqa: E402
from rig.real import Pi  # noqa: E402

TITLE = "Preferences"


def open_preferences(d):
    pi = Pi(d)
    pi.write("a.txt")
    app = pi.run("--hidden")
    pi.wait_text("a.txt", "text")
    app.wait_state("idle")
    app.activate("preferences")
    return pi, app, app.window(TITLE)


def wait_ini(pi, line):
    def text():
        with open(os.path.join(pi.config, "pisync.ini")) as stream:
            return stream.read().replace(" ", "")
    wait.until(lambda: f"{line} in\n{text()}", lambda: line in text().split("\n"))


def turn_to(window, page):
    window.find("radio button", page).press()


def test_changes_reach_the_ini(d):
    pi, app, window = open_preferences(d)
    window.find("spin button", "Upload at most").set_text("500")
    window.find("spin button", "Upload at most").press()
    wait_ini(pi, "upload_limit=500")
    window.find("check box", lambda name: name.startswith("Pause on metered")).press()
    wait_ini(pi, "pause_on_metered=yes")
    window.find("text", "Port").set_text("no")
    window.find("text", "Port").press()
    window.find("label", lambda text: text.startswith("The port is a whole number"))
    window.find("text", "Port").set_text(str(pi.server.port))
    window.find("text", "Port").press()
    pi.write("b.txt", "later")
    pi.wait_text("b.txt", "later")
    assert app.end() == 0, app.output()


def test_ignore_rules_with_a_live_example(d):
    pi, app, window = open_preferences(d)
    turn_to(window, "Left Out")
    rules = window.find("text", "Ignore rules")
    wait.until("the rules to be read", lambda: rules.is_("sensitive"))
    window.find("label", "This is kept in sync.")
    rules.set_text("*.tmp\n")
    window.find("label", "This is left out.")
    wait.until("the rules to be written", lambda: pi.text(".pisyncignore") == "*.tmp\n")
    pi.wait_text(".pisyncignore", "*.tmp\n")
    pi.write("draft.tmp")
    pi.write("b.txt", "later")
    pi.wait_text("b.txt", "later")
    assert pi.text("draft.tmp", "remote") is None


def test_switches(d):
    _pi, app, window = open_preferences(d)
    turn_to(window, "General")
    entry = os.path.join(d.home, ".config/autostart/io.github.pisync.PiSync.desktop")
    box = window.find("check box", "Start PiSync when I log in")
    box.press()
    wait.until("the autostart entry", lambda: os.path.exists(entry))
    box.press()
    wait.until("the autostart entry to go", lambda: not os.path.exists(entry))
    window.find("check box", "when a problem lasts").press()
    conf = os.path.join(d.home, ".config/pisync/desktop.conf")
    wait.until("the setting to be written", lambda: os.path.exists(conf))
    assert "problem=false" in open(conf).read()
    assert app.end() == 0, app.output()


def test_removing_a_pair_deletes_no_file(d):
    pi, app, window = open_preferences(d)
    window.find("push button", "Remove…").press()
    dialog = app.window("Question")  # so GTK calls a dialog of this kind
    dialog.find("label", lambda text: text.startswith("No file is deleted"))
    dialog.find("push button", "Remove").press()
    window.find("label", "No folder is set up yet")
    assert not os.path.exists(os.path.join(pi.config, "pisync.ini"))
    assert pi.names() == ["a.txt"] and pi.names("remote") == ["a.txt"]
    assert app.end() == 0, app.output()


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
