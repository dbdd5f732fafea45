#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status window and the log of the real program, with a real OpenSSH server: what a person
finds there, and what comes of pressing it."""

import os
import shutil
import subprocess
import sys

from gi.repository import GLib

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import manager, screen, tap, wait  # noqa: E402
from rig.real import Pi, fixture, make_conflict  # noqa: E402

LOGIN = "Sign In to PiSync"
LOG = "PiSync Log"


def uri(path):
    return GLib.filename_to_uri(path, None)


# -- the status window --------------------------------------------------------------------------

def test_show_in_folder(d):
    pi = Pi(d)
    record = manager.install(d)
    shower = manager.start(d)
    pi.write("Fotos/Käse 1.txt")
    app = pi.run()
    window = app.window()
    row = window.find("list item", "Käse 1.txt", 20)
    row.find("push button", "Show in folder").press()
    shower.wait_line("show " + uri(pi.path("Fotos/Käse 1.txt")))
    # Without a file manager that can do so, the folder is opened.
    shower.end()
    row.find("push button", "Show in folder").press()
    manager.wait_opened(record, pi.path("Fotos"))


def test_both_versions_are_opened(d):
    record = manager.install(d)
    pi, app, copy = make_conflict(d)
    app.window().find("push button", "Open Both", 20).press()
    manager.wait_opened(record, pi.path("letter.txt"))
    manager.wait_opened(record, pi.path(copy))


def test_the_original_is_kept(d):
    pi, app, copy = make_conflict(d)
    winner, loser = pi.text("letter.txt"), pi.text(copy)
    screen.wait_active(d, "PiSync")
    conflicts = app.window().find("list box", "Changed in two places", 20)
    row = conflicts.find("list item", "letter.txt")
    row.find("push button", "Keep This One").press()
    wait.until("the copy to go here", lambda: pi.names() == ["letter.txt"])
    wait.until("the copy to go there", lambda: pi.names("remote") == ["letter.txt"], 20)
    assert pi.text("letter.txt") == pi.text("letter.txt", "remote") == winner
    with open(os.path.join(d.home, ".local/share/Trash/files", copy)) as stream:
        assert stream.read() == loser
    app.wait_state("idle")


def test_problem_is_tried_again(d):
    """What the server refuses, until a person there has changed that."""
    pi = Pi(d, auth="password" if fixture.IS_ROOT else "publickey", throttling=600)
    pi.write("shared/a.txt")
    app = pi.run()
    if pi.account:
        dialog = app.window(LOGIN)
        screen.wait_active(d, LOGIN)
        dialog.find("password text").set_text(pi.account.password)
        screen.key(d, "Return")
    pi.wait_text("shared/a.txt", "text")
    app.wait_state("idle")
    os.chmod(pi.path("shared", "remote"), 0o555)
    pi.write("shared/b.txt")
    window = app.window()
    window.find("push button", "Sync Now").press()
    app.wait_state("error")
    window.find("label", "shared/b.txt")
    again = window.find("push button", "Try Again")
    os.chmod(pi.path("shared", "remote"), 0o755)
    screen.wait_active(d, "PiSync")
    screen.click(d, again)
    pi.wait_text("shared/b.txt", "text")
    app.wait_state("idle")
    wait.until("the problem to go", lambda: window.peek("push button", "Try Again") is None)


def restored(d):
    """The server was put back to an older state; (pair, program) with the question asked."""
    pi = Pi(d)
    app = pi.run()
    for number in range(5):
        pi.write(f"file-{number}.txt", f"content {number}")
    pi.wait_text("file-4.txt", "content 4")
    app.wait_state("idle")
    backup = str(pi.remote) + ".backup"
    subprocess.run(["cp", "-a", str(pi.remote), backup], check=True)
    pi.write("file-0.txt", "changed after the backup")
    pi.wait_text("file-0.txt", "changed after the backup")
    pi.write("new.txt", "written after the backup")
    pi.wait_text("new.txt", "written after the backup")
    app.wait_state("idle")
    pi.server.stop()
    shutil.rmtree(pi.remote)
    os.rename(backup, pi.remote)
    pi.server.start()
    app.tray().press("Sync Now")
    app.wait_state("attention", 40)
    app.window().find("label", "The server seems to have been restored from a backup", 20)
    return pi, app


def nothing_is_lost(pi):
    """Each content is still there, on both sides, and what is newer has the name."""
    for side in ("local", "remote"):
        pi.wait_text("file-0.txt", "changed after the backup", side)
        pi.wait_text("new.txt", "written after the backup", side)
        copies = [name for name in pi.names(side) if "conflicted copy" in name]
        assert [pi.text(name, side) for name in copies] == ["content 0"], pi.names(side)


def goes_on(pi, app):
    """Deletions are passed on again: nothing is held any more."""
    app.wait_state("idle", 30)
    os.unlink(pi.path("new.txt"))
    pi.wait_text("new.txt", None)
    app.wait_state("idle")


def test_restored_server_is_accepted(d):
    """Nothing is deleted before, and nothing by that."""
    pi, app = restored(d)
    nothing_is_lost(pi)
    app.window().find("push button", "Sync as Usual Again").press()
    goes_on(pi, app)
    assert app.window().peek("push button", "Sync as Usual Again") is None


def test_folder_of_the_server_is_renamed(d):
    """As when a disk is not mounted: nothing is done, here or there, until it is back."""
    pi = Pi(d)
    pi.write("a.txt")
    app = pi.run()
    pi.wait_text("a.txt", "text")
    app.wait_state("idle")
    away = str(pi.remote) + ".renamed"
    os.rename(pi.remote, away)
    app.wait_state("attention", 40)
    window = app.window()
    window.find("label", "A folder is not there. Is the disk mounted?")
    window.find("label", lambda text: text.endswith(f"On the server: {pi.there}"))
    screen.wait_active(d, "PiSync")
    screen.key(d, "Return")
    pi.write("b.txt", "written meanwhile")
    window.find("push button", "Try Again").press()
    assert not os.path.exists(pi.remote)
    os.rename(away, pi.remote)
    pi.wait_text("b.txt", "written meanwhile", seconds=40)
    app.wait_state("idle")
    assert pi.names() == pi.names("remote") == ["a.txt", "b.txt"]


def test_space_of_the_server(d):
    pi = Pi(d)
    app = pi.run()
    app.wait_state("idle")
    window = app.window()
    disk = os.statvfs(pi.remote)
    total = GLib.format_size(disk.f_blocks * disk.f_frsize)
    window.find("label", lambda text: text.endswith(f" free of {total} on the server"), 20)
    shown = window.find("level bar", "Used space on the server").get(
        "org.a11y.atspi.Value", "CurrentValue")
    assert abs(shown - (1 - disk.f_bavail / disk.f_blocks)) < 0.05, shown


# -- the log ------------------------------------------------------------------------------------

def shown(log, word):
    """Whether there is a line with @word in it."""
    return log.peek("table cell", lambda text: word in text) is not None


def lines(log):
    return log.find("table").get("org.a11y.atspi.Table", "NRows")


def wait_lines(log, number):
    wait.until(lambda: f"{number} lines, there are {lines(log)}\n{log.dump()}",
               lambda: lines(log) == number)


def open_log(app):
    app.tray().press("Log")
    log = app.window(LOG)
    screen.wait_active(app.d, LOG)
    return log


def choose_kind(log, word):
    log.find("combo box").press()
    log.find("menu item", word).press()


def type_filter(d, log, text):
    screen.click(d, log.find("text"))
    screen.key(d, "ctrl+a", "BackSpace")
    if text:
        screen.type_text(d, text)


def pasted(d, log):
    """What the clipboard holds, seen where it is pasted; the search is empty then."""
    entry = log.find("text")
    screen.click(d, entry)
    screen.key(d, "ctrl+a", "ctrl+v")
    text = wait.until("what is pasted", entry.text)
    type_filter(d, log, "")
    wait.until("the empty search", lambda: not entry.text())
    return text


def test_log_is_filtered_and_goes_on(d):
    pi = Pi(d)
    pi.write("alpha.txt")
    pi.write("beta.txt")
    os.mkfifo(pi.path("pipe"))
    app = pi.run("--hidden")
    pi.wait_text("beta.txt", "text")
    log = open_log(app)
    for text in ("upload alpha.txt", "upload beta.txt", "connected"):
        log.find("table cell", lambda said, text=text: text in said)
    everything = lines(log)
    type_filter(d, log, "ALPHA")
    wait_lines(log, 1)
    # Live, through the filter.
    pi.write("alphabet.txt")
    wait_lines(log, 2)
    pi.write("gamma.txt")
    pi.wait_text("gamma.txt", "text")
    wait_lines(log, 2)
    screen.key(d, "Escape")
    wait.until("all lines again", lambda: lines(log) >= everything + 2)
    for kind, word in (("Problems", "pipe"), ("Connection", "connected"),
                       ("Files and folders", "upload gamma.txt")):
        choose_kind(log, kind)
        others = [other for other in ("pipe", "connected", "upload ") if other not in word]
        wait.until(lambda word=word, others=others: f"{word} but not {others} in\n{log.dump()}",
                   lambda word=word, others=others: shown(log, word)
                   and not any(shown(log, other) for other in others))
    choose_kind(log, "Everything")
    wait.until("all lines once more", lambda: lines(log) >= everything + 2)
    screen.key(d, "Escape")
    app.client.wait_gone(log)


def test_log_is_copied_and_saved(d):
    pi = Pi(d)
    pi.write("alpha.txt")
    pi.write("beta.txt")
    app = pi.run("--hidden")
    pi.wait_text("beta.txt", "text")
    app.wait_state("idle")
    log = open_log(app)
    row = log.find("table cell", lambda text: "upload alpha.txt" in text)
    log.find("push button", "Copy").press()
    text = pasted(d, log)
    assert " upload alpha.txt" in text and " upload beta.txt" in text and "connected" in text, text
    # Only what is selected, by a real click.
    row = log.find("table cell", lambda text: "upload alpha.txt" in text)
    screen.click(d, row)
    wait.until("the selected line", lambda: row.is_("selected"))
    log.find("push button", "Copy").press()
    text = pasted(d, log)
    assert " upload alpha.txt" in text and "beta" not in text and "connected" not in text, text
    # What is shown is what is saved, whatever is selected.
    type_filter(d, log, "upload ")
    wait_lines(log, 2)
    log.find("push button", "Save…").press()
    chooser = app.window("Save the Log")
    screen.wait_active(d, "Save the Log")
    target = os.path.join(d.home, "saved log.txt")
    chooser.find("text").set_text(target)
    chooser.find("push button", "Save").press()
    wait.until("the saved log", lambda: os.path.exists(target) and os.path.getsize(target) > 0)
    with open(target) as stream:
        saved = stream.read().splitlines()
    assert len(saved) == 2 and all(" upload " in line for line in saved), saved


def position(log):
    """(where the list stands, where its end is) as the scroll bar has it."""
    bar = max(log.all("scroll bar", states=()), key=lambda node: node.extents()[3])
    value = "org.a11y.atspi.Value"
    return bar.get(value, "CurrentValue"), bar.get(value, "MaximumValue")


def test_log_follows_or_stays(d):
    pi = Pi(d)
    app = pi.run("--hidden")
    app.wait_state("idle")
    log = open_log(app)

    def more(prefix):
        before = lines(log)
        for number in range(40):
            pi.write(f"{prefix}-{number:02}.txt")
        wait.until("forty more lines", lambda: lines(log) >= before + 40, 20)

    def wait_end():
        wait.until(lambda: f"the end of the list, {position(log)}",
                   lambda: position(log)[0] > 0 and position(log)[1] - position(log)[0] < 1)
    more("first")
    wait_end()
    log.find("toggle button", "Follow").press()
    screen.click(d, log.find("scroll pane"))
    screen.key(d, "Home")
    wait.until(lambda: f"the top of the list, {position(log)}", lambda: position(log)[0] == 0)
    more("second")
    assert position(log)[0] == 0, position(log)
    log.find("toggle button", "Follow").press()
    wait_end()
    more("third")
    wait_end()


def test_log_of_earlier_days_is_bounded(d):
    """Whatever the log file holds, the window holds its last 5000 lines and stays quick."""
    pi = Pi(d)
    ini = os.path.join(pi.config, "pisync.ini")
    with open(ini) as stream:
        text = stream.read().replace("throttling=1", "throttling=1\nlog_file_max=20000")
    with open(ini, "w") as stream:
        stream.write(text)
    state = os.path.join(d.home, ".local/state/pisync/pisync")
    os.makedirs(state)
    with open(os.path.join(state, "log.txt"), "w") as stream:
        for number in range(12000):
            stream.write(f"2026-11-22 14:05:33 upload old-{number:05}.txt (12 kB)\n")
    app = pi.run("--hidden")
    app.wait_state("idle")
    log = open_log(app)
    wait.until(lambda: f"5000 lines, there are {lines(log)}", lambda: lines(log) == 5000, 30)
    pi.write("new.txt")
    pi.wait_text("new.txt", "text")
    for name in ("new.txt", "old-11999.txt"):
        type_filter(d, log, name)
        wait_lines(log, 1)
    type_filter(d, log, "old-00001.txt")
    wait_lines(log, 0)
    type_filter(d, log, "")
    wait_lines(log, 5000)


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
