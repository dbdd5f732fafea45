# SPDX-License-Identifier: GPL-3.0-or-later
"""A file manager for the private desktop: a script that writes down what it is to open, and, run as
a program, what shows a file in its folder (org.freedesktop.FileManager1) and prints it."""

import os

from gi.repository import Gio, GLib

SCRIPT = """#!/bin/sh
echo "$1" >> {record}
"""
ENTRY = """[Desktop Entry]
Type=Application
Name=Manager
Exec={script} %u
MimeType=inode/directory;text/plain;
"""
NAME, PATH = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1"
XML = f"""<node><interface name="{NAME}">
  <method name="ShowItems"><arg type="as" direction="in"/><arg type="s" direction="in"/></method>
</interface></node>"""


def install(d):
    """Makes it the one for folders and texts; returns the file in which it writes."""
    from . import settings
    record, script = os.path.join(d.home, "opened"), os.path.join(d.home, "manager")
    settings.put(script, SCRIPT.format(record=record))
    os.chmod(script, 0o755)
    apps = os.path.join(d.home, ".local/share/applications")
    settings.put(os.path.join(apps, "manager.desktop"), ENTRY.format(script=script))
    settings.put(os.path.join(apps, "mimeapps.list"),
                 "[Default Applications]\ninode/directory=manager.desktop\n"
                 "text/plain=manager.desktop\n")
    return record


def wait_opened(record, path):
    from . import wait

    def text():
        if not os.path.exists(record):
            return ""
        with open(record) as stream:
            return stream.read()
    # What is opened is named by its path or its address.
    names = (path, GLib.filename_to_uri(path, None))
    wait.until(lambda: f"{path} to be opened, there is:\n{text()}",
               lambda: any(name in text().splitlines() for name in names))


def start(d):
    """The one that shows files in their folder; what it is to show is in its output."""
    from .program import Program
    program = Program(d, ["/usr/bin/python3", os.path.realpath(__file__)])
    program.wait_line("ready")
    return program


def on_show(_bus, _sender, _path, _interface, _method, arguments, call):
    for uri in arguments.unpack()[0]:
        print(f"show {uri}", flush=True)
    call.return_value(None)


def main():
    flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
             | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
    address = os.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
    bus.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], on_show, None, None)
    bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                  "RequestName", GLib.Variant("(su)", (NAME, 4)), None, Gio.DBusCallFlags.NONE, -1,
                  None)
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
