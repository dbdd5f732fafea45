#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier and deleted versions in their window, over a real server."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import screen, tap, wait  # noqa: E402
from rig.real import Pi  # noqa: E402

TITLE = "Earlier Versions"
NOT_THERE = "It is not there any more."


def next_second():
    """Versions bear the second in which they were made: two of one second have no order."""
    now = int(time.time())
    wait.until("the next second", lambda: int(time.time()) > now)


def with_versions(d, **options):
    """(server and pair, program): a.txt was changed twice, gone.txt deleted."""
    pi = Pi(d, **options)
    for number in range(3):
        pi.write(f"other{number}.txt")
    pi.write("docs/gone.txt", "deleted")
    pi.write("docs/a.txt", "first")
    app = pi.run()
    pi.wait_text("docs/gone.txt", "deleted")
    for before, text in (("first", "the second"), ("the second", "the very third")):
        pi.wait_text("docs/a.txt", before)
        next_second()
        pi.write("docs/a.txt", text)
    pi.wait_text("docs/a.txt", "the very third")
    next_second()
    os.unlink(pi.path("docs/gone.txt"))
    pi.wait_text("docs/gone.txt", None)
    app.wait_state("idle")
    return pi, app


def open_window(d, app):
    app.window().find("push button", "Earlier Versions…").press()
    window = app.window(TITLE)
    screen.wait_active(d, TITLE)
    window.find("table", "Files with earlier versions")
    return window


def choose(d, window, table, text):
    """A real click on the row of @table with @text in it."""
    def cell():
        return window.find("table", table).peek("table cell", lambda name: text in name)
    wait.until(lambda: f"a row with {text!r}\n{window.dump()}", cell)
    screen.click(d, cell())


def rows(window, table):
    """What the cells of a list say, those without text left out."""
    cells = window.find("table", table).all("table cell")
    return [text for text in (cell.text() or cell.name for cell in cells) if text]


def restore(window):
    button = window.find("push button", "Restore")
    wait.until("the button", lambda: button.is_("sensitive"))
    button.press()
    window.find("label", lambda text: text.startswith("The version is back in the folder."))


def restores(d, **options):
    pi, app = with_versions(d, **options)
    window = open_window(d, app)
    choose(d, window, "Files with earlier versions", "a.txt")
    window.find("label", lambda text: text.startswith("14 bytes · "))
    choose(d, window, "Versions", "5 bytes")
    window.find("label", lambda text: text.startswith("5 bytes · "))
    next_second()
    restore(window)
    assert pi.text("docs/a.txt") == "first"
    pi.wait_text("docs/a.txt", "first")
    # What was there is a version now, and the window shows it by itself.
    wait.until(lambda: f"three versions\n{window.dump()}",
               lambda: "14 bytes" in rows(window, "Versions"), 20)
    choose(d, window, "Files with earlier versions", "gone.txt")
    window.find("label", NOT_THERE)
    assert any(text.startswith("Deleted on desk, ") for text in rows(window, "Versions"))
    restore(window)
    assert pi.text("docs/gone.txt") == "deleted"
    pi.wait_text("docs/gone.txt", "deleted")
    wait.until("the file to be there", lambda: window.peek("label", NOT_THERE) is None)
    assert app.end() == 0, app.output()


def test_restore_replaced_and_deleted(d):
    restores(d)


def test_server_without_hard_links(d):
    restores(d, sftp_flags="-P hardlink")


def test_opened_from_the_activity(d):
    _, app = with_versions(d)
    row = app.window().find("list item", "gone.txt", 20)
    row.find("push button", "Earlier versions").press()
    window = app.window(TITLE)
    window.find("label", "gone.txt")
    window.find("label", NOT_THERE)


def test_find_and_deleted_only(d):
    _, app = with_versions(d)
    window = open_window(d, app)
    assert len(rows(window, "Files with earlier versions")) == 2
    window.find("check box", "Deleted files only").press()
    wait.until("one file", lambda: len(rows(window, "Files with earlier versions")) == 1)
    window.find("label", "gone.txt")
    window.find("text", "Find a file").set_text("A.TX")
    window.find("label", "No such file has earlier versions.")
    assert not window.find("push button", "Restore").is_("sensitive")
    window.find("check box", "Deleted files only").press()
    window.find("label", "a.txt")


def test_by_keyboard_alone(d):
    pi, app = with_versions(d)
    window = open_window(d, app)
    window.find("label", "gone.txt")
    screen.key(d, "Down")
    window.find("label", "a.txt")
    screen.key(d, "Tab", "Down")
    window.find("label", lambda text: text.startswith("5 bytes · "))
    screen.key(d, "alt+r")
    wait.until("the first version", lambda: pi.text("docs/a.txt") == "first")


def save_as(d, app, window, target):
    window.find("push button", "Save As…").press()
    screen.wait_active(d, "Save This Version")
    screen.key(d, "ctrl+a")
    screen.type_text(d, target)
    # Not by Enter: the list of what might be meant would take it.
    app.window("Save This Version").find("push button", "Save").press()


def test_save_elsewhere(d):
    pi, app = with_versions(d)
    window = open_window(d, app)
    choose(d, window, "Files with earlier versions", "a.txt")
    choose(d, window, "Versions", "10 bytes")
    target = os.path.join(d.home, "saved.txt")
    save_as(d, app, window, target)
    wait.until("the saved file", lambda: pi.text(target) == "the second")
    window.find("label", "The version is saved.")
    # One that is there is replaced by nothing less than the whole.
    pi.write(target, "of no use any more")
    screen.wait_active(d, TITLE)
    save_as(d, app, window, target)
    app.window("Question").find("push button", "Replace").press()
    wait.until("the saved file", lambda: pi.text(target) == "the second")
    assert pi.text("docs/a.txt") == "the very third"
    assert [name for name in os.listdir(d.home) if "goutput" in name] == []


def test_nothing_yet_and_no_server(d):
    pi = Pi(d)
    pi.write("a.txt")
    app = pi.run()
    pi.wait_text("a.txt", "text")
    app.wait_state("idle")
    app.window().find("push button", "Earlier Versions…").press()
    window = app.window(TITLE)
    window.find("label", "There are no earlier versions yet")
    pi.server.stop()
    window.find("push button", "Look at the server again").press()
    window.find("label", "The versions could not be listed.", 30)
    pi.server.start()
    window.find("push button", "Try Again").press()
    window.find("label", "There are no earlier versions yet", 30)


@tap.desktop(font="DejaVu Sans 20")
def test_large_letters(d):
    """No column is cut off, and the buttons are on the screen."""
    _pi, app = with_versions(d)
    window = open_window(d, app)
    choose(d, window, "Files with earlier versions", "a.txt")
    left, top, width, height = screen.frame(d, TITLE)
    assert top + height <= 900, (top, height)
    heading = window.find("table", "Versions").find("table column header", "Why it is kept")
    x, _y, wide, _high = heading.extents()
    assert left <= x and x + wide <= left + width, (left, width, x, wide)
    window.find("push button", "Restore")


def test_connection_lost_meanwhile(d):
    pi, app = with_versions(d)
    window = open_window(d, app)
    choose(d, window, "Files with earlier versions", "gone.txt")
    pi.server.cut()
    restore(window)
    assert pi.text("docs/gone.txt") == "deleted"


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
