#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What travels, and for how long, when a large file was changed; beside rsync.

    meson setup _release --buildtype=release && meson compile -C _release
    tests/bench/deltas.py _release [--size 256] [--rtt 20] [--only WORD] [--runs 1] [--no-fsync]

Two devices and one private sshd behind the project's own delaying proxy. One device edits the file
and syncs ("up"), the other one syncs ("down"); rsync does the same with the same files. Bytes are
those of the SFTP layer of PiSync, and what rsync --stats says; seconds are of whole programs, login
included, the best of so many runs, in which the two take turns. rsync makes nothing durable; with
--no-fsync PiSync does not either. Prints a Markdown table."""

import argparse
import filecmp
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", help="build directory, best of buildtype release")
    parser.add_argument("--size", type=int, default=256, help="of the file, in MiB")
    parser.add_argument("--rtt", type=int, default=20, help="round trip in ms")
    parser.add_argument("--only", default="", help="edits whose name has this word in it")
    parser.add_argument("--runs", type=int, default=1, help="of which the best counts")
    parser.add_argument("--no-fsync", action="store_true", help="fsync = no")
    return parser.parse_args()


OPTIONS = arguments()
BUILD = pathlib.Path(OPTIONS.build).resolve()
os.environ["PISYNC_CLI"] = str(BUILD / "src/cli/pisync-cli")
os.environ["PISYNC_SLOWLINK"] = str(BUILD / "tests/fakes/slowlink")

import edits  # noqa: E402 (the programs are known only now)
import fixture  # noqa: E402


class Rig:
    """A server behind a delay, two devices, and two folders that rsync keeps the same."""

    def __init__(self, test):
        self.test = test
        self.server = test.server()
        self.port = test.slowlink(self.server, "-d", str(OPTIONS.rtt / 2)).port
        self.devices = []
        for name in ("laptop", "desktop"):
            device = test.pair(name, server=self.server)[1]
            device.use_port(self.server, self.port)
            if OPTIONS.no_fsync:
                device.change_ini("SYNC", "fsync", "no")
            self.devices.append(device)
        self.shell = " ".join([
            "ssh", "-p", str(self.port), "-i", str(self.server.key), "-F", "none",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes"])
        self.there = test.dir / "rsync-there"
        self.here = test.dir / "rsync-here"

    def sync(self, device):
        begin = time.monotonic()
        summary = device.sync().summary
        return summary["bytes_sent"] + summary["bytes_received"], time.monotonic() - begin

    def rsync(self, *ends):
        begin = time.monotonic()
        said = subprocess.run(["rsync", "-a", "--no-whole-file", "--stats", "-e", self.shell,
                               *map(str, ends)], check=True, stdout=subprocess.PIPE).stdout
        seconds = time.monotonic() - begin
        counts = re.findall(rb"Total bytes (?:sent|received): ([\d,]+)", said)
        return sum(int(count.replace(b",", b"")) for count in counts), seconds


def measure(name, make, edit):
    """(PiSync up, PiSync down, rsync up, rsync down), each of bytes and seconds."""
    test = fixture.Test()
    try:
        rig = Rig(test)
        laptop, desktop = rig.devices
        path = laptop.local / "file"
        source = edits.source_of(1)
        make(path, OPTIONS.size * edits.MIB, source)
        rig.sync(laptop)
        rig.sync(desktop)
        for copy in (rig.there, rig.here):
            shutil.copy(path, copy)
            os.utime(copy, (1, 1))  # of another time than the edit, or rsync does not look at it
        edit(path, source)
        os.utime(path)
        os.sync()
        up, down = rig.sync(laptop), rig.sync(desktop)
        fixture.compare(laptop.local, desktop.local, name)
        target = f"{rig.server.user}@127.0.0.1:{rig.there}"
        result = up, down, rig.rsync(path, target), rig.rsync(target, rig.here)
        for copy in (rig.there, rig.here):
            if not filecmp.cmp(path, copy, shallow=False):
                raise AssertionError(f"{name}: rsync did not do the same work")
        return result
    finally:
        test.clean_up()


def best(name, make, edit):
    """The least bytes and the least seconds of several runs."""
    runs = [measure(name, make, edit) for _ in range(OPTIONS.runs)]
    return [tuple(map(min, zip(*column))) for column in zip(*runs)]


def main():
    print(f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}, "
          f"{time.strftime('%Y-%m-%d')}; {OPTIONS.size} MiB, {OPTIONS.rtt} ms\n")
    print("| | up: bytes | s | rsync: bytes | s | down: bytes | s | rsync: bytes | s |")
    print("|---" * 9 + "|")
    for name, (make, edit, _) in edits.EDITS.items():
        if OPTIONS.only not in name:
            continue
        up, down, peer_up, peer_down = best(name, make, edit)
        cells = [f"{count:,} | {seconds:.2f}" for count, seconds in (up, peer_up, down, peer_down)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


main()
