# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, clicks, windows and pictures: what a person at the screen does and sees."""

import struct
import subprocess
import zlib

from . import wait


class Picture:
    """An RGB image."""

    def __init__(self, width, height, rows):
        self.width, self.height, self.rows = width, height, rows

    def crop(self, x, y, width, height):
        x, y = max(0, x), max(0, y)
        rows = [row[3 * x:3 * (x + width)] for row in self.rows[y:y + height]]
        return Picture(len(rows[0]) // 3 if rows else 0, len(rows), rows)

    def colours(self):
        """How many different colours there are: a blank picture has one."""
        return len({row[i:i + 3] for row in self.rows for i in range(0, len(row), 3)})

    def is_painted(self):
        """Whether there is more than a background: even an empty entry has its border, and that
        has shades."""
        shades = set()
        for row in self.rows:
            shades.update(row[i:i + 3] for i in range(0, len(row), 3))
            if len(shades) > 3:
                return True
        return False

    def save(self, path):
        """Writes a PNG."""
        def chunk(kind, data):
            check = zlib.crc32(kind + data)
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        data = zlib.compress(b"".join(b"\0" + row for row in self.rows), 9)
        with open(path, "wb") as stream:
            stream.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data)
                         + chunk(b"IEND", b""))


def picture(desktop):
    """The whole screen as it is now."""
    def look():
        done = subprocess.run(["xwd", "-root", "-silent"], env=desktop.env, check=False,
                              stdout=subprocess.PIPE, timeout=30 * wait.PATIENCE)
        return done.stdout if done.returncode == 0 else None
    # xwd gives up when a window goes that it is just looking at.
    return parse_xwd(wait.until("a picture by xwd", look, 5))


def parse_xwd(data):
    """A ZPixmap dump of a 24-bit screen: xwd writes 32 or, packed, 24 bits a pixel."""
    fields = struct.unpack(">25I", data[:100])
    size, width, height, order = fields[0], fields[4], fields[5], fields[7]
    step, stride, colours = fields[11] // 8, fields[12], fields[19]
    start = size + 12 * colours
    first = 0 if order == 0 else step - 3
    blue, red = (first, first + 2) if order == 0 else (first + 2, first)
    rows = []
    for number in range(height):
        line = data[start + number * stride:start + number * stride + step * width]
        row = bytearray(3 * width)
        row[0::3], row[1::3], row[2::3] = line[red::step], line[first + 1::step], line[blue::step]
        rows.append(bytes(row))
    return Picture(width, height, rows)


def content(window):
    """x, y, width, height of the largest widget right in @window (a node), which the window
    manager's frame is not a part of."""
    areas = [child.extents() for child in window.children() if child.is_("showing")]
    return max(areas, key=lambda area: area[2] * area[3], default=(0, 0, 0, 0))


def wait_painted(desktop, window, seconds=10.0):
    """Waits until something is drawn where @window (a node) is; a window without size, one that is
    just going or not on the screen has nothing to be drawn."""
    def is_painted():
        area = content(window)
        if area[2] < 2 or area[3] < 2:
            return True
        shown = picture(desktop).crop(*area)
        return not shown.rows or not shown.width or shown.is_painted()
    wait.until(lambda: f"{window} at {content(window)} to be painted", is_painted, seconds, 0.1)


def xdotool(desktop, *arguments):
    """Real keys and clicks (XTEST). Type ASCII only; other text is set by a11y."""
    done = subprocess.run(["xdotool", *map(str, arguments)], env=desktop.env, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=30 * wait.PATIENCE)
    return done.stdout.decode(errors="replace").strip()


def type_text(desktop, text):
    xdotool(desktop, "type", "--delay", 8, text)


def key(desktop, *names):
    xdotool(desktop, "key", "--delay", 8, *names)


def click(desktop, node, times=1):
    """A real click in the middle of a widget, or several at a person's speed; its window must be in
    place (active)."""
    x, y, width, height = node.extents()
    xdotool(desktop, "mousemove", x + width // 2, y + height // 2, "click", "--repeat", times,
            "--delay", 100, 1)


def _windows(desktop, kind):
    return xdotool(desktop, "search", "--onlyvisible", "--class", kind).split()


def _tray_ids(desktop):
    return _windows(desktop, "wrapper-2.0")


def tray_windows(desktop):
    """How many windows the panel's tray has: one, and one for an open menu."""
    return len(_tray_ids(desktop))


def click_tray(desktop):
    """A real click on the first icon of the panel's tray."""
    click_at(desktop, "wrapper-2.0", 15, 15)


def click_at(desktop, kind, x, y, button=1):
    """A real click at a place in the first window of a class."""
    xdotool(desktop, "mousemove", "--window", _windows(desktop, kind)[0], x, y, "click", button)


def active_title(desktop):
    """The title of the window that has the keyboard."""
    return xdotool(desktop, "getactivewindow", "getwindowname")


def wait_active(desktop, title, seconds=10.0):
    """Waits until the window called @title has the keyboard."""
    wait.until(lambda: f"{title!r} to be active, it is {active_title(desktop)!r}",
               lambda: active_title(desktop) == title, seconds)


def top_title(desktop):
    """The title of the topmost window of the window manager's stacking order, panel left out."""
    out = desktop.output(["xprop", "-root", "_NET_CLIENT_LIST_STACKING"])
    ids = out.partition("# ")[2].split(", ")
    titles = [xdotool(desktop, "getwindowname", one) for one in ids if one]
    return next((title for title in reversed(titles) if title != "xfce4-panel"), "")


def frame(desktop, title):
    """x, y, width, height of the window called @title with the frame that it has."""
    info = desktop.output(["xwininfo", "-name", title])
    numbers = {}
    for line in info.splitlines():
        name, _colon, value = line.strip().partition(":")
        numbers[name] = value.strip()
    x, y, width, height = (int(numbers[name]) for name in (
        "Absolute upper-left X", "Absolute upper-left Y", "Width", "Height"))
    extents = desktop.output(["xprop", "-name", title, "_NET_FRAME_EXTENTS"])
    parts = extents.partition("= ")[2].split(", ")
    left, right, top, bottom = map(int, parts) if len(parts) == 4 else (0, 0, 0, 0)
    return x - left, y - top, width + left + right, height + top + bottom


def shoot(desktop, title, path):
    """A picture of one window with its frame; it must be on top."""
    full = picture(desktop)
    full.crop(*frame(desktop, title)).save(path)
