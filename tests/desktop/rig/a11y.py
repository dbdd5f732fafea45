# SPDX-License-Identifier: GPL-3.0-or-later
"""A small AT-SPI client over plain D-Bus calls: what a screen reader would see and press.

Nothing is cached (libatspi's cache goes stale under a polling test); every look asks anew."""

from gi.repository import Gio, GLib

from . import screen, session, wait

ACCESSIBLE = "org.a11y.atspi.Accessible"
PROPERTIES = "org.freedesktop.DBus.Properties"
ROOT = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
STATES = {"active": 1, "checked": 4, "editable": 7, "enabled": 8, "expanded": 10, "focusable": 11,
          "focused": 12, "pressed": 20, "selected": 23, "sensitive": 24, "showing": 25,
          "visible": 30}


class Node:
    """One widget."""

    def __init__(self, client, name, path):
        self.client, self.bus_name, self.path = client, name, path

    def call(self, interface, method, arguments=None):
        """One call on this widget's object; None when it is gone."""
        try:
            return self.client.bus.call_sync(self.bus_name, self.path, interface, method, arguments,
                                             None, Gio.DBusCallFlags.NO_AUTO_START,
                                             int(10000 * wait.PATIENCE), None).unpack()
        except GLib.Error:
            return None

    def get(self, interface, prop):
        reply = self.call(PROPERTIES, "Get", GLib.Variant("(ss)", (interface, prop)))
        return reply[0] if reply else None

    @property
    def name(self):
        return self.get(ACCESSIBLE, "Name") or ""

    @property
    def description(self):
        return self.get(ACCESSIBLE, "Description") or ""

    @property
    def role(self):
        reply = self.call(ACCESSIBLE, "GetRoleName")
        return reply[0] if reply else ""

    def is_(self, *states):
        """Whether all these states (see STATES) hold."""
        reply = self.call(ACCESSIBLE, "GetState")
        if not reply:
            return False
        bits = reply[0][0] | reply[0][1] << 32
        return all(bits >> STATES[state] & 1 for state in states)

    def children(self):
        reply = self.call(ACCESSIBLE, "GetChildren")
        return [Node(self.client, *pair) for pair in reply[0]] if reply else []

    def walk(self, showing=True):
        """This widget and all below it, those that are not showing left out with what they hold."""
        yield self
        for child in self.children():
            if not showing or child.is_("showing"):
                yield from child.walk(showing)

    def text(self):
        """What a label or an entry holds; "" for others, which must not be asked (the bridge calls
        that critical)."""
        kinds = self.call(ACCESSIBLE, "GetInterfaces")
        if not kinds or "org.a11y.atspi.Text" not in kinds[0]:
            return ""
        reply = self.call("org.a11y.atspi.Text", "GetText", GLib.Variant("(ii)", (0, -1)))
        return reply[0] if reply else ""

    def set_text(self, text):
        done = self.call("org.a11y.atspi.EditableText", "SetTextContents",
                         GLib.Variant("(s)", (text,)))
        assert done and done[0], f"could not set the text of {self}"

    def press(self, index=0):
        """The widget's first action: click, activate or toggle."""
        done = self.call("org.a11y.atspi.Action", "DoAction", GLib.Variant("(i)", (index,)))
        assert done and done[0], f"could not press {self}"

    def extents(self):
        """x, y, width, height on the screen; ask widgets and windows only, never an application."""
        reply = self.call("org.a11y.atspi.Component", "GetExtents", GLib.Variant("(u)", (0,)))
        return reply[0] if reply else (0, 0, 0, 0)

    def find(self, role=None, name=None, seconds=10.0, states=("showing",)):
        """Waits for the first widget below with that role and name (a string, or a function)."""
        what = f"{role or 'widget'} {name!r} in {self}"
        return wait.until(lambda: what + "\n" + self.dump(), lambda: self.peek(role, name, states),
                          seconds)

    def peek(self, role=None, name=None, states=("showing",)):
        """The first such widget that is there now, or None."""
        found = self.all(role, name, states, first=True)
        return found[0] if found else None

    def all(self, role=None, name=None, states=("showing",), first=False):
        found = []
        for node in self.walk("showing" in states):
            if role is not None and node.role != role:
                continue
            if name is not None and not matches(name, node.name) and not matches(name, node.text()):
                continue
            if node is not self and node.is_(*states):
                found.append(node)
                if first:
                    break
        return found

    def dump(self, depth=0):
        """The tree as text, for the message of a failed test."""
        line = f"{'  ' * depth}{self.role} {self.name!r} {self.text()!r}\n"
        below = [c.dump(depth + 1) for c in self.children() if c.is_("showing")]
        return line + "".join(below) if depth < 14 else line

    def __repr__(self):
        return f"<{self.role} {self.name!r}>"


def matches(wanted, name):
    return wanted(name) if callable(wanted) else wanted == name


class Client:
    """The accessibility bus of one desktop."""

    def __init__(self, desktop):
        self.desktop = desktop
        self.bus = session.connect(desktop.env["AT_SPI_BUS_ADDRESS"])
        self.painted = set()

    def applications(self):
        return Node(self, *ROOT).children()

    def application(self, name, seconds=20.0):
        """Waits for the application that calls itself @name."""
        def look():
            return next((app for app in self.applications() if app.name == name), None)
        return wait.until(f"application {name!r} on the accessibility bus", look, seconds)

    def window(self, title, application=None, seconds=10.0):
        """Waits for a window (frame, dialog, alert) called @title (a string, or a function), and
        until it has been painted."""
        found = wait.until(lambda: f"window {title!r}, there are {self.windows(application)}",
                           lambda: self.peek_window(title, application), seconds)
        if (found.bus_name, found.path) not in self.painted:
            screen.wait_painted(self.desktop, found)
            self.painted.add((found.bus_name, found.path))
        return found

    def wait_gone(self, window, seconds=10.0):
        """Waits until that very window is no more; only then may one of its name be walked through,
        since GTK's bridge minds being asked about widgets that are just dying."""
        def is_gone():
            return all((w.bus_name, w.path) != (window.bus_name, window.path)
                       for w in self.windows())
        wait.until(f"{window} to go", is_gone, seconds)

    def peek_window(self, title, application=None):
        return next((w for w in self.windows(application) if matches(title, w.name)), None)

    def windows(self, application=None):
        apps = [a for a in self.applications() if application in (None, a.name)]
        return [w for app in apps for w in app.children() if w.is_("showing")]
