#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program, a real OpenSSH server, and what NetworkManager and logind say meanwhile. A look
at the server of its own accord would be due in ten minutes: what comes sooner comes of that."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import tap, wait  # noqa: E402
from rig.machine import Machine  # noqa: E402
from rig.real import Pi  # noqa: E402

# Not the loopback's own name or address, about which no network has anything to say.
ALIAS = "the-pi-of-this-test"


def begin(d, more="full_scan_minutes=60"):
    """The program with its link open, and nothing to do."""
    machine = Machine(d)
    pi = Pi(d, host=ALIAS, throttling=600, more=more)
    pi.write("first.txt")
    app = pi.run("--hidden", env=machine.env)
    pi.wait_text("first.txt", "text")
    app.wait_state("idle")
    wait.until("an open link", pi.server.sessions)
    return machine, pi, app


def logins(pi):
    return pi.server.log().count("Accepted publickey")


def test_offline_drops_the_link_and_online_opens_it_at_once(d):
    machine, pi, app = begin(d)
    before = logins(pi)
    machine.network(available=False)
    app.wait_state("offline")
    wait.until("the link to be dropped", lambda: not pi.server.sessions())
    pi.write("from-here.txt", "here")
    pi.write("from-there.txt", "there", side="remote")
    app.tray().find("Offline")
    machine.network(available=True)
    pi.wait_text("from-there.txt", "there", side="local")
    pi.wait_text("from-here.txt", "here")
    app.wait_state("idle")
    assert logins(pi) == before + 1, pi.server.log()


def test_sleep_drops_the_link_and_waking_opens_it_at_once(d):
    machine, pi, app = begin(d)
    before = logins(pi)
    machine.sleep(True)
    wait.until("the link to be dropped", lambda: not pi.server.sessions())
    pi.write("from-here.txt", "here")
    pi.write("from-there.txt", "there", side="remote")
    machine.sleep(False)
    pi.wait_text("from-there.txt", "there", side="local")
    pi.wait_text("from-here.txt", "here")
    app.wait_state("idle")
    assert logins(pi) == before + 1, pi.server.log()


def test_sleep_in_the_middle_of_a_file(d):
    machine, pi, app = begin(d, more="upload_limit=500")
    pi.write("big", "b" * 4000000)
    app.tray().press("Sync Now")
    app.wait_state("syncing")
    machine.sleep(True)
    wait.until("the link to be dropped", lambda: not pi.server.sessions())
    machine.sleep(False)
    pi.wait_text("big", "b" * 4000000, seconds=30)
    app.wait_state("idle")
    assert pi.names("remote") == ["big", "first.txt"]


def switch_metered(app):
    app.activate("preferences")
    window = app.window("Preferences")
    window.find("radio button", "Syncing").press()
    window.find("check box", "Pause on metered networks, for this server").press()


def test_metered_pauses_but_not_for_this_server(d):
    machine, pi, app = begin(d, more="pause_on_metered=yes")
    machine.network(metered=True)
    app.wait_state("paused")
    app.tray().find(lambda label: "metered" in label)
    pi.write("from-here.txt", "here")
    pi.write("from-there.txt", "there", side="remote")
    app.activate("show-status")
    app.window().find("label", lambda text: "metered" in text)
    assert pi.text("from-here.txt", "remote") is None
    switch_metered(app)
    pi.wait_text("from-here.txt", "here")
    pi.wait_text("from-there.txt", "there", side="local")
    app.wait_state("idle")
    # And on again, at once, with nothing said by the network.
    switch_metered(app)
    app.wait_state("paused")
    pi.write("later.txt", "later", side="remote")
    machine.network(metered=False)
    pi.wait_text("later.txt", "later", side="local")
    app.wait_state("idle")


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
