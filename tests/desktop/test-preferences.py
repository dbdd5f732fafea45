#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences: what is changed applies at once and is in the pair's ini."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from gi.repository import GLib  # noqa: E402
from rig import screen, tap, wait  # noqa: E402
from rig.real import WATCHED, Pi  # noqa: E402

TITLE = "Preferences"


def open_preferences(d, **options):
    """@options: of App.run ()."""
    pi = Pi(d)
    pi.write("a.txt")
    app = pi.run("--hidden", **options)
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
    turn_to(window, "Syncing")
    for name, number, line in (("Upload at most", 500, "upload_limit=500"),
                               ("Keep old versions for", 7, "keep_versions_days=7"),
                               ("Old versions take at most", 35, "versions_max_percent=35"),
                               ("Ask before deleting more than", 5, "delete_guard_percent=5")):
        window.find("spin button", name).set_text(str(number))
        window.find("spin button", name).press()
        wait_ini(pi, line)
    for name, line in (("Pause on metered", "pause_on_metered=yes"),
                       ("Copy symbolic links", "symlinks=keep"), ("Wait until", "fsync=no")):
        window.find("check box", lambda text: text.startswith(name)).press()
        wait_ini(pi, line)
    turn_to(window, "Folders")
    window.find("text", "Port").set_text("no")
    window.find("text", "Port").press()
    window.find("label", lambda text: text.startswith("The port is a whole number"))
    window.find("text", "Port").set_text(str(pi.server.port))
    window.find("text", "Port").press()
    pi.write("b.txt", "later")
    pi.wait_text("b.txt", "later")
    assert app.end() == 0, app.output()


def test_how_to_sign_in(d):
    pi, app, window = open_preferences(d)
    entry = window.find("text", "Key file")
    assert entry.text() == str(pi.server.key)
    entry.set_text("/nowhere/key")
    entry.press()
    window.find("label", "There is no such file.")
    entry.set_text(str(pi.server.key))
    entry.press()
    wait.until("the message to go", lambda: window.peek("label", "There is no such file.") is None)
    window.find("text", "Name of this computer").set_text("attic")
    window.find("text", "Name of this computer").press()
    wait_ini(pi, "device=attic")
    window.find("combo box", "Sign in")
    screen.wait_active(d, TITLE)
    screen.key(d, "alt+i", "Down")
    wait_ini(pi, "auth=password")


def test_what_was_typed_last_is_taken(d):
    """However the window goes, though the focus never left the entry."""
    pi, app, window = open_preferences(d)
    for device, keys in (("attic", "Escape"), ("cellar", "alt+F4"), ("shed", "ctrl+q")):
        screen.wait_active(d, TITLE)
        entry = window.find("text", "Name of this computer")
        screen.key(d, "alt+t", "ctrl+a")
        screen.type_text(d, device)
        wait.until("the text", lambda e=entry, name=device: e.text() == name)
        screen.key(d, keys)
        wait_ini(pi, f"device={device}")
        if keys != "ctrl+q":
            app.client.wait_gone(window)
            app.activate("preferences")
            window = app.window(TITLE)
    assert app.wait() == 0, app.output()


def test_number_typed_last_is_taken(d):
    pi, app, window = open_preferences(d)
    turn_to(window, "Syncing")
    screen.wait_active(d, TITLE)
    spin = window.find("spin button", "Keep old versions for")
    screen.key(d, "alt+k", "ctrl+a")
    screen.type_text(d, "17")
    wait.until("the text", lambda: spin.text() == "17")
    screen.key(d, "Escape")
    wait_ini(pi, "keep_versions_days=17")
    assert app.end() == 0, app.output()


def test_number_is_written_once_it_stands_still(d):
    pi, app, window = open_preferences(d)
    turn_to(window, "Syncing")
    screen.wait_active(d, TITLE)
    spin = window.find("spin button", "Keep old versions for")
    spin.set_text("10")
    spin.press()
    wait_ini(pi, "keep_versions_days=10")
    path = os.path.join(pi.config, "pisync.ini")
    writes, done = set(), threading.Event()

    def watch():
        while not done.wait(0.001):
            writes.add(os.stat(path).st_mtime_ns)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        screen.key(d, "alt+k", *["Up"] * 20)
        wait_ini(pi, "keep_versions_days=30")
    finally:
        done.set()
        watcher.join()
    assert len(writes) <= 5, f"{len(writes)} writes for 20 steps"
    # Nothing is lost when there is no time to wait.
    screen.key(d, "Up", "Escape")
    wait_ini(pi, "keep_versions_days=31")
    assert app.end() == 0, app.output()


def test_other_folders_of_one_of_two(d):
    """The pair goes and comes back at the end of the list; it stays the one that is shown."""
    pi = Pi(d)
    with open(os.path.join(pi.config, "pisync.ini")) as stream:
        ini = stream.read()
    second = os.path.join(pi.config, "second.ini")
    for folder in os.path.join(d.home, "Second"), f"{pi.remote}-2":
        os.makedirs(folder)
    with open(second, "w") as stream:
        stream.write(ini.replace(pi.local, os.path.join(d.home, "Second"))
                     .replace(f"={pi.there}", f"={pi.there}-2"))
    app = pi.run("--hidden")
    app.wait_state("idle")
    app.activate("preferences")
    window = app.window(TITLE)
    window.find("push button", "Change the folders").press()
    dialog = app.window("Change Folders")
    new = os.path.join(d.home, "Elsewhere")
    dialog.find("text", "Folder on this computer").set_text(new)
    begin = dialog.find("push button", "Begin Anew")
    wait.until("the button", lambda: begin.is_("sensitive"))
    begin.press()
    app.client.wait_gone(dialog)
    wait_ini(pi, f"local_base={new}")
    window.find("label", new)
    window.find("text", "Name of this computer").set_text("attic")
    window.find("text", "Name of this computer").press()
    wait_ini(pi, "device=attic")
    with open(second) as stream:
        assert "attic" not in stream.read()
    assert app.end() == 0, app.output()


def test_other_folders_begin_anew(d):
    pi, app, window = open_preferences(d)
    old = pi.local
    window.find("push button", "Change the folders").press()
    dialog = app.window("Change Folders")
    begin = dialog.find("push button", "Begin Anew")
    assert not begin.is_("sensitive")
    entry = dialog.find("text", "Folder on this computer")
    entry.set_text("not a path")
    dialog.find("label", lambda text: text.startswith("Type the full path"))
    assert not begin.is_("sensitive")
    new = os.path.join(d.home, "Elsewhere")
    pi.local = new
    pi.write("new.txt", "new")
    entry.set_text(new)
    wait.until("the button", lambda: begin.is_("sensitive"))
    begin.press()
    app.client.wait_gone(dialog)
    wait_ini(pi, f"local_base={new}")
    # A union: what was missing here was not deleted there.
    pi.wait_text("new.txt", "new")
    pi.wait_text("a.txt", "text", side="local")
    assert pi.text("a.txt", "remote") == "text"
    app.wait_state("idle")
    assert os.path.exists(os.path.join(old, "a.txt"))
    window.find("label", new)
    pi.write("later.txt")
    pi.wait_text("later.txt", "text")
    assert app.end() == 0, app.output()


def test_folder_of_another_pair_is_tied_only_when_told(d):
    pi, app, window = open_preferences(d)
    foreign = os.path.join(d.home, "Foreign")
    os.makedirs(os.path.join(foreign, ".pisync"))
    with open(os.path.join(pi.local, ".pisync/root")) as stream:
        lines = stream.read().splitlines()
    with open(os.path.join(foreign, ".pisync/root"), "w") as stream:
        stream.write("\n".join("id=12345678-1234-4234-8234-123456789abc" if line.startswith("id=")
                               else line for line in lines) + "\n")
    window.find("push button", "Change the folders").press()
    dialog = app.window("Change Folders")
    dialog.find("text", "Folder on this computer").set_text(foreign)
    begin = dialog.find("push button", "Begin Anew")
    wait.until("the button", lambda: begin.is_("sensitive"))
    begin.press()
    tie = dialog.find("check box", lambda name: name.startswith("This folder was kept"), 20)
    assert pi.text("a.txt", "remote") == "text"
    tie.press()
    wait.until("the button", lambda: begin.is_("sensitive"))
    begin.press()
    app.client.wait_gone(dialog)
    pi.local = foreign
    pi.wait_text("a.txt", "text", side="local")
    assert pi.text("a.txt", "remote") == "text"


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


def test_ignore_rules_of_another_device_stay(d):
    """They are synced in while the window is open; what is typed here comes to them."""
    pi, _app, window = open_preferences(d)
    turn_to(window, "Left Out")
    rules = window.find("text", "Ignore rules")
    wait.until("the rules to be read", lambda: rules.is_("sensitive"))
    pi.write(".pisyncignore", "*.bak\n", side="remote")
    pi.wait_text(".pisyncignore", "*.bak\n", side="local")
    rules.set_text("*.tmp\n")
    pi.wait_text(".pisyncignore", "*.bak\n*.tmp\n", side="local")
    wait.until("the rules to be shown", lambda: rules.text() == "*.bak\n*.tmp\n")
    pi.wait_text(".pisyncignore", "*.bak\n*.tmp\n")
    rules.set_text("*.bak\n")
    pi.wait_text(".pisyncignore", "*.bak\n")


def test_ignore_rules_typed_last_are_written(d):
    pi, app, window = open_preferences(d)
    turn_to(window, "Left Out")
    rules = window.find("text", "Ignore rules")
    wait.until("the rules to be read", lambda: rules.is_("sensitive"))
    screen.wait_active(d, TITLE)
    rules.set_text("*.tmp\n")
    screen.key(d, "ctrl+q")
    assert app.wait() == 0, app.output()
    assert pi.text(".pisyncignore") == "*.tmp\n"


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


def open_on_a_slow_disk(d, milliseconds, what=""):
    """The disk of our own files (of @what) takes that long for every fsync; the program watches
    itself. Returns how much it has said so far, too."""
    slow = os.path.join(d.home, ".config", what)
    pi, app, window = open_preferences(d, program=WATCHED, env={
        "PISYNC_TEST_SLOW_DIR": slow, "PISYNC_TEST_SLOW_MS": str(milliseconds)})
    return pi, app, window, len(app.lines)


def stalls(app, before):
    return [line for line in app.lines[before:] if line.startswith("stall")]


def test_slow_disk_holds_nothing_up(d):
    pi, app, window, before = open_on_a_slow_disk(d, 700)
    turn_to(window, "Syncing")
    limit = window.find("spin button", "Upload at most")
    begin = time.monotonic()
    for number in (100, 200, 300, 400):
        limit.set_text(str(number))
        limit.press()
    window.find("check box", lambda text: text.startswith("Copy symbolic links")).press()
    wait_ini(pi, "upload_limit=400")
    wait_ini(pi, "symlinks=keep")
    took = time.monotonic() - begin
    assert took < 2.9, f"five changes were written in {took:.1f} s"  # the last one stands for all
    turn_to(window, "General")
    window.find("check box", "Start PiSync when I log in").press()
    window.find("check box", "when a problem lasts").press()
    conf = os.path.join(d.home, ".config/pisync/desktop.conf")
    wait.until("the setting to be written", lambda: os.path.exists(conf))
    assert not stalls(app, before), app.output()
    assert app.end() == 0, app.output()


def test_quitting_waits_for_the_disk(d):
    pi, app, window, _before = open_on_a_slow_disk(d, 500)
    screen.wait_active(d, TITLE)
    screen.key(d, "alt+t", "ctrl+a")
    screen.type_text(d, "attic")
    entry = window.find("text", "Name of this computer")
    wait.until("the text", lambda: entry.text() == "attic")
    screen.key(d, "ctrl+q")
    assert app.wait() == 0, app.output()
    with open(os.path.join(pi.config, "pisync.ini")) as stream:
        assert "attic" in stream.read()


def test_quitting_does_not_wait_for_ever(d):
    _pi, app, window, _before = open_on_a_slow_disk(d, 60000, "pisync/pisync.ini")
    turn_to(window, "Syncing")
    window.find("check box", lambda text: text.startswith("Copy symbolic links")).press()
    begin = time.monotonic()
    screen.wait_active(d, TITLE)
    screen.key(d, "ctrl+q")
    assert app.wait() == 0, app.output()
    assert time.monotonic() - begin < 4 * wait.PATIENCE


def test_what_could_not_be_written_is_told(d):
    pi, app, window = open_preferences(d)
    ini = os.path.join(pi.config, "pisync.ini")
    with open(ini) as stream:
        text = stream.read()
    os.unlink(ini)
    os.mkdir(ini)
    turn_to(window, "Syncing")
    window.find("check box", lambda text: text.startswith("Copy symbolic links")).press()
    window.find("label", lambda text: ini in text)
    os.rmdir(ini)
    with open(ini, "w") as stream:
        stream.write(text)
    window.find("check box", lambda text: text.startswith("Pause on metered")).press()
    wait_ini(pi, "pause_on_metered=yes")
    with open(ini) as stream:
        assert "symlinks" not in stream.read()
    assert app.end() == 0, app.output()


def test_hung_folder_is_said_and_another_one_can_be_chosen(d):
    mount = os.path.join(d.home, "mount")
    _pi, app, window = open_preferences(d, program=WATCHED, env={
        "PISYNC_TEST_SLOW_DIR": mount, "PISYNC_TEST_SLOW_MS": "60000"})
    window.find("push button", "Change the folders").press()
    dialog = app.window("Change Folders")
    before = len(app.lines)
    begin = dialog.find("push button", "Begin Anew")
    screen.wait_active(d, "Change Folders")
    entry = dialog.find("text", "Folder on this computer")
    entry.set_text(mount)
    screen.key(d, "End")
    screen.type_text(d, "xxxxx")
    dialog.find("label", "Looking at this folder…")
    assert not begin.is_("sensitive")
    entry.set_text(os.path.join(d.home, "Elsewhere"))
    wait.until("the button", lambda: begin.is_("sensitive"))
    assert not stalls(app, before), app.output()
    dialog.find("push button", "Cancel").press()
    app.client.wait_gone(dialog)
    assert app.end() == 0, app.output()


def remove(app, window):
    window.find("push button", "Remove…").press()
    dialog = app.window("Question")  # so GTK calls a dialog of this kind
    dialog.find("label", lambda text: text.startswith("No file is deleted"))
    dialog.find("push button", "Remove").press()
    app.client.wait_gone(dialog)


def kept_secrets(d, **attributes):
    """What the keyring has of ours, with these attributes."""
    found = d.call("org.freedesktop.secrets", "/org/freedesktop/secrets",
                   "org.freedesktop.Secret.Service", "SearchItems",
                   GLib.Variant("(a{ss})", ({"application": "pisync", **attributes},))).unpack()
    return found[0] + found[1]


def two_pairs_with_a_password(d):
    """Of one account, whose password is kept; (pi, app, window)."""
    pi = Pi(d, auth="password")
    with open(os.path.join(pi.config, "pisync.ini")) as stream:
        ini = stream.read()
    os.makedirs(os.path.join(d.home, "Second"))
    with open(os.path.join(pi.config, "second.ini"), "w") as stream:
        stream.write(ini.replace(pi.local, os.path.join(d.home, "Second"))
                     .replace(f"={pi.there}", f"={pi.there}-2"))
    pi.write("a.txt")
    app = pi.run("--hidden")
    dialog = app.window("Sign In to PiSync")
    screen.wait_active(d, "Sign In to PiSync")
    dialog.find("password text").set_text(pi.account.password)
    screen.key(d, "Return")
    pi.wait_text("a.txt", "text")
    wait.until("the password to be kept", lambda: kept_secrets(d))
    assert kept_secrets(d, port=str(pi.server.port), user=pi.server.user)
    app.activate("preferences")
    return pi, app, app.window(TITLE)


def test_removing_the_last_pair_of_an_account_forgets_its_password(d):
    pi, app, window = two_pairs_with_a_password(d)
    remove(app, window)
    wait.until("the ini to go",
               lambda: not os.path.exists(os.path.join(pi.config, "pisync.ini")))
    window.find("label", os.path.join(d.home, "Second"))
    assert len(kept_secrets(d)) == 1
    remove(app, window)
    wait.until("the password to be forgotten", lambda: not kept_secrets(d))
    assert app.end() == 0, app.output()


def test_changing_the_last_pair_of_an_account_forgets_its_password(d):
    pi, app, window = two_pairs_with_a_password(d)
    for number, folder in enumerate((pi.local, os.path.join(d.home, "Second"))):
        window.find("label", folder)
        assert len(kept_secrets(d)) == 1
        entry = window.find("text", "User name")
        entry.set_text(f"somebody{number}")
        entry.press()
        if number == 0:
            wait_ini(pi, "user=somebody0")
            remove(app, window)
    wait.until("the password to be forgotten", lambda: not kept_secrets(d))
    assert app.end() == 0, app.output()


def test_changing_the_key_file_forgets_its_passphrase(d):
    pi = Pi(d)
    plain, key = str(pi.server.key), os.path.join(d.home, "locked key")
    pi.server.make_key(key, passphrase="open sesame")
    with open(key + ".pub") as public, open(pi.server.authorized_keys, "a") as keys:
        keys.write(public.read())
    ini = os.path.join(pi.config, "pisync.ini")
    with open(ini) as stream:
        text = stream.read()
    with open(ini, "w") as stream:
        stream.write(text.replace(plain, key))
    pi.write("a.txt")
    app = pi.run("--hidden")
    dialog = app.window("Sign In to PiSync")
    screen.wait_active(d, "Sign In to PiSync")
    dialog.find("password text").set_text("open sesame")
    screen.key(d, "Return")
    pi.wait_text("a.txt", "text")
    wait.until("the passphrase to be kept", lambda: kept_secrets(d, subject=key))
    app.activate("preferences")
    entry = app.window(TITLE).find("text", "Key file")
    entry.set_text(plain)
    entry.press()
    wait_ini(pi, f"keyfile={plain}")
    wait.until("the passphrase to be forgotten", lambda: not kept_secrets(d))
    assert app.end() == 0, app.output()


def test_question_about_a_pair_goes_with_it(d):
    """Once another pair is shown, the answer would be taken for one about that."""
    pi, app, window = two_pairs_with_a_password(d)
    button = window.find("push button", "Remove…")
    button.press()
    button.press()
    app.window("Question")
    assert len([w for w in app.client.windows() if w.name == "Question"]) == 1
    window.find("combo box").press()
    window.find("menu item", "Second").press()
    wait.until("the question to go", lambda: app.no_window("Question"))
    assert app.end() == 0, app.output()


def test_removing_a_pair_deletes_no_file(d):
    pi, app, window = open_preferences(d)
    remove(app, window)
    window.find("label", "No folder is set up yet")
    assert not os.path.exists(os.path.join(pi.config, "pisync.ini"))
    assert pi.names() == ["a.txt"] and pi.names("remote") == ["a.txt"]
    assert app.end() == 0, app.output()


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
