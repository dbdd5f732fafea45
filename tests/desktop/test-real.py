#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program, a real OpenSSH server, a real keyring: what a person lives through."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import manager, screen, tap, wait  # noqa: E402
from rig.real import WATCHED, Pi, factors, make_conflict  # noqa: E402
from rig.program import Program  # noqa: E402
from rig.session import KEYRING_PASSWORD, Desktop  # noqa: E402

LOGIN = "Sign In to PiSync"
HOST_KEY = "Server Key"
OTHER = os.environ.get("PISYNC_TEST_OTHER", "other-window")


def give_password(d, pi, app, text=None):
    """Types into the dialog as it stands there."""
    dialog = app.window(LOGIN)
    screen.wait_active(d, LOGIN)
    # The throw-away password has signs that a keyboard of the test cannot type reliably.
    dialog.find("password text").set_text(text or pi.account.password)
    screen.key(d, "Return")
    app.client.wait_gone(dialog)


def test_files_go_both_ways(d):
    pi = Pi(d)
    pi.write("from-here.txt", "here")
    pi.write("from-there.txt", "there", side="remote")
    app = pi.run()
    pi.wait_text("from-here.txt", "here")
    pi.wait_text("from-there.txt", "there", side="local")
    app.wait_state("idle")
    window = app.window()
    window.find("label", lambda text: text.startswith("Up to date · last sync "))
    window.find("label", "from-here.txt")
    window.find("label", lambda text: text.endswith("on the server"))
    pi.write("later.txt", "later")
    pi.wait_text("later.txt", "later")
    assert app.end() == 0, app.output()


def test_new_host_key_is_asked_about(d):
    pi = Pi(d, trusted=False)
    pi.write("a.txt")
    app = pi.run("--hidden")
    dialog = app.window(HOST_KEY)
    dialog.find("label", lambda text: pi.server.fingerprint in text)
    dialog.find("push button", "Cancel").press()
    app.wait_state("attention")
    assert pi.text("a.txt", "remote") is None
    app.activate("show-status")
    app.window().find("push button", "Sign In…").press()
    app.window(HOST_KEY).find("push button", "Trust This Server").press()
    pi.wait_text("a.txt", "text")
    app.wait_state("idle")


def test_changed_host_key_is_told_and_trusted(d):
    pi = Pi(d)
    pi.write("a.txt")
    app = pi.run()
    pi.wait_text("a.txt", "text")
    pi.server.stop()
    pi.server.new_host_key()
    pi.server.start()
    pi.write("b.txt", "after")
    app.wait_state("attention", 30)
    window = app.window()
    window.find("label", "The server did not let us in")
    assert pi.text("b.txt", "remote") is None
    window.find("push button", "Sign In…").press()
    dialog = app.window(HOST_KEY)
    dialog.find("label", "The server’s key has changed")
    dialog.find("check box").press()
    dialog.find("push button", "Trust the New Key").press()
    pi.wait_text("b.txt", "after", seconds=30)
    app.wait_state("idle")


def test_signing_in_is_thought_better_of(d):
    """A double click on Sign In… asks once, and Cancel is no failure to be told about."""
    pi = Pi(d, auth="password")
    app = pi.run()
    dialog = app.window(LOGIN)
    dialog.find("push button", "Cancel").press()
    app.client.wait_gone(dialog)
    sign_in = app.window().find("push button", "Sign In…")
    sign_in.press()
    sign_in.press()
    dialog = app.window(LOGIN)
    dialog.find("push button", "Cancel").press()
    app.client.wait_gone(dialog)
    assert app.no_window(LOGIN)

    def asked_again():
        sign_in.press()
        return app.client.peek_window(LOGIN)
    wait.until("to be asked once more, the last time being over", asked_again)
    for window in app.client.windows():
        assert window.peek("label", "Signing in did not work") is None


def test_wrong_password_then_right_and_kept(d):
    pi = Pi(d, auth="password")
    pi.write("a.txt")
    app = pi.run("--hidden")
    give_password(d, pi, app, "wrong")
    app.window(LOGIN).find("label", "That password was not right. Please try again.", 30)
    give_password(d, pi, app)
    pi.wait_text("a.txt", "text")
    app.wait_state("idle")
    assert app.end() == 0
    # The keyring has it now.
    pi.write("b.txt", "again")
    app = pi.run("--hidden")
    pi.wait_text("b.txt", "again")
    assert app.no_window(LOGIN)


def type_answer(d, app, text, title, label):
    """What a person does when the dialog comes up: no click, just keys."""
    dialog = app.window(LOGIN)
    screen.wait_active(d, LOGIN)
    dialog.find("label", title)
    dialog.find("label", lambda said: label in said)
    screen.type_text(d, text)
    screen.key(d, "Return")
    app.client.wait_gone(dialog)


CLIPBOARD = """
import sys, gi
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk
Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).set_text(sys.argv[1], -1)
print("ready", flush=True)
Gtk.main()
"""


def test_password_changed_and_pasted(d):
    """It is another one on the server now, in other letters; what is pasted ends with its line."""
    pi = Pi(d, auth="password")
    secret = "p\u00e4ssw\u00f6rd \u65e5\u672c"
    subprocess.run(["chpasswd"], input=f"{pi.account.name}:{secret}".encode(), check=True)
    Program(d, ["/usr/bin/python3", "-c", CLIPBOARD, secret + "\n"]).wait_line("ready")
    pi.write("a.txt", "here")
    app = pi.run("--hidden")
    give_password(d, pi, app)
    app.window(LOGIN, 30).find("label", "That password was not right. Please try again.")
    screen.wait_active(d, LOGIN)
    screen.key(d, "ctrl+v", "Return")
    pi.wait_text("a.txt", "here")
    assert app.end() == 0, app.output()


def test_questions_of_the_server(d):
    """A second factor: the password is kept, a code is asked for with every login."""
    pi = Pi(d, auth="password", server=factors.TwoFactorServer)
    codes = iter(pi.server.codes)
    question = ("The server has a question", "One-time code:")
    pi.write("a.txt")
    app = pi.run("--hidden")
    type_answer(d, app, pi.server.password, "Password needed", pi.server.user)
    type_answer(d, app, "00000000", *question)
    # The server says no more than that it was not right.
    type_answer(d, app, pi.server.password, "Password needed", "Please try again.")
    dialog = app.window(LOGIN)
    assert dialog.peek("check box") is None
    type_answer(d, app, next(codes), *question)
    pi.wait_text("a.txt", "text")
    app.wait_state("idle")
    pi.server.cut()
    app.tray().press("Sync Now")
    pi.write("b.txt", "again")
    type_answer(d, app, next(codes), *question)
    pi.wait_text("b.txt", "again")
    assert app.no_window(LOGIN)
    assert app.end() == 0, app.output()
    app = pi.run("--hidden")
    type_answer(d, app, next(codes), *question)
    app.wait_state("idle")


def test_password_is_kept_though_the_run_fails(d):
    """The server let us in, but its folder is not there: the login was right all the same."""
    pi = Pi(d, auth="password")
    pi.write("a.txt")
    app = pi.run("--hidden")
    app.window(LOGIN).find("check box", "Remember in the keyring").press()
    give_password(d, pi, app)
    pi.wait_text("a.txt", "text")
    app.wait_state("idle")
    assert app.end() == 0, app.output()
    os.rename(pi.remote, str(pi.remote) + ".away")
    app = pi.run("--hidden")
    give_password(d, pi, app)
    app.wait_state("attention", 30)
    assert app.end() == 0, app.output()
    os.rename(str(pi.remote) + ".away", pi.remote)
    pi.write("b.txt", "again")
    app = pi.run("--hidden")
    pi.wait_text("b.txt", "again")
    assert app.no_window(LOGIN)


def test_password_dialog_over_another_application(d):
    """The heart of it: typed with another window in use, by real keys, into the real program."""
    pi = Pi(d, auth="password")
    pi.write("a.txt")
    app = pi.run()
    app.window(LOGIN)
    screen.wait_active(d, LOGIN)
    screen.key(d, "Escape")
    app.wait_state("attention")
    window = app.window()
    screen.wait_active(d, "PiSync")
    screen.click(d, window.find("label", "The server did not let us in"))
    other = Program(d, [OTHER])
    screen.wait_active(d, "Other Window")
    screen.type_text(d, "busy")
    other.wait_line("text busy")
    app.tray().press("Sync Now")
    screen.wait_active(d, LOGIN)
    assert screen.top_title(d) == LOGIN
    dialog = app.window(LOGIN)
    screen.type_text(d, "wrong")
    screen.key(d, "Return")
    app.client.wait_gone(dialog)
    app.window(LOGIN).find("label", "That password was not right. Please try again.", 30)
    assert not other.has_line("text busyw"), other.output()
    give_password(d, pi, app)
    pi.wait_text("a.txt", "text")


@tap.desktop(keyring="none")
def test_no_keyring(d):
    pi = Pi(d, auth="password")
    pi.write("a.txt")
    app = pi.run("--hidden")
    dialog = app.window(LOGIN)
    dialog.find("label", lambda text: text.startswith("There is no keyring"))
    assert dialog.peek("check box") is None
    give_password(d, pi, app)
    pi.wait_text("a.txt", "text")
    # In memory for this run: a lost connection asks nothing.
    pi.server.cut()
    pi.write("b.txt", "again")
    pi.wait_text("b.txt", "again", seconds=30)
    assert app.no_window(LOGIN)


@tap.desktop(none=True)
def test_locked_keyring_is_waited_for():
    """An automatic login: the keyring is there, locked, and was never unlocked."""
    home = tempfile.mkdtemp(prefix="psh-")
    share = os.environ.get("PISYNC_TEST_SHARE")
    try:
        with Desktop(keep=home, share=share) as d:
            pi = Pi(d, auth="password")
            d.deferred.remove(pi.test.clean_up)
            pi.write("a.txt")
            app = pi.run("--hidden")
            give_password(d, pi, app)
            pi.wait_text("a.txt", "text")
            app.wait_state("idle")
            app.end()
        with Desktop(keep=home, share=share, keyring="locked") as d:
            d.deferred.append(pi.test.clean_up)
            pi.d = d
            pi.write("b.txt", "again")
            app = pi.run("--hidden")
            wait.until("the keyring's own question", lambda: screen.xdotool(
                d, "search", "--onlyvisible", "--name", "^Unlock"), 30)
            screen.wait_active(d, "Unlock Login Keyring")
            screen.type_text(d, KEYRING_PASSWORD)
            screen.key(d, "Return")
            pi.wait_text("b.txt", "again", seconds=30)
            assert app.no_window(LOGIN)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_pause_and_resume(d):
    pi = Pi(d)
    app = pi.run("--hidden")
    app.wait_state("idle")
    app.tray().press("Pause")
    app.wait_state("paused")
    pi.write("a.txt")
    time.sleep(2.5)  # longer than two looks: what must not happen has to have had its time
    assert pi.text("a.txt", "remote") is None
    app.tray().press("Resume")
    pi.wait_text("a.txt", "text")
    app.wait_state("idle")


def test_server_goes_and_comes_back(d):
    pi = Pi(d)
    app = pi.run("--hidden")
    app.wait_state("idle")
    pi.server.stop()
    app.wait_state("offline", 30)
    pi.write("a.txt")
    pi.server.start()
    app.tray().press("Sync Now")
    pi.wait_text("a.txt", "text", seconds=40)
    app.wait_state("idle")


def test_server_killed_while_syncing(d):
    pi = Pi(d, more="upload_limit=2000")
    for number in range(6):
        pi.write(f"big-{number}", f"{number}" * 1000000)
    app = pi.run()
    app.window().find("label", lambda text: text.startswith("Uploading"), 20)
    pi.server.stop()
    app.wait_state("offline", 30)
    pi.server.start()
    app.tray().press("Sync Now")
    app.wait_state("idle", 60)
    assert pi.names("remote") == [f"big-{number}" for number in range(6)]
    for number in range(6):
        assert pi.text(f"big-{number}", "remote") == f"{number}" * 1000000


def test_quit_while_syncing(d):
    pi = Pi(d, more="upload_limit=500")
    for number in range(4):
        pi.write(f"big-{number}", f"{number}" * 2000000)
    app = pi.run()
    app.window().find("label", lambda text: text.startswith("Uploading"), 20)
    begin = time.monotonic()
    app.tray().press("Quit")
    assert app.wait(5) == 0, app.output()
    took = time.monotonic() - begin
    assert took < 2 * wait.PATIENCE, f"{took:.1f} s"
    ini = os.path.join(pi.config, "pisync.ini")
    with open(ini) as stream:
        text = stream.read().replace("upload_limit=500", "upload_limit=0")
    with open(ini, "w") as stream:
        stream.write(text)
    app = pi.run("--hidden")
    for number in range(4):
        pi.wait_text(f"big-{number}", f"{number}" * 2000000, seconds=40)
        assert pi.text(f"big-{number}") == f"{number}" * 2000000


def delete_many(pi, app):
    """Forty files, synced, half of them deleted here."""
    for number in range(60):
        pi.write(f"file-{number:02}.txt", f"content {number}")
    pi.wait_text("file-59.txt", "content 59", seconds=40)
    app.wait_state("idle", 40)
    for number in range(40):
        os.unlink(pi.path(f"file-{number:02}.txt"))
    app.wait_state("attention", 40)
    assert len(pi.names("remote")) == 60


def test_held_deletion_is_kept(d):
    pi = Pi(d)
    app = pi.run()
    delete_many(pi, app)
    window = app.window()
    window.find("label", "40 deletions are waiting for you")
    window.find("push button", "Keep the Files").press()
    pi.wait_text("file-00.txt", "content 0", side="local", seconds=40)
    wait.until("all the files", lambda: len(pi.names()) == 60, 30)
    app.wait_state("idle", 40)
    assert len(pi.names("remote")) == 60


def test_held_deletion_is_allowed(d):
    pi = Pi(d)
    app = pi.run()
    delete_many(pi, app)
    app.window().find("push button", "Delete Them There Too").press()
    wait.until(lambda: f"the files to go: {pi.names('remote')}",
               lambda: len(pi.names("remote")) == 20, 40)
    app.wait_state("idle", 40)
    assert len(pi.names()) == 20


def test_conflict_is_shown_and_resolved(d):
    pi, app, copy = make_conflict(d)
    winner, loser = pi.text("letter.txt"), pi.text(copy)
    assert {winner, loser} == {"from the desk", "from the laptop, longer"}
    window = app.window()
    window.find("push button", "Open Both", 20)
    window.find("list item", copy, 20).find("push button", "Keep This One").press()
    wait.until("the copy to take the name", lambda: pi.names() == ["letter.txt"], 20)
    assert pi.text("letter.txt") == loser
    pi.wait_text("letter.txt", loser, seconds=40)
    wait.until("the copy to go on the server", lambda: pi.names("remote") == ["letter.txt"], 40)


def test_missing_root_is_not_a_deletion(d):
    pi = Pi(d)
    pi.write("a.txt")
    app = pi.run()
    pi.wait_text("a.txt", "text")
    app.wait_state("idle")
    away = str(pi.remote) + ".unmounted"
    os.rename(pi.remote, away)
    pi.remote.mkdir()
    app.wait_state("attention", 40)
    app.window().find("label", "A folder is not there. Is the disk mounted?")
    assert pi.names() == ["a.txt"]
    pi.remote.rmdir()
    os.rename(away, pi.remote)
    app.window().find("push button", "Try Again").press()
    app.wait_state("idle", 40)
    assert pi.names() == ["a.txt"]


def test_five_thousand_files_and_the_window_answers(d):
    """The program says itself when its main loop stood still for over 100 ms (beat.c)."""
    pi = Pi(d)
    for number in range(5000):
        pi.write(f"folder-{number % 50}/file-{number:04}.txt", f"content {number}")
    app = pi.run(program=WATCHED)
    window = app.window()
    app.activate("show-log")
    app.window("PiSync Log")
    before = len(app.lines)
    begin = time.monotonic()
    wait.until(lambda: f"5000 files, there are {len(pi.names('remote'))}",
               lambda: len(pi.names("remote")) == 5000, 120, interval=0.2)
    print(f"# 5000 files in {time.monotonic() - begin:.1f} s")
    app.wait_state("idle", 30)
    window.find("label", lambda text: text.startswith("Up to date"))
    said = [line for line in app.lines[before:] if line.startswith(("beat", "stall"))]
    print(f"# the longest for which the main loop stood still: {said[-1:] or 'below 20 ms'}")
    assert not any(line.startswith("stall") for line in said), said


def test_tray_by_real_clicks(d):
    pi = Pi(d, more="full_scan_minutes=60", throttling=600)
    record = manager.install(d)
    app = pi.run("--hidden")
    app.wait_state("idle")
    app.tray().click("Pause")
    app.wait_state("paused")
    pi.write("from-there.txt", "there", side="remote")
    app.tray().click("Resume")
    pi.wait_text("from-there.txt", "there", side="local")
    app.wait_state("idle")
    # The next look at the server would be in ten minutes.
    pi.write("later.txt", "later", side="remote")
    app.tray().click("Sync Now")
    pi.wait_text("later.txt", "later", side="local")
    app.tray().click("Open Folder")
    manager.wait_opened(record, pi.local)
    app.tray().click("Quit")
    assert app.wait(5) == 0, app.output()


def test_cli_reaches_the_program(d):
    pi = Pi(d)
    app = pi.run("--hidden")
    app.wait_state("idle")
    cli = os.environ.get("PISYNC_CLI", "pisync-cli")
    said = d.output([cli, "status"])
    assert "idle" in said or "to date" in said.lower(), said
    d.output([cli, "pause"])
    app.wait_state("paused")
    d.output([cli, "resume"])
    app.wait_state("idle")


def test_killed_and_started_again(d):
    pi = Pi(d)
    pi.write("a.txt")
    app = pi.run("--hidden")
    pi.wait_text("a.txt", "text")
    app.end(signal.SIGKILL)
    pi.write("b.txt", "after")
    app = pi.run("--hidden")
    pi.wait_text("b.txt", "after")
    app.wait_state("idle")


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
