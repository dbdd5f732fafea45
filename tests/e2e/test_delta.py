#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what changed travels: two devices, every kind of edit, counted by what the programs say they
have sent and received, and compared by what lies on the server."""

import contextlib
import hashlib
import os
import shutil
import signal
import time

import edits
import fixture
from fixture import compare, contains, equal, wait_for

SIZE = 8 * edits.MIB
MTIME = 1700000000  # of every file that a test writes, one later each time


def two_devices(t):
    server, laptop = t.pair("laptop")
    desktop = t.device("desktop")
    desktop.setup(server).expect(fixture.OK)
    desktop.sync()
    return server, laptop, desktop


def touch(path, step=1):
    """A time of its own, however fast one edit follows the other."""
    os.utime(path, (MTIME + step, MTIME + step))


def at_most(actual, limit, what):
    if actual > limit:
        raise AssertionError(f"{what}: {actual} bytes, at most {limit} expected")


def sha256(path):
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_edit(t, make, edit, places):
    server, laptop, desktop = two_devices(t)
    source = edits.source_of(t.seed)
    path = laptop.local / "file"
    make(path, SIZE, source)
    touch(path)
    laptop.sync()
    desktop.sync()
    new = edit(path, source)
    touch(path, 2)
    size = path.stat().st_size
    block = edits.block_length(size)
    signature = size // block * 16 + 1000
    limit = new + places * 2 * block + signature + 40000
    sent = laptop.sync().summary["bytes_sent"]
    received = desktop.sync().summary["bytes_received"]
    t.say(f"{size} bytes, {new} new: sent {sent}, received {received}")
    at_most(sent, limit, "sent")
    at_most(received, limit, "received")
    equal(sha256(server.remote()[0] / "file"), sha256(path))
    compare(laptop.local, desktop.local)


def test_insertion_in_256_mib(t):
    """The measure of it all: at most 1.5 % travels, counted on both sides."""
    server, laptop, desktop = two_devices(t)
    path = laptop.local / "file"
    source = edits.source_of(t.seed)
    edits.make_random(path, 256 * edits.MIB, source)
    touch(path)
    laptop.sync()
    desktop.sync()
    edits.insert_in_the_middle(path, source)
    touch(path, 2)
    limit = path.stat().st_size * 15 // 1000
    for device in (laptop, desktop):
        summary = device.sync().summary
        travelled = summary["bytes_sent"] + summary["bytes_received"]
        t.say(f"{device.name}: {travelled}")
        at_most(travelled, limit, f"sent and received by {device.name}")
    equal(sha256(server.remote()[0] / "file"), sha256(path))
    compare(laptop.local, desktop.local)


def edit_test(make, edit, places):
    return lambda t: check_edit(t, make, edit, places)


globals().update({f"test_edit_{name.replace(' ', '_')}": edit_test(*row)
                  for name, row in edits.EDITS.items()})


def test_copied_file_does_not_travel(t):
    _, laptop, desktop = two_devices(t)
    edits.make_random(laptop.local / "file", SIZE, t.random)
    laptop.sync()
    desktop.sync()
    shutil.copy(laptop.local / "file", laptop.local / "copy of it")
    at_most(laptop.sync().summary["bytes_sent"], 60000, "sent")
    at_most(desktop.sync().summary["bytes_received"], 60000, "received")
    compare(laptop.local, desktop.local)


def test_server_without_copy_data(t):
    """Up goes the whole file, down a delta."""
    server = t.server(sftp_flags="-P copy-data")
    _, laptop = t.pair("laptop", server=server)
    _, desktop = t.pair("desktop", server=server)
    path = laptop.local / "file"
    edits.make_random(path, SIZE, t.random)
    touch(path)
    laptop.sync()
    desktop.sync()
    edits.change_in_place(path, t.random)
    touch(path, 2)
    at_most(laptop.sync().summary["bytes_sent"], SIZE + SIZE // 50, "sent")
    at_most(desktop.sync().summary["bytes_received"], 120000, "received")
    compare(laptop.local, desktop.local)


def spoil(folder, how):
    for path in (folder / ".pisync" / "signatures").iterdir():
        if path.name != "swept" and not path.name.endswith(".of"):
            how(path)


def check_spoilt(t, how):
    server, laptop, desktop = two_devices(t)
    path = laptop.local / "file"
    edits.make_random(path, SIZE, t.random)
    touch(path)
    laptop.sync()
    desktop.sync()
    edits.change_in_place(path, t.random)
    touch(path, 2)
    laptop.sync()
    spoil(server.remote()[0], how)
    result = desktop.sync()
    compare(laptop.local, desktop.local)
    return result


def shuffle(path):
    """Sums of blocks under other numbers; the last block is a short one and keeps its own."""
    content = path.read_bytes()
    records = [content[at:at + 16] for at in range(12, len(content), 16)]
    records[:100] = reversed(records[:100])
    path.write_bytes(content[:12] + b"".join(records))


def test_short_signature(t):
    check_spoilt(t, lambda path: os.truncate(path, 500))


def test_nonsense_for_a_signature(t):
    check_spoilt(t, lambda path: path.write_bytes(os.urandom(60000)))


def test_lying_signature_is_told(t):
    result = check_spoilt(t, shuffle)
    equal([item["code"] for item in result.of("problem")], ["signature"])
    contains(result.of("problem")[0]["message"], "whole file")


def kill_in_the_middle(t, device, grown):
    """Starts a sync over a slow line and kills it once grown () says so."""
    process = device.start("--json", "sync")
    wait_for("some of the file", grown, 60)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    t.end(process)


def holds_more(tmp, size):
    """Whether a temporary file has more bytes than that. Others come and go meanwhile."""
    for path in tmp.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size > size:
                return True
    return False


def slow_device(t, server, device, rate):
    """The device goes through a line of so many MiB a second from now on."""
    line = t.slowlink(server, "-u", f"{rate}m", "-r", f"{rate}m")
    device.use_port(server, line.port)


def test_killed_download_goes_on(t):
    server, device = t.pair()
    there = server.remote()[0] / "file"
    size = 48 * edits.MIB
    edits.make_random(there, size, t.random)
    slow_device(t, server, device, 24)
    tmp = device.local / ".pisync" / "tmp"
    kill_in_the_middle(t, device, lambda: holds_more(tmp, size * 2 // 3))
    device.use_port(server, server.port)
    received = device.sync().summary["bytes_received"]
    t.say(f"received {received} of {size}")
    at_most(received, size * 2 // 3, "received after the kill")
    compare(device.local, server.remote()[0])


def test_killed_upload_goes_on(t):
    server, device = t.pair()
    size = 48 * edits.MIB
    edits.make_random(device.local / "file", size, t.random)
    slow_device(t, server, device, 24)
    tmp = server.remote()[0] / ".pisync" / "tmp"
    kill_in_the_middle(t, device, lambda: holds_more(tmp, size * 2 // 3))
    device.use_port(server, server.port)
    sent = device.sync().summary["bytes_sent"]
    t.say(f"sent {sent} of {size}")
    at_most(sent, size * 2 // 3, "sent after the kill")
    compare(device.local, server.remote()[0])


def test_source_changes_while_it_is_sent(t):
    """What is put in place is one version or the other, never some of both."""
    server, device = t.pair()
    path = device.local / "file"
    there = server.remote()[0]
    edits.make_random(path, 32 * edits.MIB, t.random)
    touch(path)
    device.sync()
    old = sha256(path)
    with open(path, "r+b") as stream:
        stream.seek(4 * edits.MIB)
        stream.write(t.random.randbytes(12 * edits.MIB))
    touch(path, 2)
    slow_device(t, server, device, 8)
    process = device.start("--json", "sync")
    tmp = there / ".pisync" / "tmp"
    wait_for("some of the file", lambda: holds_more(tmp, 6 * edits.MIB), 60)
    with open(path, "r+b") as stream:
        stream.seek(20 * edits.MIB)
        stream.write(t.random.randbytes(4096))
    touch(path, 3)
    process.communicate(timeout=120)
    t.end(process)
    device.sync()
    compare(device.local, there)
    versions = (there / ".pisync" / "versions").rglob("*")
    equal([sha256(version) for version in versions if version.is_file()], [old], "versions")


def test_many_edits_of_one_file(t):
    """Deltas of deltas, from both sides in turn."""
    server, laptop, desktop = two_devices(t)
    edits.make_random(laptop.local / "file", SIZE, t.random)
    laptop.sync()
    desktop.sync()
    for step in range(6):
        here, other = (laptop, desktop) if step % 2 == 0 else (desktop, laptop)
        path = here.local / "file"
        edits.splice(path, t.random.randrange(path.stat().st_size), 100, t.random.randbytes(5000))
        os.utime(path, (time.time() + step, time.time() + step))
        at_most(here.sync().summary["bytes_sent"], 120000, "sent")
        at_most(other.sync().summary["bytes_received"], 120000, "received")
        compare(laptop.local, desktop.local)


fixture.main(globals(), "delta")
