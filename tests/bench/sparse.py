#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory a delta of a large sparse file takes, as whole programs, both ways.

    tests/bench/sparse.py _release [--size 4096]

One device has a file with nothing in it, sends it, changes 1 MiB in the middle and sends that;
another one follows. The server's disk must have room for the file three times: it is sparse only
here."""

import argparse
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", help="build directory, best of buildtype release")
    parser.add_argument("--size", type=int, default=4096, help="of the file, in MiB")
    return parser.parse_args()


OPTIONS = arguments()
BUILD = pathlib.Path(OPTIONS.build).resolve()
os.environ["PISYNC_CLI"] = str(BUILD / "src/cli/pisync-cli")

import edits  # noqa: E402 (the programs are known only now)
import fixture  # noqa: E402


def peak_memory(pid):
    """KiB; 0 once the process is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as stream:
            return int(next(line for line in stream if line.startswith("VmHWM")).split()[1])
    except (OSError, StopIteration):
        return 0


def sync(device):
    """(SFTP bytes, seconds, peak memory in MiB) of one run."""
    begin, memory = time.monotonic(), 0
    process = device.start("--json", "sync")
    while process.poll() is None:
        memory = max(memory, peak_memory(process.pid))
        time.sleep(0.01)
    result = fixture.Result(["sync"], process.returncode, *process.communicate())
    device.test.forget(process)
    summary = result.expect(fixture.OK).summary
    return (summary["bytes_sent"] + summary["bytes_received"], time.monotonic() - begin,
            memory / 1024)


def show(what, measured):
    count, seconds, memory = measured
    print(f"| {what} | {count:,} | {seconds:.1f} | {memory:.0f} |", flush=True)


def main():
    test = fixture.Test()
    try:
        server, laptop = test.pair("laptop")
        desktop = test.pair("desktop", server=server)[1]
        path = laptop.local / "image"
        path.touch()
        os.truncate(path, OPTIONS.size * edits.MIB)
        print("| | bytes | s | memory, MiB |\n|---|---|---|---|")
        show("whole, up", sync(laptop))
        show("whole, down", sync(desktop))
        with open(path, "r+b") as stream:
            stream.seek(OPTIONS.size * edits.MIB // 2 + 77)
            stream.write(os.urandom(edits.MIB))
        show("1 MiB changed, up", sync(laptop))
        show("1 MiB changed, down", sync(desktop))
        fixture.compare(laptop.local, desktop.local)
    finally:
        test.clean_up()


main()
