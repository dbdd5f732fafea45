# SPDX-License-Identifier: GPL-3.0-or-later
"""A file manager for the private desktop: a script that writes down what it is to open."""

import os

from . import settings, wait

SCRIPT = """#!/bin/sh
echo "$1" >> {record}
"""
ENTRY = """[Desktop Entry]
Type=Application
Name=Manager
Exec={script} %u
MimeType=inode/directory;
"""


def install(d):
    """Makes it the one for folders; returns the file in which it writes."""
    record, script = os.path.join(d.home, "opened"), os.path.join(d.home, "manager")
    settings.put(script, SCRIPT.format(record=record))
    os.chmod(script, 0o755)
    apps = os.path.join(d.home, ".local/share/applications")
    settings.put(os.path.join(apps, "manager.desktop"), ENTRY.format(script=script))
    settings.put(os.path.join(apps, "mimeapps.list"),
                 "[Default Applications]\ninode/directory=manager.desktop\n")
    return record


def wait_opened(record, folder):
    def opened():
        if not os.path.exists(record):
            return False
        with open(record) as stream:
            return folder in stream.read()
    wait.until(f"{folder} to be opened", opened)
