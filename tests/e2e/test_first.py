#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain way: setup, first sync, changes either way, and what a run says about itself."""

import json
import os
import stat

import fixture
from fixture import CONNECT, OK, PATHS, USAGE, compare, contains, equal, read, snapshot, write

ACTION_KEYS = {"type", "action", "path", "case", "bytes", "wire"}
SUMMARY_KEYS = {"type", "in_sync", "uploaded", "downloaded", "deleted_local", "deleted_remote",
                "moved", "conflicts", "failed", "held", "bytes_sent", "bytes_received", "requests",
                "seconds"}


def test_setup_writes_a_private_file(t):
    server = t.server()
    device = t.device()
    device.setup(server).expect(OK)
    equal(stat.S_IMODE(device.ini.stat().st_mode), 0o600, "mode of the ini")
    here, _ = server.remote()
    contains((here / ".pisync" / "root").read_text(), "id=")
    contains((device.local / ".pisync" / "root").read_text(), "format=1")


def test_setup_refuses_to_overwrite(t):
    server = t.server()
    device = t.device()
    device.setup(server).expect(OK)
    before = device.ini.read_text()
    result = device.setup(server).expect(USAGE)
    contains(result.stderr, "--force")
    equal(device.ini.read_text(), before, "the ini")
    device.setup(server, "--force").expect(OK)


def test_setup_needs_values_without_a_terminal(t):
    result = t.device().cli("--json", "setup", "--port", "22").expect(USAGE)
    contains(result.stderr, "--host")


def test_setup_needs_no_port(t):
    server = t.server()
    device = t.device()
    result = device.cli("--json", "setup", "--host", "nobody.invalid", "--user", server.user,
                        "--auth", "publickey", "--keyfile", server.key, "--remote", "there",
                        "--local", device.local, "--fingerprint", server.fingerprint)
    contains(result.expect(CONNECT).stderr, "nobody.invalid")


def test_first_sync_up(t):
    server, device = t.pair()
    write(device.local / "a.txt", "hello\n")
    write(device.local / "sub" / "deep" / "b.bin", os.urandom(300000))
    write(device.local / "empty", "")
    script = write(device.local / "run.sh", "#!/bin/sh\n")
    script.chmod(0o755)
    os.mkdir(device.local / "bare")
    summary = device.sync().summary
    equal(summary["uploaded"], 4, "uploaded")
    compare(device.local, server.remote()[0])
    equal(summary["in_sync"], True)


def test_first_sync_down(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(here / "x" / "y.txt", "from the server\n", mtime=1500000000)
    device.sync()
    equal(read(device.local / "x" / "y.txt"), b"from the server\n")
    equal(int((device.local / "x" / "y.txt").stat().st_mtime), 1500000000, "mtime")


def test_equal_files_are_not_transferred(t):
    server = t.server()
    device = t.device()
    here, _ = server.remote()
    content = os.urandom(200000)
    write(here / "same.bin", content, mtime=1600000000)
    write(device.local / "same.bin", content, mtime=1700000000)
    device.setup(server).expect(OK)
    summary = device.sync().summary
    equal((summary["uploaded"], summary["downloaded"], summary["conflicts"]), (0, 0, 0))
    compare(device.local, here)
    equal(read(here / "same.bin"), content)


def test_second_sync_does_nothing(t):
    _, device = t.pair()
    for number in range(30):
        write(device.local / f"f{number}", f"{number}")
    device.sync()
    result = device.sync()
    equal(result.actions, [])
    equal(result.summary["in_sync"], True)


def test_edits_deletes_and_moves(t):
    server, device = t.pair()
    here, _ = server.remote()
    for number in range(30):
        write(device.local / "d" / f"{number}.txt", f"content {number}\n" * (number + 1))
    device.sync()
    write(device.local / "d" / "1.txt", "changed here, and longer\n")
    (device.local / "d" / "2.txt").unlink()
    write(here / "d" / "3.txt", "changed there, and a good deal longer\n")
    (here / "d" / "4.txt").unlink()
    (device.local / "d" / "5.txt").rename(device.local / "moved.txt")
    result = device.sync()
    compare(device.local, here)
    equal(read(device.local / "d" / "3.txt"), b"changed there, and a good deal longer\n")
    equal((device.local / "d" / "4.txt").exists(), False)
    equal(read(here / "moved.txt"), b"content 5\n" * 6)
    summary = result.summary
    equal((summary["uploaded"], summary["downloaded"]), (1, 1))
    equal((summary["deleted_remote"], summary["deleted_local"]), (1, 1))
    equal(summary["moved"], 1)


def test_deleted_and_replaced_are_kept_on_the_server(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "old.txt", "first text")
    write(device.local / "gone.txt", "deleted text")
    write(device.local / "other.txt", "stays")
    device.sync()
    write(device.local / "old.txt", "second text, longer")
    (device.local / "gone.txt").unlink()
    device.sync()
    kept = fixture.all_contents(here / ".pisync" / "versions")
    for text in (b"first text", b"deleted text"):
        equal(fixture.digest(text) in kept, True, repr(text))


def test_touch_sends_no_content(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "big", os.urandom(500000))
    device.sync()
    os.utime(device.local / "big", (1600000000, 1600000000))
    summary = device.sync().summary
    equal(int((here / "big").stat().st_mtime), 1600000000, "mtime there")
    equal(summary["bytes_sent"] < 100000, True, "no content")


def test_executable_bit(t):
    server, device = t.pair()
    here, _ = server.remote()
    script = write(device.local / "s", "#!/bin/sh\n")
    device.sync()
    script.chmod(0o755)
    device.sync()
    equal(bool((here / "s").stat().st_mode & 0o100), True)
    (here / "s").chmod(0o644)
    device.sync()
    equal(bool(script.stat().st_mode & 0o100), False)


def test_conflict_keeps_both_on_both_sides(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "doc.txt", "base")
    device.sync()
    write(device.local / "doc.txt", "mine, written first", mtime=1700000000)
    write(here / "doc.txt", "theirs, the later one", mtime=1700000100)
    result = device.sync()
    equal(result.summary["conflicts"], 1)
    compare(device.local, here)
    equal(read(device.local / "doc.txt"), b"theirs, the later one")
    copies = [name for name in os.listdir(device.local) if "conflicted copy from laptop" in name]
    equal(len(copies), 1, "copies")
    equal(copies[0].endswith(".txt"), True, copies[0])
    equal(read(device.local / copies[0]), b"mine, written first")


def test_conflict_rule_local(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "doc", "base")
    device.sync()
    device.change_ini("SYNC", "conflict", "local")
    write(device.local / "doc", "mine, old", mtime=1600000000)
    write(here / "doc", "theirs, newer", mtime=1700000000)
    device.sync()
    equal(read(here / "doc"), b"mine, old")
    equal(fixture.digest(b"theirs, newer") in fixture.all_contents(device.local), True)


def test_type_changes(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "file", "f")
    write(device.local / "dir" / "inner", "i")
    write(device.local / "rest", "r")
    device.sync()
    (device.local / "file").unlink()
    write(device.local / "file" / "now-a-folder", "x")
    (here / "dir" / "inner").unlink()
    (here / "dir").rmdir()
    write(here / "dir", "now a file")
    device.sync()
    compare(device.local, here)
    equal(snapshot(device.local)[b"dir"][0], "file")
    equal(snapshot(device.local)[b"file"], ("dir",))


def test_dry_run_changes_nothing(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "new", "n")
    write(here / "theirs", "t")
    before = snapshot(device.local), snapshot(here), read(device.state / "base.db")
    result = device.sync("--dry-run")
    equal((snapshot(device.local), snapshot(here), read(device.state / "base.db")), before)
    equal(sorted(result.actions), [("download", "theirs"), ("upload", "new")])
    summary = device.sync().summary
    equal((summary["uploaded"], summary["downloaded"]), (1, 1))


def test_json_schema(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "a", "1")
    write(here / "b", "2")
    result = device.sync()
    for item in result.of("action"):
        equal(ACTION_KEYS - item.keys(), set(), "missing keys")
        equal(item["case"][0], "s", "case")
    equal(SUMMARY_KEYS - result.summary.keys(), set(), "missing keys")
    equal(len(result.of("summary")), 1, "summaries")
    equal(isinstance(result.summary["seconds"], (int, float)), True)
    equal(result.summary["bytes_sent"] > 0 and result.summary["requests"] > 0, True)


def test_names_that_are_not_utf8(t):
    server, device = t.pair()
    here, _ = server.remote()
    name = b"gr\xfc\xdfe\n\x01.txt"
    write(os.fsdecode(os.fsencode(device.local) + b"/" + name), "x")
    result = device.sync()
    compare(device.local, here)
    raw = [item for item in result.of("action") if item.get("raw")]
    equal(len(raw), 1, "raw paths")
    contains(raw[0]["path"], "%FC")
    text = device.cli("-v", "sync")
    equal("\x01" in text.stdout, False, "control characters are not printed")


def test_quiet_and_verbose(t):
    _, device = t.pair()
    write(device.local / "one", "1")
    equal(device.cli("-q", "sync").expect(OK).stdout, "")
    write(device.local / "two", "22")
    contains(device.cli("-v", "sync").expect(OK).stdout, "two")


def test_log(t):
    _, device = t.pair()
    write(device.local / "noted.txt", "1")
    device.sync()
    result = device.cli("log").expect(OK)
    contains(result.stdout, "noted.txt")
    lines = device.cli("log", "-n", "1").expect(OK).stdout.splitlines()
    equal(len(lines), 1)
    for line in device.cli("--json", "log").expect(OK).stdout.splitlines():
        equal(json.loads(line)["type"], "log")


def test_log_follow(t):
    _, device = t.pair()
    follower = device.start("log", "-f")
    write(device.local / "later.txt", "1")
    device.sync()

    def seen():
        return b"later.txt" in follower.stdout.readline()
    fixture.wait_for("the line of the new file", seen)
    follower.send_signal(2)
    equal(follower.wait(timeout=10), 130, "status")


def test_check(t):
    server, device = t.pair()
    here, _ = server.remote()
    for number in range(5):
        write(device.local / f"{number}", f"text {number}")
    device.sync()
    device.cli("--json", "check").expect(OK)
    victim = here / "3"
    times = victim.stat()
    victim.write_bytes(b"TEXT 3")
    os.utime(victim, ns=(times.st_atime_ns, times.st_mtime_ns))
    result = device.cli("--json", "check").expect(PATHS)
    equal([item["path"] for item in result.of("problem")], ["3"])


def test_forget_state_makes_a_union(t):
    server, device = t.pair()
    here, _ = server.remote()
    for name in "abcd":
        write(device.local / name, name * 10)
    device.sync()
    device.cli("forget-state").expect(USAGE)
    device.cli("forget-state", "--yes").expect(OK)
    (device.local / "a").unlink()
    result = device.sync()
    equal(result.summary["deleted_remote"], 0)
    equal(result.summary["conflicts"], 0)
    equal(read(device.local / "a"), b"a" * 10, "comes back")
    compare(device.local, here)


def test_damaged_base_is_a_union(t):
    server, device = t.pair()
    here, _ = server.remote()
    for name in "abcd":
        write(device.local / name, name * 10)
    device.sync()
    for extra in ("base.db-wal", "base.db-shm"):
        (device.state / extra).unlink(missing_ok=True)
    (device.state / "base.db").write_bytes(b"this is no database" * 1000)
    (device.local / "a").unlink()
    result = device.sync()
    equal(result.summary["deleted_remote"], 0)
    compare(device.local, here)
    aside = [name for name in os.listdir(device.state)
             if read(device.state / name).startswith(b"this is no")]
    equal(len(aside), 1, "the damaged base is kept aside")


def test_two_pairs_side_by_side(t):
    server, device = t.pair()
    other = device.dir / "config" / "pisync" / "photos.ini"
    here, there = server.remote("photos")
    device.cli("--config", other, "--json", "setup", "--host", "127.0.0.1", "--port", server.port,
               "--user", server.user, "--auth", "publickey", "--keyfile", server.key, "--remote",
               there, "--local", device.dir / "Photos").expect(OK)
    write(device.dir / "Photos" / "p.jpg", "picture")
    device.cli("--config", other, "sync").expect(OK)
    equal(read(here / "p.jpg"), b"picture")
    device.sync()
    equal((device.local / "p.jpg").exists(), False)


fixture.main(globals(), "first")
