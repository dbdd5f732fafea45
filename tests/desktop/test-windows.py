#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The windows and dialogs over the fake engine: what comes to the front, takes the keys, asks,
answers and can be read aloud."""

import os
import sys

from gi.repository import GLib

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import screen, tap, wait  # noqa: E402
from rig.sample import Sample, activate, use_it_then_leave, write_pair  # noqa: E402
from rig.program import Program  # noqa: E402

LOGIN = "Sign In to PiSync"
HOST_KEY = "Server Key"
COPY = "letter (conflicted copy from laptop 2026-11-22 140533).txt"


def type_into_dialog(d, sample, other):
    """The person sees the dialog, types and presses Enter, without a click."""
    screen.wait_active(d, LOGIN)
    assert screen.top_title(d) == LOGIN, screen.top_title(d)
    screen.type_text(d, "sesame")
    screen.key(d, "Return")
    sample.wait_line("typed sesame")
    assert not other.has_line("text busys"), other.output()


def test_password_takes_the_keys_over_another_window(d):
    write_pair(d)
    sample = Sample(d)
    other = use_it_then_leave(d, sample)
    sample.tell("kind=syncing", "ask=password:0", delay=300)
    type_into_dialog(d, sample, other)


def test_password_takes_the_keys_when_asked_for_from_the_tray(d):
    """As in real life: Sync Now in the tray, then the server wants a password."""
    write_pair(d)
    sample = Sample(d)
    other = use_it_then_leave(d, sample)
    sample.tray().press("Sync Now")
    sample.tell("kind=syncing", "ask=password:0", delay=300)
    type_into_dialog(d, sample, other)


@tap.desktop(wm="metacity")
def test_password_takes_the_keys_under_metacity(d):
    write_pair(d)
    sample = Sample(d)
    other = use_it_then_leave(d, sample)
    sample.tell("kind=syncing", "ask=password:0", delay=300)
    type_into_dialog(d, sample, other)


def test_password_wrong_last_time(d):
    write_pair(d)
    sample = Sample(d, "--hidden")
    sample.wait_line("start pisync")
    sample.tell("kind=syncing", "ask=password:0")
    dialog = sample.window(LOGIN)
    assert dialog.peek("label", "That password was not right. Please try again.") is None
    assert dialog.find("check box", "Remember in the keyring").is_("checked")
    screen.wait_active(d, LOGIN)
    screen.type_text(d, "first")
    screen.key(d, "Return")
    sample.wait_line("typed first")
    sample.tell("kind=syncing", "ask=password:1")
    dialog = sample.window(LOGIN)
    dialog.find("label", "That password was not right. Please try again.")
    screen.wait_active(d, LOGIN)
    screen.key(d, "Escape")
    sample.wait_line("typed (refused)")


def test_passphrase_and_questions_of_the_server(d):
    write_pair(d)
    sample = Sample(d, "--hidden")
    sample.wait_line("start pisync")
    sample.tell("kind=syncing", "ask=passphrase:0")
    dialog = sample.window(LOGIN)
    dialog.find("label", "Passphrase needed")
    dialog.find("label", lambda text: "~/.ssh/id_ed25519" in text)
    entry = dialog.find("password text")
    entry.set_text("passé")
    dialog.find("push button", "Sign In").press()
    sample.wait_line("typed passé")
    sample.tell("kind=syncing", "ask=prompt:0")
    dialog = sample.window(LOGIN)
    dialog.find("label", lambda text: "One-time code:" in text)
    assert dialog.peek("check box") is None
    dialog.find("push button", "Cancel").press()
    sample.wait_line("typed (refused)")


def test_caps_lock_is_said(d):
    write_pair(d)
    sample = Sample(d, "--hidden")
    sample.wait_line("start pisync")
    sample.tell("kind=syncing", "ask=password:0")
    dialog = sample.window(LOGIN)
    screen.wait_active(d, LOGIN)
    assert dialog.peek("label", "Caps Lock is on") is None
    screen.key(d, "Caps_Lock")
    dialog.find("label", "Caps Lock is on")
    screen.key(d, "Caps_Lock")
    wait.until("the warning to go", lambda: dialog.peek("label", "Caps Lock is on") is None)


def test_new_host_key_is_not_trusted_by_enter(d):
    write_pair(d)
    sample = Sample(d, "--hidden")
    sample.wait_line("start pisync")
    sample.tell("kind=syncing", "key=new")
    dialog = sample.window(HOST_KEY)
    dialog.find("label", lambda text: "SHA256:Ow0sG1n0" in text)
    screen.wait_active(d, HOST_KEY)
    screen.key(d, "Return")
    sample.wait_line("trust no")
    sample.tell("kind=syncing", "key=new")
    sample.window(HOST_KEY).find("push button", "Trust This Server").press()
    sample.wait_line("trust yes")


def test_changed_host_key_has_to_be_compared(d):
    write_pair(d)
    sample = Sample(d, "--hidden")
    sample.wait_line("start pisync")
    sample.tell("kind=syncing", "key=changed")
    dialog = sample.window(HOST_KEY)
    dialog.find("label", lambda text: "reinstalled" in text)
    trust = dialog.find("push button", "Trust the New Key")
    assert not trust.is_("sensitive")
    dialog.find("check box", lambda name: name.startswith("I have compared")).press()
    wait.until("the button", lambda: trust.is_("sensitive"))
    screen.wait_active(d, HOST_KEY)
    trust.press()
    sample.wait_line("trust yes")


def test_held_deletion_is_kept_or_allowed(d):
    write_pair(d)
    sample = Sample(d)
    held = ("kind=attention", "held=mass-delete:34:34 files would be deleted")
    sample.tell(*held)
    window = sample.window()
    window.find("label", "34 deletions are waiting for you")
    window.find("push button", "Keep the Files").press()
    sample.wait_line("decide pisync mass-delete keep")
    wait.until("the question to go",
               lambda: window.peek("push button", "Keep the Files") is None)
    sample.tell(*held)
    window.find("push button", "Delete Them There Too").press()
    sample.wait_line("decide pisync mass-delete allow")


def test_enter_never_deletes(d):
    write_pair(d)
    sample = Sample(d)
    window = sample.window()
    screen.wait_active(d, "PiSync")
    sample.tell("kind=attention", "held=mass-delete:34:34 files would be deleted")
    window.find("push button", "Keep the Files")
    screen.key(d, "Return", "Return", "KP_Enter")
    sample.tell("kind=attention", "held=mass-delete:35:35 files would be deleted")
    window.find("label", "35 deletions are waiting for you")
    assert not sample.has_line("decide pisync mass-delete allow"), sample.output()


def test_restored_server_and_missing_root(d):
    write_pair(d)
    sample = Sample(d)
    window = sample.window()
    sample.tell("kind=attention", "held=restored-server:1:The server is older than before.")
    window.find("push button", "Sync as Usual Again")
    sample.tell("kind=attention", "held=root:1:The marker is missing on the server.")
    window.find("label", "A folder is not there. Is the disk mounted?")
    window.find("push button", "Try Again").press()
    sample.wait_line("sync-now pisync")


def test_failed_login_offers_to_sign_in(d):
    write_pair(d)
    sample = Sample(d)
    window = sample.window()
    sample.tell("kind=attention", "error=1", "message=The server refused the password of pi.")
    window.find("label", "The server did not let us in")
    window.find("label", "The server refused the password of pi.")
    window.find("push button", "Sign In…").press()
    sample.wait_line("sync-now pisync")


def test_transfers_problems_and_space(d):
    write_pair(d)
    sample = Sample(d)
    window = sample.window()
    sample.tell("kind=syncing", "state=syncing", "files=3/120", "bytes=1400000/9000000",
                "rate=2100000", "left=240", "space=812000000000/1000000000000",
                "transfer=up:Photos/IMG_2031.jpg:1200000:4100000",
                "transfer=up:Photos/IMG_2032.jpg:100:4100000",
                "problem=a?b.jpg:The server refuses this name.",
                "event=upload:Music/song.ogg:4400000")
    window.find("label", lambda t: t.startswith("Uploading 3 of 120 · 2.1"))
    window.find("label", "IMG_2031.jpg")
    window.find("label", "IMG_2032.jpg")
    window.find("label", "The server refuses this name.")
    window.find("label", "812.0\xa0GB free of 1.0\xa0TB on the server")
    window.find("label", "song.ogg")
    window.find("push button", "Try Again").press()
    sample.wait_line("sync-now pisync")
    sample.tell("kind=idle")
    window.find("label", lambda text: text.startswith("Up to date · last sync "))
    wait.until("the transfers to go", lambda: window.peek("label", "IMG_2031.jpg") is None)


def space_colour(d, window):
    """The colour of the bar of the server's disk."""
    area = window.find("level bar", "Used space on the server").extents()
    rows = screen.picture(d).crop(*area).rows
    pixels = [tuple(row[i:i + 3]) for row in rows for i in range(0, len(row), 3)]
    coloured = [pixel for pixel in pixels if max(pixel) - min(pixel) > 60]
    red, green, blue = max(set(coloured), key=coloured.count, default=(0, 0, 0))
    if red > green + 60 and green > blue + 60:
        return "orange"
    return "blue" if blue > max(red, green) else f"{red} {green} {blue}"


def test_nearly_full_server_is_no_good_news(d):
    write_pair(d)
    sample = Sample(d)
    window = sample.window()
    for free, colour in ((200, "blue"), (40, "orange"), (0, "orange"), (150, "blue")):
        sample.tell("kind=idle", f"space={free}000000000/1000000000000")
        window.find("label", lambda t, free=free: t.startswith(f"{free}") and "on the server" in t)
        wait.until(lambda: f"{colour} with {free} GB, it is {space_colour(d, window)}",
                   lambda: space_colour(d, window) == colour)


def test_conflict_keep_the_copy(d):
    local = write_pair(d)
    for name, text in (("letter.txt", "mine"), (COPY, "theirs")):
        with open(os.path.join(local, name), "w") as stream:
            stream.write(text)
    sample = Sample(d)
    window = sample.window()
    row = window.find("list item", COPY)
    window.find("push button", "Open Both")
    row.find("push button", "Keep This One").press()
    wait.until("the copy to take the name",
               lambda: not os.path.exists(os.path.join(local, COPY)))
    with open(os.path.join(local, "letter.txt")) as stream:
        assert stream.read() == "theirs"
    trash = os.path.join(d.home, ".local/share/Trash/files/letter.txt")
    with open(trash) as stream:
        assert stream.read() == "mine"
    wait.until("the rows to go", lambda: window.peek("list item", COPY) is None)


def test_conflict_keep_the_original(d):
    local = write_pair(d)
    for name, text in (("letter.txt", "mine"), (COPY, "theirs")):
        with open(os.path.join(local, name), "w") as stream:
            stream.write(text)
    sample = Sample(d)
    window = sample.window()
    window.find("list item", "letter.txt").find("push button", "Keep This One").press()
    wait.until("the copy to go", lambda: not os.path.exists(os.path.join(local, COPY)))
    with open(os.path.join(local, "letter.txt")) as stream:
        assert stream.read() == "mine"


def test_log_is_live_and_filtered(d):
    write_pair(d)
    state = os.path.join(d.home, ".local/state/pisync/pisync")
    os.makedirs(state)
    with open(os.path.join(state, "log.txt"), "w") as stream:
        stream.write("2026-11-22 14:05:33 upload old.txt (12 kB)\n"
                     "2026-11-22 14:05:34 problem bad?.txt: The server refuses this name.\n")
    sample = Sample(d)
    sample.window()
    sample.tray().press("Log")
    window = sample.window("PiSync Log")
    window.find("table cell", "upload old.txt (12 kB)")
    sample.tell("kind=idle", "event=download:new.txt:1000")
    window.find("table cell", lambda text: text.startswith("download new.txt"))
    window.find("text").set_text("BAD?")
    wait.until("the filter", lambda: len(window.all("table cell", lambda t: "txt" in t)) == 1)
    window.find("text").set_text("")
    window.find("table cell", "upload old.txt (12 kB)")


def copied(d, log):
    """What Copy puts into the clipboard, seen where it is pasted."""
    log.find("push button", "Copy").press()
    entry = log.find("text")
    screen.click(d, entry)
    screen.key(d, "ctrl+a", "ctrl+v")
    text = wait.until("the pasted lines", entry.text)
    entry.set_text("")
    return text


def test_log_tells_pairs_apart(d):
    write_pair(d, folder="Papers")
    sample = Sample(d)
    sample.window()
    sample.tray().press("Log")
    log = sample.window("PiSync Log")
    screen.wait_active(d, "PiSync Log")
    sample.tell("kind=idle", "event=upload:a.txt:1000")
    log.find("table cell", lambda text: text.startswith("upload a.txt"))
    assert log.peek("table cell", "Papers") is None
    assert " upload a.txt" in copied(d, log) and "Papers" not in copied(d, log)
    write_pair(d, "second", "Pictures")
    activate(d, "add", GLib.Variant("s", os.path.join(d.home, ".config/pisync/second.ini")))
    sample.wait_line("start second")
    sample.tell("kind=idle", "event=upload:b.jpg:1000", pair="second")
    log.find("table cell", lambda text: text.startswith("upload b.jpg"))
    log.find("table cell", "Papers")
    log.find("table cell", "Pictures")
    assert " Papers: upload a.txt" in copied(d, log) and " Pictures: upload b.jpg" in copied(d, log)


def test_second_launch_raises_the_window(d):
    write_pair(d)
    sample = Sample(d)
    use_it_then_leave(d, sample)
    second = Program(d, [os.environ["PISYNC_TEST_SAMPLE"]])
    assert second.wait() == 0
    screen.wait_active(d, "PiSync")
    assert screen.top_title(d) == "PiSync"
    assert sample.running()


def test_hidden_start_shows_nothing(d):
    write_pair(d)
    sample = Sample(d, "--hidden")
    sample.tray()
    second = Program(d, [os.environ["PISYNC_TEST_SAMPLE"], "--hidden"])
    assert second.wait() == 0
    assert sample.client.peek_window("PiSync") is None
    third = Program(d, [os.environ["PISYNC_TEST_SAMPLE"]])
    assert third.wait() == 0
    screen.wait_active(d, "PiSync")


def test_closed_window_comes_back_from_the_tray(d):
    write_pair(d)
    sample = Sample(d)
    use_it_then_leave(d, sample)
    for title, entry in (("PiSync", "Status"), ("PiSync Log", "Log")):
        sample.tray().press(entry)
        screen.wait_active(d, title)
        screen.key(d, "Escape")
        screen.wait_active(d, "Other Window")
        sample.tray().press(entry)
        screen.wait_active(d, title)
        assert screen.top_title(d) == title
        screen.key(d, "Escape")
        screen.wait_active(d, "Other Window")


def test_nothing_set_up_yet(d):
    sample = Sample(d)
    window = sample.window()
    window.find("label", "No folder is set up yet")
    assert "No folder is set up yet" in sample.tray().labels()


def test_bad_ini_is_said(d):
    write_pair(d)
    with open(os.path.join(d.home, ".config/pisync/second.ini"), "w") as stream:
        stream.write("[HOST]\nhots=x\n")
    sample = Sample(d)
    sample.window().find("label", lambda text: "second.ini" in text and "hots" in text)
    sample.tray().wait_for("IconName", "pisync-error")


def test_right_to_left(d):
    """The windows are mirrored; date and time are read from left to right all the same."""
    write_pair(d)
    state = os.path.join(d.home, ".local/state/pisync/pisync")
    os.makedirs(state)
    with open(os.path.join(state, "log.txt"), "w") as stream:
        stream.write("2026-11-22 14:05:31 upload Budget.ods (23 kB)\n")
    sample = Sample(d, env={"PISYNC_TEST_RTL": "1"})
    window = sample.window()
    screen.wait_active(d, "PiSync")
    whole = window.extents()
    menu = window.find("toggle button", "Menu").extents()
    assert menu[0] + menu[2] < whole[0] + whole[2] / 2, (menu, whole)
    first = window.find("push button", "Open Folder").extents()
    last = window.find("push button", "Sync Now").extents()
    assert first[0] > last[0], (first, last)
    activate(d, "show-log")
    log = sample.window("PiSync Log")
    time = log.find("table cell", lambda text: "14:05:31" in text)
    assert time.name == "\u200e2026-11-22 14:05:31", time.name
    assert time.extents()[0] > log.find("table cell", lambda text: "Budget" in text).extents()[0]


def test_five_thousand_events_do_not_stall(d):
    write_pair(d)
    sample = Sample(d)
    window = sample.window()
    sample.tray().press("Log")
    log = sample.window("PiSync Log")
    rows = log.find("table")
    before = len(sample.lines)
    for turn in range(5):
        sample.tell("kind=syncing", "state=syncing", f"files={turn}000/5000", "many=1000",
                    delay=100 * turn)
    wait.until(lambda: f"5000 rows, there are {rows.get('org.a11y.atspi.Table', 'NRows')}",
               lambda: rows.get("org.a11y.atspi.Table", "NRows") == 5000, 20)
    window.find("label", "file-00999.txt", seconds=20)
    stalls = [line for line in sample.lines[before:] if line.startswith("stall")]
    assert not stalls, stalls


ROWS = ("table", "tree", "tree table")  # what they hold does not name them
NAMED = ROWS + ("push button", "toggle button", "check box", "radio button", "text",
                "password text", "spin button", "combo box", "list", "level bar", "progress bar")


def walk_names(window):
    """Everything that can be pressed, filled in or read has a name."""
    bad = []
    for node in window.walk():
        role = node.role
        if role in NAMED and not node.name:
            if role in ROWS or not [n for n in node.walk() if n.name]:
                bad.append((role, node.extents()))
    assert not bad, bad


def test_everything_has_a_name(d):
    write_pair(d)
    sample = Sample(d)
    window = sample.window()
    sample.tell("kind=syncing", "state=syncing", "files=3/120", "bytes=1/2", "space=1/2",
                "transfer=up:a.jpg:1:2", "problem=b.jpg:No.", "event=upload:c.ogg:4",
                "held=mass-delete:34:x")
    window.find("label", "c.ogg")
    walk_names(window)
    sample.tray().press("Log")
    walk_names(sample.window("PiSync Log"))
    window.find("push button", "Earlier Versions…").press()
    walk_names(sample.window("Earlier Versions"))
    sample.tray().press("Preferences")
    preferences = sample.window("Preferences")
    for page in ("Folders", "Syncing", "Left Out", "General"):
        preferences.find("radio button", page).press()
        walk_names(preferences)
    sample.tell("kind=syncing", "ask=password:0")
    walk_names(sample.window(LOGIN))


def test_all_is_freed_at_the_end(d):
    """Every window and dialog once, then the end: a build with sanitizers says what is left."""
    local = write_pair(d)
    for name in ("letter.txt", COPY):
        with open(os.path.join(local, name), "w") as stream:
            stream.write(name)
    sample = Sample(d)
    window = sample.window()
    sample.tell("kind=syncing", "state=syncing", "files=3/120", "bytes=1/2", "space=1/2",
                "transfer=up:a.jpg:1:2", "problem=b.jpg:No.", "event=conflict:letter.txt:4")
    window.find("push button", "Open Both")
    sample.tray().press("Log")
    sample.window("PiSync Log").find("text").set_text("letter")
    sample.tray().press("About PiSync")
    sample.window("About PiSync").find("push button", "Close").press()
    window.find("push button", "Earlier Versions…").press()
    sample.window("Earlier Versions").find("push button", "Restore").press()
    sample.wait_line("restore Budget.ods")
    sample.tray().press("Preferences")
    sample.window("Preferences")
    sample.tell("kind=syncing", "ask=password:0")
    dialog = sample.window(LOGIN)
    dialog.find("password text").set_text("x")
    dialog.find("push button", "Sign In").press()
    sample.wait_line("typed x")
    sample.tell("kind=syncing", "state=scanning")
    sample.tell("kind=syncing", "key=changed")
    sample.window(HOST_KEY).find("push button", "Cancel").press()
    sample.wait_line("trust no")
    sample.tell("kind=attention", "error=1", "message=No.", "held=mass-delete:34:x")
    window.find("push button", "Sign In…").press()
    sample.wait_line("sync-now")
    sample.tray().press("Quit")
    assert sample.wait() == 0, sample.output()


def test_all_windows_go_at_once_at_the_end(d):
    """However long the engine takes to end."""
    write_pair(d)
    sample = Sample(d)
    sample.window()
    sample.tray().press("About PiSync")
    sample.window("About PiSync")
    sample.tell("kind=syncing", "ask=password:0", "close=1500")
    sample.window(LOGIN)
    sample.tray().press("Quit")
    titles = ("PiSync", "About PiSync", LOGIN)
    wait.until("the windows to go",
               lambda: not sample.client.peek_window(lambda title: title in titles))
    assert sample.running(), "they went with the program only"
    assert sample.wait() == 0, sample.output()


def test_no_window_steals_and_none_is_lost(d):
    """Notifications, states and events leave the focus where it is."""
    write_pair(d)
    sample = Sample(d)
    other = use_it_then_leave(d, sample)
    sample.tell("kind=attention", "held=mass-delete:34:x")
    sample.tray().wait_for("Status", "NeedsAttention")
    screen.type_text(d, "er")
    other.wait_line("text busyer")


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
