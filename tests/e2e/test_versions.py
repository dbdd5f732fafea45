#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier and deleted versions: listed and brought back from the command line."""

import os

import fixture
from fixture import OK, PATHS, USAGE, compare, contains, equal, read, write

MTIME = 1700000000


def with_versions(t, **options):
    """(server, device) with a file that was changed twice and one that was deleted."""
    server, device = t.pair(server=t.server(**options))
    for step, text in enumerate(("first", "second", "third")):
        write(device.local / "docs" / "a.txt", text, MTIME + step)
        if step == 0:
            write(device.local / "docs" / "gone.txt", "deleted", MTIME)
            for number in range(3):
                write(device.local / f"other{number}", "x", MTIME)
        device.sync()
    os.unlink(device.local / "docs" / "gone.txt")
    device.sync()
    return server, device


def versions(device, path):
    return device.cli("--json", "versions", path).expect(OK).of("version")


def test_list(t):
    _, device = with_versions(t)
    found = versions(device, "docs/a.txt")
    equal([(item["path"], item["size"], item["device"]) for item in found],
          [("docs/a.txt", 6, "laptop"), ("docs/a.txt", 5, "laptop")])
    equal([item["path"] for item in versions(device, device.local / "docs")],
          ["docs/a.txt", "docs/a.txt", "docs/gone.txt"])
    equal(len(versions(device, "")), 3)
    equal(versions(device, "nothing"), [])
    contains(device.cli("versions", "docs/gone.txt").expect(OK).stdout, "laptop")


def test_restore_the_newest(t):
    server, device = with_versions(t)
    device.cli("restore", "docs/a.txt").expect(OK)
    equal(read(device.local / "docs" / "a.txt"), b"second")
    equal([action for action, _ in device.sync().actions], ["upload"])
    compare(device.local, server.remote()[0])
    # What was there before is a version now.
    equal([item["size"] for item in versions(device, "docs/a.txt")], [5, 6, 5])


def test_restore_one_by_name(t):
    _, device = with_versions(t)
    oldest = versions(device, "docs/a.txt")[-1]["id"]
    device.cli("restore", "docs/a.txt", "--version", oldest).expect(OK)
    equal(read(device.local / "docs" / "a.txt"), b"first")


def test_restore_a_deleted_file(t):
    server, device = with_versions(t)
    device.cli("restore", device.local / "docs" / "gone.txt").expect(OK)
    equal(read(device.local / "docs" / "gone.txt"), b"deleted")
    device.sync()
    compare(device.local, server.remote()[0])


def test_save_elsewhere(t):
    _, device = with_versions(t)
    saved = device.dir / "saved"
    device.cli("restore", "docs/a.txt", "--to", saved).expect(OK)
    equal(read(saved), b"second")
    equal(read(device.local / "docs" / "a.txt"), b"third")
    refused = device.cli("restore", "docs/a.txt", "--to", saved)
    equal(refused.status != OK, True, "a file that is there is not replaced")
    equal(read(saved), b"second")


def test_refusals(t):
    _, device = with_versions(t)
    device.cli("restore").expect(USAGE)
    device.cli("restore", "/etc/passwd").expect(USAGE)
    contains(device.cli("restore", "other0").expect(PATHS).stderr, "no earlier version")
    contains(device.cli("restore", "docs").expect(PATHS).stderr, "no earlier version")
    contains(device.cli("restore", "docs/a.txt", "--version", "x~y").expect(PATHS).stderr,
             "no version")


def test_server_without_hard_links(t):
    server, device = with_versions(t, sftp_flags="-P hardlink")
    device.cli("restore", "docs/a.txt").expect(OK)
    equal(read(device.local / "docs" / "a.txt"), b"second")
    device.sync()
    compare(device.local, server.remote()[0])


fixture.main(globals(), "versions")
