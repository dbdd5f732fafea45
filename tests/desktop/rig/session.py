# SPDX-License-Identifier: GPL-3.0-or-later
"""Desktop: Xvfb, a private session bus, window manager, panel, notifications, keyring and
accessibility, all in a home of its own, and taken down to the last process."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid

from gi.repository import Gio, GLib

from . import settings, wait

MARK = "DESKTOP_SESSION_MARK"
# What the caller's own session left in the environment must not leak into the private one.
FOREIGN = ("DBUS_SESSION_BUS_ADDRESS", "WAYLAND_DISPLAY", "DISPLAY", "XAUTHORITY",
           "SESSION_MANAGER", "DESKTOP_STARTUP_ID", "XDG_SESSION_ID", "XDG_CURRENT_DESKTOP",
           "AT_SPI_BUS_ADDRESS",
           "GNOME_KEYRING_CONTROL", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "GTK_THEME", "LANGUAGE",
           "CREDENTIALS_DIRECTORY", "GTK_MODULES", "PYTHONHOME")
# For the programs under test only: panel and window manager have criticals and uses after free of
# their own, and would die of them now and then.
STRICT = ("G_DEBUG", "G_SLICE", "MALLOC_PERTURB_", "MALLOC_CHECK_")
KEYRING_PASSWORD = "keyring-secret"
BUS = "org.freedesktop.DBus"


class DesktopFailed(RuntimeError):
    """The desktop itself did not start."""


class Desktop:
    """One private desktop. Use as a context manager, or call start() and stop()."""

    def __init__(self, panel=True, keyring="unlocked", wm="xfwm4", dark=False, keep=None,
                 notify=True, size="1280x900", font="DejaVu Sans 10", bus=True, share=None,
                 language=None):
        self.options = {"panel": panel, "keyring": keyring, "wm": wm, "notify": notify}
        self.dark, self.size, self.font = dark, size, font
        self.keep, self.share, self.language = keep, share, language
        self.mark = uuid.uuid4().hex
        self.dir = None
        self.env = {}
        self.bus = None
        self.logs = []
        self.programs = []  # under test, see program.py
        self.deferred = []  # called at the end, last first
        self._children = []

    def __enter__(self):
        return self.start()

    def __exit__(self, *_unused):
        self.stop()

    # -- starting ---------------------------------------------------------------------------

    def start(self):
        """Starts everything that the options name; raises DesktopFailed with log lines."""
        self.dir = tempfile.mkdtemp(prefix="psd-")
        try:
            self._make_home()
            self._start_display()
            self._start_bus()
            self._start_accessibility()
            if self.options["wm"] != "none":
                self._start_wm(self.options["wm"])
            self.start_keyring(self.options["keyring"])
            if self.options["panel"]:
                self.start_panel()
        except Exception as error:
            text = "".join(self.tail(name) for name in self.logs)
            self.stop()
            raise DesktopFailed(f"{error}\n{text}") from error
        return self

    def _make_home(self):
        for name in ("log", "bin", "run", "share"):
            os.mkdir(os.path.join(self.dir, name))
        os.chmod(os.path.join(self.dir, "run"), 0o700)
        home = self.keep or os.path.join(self.dir, "home")
        os.makedirs(home, exist_ok=True)
        self.home = home
        self.env = {k: v for k, v in os.environ.items() if k not in FOREIGN + STRICT}
        self.env.update({
            MARK: self.mark,
            "DESKTOP_SESSION_DIR": self.dir,
            "HOME": home,
            "XDG_CONFIG_HOME": f"{home}/.config",
            "XDG_CACHE_HOME": f"{home}/.cache",
            "XDG_DATA_HOME": f"{home}/.local/share",
            "XDG_STATE_HOME": f"{home}/.local/state",
            "XDG_RUNTIME_DIR": f"{self.dir}/run",
            "XDG_DATA_DIRS": ":".join(filter(None, (self.share, "/usr/local/share", "/usr/share"))),
            # What this machine's own Avahi, logind or NetworkManager say is none of the tests'.
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.dir}/run/no-system-bus",
            "XDG_CURRENT_DESKTOP": "XFCE",
            "XDG_SESSION_TYPE": "x11",
            "GSETTINGS_BACKEND": "keyfile",
            "GDK_BACKEND": "x11",
            "GIO_USE_VFS": "local",
            "NO_AT_BRIDGE": "0",
            "LC_ALL": self.language or "C.UTF-8",
            "PATH": f"{self.dir}/bin:{os.environ.get('PATH', '/usr/bin:/bin')}",
        })
        settings.write(home, dark=self.dark, font=self.font)

    def program_env(self):
        """What a program under test gets."""
        return {**self.env, **{k: os.environ[k] for k in STRICT if k in os.environ}}

    def _start_display(self):
        read, write = os.pipe()
        # Without GLX all windows share one visual; xwd loses windows where there are several.
        self.spawn("Xvfb", ["Xvfb", "-displayfd", str(write), "-screen", "0", self.size + "x24",
                            "-nolisten", "tcp", "-noreset", "-dpi", "96", "-extension", "GLX"],
                   pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as stream:
            number = stream.readline().strip()
        if not number:
            raise DesktopFailed("Xvfb gave no display")
        self.env["DISPLAY"] = ":" + number

    def _start_bus(self):
        services = settings.write_bus_config(self.dir, notify=self.options["notify"])
        read, write = os.pipe()
        self.spawn("dbus", ["dbus-daemon", f"--config-file={services}", "--nofork",
                            f"--print-address={write}"], pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as stream:
            address = stream.readline().strip()
        if not address:
            raise DesktopFailed("dbus-daemon gave no address")
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address
        self.bus = connect(address)
        # What the bus starts by itself (keyring prompter, notifications) needs the display.
        names = ("DISPLAY", "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
                 "XDG_CACHE_HOME", "XDG_DATA_DIRS", "DBUS_SESSION_BUS_ADDRESS", MARK, "LC_ALL")
        known = {name: self.env[name] for name in names}
        self.call(BUS, "/org/freedesktop/DBus", BUS, "UpdateActivationEnvironment",
                  GLib.Variant("(a{ss})", (known,)))

    def _start_accessibility(self):
        reply = self.call("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress")
        self.env["AT_SPI_BUS_ADDRESS"] = reply.unpack()[0]
        self.call("org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Set",
                  GLib.Variant("(ssv)", ("org.a11y.Status", "IsEnabled", GLib.Variant("b", True))))

    def _start_wm(self, name):
        arguments = {"xfwm4": ["xfwm4", "--compositor=off", "--sm-client-disable"],
                     "metacity": ["metacity", "--sm-disable", "--no-composite"]}
        self.spawn("wm", arguments.get(name, name.split()))
        wait.until("the window manager", self._has_wm, 20)

    def _has_wm(self):
        out = self.output(["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"])
        return "window id #" in out

    def start_panel(self):
        """Starts the panel (the tray host) and waits until it watches for tray items."""
        child = self.spawn("panel", ["xfce4-panel", "--sm-client-disable"])
        wait.until("the tray host", lambda: self.owns("org.kde.StatusNotifierWatcher"), 20)
        return child

    def kill_panel(self):
        """Kills the panel as a crash would, with the plug-ins that are processes of their own."""
        for name in ("xfce4-panel", "wrapper-2.0"):
            for pid in self.pids(name):
                kill(pid, signal.SIGKILL)
        wait.until("the panel to be gone",
                   lambda: not self.owns("org.kde.StatusNotifierWatcher"))

    def start_keyring(self, mode):
        """@mode: "unlocked" makes and unlocks the login keyring, "locked" starts the daemon as an
        automatic login would, "none" starts nothing."""
        if mode == "none":
            return None
        arguments = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        if mode == "unlocked":
            arguments.insert(2, "--unlock")
        child = self.spawn("keyring", arguments, stdin=subprocess.PIPE)
        if mode == "unlocked":
            child.stdin.write(KEYRING_PASSWORD.encode())
        child.stdin.close()
        wait.until("the keyring", lambda: self.owns("org.freedesktop.secrets"), 20)
        return child

    # -- processes --------------------------------------------------------------------------

    def spawn(self, name, arguments, **more):
        """Starts a process of the desktop with its output in log/NAME."""
        if name not in self.logs:
            self.logs.append(name)
        more.setdefault("env", self.env)
        with open(os.path.join(self.dir, "log", name), "ab") as log:
            child = subprocess.Popen(arguments, stdout=log, stderr=log, start_new_session=True,
                                     cwd=self.home, **more)
        self._children.append(child)
        return child

    def output(self, arguments):
        """What a short command prints."""
        done = subprocess.run(arguments, env=self.env, stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.DEVNULL, timeout=30 * wait.PATIENCE)
        return done.stdout.decode(errors="replace").strip()

    def pids(self, name=None):
        """Every process that belongs to this desktop, or those whose command is @name."""
        wanted = f"{MARK}={self.mark}".encode()
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                with open(f"/proc/{entry}/environ", "rb") as stream:
                    marked = wanted in stream.read().split(b"\0")
                with open(f"/proc/{entry}/cmdline", "rb") as stream:
                    command = os.path.basename(stream.read().split(b"\0")[0].decode())
            except OSError:
                continue
            if marked and (name is None or command == name):
                found.append(int(entry))
        return found

    def tail(self, name, lines=12):
        """The last lines of a log, under its name."""
        try:
            with open(os.path.join(self.dir, "log", name), errors="replace") as stream:
                text = "".join(stream.readlines()[-lines:])
        except OSError:
            return ""
        return f"--- {name}\n{text}" if text else ""

    # -- the bus ----------------------------------------------------------------------------

    def call(self, name, path, interface, method, arguments=None, timeout=20):
        """One D-Bus call on the session bus."""
        return self.bus.call_sync(name, path, interface, method, arguments, None,
                                  Gio.DBusCallFlags.NONE, int(timeout * 1000 * wait.PATIENCE), None)

    def owns(self, name):
        """Whether somebody owns @name on the session bus."""
        reply = self.call(BUS, "/org/freedesktop/DBus", BUS, "NameHasOwner",
                          GLib.Variant("(s)", (name,)))
        return reply.unpack()[0]

    # -- the end ----------------------------------------------------------------------------

    def stop(self):
        """Ends every process with our mark, also those that left our process group."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for _turn in range(3):
                for pid in self.pids():
                    kill(pid, number)
                if self._gone(1.5):
                    break
            if not self.pids():
                break
        for child in self._children:
            child.wait()
        while self.deferred:
            self.deferred.pop()()
        if self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)

    def _gone(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for child in self._children:
                child.poll()
            if not self.pids():
                return True
            time.sleep(0.02)
        return False


def connect(address):
    """A private connection, so that several desktops can live in one process."""
    flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
             | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
    bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
    bus.set_exit_on_close(False)
    return bus


def kill(pid, number):
    """kill() that does not mind when the process is gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
