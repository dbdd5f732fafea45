# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the functions of a test file, each in a fresh desktop, and prints TAP.

A test is a function test_…(d) with an optional @desktop (OPTIONS) above it. With arguments only the
named ones run. PISYNC_TEST_REQUIRE=desktop turns a skip into a failure, PISYNC_TEST_LOGS=DIR names
where logs and the picture of a failed test go (default: beside meson's logs, or nowhere)."""

import os
import shutil
import signal
import sys
import traceback

import gi

gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf  # noqa: E402

from . import screen  # noqa: E402
from .session import Desktop, DesktopFailed  # noqa: E402

NEEDED = ("Xvfb", "xfwm4", "xfce4-panel", "xdotool", "xwd", "xprop", "dbus-daemon",
          "gnome-keyring-daemon")


class Skip(Exception):
    """This test cannot run here, and why."""


def desktop(**options):
    """Options of Desktop for the test below; none=True: no desktop at all."""
    def mark(function):
        function.desktop_options = options
        return function
    return mark


def missing_programs():
    absent = [name for name in NEEDED if shutil.which(name) is None]
    # Without it icons are blank, for us and for the panel, and nobody says so.
    if "svg" not in [kind.get_name() for kind in GdkPixbuf.Pixbuf.get_formats()]:
        absent.append("loader of SVG pictures (librsvg2-common)")
    return absent


def keep(d, name):
    """Saves what explains a failure."""
    folder = os.environ.get("PISYNC_TEST_LOGS")
    if d is not None:
        said = [d.tail(log) for log in d.logs]
        said += [f"--- {program.name} ({program.process.poll()})\n" + program.output()
                 for program in d.programs]
        for line in "\n".join(said).splitlines():
            print(f"# {line}")
    if not folder or d is None or d.dir is None:
        return
    target = os.path.join(folder, name)
    os.makedirs(target, exist_ok=True)
    shutil.copytree(os.path.join(d.dir, "log"), os.path.join(target, "log"), dirs_exist_ok=True)
    try:
        screen.picture(d).save(os.path.join(target, "screen.png"))
    except Exception as error:  # the display may be what failed
        print(f"# no picture: {error}")


def run_one(function):
    """Runs one test; (passed, reason for a skip)."""
    options = dict(getattr(function, "desktop_options", {}))
    d = None
    try:
        if options.pop("none", False):
            function()
            return True, None
        if shutil.which(options.get("wm", "xfwm4")) is None:
            return True, f"no {options['wm']}"  # the others are for more certainty only
        share = os.environ.get("PISYNC_TEST_SHARE")
        d = Desktop(share=share, **options).start()
        function(d)
        return True, None
    except Skip as reason:
        if os.environ.get("PISYNC_TEST_REQUIRE"):
            print(f"# required, but: {reason}")
            return False, None
        return True, str(reason)
    except (Exception, DesktopFailed):
        for line in traceback.format_exc().splitlines():
            print(f"# {line}")
        keep(d, function.__name__)
        return False, None
    finally:
        if d is not None:
            d.stop()


def main(namespace):
    """Runs every test_… function of @namespace (pass globals ())."""
    signal.signal(signal.SIGTERM, lambda _n, _frame: sys.exit(143))
    wanted = sys.argv[1:]
    tests = [(name, function) for name, function in namespace.items()
             if name.startswith("test_") and (not wanted or name in wanted)]
    absent = missing_programs()
    if absent:
        required = os.environ.get("PISYNC_TEST_REQUIRE")
        print(f"Bail out! no {', '.join(absent)}" if required
              else f"1..0 # SKIP no {', '.join(absent)}")
        return 1 if required else 0
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        passed, skipped = run_one(function)
        failed += not passed
        tail = f" # SKIP {skipped}" if skipped else ""
        print(f"{'ok' if passed else 'not ok'} {number} - {name[5:]}{tail}", flush=True)
    return 1 if failed else 0
