#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of Avahi as looking for servers takes, on a bus of the tests.

    avahi.py NAME=HOST:ADDRESS:PORT...        what it hears on the network

Each server is announced twice, as on two network cards. An empty HOST never says where it is. Every
browser that is asked for is printed, and every one that is freed; "forget NAME" (a call of Forget)
takes both announcements of a server back, the second after the first was seen to change nothing."""

import os
import sys

from gi.repository import Gio, GLib

NAME = "org.freedesktop.Avahi"
CARDS = (2, 3)
XML = f"""<node>
<interface name="{NAME}.Server">
  <method name="ServiceBrowserNew">
    <arg type="i" direction="in"/><arg type="i" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="o" direction="out"/>
  </method>
  <method name="ResolveService">
    <arg type="i" direction="in"/><arg type="i" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="i" direction="in"/>
    <arg type="u" direction="in"/>
    <arg type="i" direction="out"/><arg type="i" direction="out"/><arg type="s" direction="out"/>
    <arg type="s" direction="out"/><arg type="s" direction="out"/><arg type="s" direction="out"/>
    <arg type="i" direction="out"/><arg type="s" direction="out"/><arg type="q" direction="out"/>
    <arg type="aay" direction="out"/><arg type="u" direction="out"/>
  </method>
  <method name="Forget"><arg type="s" direction="in"/><arg type="i" direction="in"/></method>
</interface>
<interface name="{NAME}.ServiceBrowser"><method name="Free"/></interface>
</node>"""


class Avahi:
    """The daemon."""

    def __init__(self, servers):
        self.servers = servers
        self.browsers = []  # (who asked, path, type)
        self.info = Gio.DBusNodeInfo.new_for_xml(XML)
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        address = os.environ["DBUS_SESSION_BUS_ADDRESS"]
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.bus.register_object("/", self.info.interfaces[0], self.on_server, None, None)
        self.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                           "RequestName", GLib.Variant("(su)", (NAME, 4)), None,
                           Gio.DBusCallFlags.NONE, -1, None)
        print("ready", flush=True)

    def say(self, signal, browser, card, name):
        owner, path, kind = browser
        item = GLib.Variant("(iisssu)", (card, 0, name, kind, "local", 4))
        self.bus.emit_signal(owner, path, f"{NAME}.ServiceBrowser", signal, item)

    def on_server(self, _bus, sender, _path, _interface, method, arguments, call):
        getattr(self, method)(sender, call, *arguments.unpack())

    def on_browser(self, _bus, _sender, path, _interface, _method, _arguments, call):
        self.browsers = [one for one in self.browsers if one[1] != path]
        print(f"freed {path}", flush=True)
        call.return_value(None)

    def ServiceBrowserNew(self, sender, call, _card, _protocol, kind, _domain, _flags):
        path = f"/Client0/ServiceBrowser{len(self.browsers)}"
        self.bus.register_object(path, self.info.interfaces[1], self.on_browser, None, None)
        browser = (sender, path, kind)
        self.browsers.append(browser)
        print(f"browse {kind}", flush=True)
        # As Avahi may: what it knows already comes before the answer.
        if kind == "_ssh._tcp":
            for name in self.servers:
                for card in CARDS:
                    self.say("ItemNew", browser, card, name)
        call.return_value(GLib.Variant("(o)", (path,)))

    def ResolveService(self, _sender, call, card, protocol, name, kind, domain, _family, _flags):
        host, address, port = self.servers[name].split(":")
        if not host:
            call.return_dbus_error(f"{NAME}.TimeoutError", "Timeout reached")
            return
        call.return_value(GLib.Variant("(iissssisqaayu)", (
            card, protocol, name, kind, domain, host, 0, address, int(port), [], 4)))

    def Forget(self, _sender, call, name, card):
        for browser in self.browsers:
            if browser[2] == "_ssh._tcp":
                self.say("ItemRemove", browser, card, name)
        call.return_value(None)


if __name__ == "__main__":
    avahi = Avahi(dict(word.split("=", 1) for word in sys.argv[1:]))
    GLib.MainLoop().run()
