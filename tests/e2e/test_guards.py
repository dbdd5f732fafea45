#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every guard trips, holds over further runs, and lets go when a person says so."""

import os
import shutil
import subprocess

import fixture
from fixture import (GUARD, OK, PATHS, compare, contains, equal, read, require, snapshot, write)


def held(result):
    return {item["guard"]: item["count"] for item in result.of("held")}


def fill(folder, count):
    for number in range(count):
        write(folder / f"{number % 7}" / f"{number}.txt", f"text of {number}\n" * (number + 1))


def test_root_not_mounted_here(t):
    server, device = t.pair()
    here, _ = server.remote()
    fill(device.local, 10)
    device.sync()
    aside = device.dir / "unmounted"
    device.local.rename(aside)
    device.local.mkdir()
    before = snapshot(here)
    for _ in range(2):
        result = device.sync(status=GUARD)
        contains(result.stderr, "mounted")
        equal(snapshot(here), before, "the server")
        equal(os.listdir(device.local), [], "nothing is made in the empty folder")
    device.local.rmdir()
    aside.rename(device.local)
    device.sync()
    compare(device.local, here)


def test_root_not_mounted_there(t):
    server, device = t.pair()
    here, _ = server.remote()
    fill(device.local, 10)
    device.sync()
    aside = server.files / "unmounted"
    here.rename(aside)
    here.mkdir()
    before = snapshot(device.local)
    for _ in range(2):
        result = device.sync(status=GUARD)
        contains(result.stderr, "mounted")
        equal(snapshot(device.local), before, "the folder here")
        equal(os.listdir(here), [], "nothing is made in the empty folder")
    said = device.cli("sync").expect(GUARD).stderr
    equal(said.count("mounted"), 1, "it is said once: " + said)
    here.rmdir()
    equal(device.sync(status=GUARD).summary["in_sync"], False)
    equal(here.exists(), False, "the folder is not made again")
    aside.rename(here)
    device.sync()


def test_root_of_another_pair(t):
    server, device = t.pair()
    here, _ = server.remote()
    fill(device.local, 5)
    device.sync()
    marker = here / ".pisync" / "root"
    text = marker.read_text()
    marker.write_text("format=1\nid=00000000-0000-4000-8000-000000000000\ngeneration=1\n")
    before = snapshot(device.local), snapshot(here)
    device.sync(status=GUARD)
    equal((snapshot(device.local), snapshot(here)), before)
    marker.write_text(text)
    device.sync()


def test_new_marker_on_a_persons_word(t):
    """The server's disk was replaced by an empty one: nothing by itself, a union when told."""
    server, device = t.pair()
    here, _ = server.remote()
    fill(device.local, 10)
    device.sync()
    shutil.rmtree(here)
    here.mkdir()
    contains(device.sync(status=GUARD).stderr, "setup")
    device.setup(server, "--force", "--rebind").expect(OK)
    for _ in range(2):
        if device.cli("--json", "sync").status != OK:
            device.cli("forget-state", "--yes").expect(OK)
    device.sync()
    compare(device.local, here)
    equal(len(snapshot(device.local)), 17)


def test_newer_format(t):
    server, device = t.pair()
    here, _ = server.remote()
    marker = here / ".pisync" / "root"
    marker.write_text(marker.read_text().replace("format=1", "format=99"))
    write(device.local / "a", "1")
    result = device.sync(status=GUARD)
    equal((here / "a").exists(), False)
    contains(result.stderr.lower(), "newer pisync")


def restore(server, device):
    """The server is put back to what it was before some changes."""
    here, _ = server.remote()
    write(device.local / "kept", "version one")
    fill(device.local, 5)
    device.sync()
    backup = server.files / "backup"
    subprocess.run(["cp", "-a", str(here), str(backup)], check=True)
    write(device.local / "kept", "version two, longer")
    write(device.local / "new", "written after the backup")
    device.sync()
    write(device.local / "newer", "also after")
    device.sync()
    shutil.rmtree(here)
    backup.rename(here)
    return here


def test_restored_server(t):
    server, device = t.pair()
    here = restore(server, device)
    for _ in range(2):
        result = device.sync(status=GUARD)
        equal("restored-server" in held(result), True, str(result))
        equal(read(device.local / "new"), b"written after the backup", "not deleted here")
        equal(fixture.digest(b"version two, longer") in fixture.all_contents(device.local), True)
    device.sync("--accept-restored-server")
    device.sync()
    compare(device.local, here)
    contents = fixture.all_contents(device.local, here, device.dir / "data")
    for text in (b"version two, longer", b"version one", b"written after the backup"):
        equal(fixture.digest(text) in contents, True, repr(text))


def test_restored_server_accepted_at_once(t):
    """It need not be asked first: nothing is deleted by that, and all is as ever afterwards."""
    server, device = t.pair()
    here = restore(server, device)
    result = device.sync("--accept-restored-server")
    equal(result.of("summary")[0]["deleted_local"], 0)
    compare(device.local, here)
    equal(read(here / "new"), b"written after the backup")
    equal(read(here / "kept"), b"version two, longer")
    contents = fixture.all_contents(device.local)
    equal(fixture.digest(b"version one") in contents, True, "the backup's version is kept too")
    (device.local / "new").unlink()
    device.sync()
    equal((here / "new").exists(), False)


def test_restored_server_accepted_with_a_problem(t):
    """What could not be given back to the server is not taken for deleted there later."""
    server, device = t.user_pair()
    here = restore(server, device)
    (device.local / "new").chmod(0)
    device.sync("--accept-restored-server", status=PATHS)
    (device.local / "new").chmod(0o600)
    device.sync()
    equal(read(here / "new"), b"written after the backup")
    compare(device.local, here)
    (device.local / "new").unlink()
    device.sync()
    equal((here / "new").exists(), False)


def mass_delete(t, victim_here):
    server, device = t.pair()
    here, _ = server.remote()
    fill(device.local, 60)
    write(device.local / "rest.txt", "the rest goes on")
    device.sync()
    victim = device.local if victim_here else here
    for number in range(40):
        (victim / f"{number % 7}" / f"{number}.txt").unlink()
    write(device.local / "rest.txt", "the rest goes on and on")
    other = here if victim_here else device.local
    for _ in range(3):
        result = device.sync(status=GUARD)
        equal(held(result), {"mass-delete": 40})
        equal(sum(1 for value in snapshot(other).values() if value[0] == "file"), 61)
    equal(read(here / "rest.txt"), b"the rest goes on and on")
    device.sync("--allow-deletes")
    compare(device.local, here)
    equal(sum(1 for value in snapshot(other).values() if value[0] == "file"), 21)
    device.sync()


def test_mass_delete_here(t):
    mass_delete(t, True)


def test_mass_delete_there(t):
    mass_delete(t, False)


def test_all_deleted(t):
    server, device = t.pair()
    here, _ = server.remote()
    for name in "abc":
        write(device.local / name, name * 9)
    device.sync()
    for name in "abc":
        (device.local / name).unlink()
    equal(held(device.sync(status=GUARD)), {"mass-delete": 3})
    equal(len(snapshot(here)), 3)
    device.sync("--allow-deletes")
    equal(snapshot(here), {})


def test_moves_are_no_deletes(t):
    server, device = t.pair()
    here, _ = server.remote()
    fill(device.local / "old", 60)
    device.sync()
    (device.local / "old").rename(device.local / "new")
    result = device.sync()
    equal(result.summary["deleted_remote"], 0)
    equal(result.summary["uploaded"], 0)
    compare(device.local, here)


def test_mass_emptied(t):
    server, device = t.pair()
    here, _ = server.remote()
    fill(device.local, 40)
    device.sync()
    for number in range(15):
        (device.local / f"{number % 7}" / f"{number}.txt").write_bytes(b"")
    write(device.local / "fine.txt", "goes through")
    for _ in range(2):
        result = device.sync(status=GUARD)
        equal(held(result), {"mass-emptied": 15})
        equal(read(here / "0" / "0.txt"), b"text of 0\n")
    equal(read(here / "fine.txt"), b"goes through")
    device.sync("--allow-deletes")
    compare(device.local, here)


def unreadable(t, victim_here):
    server, device = t.user_pair()
    here, _ = server.remote()
    fill(device.local, 20)
    device.sync()
    victim, other = (device.local, here) if victim_here else (here, device.local)
    (victim / "3").chmod(0)
    write(device.local / "rest.txt", "goes through")
    for _ in range(2):
        result = device.cli("--json", "sync")
        equal(result.status in (PATHS, GUARD), True, f"status of {result}")
        equal(len(os.listdir(other / "3")), 3, "nothing below is decided")
    equal(read(here / "rest.txt"), b"goes through")
    (victim / "3").chmod(0o755)
    device.sync()
    compare(device.local, here)


def test_incomplete_listing_here(t):
    unreadable(t, True)


def test_incomplete_listing_there(t):
    unreadable(t, False)


def small_disk(t, path, size):
    """A file system of that size, mounted there until the test ends."""
    require(fixture.IS_ROOT, "root", "only root can mount a small disk")
    path.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "pisync-e2e", str(path)],
                          check=False, stderr=subprocess.PIPE)
    require(done.returncode == 0, "mount", f"mounting is not possible: {done.stderr.decode()}")
    t.defer(lambda: subprocess.run(["umount", "-l", str(path)], check=False))


def test_no_room_there(t):
    server = t.server()
    here, _ = server.remote()
    small_disk(t, here, "2m")
    _, device = t.pair(server=server)
    write(device.local / "big", os.urandom(8 << 20))
    write(device.local / "small", "fits")
    for _ in range(2):
        result = device.sync(status=PATHS)
        equal(held(result), {"room": 1})
        contains(device.log(), "no room on the server")
        equal((here / "big").exists(), False)
    equal(read(here / "small"), b"fits")
    (device.local / "big").unlink()
    device.sync()
    compare(device.local, here)


def test_no_room_here(t):
    server = t.server()
    device = t.device()
    small_disk(t, device.local, "2m")
    here, _ = server.remote()
    device.setup(server).expect(OK)
    device.sync()
    write(here / "big", os.urandom(8 << 20))
    write(here / "small", "fits")
    result = device.sync(status=PATHS)
    equal(held(result), {"room": 1})
    contains(device.log(), "no room on this computer")
    equal(read(device.local / "small"), b"fits")
    (here / "big").unlink()
    device.sync()
    compare(device.local, here)


fixture.main(globals(), "guards")
