#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of NetworkManager and logind as the program listens to, on a bus of the tests.

Started as a program it is these services; Machine starts it and lets the network go and come, cost
money, and the machine sleep."""

import os

from gi.repository import Gio, GLib

NETWORK, NETWORK_PATH = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
LOGIN, LOGIN_PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
XML = f"""<node><interface name="{NETWORK}">
  <property name="State" type="u" access="read"/>
  <property name="Connectivity" type="u" access="read"/>
  <property name="Metered" type="u" access="read"/>
  <method name="Change"><arg type="a{{su}}" direction="in"/></method>
  <method name="Sleep"><arg type="b" direction="in"/></method>
</interface></node>"""
# NMState, NMConnectivityState and NMMetered.
ONLINE = {"State": 70, "Connectivity": 4, "Metered": 2}
OFFLINE = {"State": 20, "Connectivity": 1, "Metered": 2}
METERED = {"Metered": 1}


class Services:
    """Both services in one."""

    def __init__(self):
        self.values = ONLINE
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        address = os.environ["DBUS_SESSION_BUS_ADDRESS"]
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        info = Gio.DBusNodeInfo.new_for_xml(XML)
        self.bus.register_object(NETWORK_PATH, info.interfaces[0], self.on_call, self.on_get, None)
        for name in (NETWORK, LOGIN):
            self.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", "RequestName",
                               GLib.Variant("(su)", (name, 4)), None,
                               Gio.DBusCallFlags.NONE, -1, None)
        print("ready", flush=True)

    def on_get(self, _bus, _sender, _path, _interface, name):
        return GLib.Variant("u", self.values[name])

    def on_call(self, _bus, _sender, _path, _interface, method, arguments, call):
        if method == "Sleep":
            self.bus.emit_signal(None, LOGIN_PATH, f"{LOGIN}.Manager", "PrepareForSleep", arguments)
        else:
            self.values = arguments.unpack()[0]
            changed = {name: GLib.Variant("u", value) for name, value in self.values.items()}
            self.bus.emit_signal(None, NETWORK_PATH, "org.freedesktop.DBus.Properties",
                                 "PropertiesChanged",
                                 GLib.Variant("(sa{sv}as)", (NETWORK, changed, [])))
        call.return_value(None)


class Machine:
    """The services for one desktop, and the environment in which a program finds them."""

    def __init__(self, d):
        from .program import Program
        self.d = d
        Program(d, ["/usr/bin/python3", os.path.realpath(__file__)]).wait_line("ready")
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": d.env["DBUS_SESSION_BUS_ADDRESS"],
                    # Where no name server answers, this is soon known.
                    "RES_OPTIONS": "timeout:1 attempts:1"}

    def _call(self, method, arguments):
        self.d.call(NETWORK, NETWORK_PATH, NETWORK, method, arguments)

    def network(self, available=True, metered=False):
        """Changes what NetworkManager says."""
        values = {**(ONLINE if available else OFFLINE), **(METERED if metered else {})}
        self._call("Change", GLib.Variant("(a{su})", (values,)))

    def sleep(self, going):
        """logind's signal: going to sleep, or awake again."""
        self._call("Sleep", GLib.Variant("(b)", (going,)))


if __name__ == "__main__":
    SERVICES = Services()
    GLib.MainLoop().run()
