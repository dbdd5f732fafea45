#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program dies at every named point, and by kill -9 at any moment; the next run brings both
sides together and nothing is lost."""

import os
import shutil
import signal
import subprocess

import fixture
from fixture import FAULTS, OK, compare, digest, equal, snapshot, write

DIED = 99  # the status that src/util/fault.c leaves with


def points():
    listing = subprocess.run([FAULTS], check=True, stdout=subprocess.PIPE)
    return listing.stdout.decode().split()


def prepare(t):
    """A pair with work of every kind to be done in the next run; the contents that must stay."""
    server, device = t.pair()
    here, _ = server.remote()
    both = device.local, here
    for number in range(12):
        write(device.local / "base" / f"{number}.txt", f"base {number}\n" * (number + 1))
    write(device.local / "moving" / "one", "moves on the server")
    write(here / "drifting" / "one", "moves here")
    device.sync()
    kept = set()

    def put(path, text):
        write(path, text)
        kept.add(digest(text.encode()))
    for side, root in enumerate(both):
        put(root / f"new{side}" / "deep" / "file", f"new on side {side}")
        put(root / "base" / f"{side}.txt", f"edited on side {side}, and of another length")
        put(root / "base" / "9.txt", f"both edited, this is side {side}" + "!" * side)
        (root / "base" / f"{4 + side}.txt").unlink()
        (root / f"folder{side}").mkdir()
        put(root / f"big{side}", f"big {side} " * 50000)
    later = int((device.local / "base" / "9.txt").stat().st_mtime) + 100
    put(device.local / "base" / "10.txt", "both edited, this one loses")
    put(here / "base" / "10.txt", "both edited, this one is the newer")
    os.utime(here / "base" / "10.txt", (later, later))
    (device.local / "moving" / "one").rename(device.local / "moving" / "two")
    (here / "drifting" / "one").rename(here / "drifting" / "two")
    (device.local / "base" / "7.txt").chmod(0o755)
    (here / "base" / "8.txt").chmod(0o755)
    return server, device, here, kept


def check_whole(device, here, kept):
    """At every moment: every path has its old or its new content, and all is somewhere."""
    found = fixture.all_contents(device.dir, here)
    missing = kept - found
    equal(missing, set(), "contents lost")
    for root in (device.local, here):
        for path, value in snapshot(root).items():
            if value[0] == "file" and path.startswith(b"big"):
                equal(value[1] in kept, True, f"{path!r} is whole")


def finish(device, here, kept):
    for _ in range(3):
        result = device.sync()
        if not result.actions:
            break
    compare(device.local, here)
    check_whole(device, here, kept)
    equal(snapshot(device.local)[b"moving/two"][0], "file")
    equal(b"base/4.txt" in snapshot(here), False, "the deletion arrived")
    device.cli("--json", "check").expect(OK)


def crash_at(point, passing):
    def test(t):
        _, device, here, kept = prepare(t)
        result = device.cli("--json", "sync", env={"PISYNC_CRASH_AT": f"{point}:{passing}"})
        equal(result.status in (OK, DIED), True, str(result))
        check_whole(device, here, kept)
        finish(device, here, kept)
        if result.status == OK:
            t.say(f"{point} was not passed {passing} times")
    return test


def fail_at(point):
    def test(t):
        _, device, here, kept = prepare(t)
        device.cli("--json", "sync", env={"PISYNC_FAULT": f"{point}:1"})
        check_whole(device, here, kept)
        finish(device, here, kept)
    return test


def test_kill_at_any_moment(t):
    _, device, here, kept = prepare(t)
    for _ in range(25):
        process = device.start("--json", "sync")
        try:
            process.wait(timeout=t.random.uniform(0.02, 0.6))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        t.end(process)
        check_whole(device, here, kept)
    finish(device, here, kept)


def test_kill_the_power_of_the_server(t):
    """Names that were not durable yet are gone when it comes back: nobody has deleted them."""
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "edited", "as it was")
    device.sync()
    before = (here / "edited").stat()
    write(device.local / "edited", "newer, and of another length")
    for number in range(10):
        write(device.local / "folder" / f"new{number}", f"new {number}")
    write(device.local / "big", os.urandom(4 << 20))
    wanted = snapshot(device.local)
    device.change_ini("SYNC", "upload_limit", "20")  # the pass is still on then
    process = device.start("--json", "sync")
    fixture.wait_for("the small files", lambda: (here / "folder" / "new9").exists()
                     and fixture.read(here / "edited").startswith(b"newer"))
    server.stop()
    process.wait(timeout=60)
    t.end(process)
    shutil.rmtree(here / "folder")
    write(here / "edited", "as it was")
    os.utime(here / "edited", ns=(before.st_mtime_ns, before.st_mtime_ns))
    server.start()
    device.change_ini("SYNC", "upload_limit", "0")
    device.sync()
    equal(snapshot(device.local), wanted, "what was written here")
    compare(device.local, here)


def test_kill_between_a_conflict_and_its_copy(t):
    """Whenever the winner is in place, the loser has a name of its own."""
    for passing in range(1, 4):  # the marker is put in place too
        server, device = t.pair(f"device{passing}", remote=f"pair{passing}")
        here, _ = server.remote(f"pair{passing}")
        write(device.local / "a.txt", "one")
        device.sync()
        write(here / "a.txt", "loses", mtime=1700000000)
        write(device.local / "a.txt", "wins, and is longer", mtime=1700000100)
        device.cli("--json", "sync", env={"PISYNC_CRASH_AT": f"remote-put-placed:{passing}"})
        device.sync()
        compare(device.local, here)
        equal(sorted(fixture.read(path) for path in device.local.glob("a*.txt")),
              [b"loses", b"wins, and is longer"], f"both versions, after {passing}")


def alike(text, size):
    """A content of @text and just @size bytes."""
    return (text * (size // len(text) + 1))[:size]


def sends_the_like(size):
    """Two computers make a file of one name, size and second; the first one's upload fails. What
    it finds on the server later is not its own."""
    def test(t):
        server, laptop = t.pair()
        _, desk = t.pair("desk", server=server)
        mine, other = alike("of the laptop", size), alike("of the desk", size)
        write(laptop.local / "status", mine, mtime=10**9)
        write(desk.local / "status", other, mtime=10**9)
        laptop.cli("--json", "sync",
                   env={"PISYNC_FAULT": "remote-put-durable:1"}).expect(fixture.PATHS)
        desk.sync()
        equal(laptop.sync().summary["conflicts"], 1)
        desk.sync()
        compare(laptop.local, desk.local)
        equal({digest(mine.encode()), digest(other.encode())}
              - fixture.all_contents(desk.local), set(), "lost")
    return test


def unpacks_the_like(size):
    """A download fails, and a person unpacks a file of that size and second in its place."""
    def test(t):
        server, device = t.pair()
        here, _ = server.remote()
        device.sync()
        mine, other = alike("unpacked here", size), alike("on the server", size)
        write(here / "status", other, mtime=10**9)
        device.cli("--json", "sync",
                   env={"PISYNC_FAULT": "remote-get-begin:1"}).expect(fixture.PATHS)
        write(device.local / "status", mine, mtime=10**9)
        equal(device.sync().summary["conflicts"], 1)
        compare(device.local, here)
        equal({digest(mine.encode()), digest(other.encode())}
              - fixture.all_contents(here), set(), "lost")
    return test


def swap(folder, one, other):
    (folder / one).rename(folder / "spare")
    (folder / other).rename(folder / one)
    (folder / "spare").rename(folder / other)


def moves_the_like(move, point, passing):
    """Files of one size and second change names, and the program dies while the server's do: the
    other computer sees that they have, and names that changed are not changed back. (One that has
    its new second, and was still to be moved, may come back under its old name too.)"""
    def test(t):
        server, laptop = t.pair()
        _, desk = t.pair("desk", server=server)
        for number, name in enumerate("abc"):  # told apart here by their nanoseconds
            path = write(laptop.local / name, f"content of {name}")
            os.utime(path, ns=(10**18 + number, 10**18 + number))
        laptop.sync()
        desk.sync()
        move(laptop.local)
        wanted = snapshot(laptop.local)
        laptop.cli("--json", "sync", env={"PISYNC_CRASH_AT": f"{point}:{passing}"}).expect(DIED)
        desk.sync()
        compare(desk.local, server.remote()[0])
        for device in laptop, desk, laptop:
            device.sync()
        found = snapshot(laptop.local)
        equal({path: found.get(path) for path in wanted}, wanted, "what was moved here")
        compare(laptop.local, desk.local)
        laptop.cli("--json", "check").expect(OK)
    return test


def rotate(folder):
    for old, new in ("c", "d"), ("b", "c"), ("a", "b"):
        (folder / old).rename(folder / new)


for _point in "remote-move", "remote-moved":
    for _passing in 1, 2, 3:
        globals()[f"test_crash_{_point}_{_passing}_swapping_the_like"] = moves_the_like(
            lambda folder: swap(folder, "a", "b"), _point, _passing)
        globals()[f"test_crash_{_point}_{_passing}_moving_the_like_on"] = moves_the_like(
            rotate, _point, _passing)

for _name, _size in ("small", 500), ("large", 3 << 20):
    globals()[f"test_fault_before_another_sends_the_like_{_name}"] = sends_the_like(_size)
    globals()[f"test_fault_before_the_like_is_unpacked_{_name}"] = unpacks_the_like(_size)

for _point in points():
    globals()[f"test_crash_{_point}"] = crash_at(_point, 1)
    globals()[f"test_crash_{_point}_later"] = crash_at(_point, 3)
    globals()[f"test_fault_{_point}"] = fail_at(_point)

fixture.main(globals(), "crash")
