#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd names, ignored ones, links and special files."""

import os
import socket
import subprocess

import fixture
from fixture import OK, PATHS, compare, contains, equal, read, require, snapshot, write


def test_odd_names(t):
    server, device = t.pair()
    here, _ = server.remote()
    names = [b"-rf", b" lead", b"trail ", b"a\\b", b"quote'\"", b"$(touch x)", b"a;b", b"*?[x]",
             b"new\nline", b"\xff\xfe", b"x" * 255, "\u65e5\u672c\u8a9e".encode(), b"~", b"#x",
             b"......", b"CON", b"a:b", b"tab\t"]
    for root in (device.local, here):
        for number, name in enumerate(names):
            path = os.path.join(os.fsencode(root), b"from-" + str(root == here).encode(), name)
            write(os.fsdecode(path), f"{number}")
    device.sync()
    compare(device.local, here)
    equal(len(snapshot(device.local)), 2 * len(names) + 2)
    equal(device.sync().actions, [])


def fat_pair(t):
    server = t.server(sftp=False, config=fixture.odd_config("ODD_DISK_FAT"))
    _, laptop = t.pair(server=server)
    _, desk = t.pair("desk", server=server)
    return laptop, desk


def sync_both(first, second):
    """Syncs until the first one's changes are on both; then nothing must be left to do."""
    first.sync()
    second.sync()
    equal(first.sync().actions + second.sync().actions, [])
    compare(first.local, second.local)


def test_fat_server(t):
    """There every file is executable, whatever is done about it: that is neither a change, nor does
    it come back from there."""
    laptop, desk = fat_pair(t)
    for name, text in (("plain", "1"), ("large", "x" * 3000000), ("gone", "2"), ("moves", "333")):
        write(laptop.local / name, text)
    sync_both(laptop, desk)
    write(desk.local / "plain", "changed")
    write(desk.local / "large", "x" * 1500000 + "y" + "x" * 1500000)
    (desk.local / "gone").unlink()
    (desk.local / "moves").rename(desk.local / "moved")
    sync_both(desk, laptop)
    os.utime(laptop.local / "plain", (10**9, 10**9 + 1))
    (laptop.local / "moved").unlink()
    sync_both(laptop, desk)
    for device in (laptop, desk):
        equal(sorted(snapshot(device.local)), [b"large", b"plain"])
        equal((device.local / "plain").stat().st_mode & 0o111, 0, "executable")
    contains(desk.cli("versions", "moved").expect(OK).stdout, "laptop")


def test_fat_server_conflict(t):
    laptop, desk = fat_pair(t)
    write(laptop.local / "a", "0")
    sync_both(laptop, desk)
    write(laptop.local / "a", "laptop's", mtime=10**9)
    write(desk.local / "a", "desk's one", mtime=10**9 + 60)
    laptop.sync()
    desk.sync()
    sync_both(laptop, desk)
    contents = fixture.all_contents(laptop.local)
    equal({fixture.digest(b"laptop's"), fixture.digest(b"desk's one")} - contents, set())


def test_fat_server_same_two_seconds(t):
    """What is written a second later would have the time of the old version there."""
    laptop, desk = fat_pair(t)
    write(laptop.local / "a", "one", mtime=10**9)
    sync_both(laptop, desk)
    write(laptop.local / "a", "two", mtime=10**9 + 1)
    sync_both(laptop, desk)
    equal(read(desk.local / "a"), b"two")


def test_deep_folders(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local.joinpath(*(["level"] * 60), "file"), "deep")
    device.sync()
    compare(device.local, here)


def test_ignore_rules(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / ".pisyncignore", "*.tmp\n/build/\n!keep.tmp\n")
    write(device.local / "sub" / ".pisyncignore", "secret*\n")
    for name in ("a.tmp", "keep.tmp", "build/x", "sub/build/y", "sub/secret.txt", "sub/open.txt",
                 ".~lock.doc#", "Thumbs.db", "x.swp"):
        write(device.local / name, name)
    device.sync()
    files = {path for path, value in snapshot(here).items() if value[0] == "file"}
    equal(files, {b".pisyncignore", b"sub/.pisyncignore", b"keep.tmp", b"sub/build/y",
                  b"sub/open.txt"})


def test_ignored_is_never_deleted(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "folder" / "a", "1")
    write(device.local / "folder" / "b", "2")
    write(device.local / "rest", "3")
    device.sync()
    write(device.local / ".pisyncignore", "a\n*.local\n")
    write(here / "folder" / "only.local", "stays there")
    device.sync()
    equal(read(here / "folder" / "a"), b"1", "still there though ignored")
    (device.local / "folder" / "a").unlink()
    (device.local / "folder" / "b").unlink()
    (device.local / "folder").rmdir()
    device.cli("--json", "sync")
    equal(read(here / "folder" / "a"), b"1", "ignored: not deleted")
    equal(read(here / "folder" / "only.local"), b"stays there")
    equal((here / "folder" / "b").exists(), False)


def test_symlinks_are_skipped(t):
    server, device = t.pair()
    here, _ = server.remote()
    outside = write(device.dir / "outside", "not ours")
    write(device.local / "real", "r")
    (device.local / "link").symlink_to("real")
    (device.local / "escape").symlink_to(outside)
    result = device.cli("--json", "sync")
    equal(sorted(snapshot(here)), [b"real"])
    codes = {item["path"]: item["code"] for item in result.of("problem")}
    equal(set(codes.values()) <= {"symlink"}, True, str(codes))
    equal((device.local / "link").is_symlink(), True)


def test_symlinks_are_kept(t):
    server, device = t.pair()
    here, _ = server.remote()
    device.change_ini("SYNC", "symlinks", "keep")
    write(device.local / "real", "r")
    (device.local / "link").symlink_to("real")
    (device.local / "broken").symlink_to("/nowhere/at/all")
    (here / "back").symlink_to("real")
    device.sync()
    compare(device.local, here)
    equal(os.readlink(here / "broken"), "/nowhere/at/all")
    equal(os.readlink(device.local / "back"), "real")
    (device.local / "link").unlink()
    device.sync()
    equal(os.path.lexists(here / "link"), False)
    equal(read(here / "real"), b"r", "the target stays")


def test_link_instead_of_a_folder(t):
    """What was a folder is a link to the outside now: nothing is written through it."""
    server, device = t.pair()
    here, _ = server.remote()
    outside = device.dir / "outside"
    outside.mkdir()
    write(device.local / "folder" / "a", "1")
    write(device.local / "rest", "r")
    device.sync()
    (device.local / "folder" / "a").unlink()
    (device.local / "folder").rmdir()
    (device.local / "folder").symlink_to(outside)
    write(here / "folder" / "new", "from the server")
    device.cli("--json", "sync")
    device.cli("--json", "sync")
    equal(os.listdir(outside), [], "nothing outside is written")
    equal(read(here / "folder" / "new"), b"from the server")


def test_special_files(t):
    server, device = t.pair()
    here, _ = server.remote()
    os.mkfifo(device.local / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(device.local / "socket"))
        write(device.local / "plain", "p")
        device.cli("--json", "sync")
    equal(sorted(snapshot(here)), [b"plain"])
    equal((device.local / "pipe").exists(), True)


def test_hard_links(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "one", "same inode")
    os.link(device.local / "one", device.local / "two")
    device.sync()
    compare(device.local, here)
    (device.local / "one").write_bytes(b"changed through one name")
    device.sync()
    compare(device.local, here)
    equal(read(here / "two"), b"changed through one name")


def test_case_only_rename(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "readme", "x")
    write(device.local / "rest", "r")
    device.sync()
    (device.local / "readme").rename(device.local / "README")
    device.sync()
    compare(device.local, here)


def server_without_case(t):
    """One whose disk takes names that differ in case alone for one, as vfat and exfat do."""
    return t.server(sftp=False, config=fixture.odd_config("ODD_DISK_CASE"))


def test_case_only_rename_on_a_server_without_case(t):
    server, device = t.pair(server=server_without_case(t))
    other = t.device("desktop")
    other.setup(server).expect(OK)
    here, _ = server.remote()
    write(device.local / "readme", "x")
    write(device.local / "papers" / "one", "1")
    write(device.local / "letters" / "two", "2")
    write(device.local / "letters" / "new", "not there yet")
    device.sync()
    other.sync()
    for old, new in (("readme", "README"), ("papers", "Papers"), ("letters", "Letters")):
        (device.local / old).rename(device.local / new)
    result = device.sync()
    equal(result.summary["moved"], 3)
    equal(result.summary["deleted_remote"], 0)
    compare(device.local, here)
    other.sync()
    compare(other.local, here)
    equal(device.sync().actions, [])
    equal(other.sync().actions, [])


def test_names_that_differ_in_case_on_a_server_without_case(t):
    server, device = t.pair(server=server_without_case(t))
    here, _ = server.remote()
    write(device.local / "one", "1")
    device.sync()
    write(device.local / "ONE", "another")
    result = device.sync(status=PATHS)
    equal([(item["path"], item["code"]) for item in result.of("problem")], [("ONE", "name")])
    equal(read(here / "one"), b"1")
    (device.local / "one").unlink()  # a deletion beside a new file: not a rename
    device.sync(status=PATHS)
    device.sync()
    compare(device.local, here)
    equal(read(here / "ONE"), b"another")


def test_renamed_and_swapped_folders(t):
    server, device = t.pair()
    here, _ = server.remote()
    for name in ("one", "two", "three"):
        for number in range(4):
            write(device.local / name / f"{number}", f"{name} {number}" * (number + 3))
    device.sync()
    (device.local / "one").rename(device.local / "spare")
    (device.local / "two").rename(device.local / "one")
    (device.local / "three").rename(device.local / "two")
    (device.local / "spare").rename(device.local / "three")
    result = device.sync()
    compare(device.local, here)
    equal(result.summary["deleted_remote"], 0)


def test_many_small_files(t):
    server, device = t.pair()
    here, _ = server.remote()
    for number in range(2000):
        write(device.local / f"{number % 40}" / f"{number}", f"file {number}")
    device.sync()
    other = t.device("desktop")
    other.setup(server).expect(0)
    other.sync()
    compare(other.local, here)
    equal(other.sync().actions, [])


def test_last_files_come_while_others_are_placed(t):
    """Before files are replaced the server is asked what it keeps of them; meanwhile more come."""
    server, device = t.pair()
    here, _ = server.remote()
    for number in range(300):
        write(device.local / f"{number}", "short")
    device.sync()
    other = t.device("desktop")
    other.setup(server).expect(0)
    other.sync()
    for number in range(300):
        write(device.local / f"{number}", f"{number} " * 2000)
    device.sync()
    line = t.slowlink(server, "-r", "2m")
    other.use_port(server, line.port)
    equal(other.sync().summary["downloaded"], 300)
    compare(other.local, here)


def small_fat(t, path):
    """A FAT file system mounted there until the test ends, writable by everybody."""
    require(fixture.IS_ROOT, "root", "only root can mount a disk")
    image = t.dir / "fat.img"
    with open(image, "wb") as stream:
        stream.truncate(32 << 20)
    path.mkdir(parents=True, exist_ok=True)
    for command in (["mkfs.vfat", str(image)],
                    ["mount", "-o", "loop,umask=0,shortname=mixed", str(image), str(path)]):
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        if done.returncode != 0:  # a matter of the kernel, not of what is installed
            raise fixture.Skip(f"no FAT here: {done.stderr.decode().strip()}")
    t.defer(lambda: subprocess.run(["umount", "-l", str(path)], check=False))


def test_names_that_the_server_refuses(t):
    server = t.server()
    here, _ = server.remote()
    small_fat(t, here)
    _, device = t.pair(server=server)
    write(device.local / "fine.txt", "goes through")
    write(device.local / "what?.txt", "FAT cannot hold that name")
    result = device.sync(status=PATHS)
    equal([item["path"] for item in result.of("problem")], ["what?.txt"])
    equal(read(here / "fine.txt"), b"goes through")
    for _ in range(2):
        device.sync(status=PATHS)
        equal(read(device.local / "what?.txt"), b"FAT cannot hold that name")
    (device.local / "what?.txt").rename(device.local / "what.txt")
    device.sync()
    equal(device.sync().actions, [], "comes to rest")
    equal(read(here / "what.txt"), b"FAT cannot hold that name")


def poor_server(t, flags):
    server = t.server(sftp_flags=flags)
    _, device = t.pair(server=server)
    here, _ = server.remote()
    for number in range(30):
        write(device.local / f"{number}", f"text {number}" * number)
    device.sync()
    write(device.local / "1", "edited here, longer")
    write(here / "2", "edited there, also longer")
    (device.local / "3").unlink()
    (device.local / "4").rename(device.local / "moved")
    device.sync()
    compare(device.local, here)
    equal(device.sync().actions, [])
    kept = fixture.all_contents(here / ".pisync" / "versions")
    equal(fixture.digest(b"text 1") in kept, True, "the old version is kept")


def test_server_without_hard_links(t):
    poor_server(t, "-P hardlink")


def test_server_without_posix_rename(t):
    poor_server(t, "-P posix-rename")


def test_old_server(t):
    poor_server(t, "-P posix-rename,hardlink,fsync,statvfs,lsetstat,limits,copy-data,expand-path")


def test_read_only_server(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "base", "b")
    device.sync()
    write(here / "theirs", "arrives all the same")
    write(device.local / "mine", "cannot get there")
    server.stop()
    server.options["sftp_flags"] = "-R"
    server.start()
    result = device.cli("--json", "sync")
    equal(result.status != OK, True, str(result))
    equal((here / "mine").exists(), False)
    equal(read(device.local / "mine"), b"cannot get there")
    server.stop()
    server.options["sftp_flags"] = ""
    server.start()
    device.sync()
    compare(device.local, here)


fixture.main(globals(), "names")
