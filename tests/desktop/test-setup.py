#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The setup assistant: from nothing to a folder that is kept, with a real OpenSSH server."""

import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from gi.repository import GLib  # noqa: E402
from rig import avahi, screen, tap, wait  # noqa: E402
from rig.assistant import LOGIN, TITLE, Setup  # noqa: E402
from rig.program import Program  # noqa: E402

def test_from_nothing_to_a_kept_folder(d):
    setup = Setup(d, auth="password")
    pi = setup.pi
    pi.write("from-there.txt", "there", side="remote")
    os.makedirs(pi.local)
    pi.write("from-here.txt", "here!")
    setup.fill_server()
    setup.next()
    setup.page("Signing in")
    setup.window.find("check box", lambda name: name.startswith("Make a key")).press()
    setup.next()
    setup.trust()
    setup.password()
    setup.page("Folder on the server")
    setup.window.find("table cell", lambda name: name.startswith("Home folder ("), 20)
    setup.entry("Folder").set_text(str(pi.remote))
    setup.next()
    setup.page("Folder on this computer")
    assert setup.entry("Folder").text() == pi.local
    setup.next()
    setup.page("Ready to begin")
    setup.window.find("label", "1 file, 5 bytes")
    assert len(setup.window.all("label", "1 file, 5 bytes")) == 2
    assert pi.text("from-here.txt", "remote") is None
    assert not os.path.exists(setup.ini)
    setup.next("Start")
    setup.app.client.wait_gone(setup.window)
    pi.wait_text("from-here.txt", "here!")
    pi.wait_text("from-there.txt", "there", side="local")
    setup.app.wait_state("idle")
    assert f"user={pi.server.user}" in setup.read_ini().replace(" ", "")
    assert os.path.exists(os.path.join(d.home, ".config/autostart",
                                       "io.github.pisync.PiSync.desktop"))
    assert setup.app.end() == 0, setup.app.output()


def test_double_click_turns_one_page(d):
    setup = Setup(d, auth="password")
    setup.fill_server()
    screen.wait_active(d, TITLE)
    screen.click(d, setup.window.find("push button", "Next"), times=2)
    setup.page("Signing in")
    setup.window.find("push button", "Back").press()  # else it would end the signing in
    setup.page("Your server")
    assert setup.app.no_window(LOGIN)
    assert setup.app.end() == 0, setup.app.output()


def test_mistakes_are_told_and_mended(d):
    setup = Setup(d, auth="password")
    setup.fill_server(host="my pi")
    setup.says("A server’s name has no spaces")
    assert not setup.window.find("push button", "Next").is_("sensitive")
    setup.entry("Port").set_text("99999")
    setup.entry("Server").set_text("no-such-host.invalid")
    setup.says("The port is a whole number")
    setup.entry("Port").set_text(str(setup.pi.server.port))
    setup.next()
    setup.page("Signing in")
    setup.next()
    setup.says("no-such-host.invalid")
    setup.window.find("push button", "Back").press()
    setup.page("Your server")
    assert setup.entry("User name").text() == setup.pi.server.user
    setup.entry("Server").set_text("127.0.0.1")
    setup.next()
    setup.page("Signing in")
    setup.next()
    setup.trust()
    setup.password("wrong")
    setup.app.window(LOGIN).find("label", "That password was not right. Please try again.", 30)
    setup.password()
    setup.page("Folder on the server")
    setup.next()
    setup.page("Folder on this computer")
    setup.entry("Folder").set_text(d.home)
    setup.says("It cannot be your whole home folder")
    setup.entry("Folder").set_text(setup.pi.local)
    setup.next()
    setup.page("Ready to begin")


def test_folder_is_made_in_the_tree(d):
    setup = Setup(d, auth="password")
    setup.fill_server()
    setup.next()
    setup.page("Signing in")
    setup.window.find("check box", lambda name: name.startswith("Make a key")).press()
    setup.next()
    setup.trust()
    setup.password()
    setup.page("Folder on the server")
    cell = setup.window.find("table cell", lambda name: name.startswith("Home folder ("), 20)
    screen.wait_active(d, TITLE)
    screen.click(d, cell)
    home = cell.name.partition("(")[2].rstrip(")")
    wait.until("the folder to be taken over", lambda: setup.entry("Folder").text() == home)
    setup.window.find("push button", "New Folder…").press()
    screen.wait_active(d, "New Folder")
    screen.type_text(d, "Photos")
    screen.key(d, "Return")
    wait.until("the new folder to be chosen",
               lambda: setup.entry("Folder").text() == home + "/Photos")
    assert os.path.isdir(home + "/Photos")


def test_going_back_loses_nothing(d):
    setup = Setup(d)
    os.makedirs(os.path.join(d.home, ".ssh"), mode=0o700)
    os.symlink(setup.pi.server.key, os.path.join(d.home, ".ssh", "id_ed25519"))
    setup.sign_in_by("that is on this computer")
    setup.next()
    setup.trust()
    setup.page("Folder on the server")
    setup.entry("Folder").set_text(str(setup.pi.remote) + "/deep/er")
    setup.next()
    setup.page("Folder on this computer")
    setup.entry("Folder").set_text(os.path.join(d.home, "Elsewhere"))
    setup.next()
    setup.page("Ready to begin")
    box = setup.window.find("check box", lambda name: "log in" in name)
    assert box.is_("checked")
    box.press()
    for title in ("Folder on this computer", "Folder on the server", "Signing in", "Your server"):
        setup.back()
        setup.page(title)
    assert not setup.window.find("push button", "Back").is_("sensitive")
    assert setup.entry("Server").text() == "127.0.0.1"
    assert setup.entry("User name").text() == setup.pi.server.user
    assert setup.entry("Port").text() == str(setup.pi.server.port)
    setup.next()
    setup.page("Signing in")
    way = setup.window.find("radio button", lambda name: "that is on this computer" in name)
    assert way.is_("checked")
    setup.next()
    setup.page("Folder on the server")
    assert setup.entry("Folder").text() == str(setup.pi.remote) + "/deep/er"
    setup.next()
    setup.page("Folder on this computer")
    assert setup.entry("Folder").text() == os.path.join(d.home, "Elsewhere")
    setup.next()
    setup.page("Ready to begin")
    assert not setup.window.find("check box", lambda name: "log in" in name).is_("checked")
    setup.next("Start")
    setup.app.client.wait_gone(setup.window)
    setup.app.wait_state("idle")
    assert os.path.isdir(setup.pi.path("deep/er/.pisync", "remote"))
    assert not os.path.exists(os.path.join(d.home, ".config/autostart",
                                           "io.github.pisync.PiSync.desktop"))


ANCESTOR = """[HOST]
host=127.0.0.1
port={port}
[AUTH]
user={user}
keyfile={key}
[LOCAL CONFIG]
local_base={local}
throttling=7
[REMOTE CONFIG]
remote_base={remote}
"""


def test_settings_of_an_earlier_pisync_are_taken_over(d):
    def leave(pi):
        os.makedirs(os.path.join(d.home, ".PiSync"))
        with open(os.path.join(d.home, ".PiSync", "pisync.ini"), "w") as stream:
            stream.write(ANCESTOR.format(port=pi.server.port, user=pi.server.user,
                                         key=pi.server.key, local=os.path.join(d.home, "Old"),
                                         remote=pi.remote))
    setup = Setup(d, prepare=leave)
    setup.says("The settings of an earlier PiSync are on this computer.")
    setup.next("Use Them")
    wait.until("the host to be taken over", lambda: setup.entry("Server").text() == "127.0.0.1")
    assert setup.entry("User name").text() == setup.pi.server.user
    assert setup.entry("Port").text() == str(setup.pi.server.port)
    setup.pi.write("from-there.txt", "there", side="remote")
    setup.next()
    setup.page("Signing in")
    way = setup.window.find("radio button", lambda name: "on this computer" in name)
    assert way.is_("checked")
    setup.next()
    setup.trust()
    setup.page("Folder on the server")
    assert setup.entry("Folder").text() == str(setup.pi.remote)
    setup.next()
    setup.page("Folder on this computer")
    assert setup.entry("Folder").text() == os.path.join(d.home, "Old")
    setup.next()
    setup.page("Ready to begin")
    setup.next("Start")
    setup.app.client.wait_gone(setup.window)
    setup.app.wait_state("idle")
    with open(os.path.join(d.home, "Old", "from-there.txt")) as stream:
        assert stream.read() == "there"
    assert "throttling=7" in setup.read_ini().replace(" ", "")


def test_damaged_settings_of_an_earlier_pisync_are_told(d):
    def leave(_pi):
        os.makedirs(os.path.join(d.home, ".PiSync"))
        with open(os.path.join(d.home, ".PiSync", "pisync.ini"), "w") as stream:
            stream.write("[HOST]\nhost=127.0.0.1\nport=many\n")
    setup = Setup(d, prepare=leave)
    setup.next("Use Them")
    setup.says("pisync.ini:3: port")
    assert setup.entry("Server").text() == "raspberrypi.local"


def test_folder_of_another_pair_needs_a_word(d):
    """A local folder that bears the marker of a pair which is no more."""
    setup = Setup(d)
    stale = os.path.join(setup.pi.local, ".pisync")
    os.makedirs(stale)
    with open(os.path.join(stale, "root"), "w") as stream:
        stream.write("format=1\nid=3c6f0d52-4c8b-4c8e-9b64-0a4c5c9f7a01\ngeneration=1\n")
    # Another computer keeps this remote folder already.
    setup.pi.device().sync()
    setup.sign_in_by("that is on this computer")
    setup.choose_key(setup.pi.server.key)
    setup.next()
    setup.trust()
    setup.page("Folder on the server")
    setup.entry("Folder").set_text(str(setup.pi.remote))
    setup.next()
    setup.page("Folder on this computer")
    setup.next()
    setup.window.find("check box", lambda name: "belonged to another" in name, 20).press()
    setup.next()
    setup.page("Ready to begin")


def listen(d, *servers):
    """Avahi on a system bus that is the private one; returns it and what the program needs."""
    daemon = Program(d, ["/usr/bin/python3", avahi.__file__, *servers])
    daemon.wait_line("ready")
    return daemon, {"DBUS_SYSTEM_BUS_ADDRESS": d.env["DBUS_SESSION_BUS_ADDRESS"]}


def forget(d, name, card):
    d.call(avahi.NAME, "/", avahi.NAME + ".Server", "Forget", GLib.Variant("(si)", (name, card)))


def neighbours(setup):
    return [row.name for row in setup.window.all("list item")]


def test_servers_of_the_network_are_offered(d):
    """By name where the system knows it, else by address; once, though announced twice; no name
    that could be mistaken for an option; gone when the last announcement is."""
    daemon, env = listen(d, "attic=localhost:127.0.0.1:22", "cellar=cellar.invalid:127.0.0.1:2022",
                        "silent=:127.0.0.1:22", "evil=-oProxyCommand:nowhere:22")
    setup = Setup(d, env=env)
    setup.window.find("list item", "attic", 20)
    row = setup.window.find("list item", "cellar", 20)
    setup.window.find("label", "Seen on your network:")
    setup.window.find("label", "127.0.0.1:2022")
    wait.until(lambda: f"each of two to be there once: {neighbours(setup)}",
               lambda: sorted(neighbours(setup)) == ["attic", "cellar"])
    screen.wait_active(d, TITLE)
    screen.click(d, row)
    wait.until("the address", lambda: setup.entry("Server").text() == "127.0.0.1")
    assert setup.entry("Port").text() == "2022"
    screen.click(d, setup.window.find("list item", "attic"))
    wait.until("the name", lambda: setup.entry("Server").text() == "localhost")
    assert setup.entry("Port").text() == ""
    for card, left in ((2, ["attic", "cellar"]), (3, ["attic"])):
        forget(d, "cellar", card)
        wait.until(lambda want=left: f"{want} to be left: {neighbours(setup)}",
                   lambda want=left: neighbours(setup) == want)
    setup.sign_in_by("that is on this computer")
    setup.choose_key(setup.pi.server.key)
    setup.next()
    setup.trust()
    setup.page("Folder on the server")
    assert not daemon.has_line("freed")
    setup.window.find("push button", "Close").press()
    wait.until("both browsers to be let go",
               lambda: daemon.output().count("freed") == daemon.output().count("browse ") == 2)


def test_avahi_that_never_answers(d):
    """It stopped: the assistant works as if there were none, and ends at once."""
    daemon, env = listen(d, "attic=localhost:127.0.0.1:22")
    daemon.process.send_signal(signal.SIGSTOP)
    setup = Setup(d, env=env)
    setup.fill_server()
    setup.next()
    setup.page("Signing in")
    setup.back()
    setup.page("Your server")
    assert neighbours(setup) == []
    assert setup.app.end() == 0, setup.app.output()


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
