# SPDX-License-Identifier: GPL-3.0-or-later
"""Tray items as a tray host sees them: StatusNotifierItem and its menu, over D-Bus."""

import time

from gi.repository import GLib

from . import screen, wait

WATCHER = ("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Item:
    """One registered item; labels are looked up anew at each press."""

    def __init__(self, desktop, address):
        self.desktop = desktop
        self.bus_name, slash, rest = address.partition("/")
        self.path = slash + rest

    def get(self, prop):
        """A property: IconName, IconAccessibleDesc, Status, Title, IconThemePath …"""
        arguments = GLib.Variant("(ss)", (ITEM, prop))
        return self.desktop.call(self.bus_name, self.path, PROPERTIES, "Get", arguments).unpack()[0]

    def wait_for(self, prop, value, seconds=10.0):
        """Waits until the property is @value (or until value (it) holds)."""
        holds = value if callable(value) else lambda now: now == value
        wait.until(lambda: f"{prop} to be {value!r}, it is {self.get(prop)!r}",
                   lambda: holds(self.get(prop)), seconds)

    def entries(self):
        """The menu as a list of (id, label, properties, children), mnemonics taken out."""
        arguments = GLib.Variant("(iias)", (0, -1, []))
        reply = self.desktop.call(self.bus_name, self.get("Menu"), MENU, "GetLayout", arguments)
        return [entry(child) for child in reply.unpack()[1][2]]

    def flat(self):
        """Every entry, those of submenus too."""
        def walk(entries):
            for one in entries:
                yield one
                yield from walk(one[3])
        return list(walk(self.entries()))

    def labels(self):
        """The labels of what can be seen, separators as "-"."""
        shown = [one for one in self.flat() if one[2].get("visible", True)]
        return ["-" if one[2].get("type") == "separator" else one[1] for one in shown]

    def find(self, label, seconds=10.0):
        """Waits for the visible entry called @label (a string, or a function)."""
        match = label if callable(label) else lambda text: text == label
        def look():
            return next((one for one in self.flat()
                         if one[2].get("visible", True) and match(one[1])), None)
        return wait.until(lambda: f"menu entry {label!r} in {self.labels()}", look, seconds)

    def is_enabled(self, label):
        return self.find(label)[2].get("enabled", True)

    def press(self, label):
        """Clicks the entry as the host would."""
        number = self.find(label)[0]
        arguments = GLib.Variant("(isvu)", (number, "clicked", GLib.Variant("i", 0),
                                            int(time.time()) & 0xffffffff))
        self.desktop.call(self.bus_name, self.get("Menu"), MENU, "Event", arguments)


    def click(self, label):
        """A real click on the icon, then keys down to the entry, as a person would. The icon has to
        be the first of the panel."""
        wait.until("the drawn icon",
                   lambda: screen.picture(self.desktop).crop(0, 0, 30, 30).colours() > 20)
        self.find(label)
        before = screen.tray_windows(self.desktop)
        screen.click_tray(self.desktop)
        wait.until("the open menu", lambda: screen.tray_windows(self.desktop) > before)
        usable = [one[1] for one in self.flat()
                  if one[2].get("visible", True) and one[2].get("enabled", True)
                  and one[2].get("type") != "separator"]
        screen.key(self.desktop, *["Down"] * (usable.index(label) + 1), "Return")
        wait.until("the menu to close", lambda: screen.tray_windows(self.desktop) == before)


def entry(variant):
    number, properties, children = variant
    label = properties.get("label", "").replace("__", "\0").replace("_", "").replace("\0", "_")
    return number, label, properties, [entry(child) for child in children]


def items(desktop):
    """Every registered item."""
    if not desktop.owns(WATCHER[0]):
        return []
    arguments = GLib.Variant("(ss)", (WATCHER[0], "RegisteredStatusNotifierItems"))
    try:
        reply = desktop.call(*WATCHER, PROPERTIES, "Get", arguments)
    except GLib.Error:  # the panel has gone since
        return []
    return [Item(desktop, address) for address in reply.unpack()[0]]


def find(desktop, seconds=15.0, word="pisync"):
    """Waits for the item whose path has @word in it."""
    def look():
        return next((item for item in items(desktop) if word in item.path.lower()), None)
    return wait.until(f"a tray item {word!r}", look, seconds)
