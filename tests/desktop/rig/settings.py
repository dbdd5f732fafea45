# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that make the private desktop look and behave the same everywhere."""

import os

GTK = """[Settings]
gtk-theme-name=Adwaita
gtk-icon-theme-name=Adwaita
gtk-font-name={font}
gtk-enable-animations=0
gtk-cursor-blink=0
gtk-application-prefer-dark-theme={dark}
gtk-xft-antialias=1
gtk-xft-hinting=1
gtk-xft-hintstyle=hintslight
gtk-xft-rgba=none
"""

# prevent_focus_stealing is off by default, and then a test of focus proves nothing.
XFWM4 = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfwm4" version="1.0">
  <property name="general" type="empty">
    <property name="prevent_focus_stealing" type="bool" value="true"/>
    <property name="click_to_focus" type="bool" value="true"/>
    <property name="focus_new" type="bool" value="true"/>
    <property name="use_compositing" type="bool" value="false"/>
    <property name="theme" type="string" value="Default"/>
    <property name="title_font" type="string" value="DejaVu Sans Bold 9"/>
    <property name="workspace_count" type="int" value="1"/>
    <property name="placement_ratio" type="int" value="100"/>
  </property>
</channel>
"""

PANEL = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="30"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir={dir}/run</listen>
  <servicedir>{dir}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

# Only these may be started by the bus: else an absent keyring could not be tested.
SERVICES = ("org.a11y.Bus", "org.gnome.keyring.PrivatePrompter", "org.gnome.keyring.SystemPrompter",
            "org.xfce.Xfconf")
NOTIFY = "org.xfce.xfce4-notifyd.Notifications"


def put(path, text):
    """Writes a file and the folders it needs."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as stream:
        stream.write(text)


def write(home, dark, font):
    """The settings in the home of the private user."""
    put(f"{home}/.config/gtk-3.0/settings.ini", GTK.format(dark=int(dark), font=font))
    channels = f"{home}/.config/xfce4/xfconf/xfce-perchannel-xml"
    put(f"{channels}/xfwm4.xml", XFWM4)
    put(f"{channels}/xfce4-panel.xml", PANEL.format(dark=str(dark).lower()))


def write_bus_config(directory, notify):
    """Returns the configuration file of the session bus, with the few services it may start."""
    services = os.path.join(directory, "services")
    os.mkdir(services)
    for name in SERVICES + ((NOTIFY,) if notify else ()):
        source = f"/usr/share/dbus-1/services/{name}.service"
        with open(source) as stream:
            lines = [line for line in stream if not line.startswith("SystemdService")]
        put(f"{services}/{name}.service", "".join(lines))
    path = os.path.join(directory, "bus.conf")
    put(path, BUS.format(dir=directory))
    return path
