#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is wrong gets a message that says what, where and what to do, its exit status, and
costs nobody a byte."""

import os
import socket
import subprocess

import fixture
from fixture import (CONNECT, OK, PATHS, USAGE, compare, contains, equal, read, require, snapshot,
                     write)


def refused(device, status, *parts, command=("--json", "sync")):
    """Runs a command that must fail so, and looks for the parts in its message."""
    result = device.cli(*command).expect(status)
    for part in parts:
        contains(result.stderr.lower(), part.lower())
    return result


def test_unknown_option(t):
    refused(t.device(), USAGE, "--frob", "--help", command=("sync", "--frob"))


def test_unknown_command(t):
    refused(t.device(), USAGE, "frob", "--help", command=("frob",))


def test_no_command(t):
    refused(t.device(), USAGE, "command", "--help", command=())


def test_argument_too_many(t):
    refused(t.device(), USAGE, "surplus", command=("sync", "surplus"))


def test_help_and_version(t):
    device = t.device()
    contains(device.cli("--help").expect(OK).stdout, "install-key")
    contains(device.cli("--version").expect(OK).stdout, "pisync-cli ")
    for command in ("setup", "sync", "run", "status", "pause", "resume", "sync-now", "log", "trust",
                    "install-key", "check", "forget-state"):
        contains(device.cli(command, "--help").expect(OK).stdout, f"pisync-cli {command}")


def test_no_configuration(t):
    device = t.device()
    refused(device, USAGE, "pisync.ini", "setup")


def bad_ini(t, group, key, value, *parts):
    _, device = t.pair()
    before = snapshot(device.local)
    device.change_ini(group, key, value)
    result = refused(device, USAGE, "pisync.ini", *parts)
    contains(result.stderr, "pisync.ini:")
    equal(snapshot(device.local), before)


def test_unknown_key(t):
    bad_ini(t, "SYNC", "frobnicate", "1", "frobnicate")


def test_unknown_group(t):
    bad_ini(t, "FROB", "x", "1", "FROB")


def test_bad_port(t):
    bad_ini(t, "HOST", "port", "99999", "port", "65535")


def test_bad_word(t):
    bad_ini(t, "SYNC", "conflict", "mine", "conflict", "newest")


def test_bad_number(t):
    bad_ini(t, "SYNC", "full_scan_minutes", "often", "full_scan_minutes")


def test_missing_host(t):
    bad_ini(t, "HOST", "host", None, "host")


def test_not_a_key_file(t):
    _, device = t.pair()
    device.ini.write_bytes(b"\x00\xff rubbish\n[[")
    refused(device, USAGE, "pisync.ini")


def test_setup_bad_value(t):
    server = t.server()
    device = t.device()
    refused(device, USAGE, "--port", command=("--json", "setup", "--host", "h", "--remote", "r",
                                              "--local", "l", "--port", "0x"))
    result = device.setup(server, "--auth", "telepathy").expect(USAGE)
    contains(result.stderr, "--auth")
    equal(device.ini.exists(), False)


def test_unreachable_host(t):
    _, device = t.pair()
    device.change_ini("HOST", "host", "no-such-host.invalid")
    refused(device, CONNECT, "no-such-host.invalid")


def test_refused_port(t):
    _, device = t.pair()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        device.change_ini("HOST", "port", free.getsockname()[1])
        refused(device, CONNECT, "127.0.0.1")


def test_not_an_ssh_server(t):
    _, device = t.pair()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        device.change_ini("HOST", "port", listener.getsockname()[1])
        process = device.start("--json", "sync")
        connection, _ = listener.accept()
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.close()
        _, stderr = process.communicate(timeout=60)
        equal(process.returncode, CONNECT, stderr.decode())


def test_server_without_sftp(t):
    server, device = t.pair()
    server.stop()
    server.options["sftp"] = False
    server.start()
    refused(device, CONNECT, "sftp")


def test_truncated_link(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "a", os.urandom(3 << 20))
    line = t.slowlink(server, "-x", "400000")
    device.use_port(server, line.port)
    result = device.cli("--json", "sync")
    equal(result.status in (CONNECT, PATHS), True, str(result))
    equal((here / "a").exists(), False, "no half file under its name")
    device.change_ini("HOST", "port", server.port)
    device.sync()
    compare(device.local, here)


def test_garbled_link(t):
    server, device = t.pair()
    here, _ = server.remote()
    line = t.slowlink(server, "--flip", "200000")
    device.use_port(server, line.port)
    content = os.urandom(2 << 20)
    write(here / "a", content)
    result = device.cli("--json", "sync")
    equal(result.status in (OK, CONNECT, PATHS), True, str(result))
    equal((device.local / "a").exists() and read(device.local / "a") != content, False,
          "damaged bytes do not arrive")


def test_host_key_not_known(t):
    server = t.server()
    _, there = server.remote()
    device = t.device()
    result = device.cli("--json", "setup", "--host", "127.0.0.1", "--port", server.port, "--user",
                        server.user, "--keyfile", server.key, "--remote", there, "--local",
                        device.local).expect(CONNECT)
    contains(result.stderr, server.fingerprint)
    contains(result.stderr, "--fingerprint")
    equal(device.ini.exists(), False)


def test_wrong_fingerprint(t):
    server = t.server()
    _, there = server.remote()
    device = t.device()
    device.cli("--json", "setup", "--host", "127.0.0.1", "--port", server.port, "--user",
               server.user, "--keyfile", server.key, "--remote", there, "--local", device.local,
               "--fingerprint", "SHA256:" + "A" * 43).expect(CONNECT)
    equal(device.ini.exists(), False)


def test_changed_host_key(t):
    server, device = t.pair()
    here, _ = server.remote()
    write(device.local / "a", "1")
    server.stop()
    server.new_host_key()
    server.start()
    refused(device, CONNECT, "is not the one that is known", "reinstall", "pisync-cli trust")
    equal((here / "a").exists(), False)
    refused(device, CONNECT, command=("--json", "trust", "--fingerprint", "SHA256:" + "A" * 43))
    refused(device, CONNECT, server.fingerprint, command=("--json", "trust"))
    device.cli("--json", "trust", "--fingerprint", server.fingerprint).expect(OK)
    device.sync()
    compare(device.local, here)


def test_wrong_key(t):
    server, device = t.pair()
    other = device.dir / "other"
    server.make_key(other)
    device.change_ini("AUTH", "keyfile", other)
    refused(device, CONNECT, server.user)


def test_key_file_missing(t):
    _, device = t.pair()
    device.change_ini("AUTH", "keyfile", "/nonexistent/key")
    result = device.cli("--json", "sync")
    equal(result.status in (USAGE, CONNECT), True, str(result))
    contains(result.stderr, "/nonexistent/key")


def test_key_with_passphrase_and_nobody_to_ask(t):
    server, device = t.pair()
    locked = device.dir / "locked"
    server.make_key(locked, passphrase="sesame")
    server.authorized_keys.write_text(locked.with_suffix(".pub").read_text())
    device.change_ini("AUTH", "keyfile", locked)
    result = refused(device, CONNECT, "passphrase")
    equal("sesame" in result.stdout + result.stderr + device.log(), False)


def password_file(t, mode, *parts):
    _, device = t.pair()
    path = write(device.dir / "password", "secret words\n")
    path.chmod(mode)
    device.change_ini("AUTH", "auth", "password")
    result = refused(device, USAGE, *parts, command=("--password-file", path, "--json", "sync"))
    equal("secret words" in result.stdout + result.stderr, False)


def test_password_file_others_can_read(t):
    password_file(t, 0o644, "password", "chmod 600")


def test_password_file_missing(t):
    _, device = t.pair()
    device.change_ini("AUTH", "auth", "password")
    refused(device, USAGE, "/nonexistent/pw",
            command=("--password-file", "/nonexistent/pw", "sync"))


def test_password_needed_and_nobody_to_ask(t):
    account = t.account()
    server = t.server(account=account, password=True)
    _, device = t.pair(server=server)
    device.change_ini("AUTH", "auth", "password")
    refused(device, CONNECT, "password_file")


def test_remote_folder_cannot_be_made(t):
    account = t.account()
    server = t.server(account=account)
    device = t.device()
    result = device.cli("--json", "setup", "--host", "127.0.0.1", "--port", server.port, "--user",
                        server.user, "--keyfile", server.key, "--remote", "/etc/pisync-no",
                        "--local", device.local, "--fingerprint", server.fingerprint)
    equal(result.status != OK, True, str(result))
    contains(result.stderr, "/etc/pisync-no")
    equal(device.ini.exists(), False)


def test_remote_folder_not_writable(t):
    account = t.account()
    server = t.server(account=account)
    _, device = t.pair(server=server)
    here, _ = server.remote()
    write(device.local / "a", "1")
    os.chown(here, 0, 0)
    here.chmod(0o555)
    result = device.cli("--json", "sync")
    equal(result.status in (PATHS, USAGE), True, str(result))
    contains((result.stdout + result.stderr).lower(), "permission")
    equal(read(device.local / "a"), b"1")
    account.own(here)
    here.chmod(0o755)
    device.sync()
    compare(device.local, here)


def test_local_folder_is_a_file(t):
    server = t.server()
    device = t.device()
    write(device.local, "I am a file")
    result = device.setup(server)
    equal(result.status != OK, True, str(result))
    contains(result.stderr, str(device.local))
    equal(read(device.local), b"I am a file")


def test_local_folder_of_another_pair(t):
    server, device = t.pair()
    other = t.device("other")
    other.local = device.local
    result = other.setup(server, remote="elsewhere")
    equal(result.status != OK, True, str(result))
    contains(result.stderr, "another pair")
    contains(result.stderr, "--rebind")
    other.setup(server, "--rebind", remote="elsewhere").expect(OK)


def test_unreadable_file(t):
    server, device = t.user_pair()
    here, _ = server.remote()
    write(device.local / "closed", "x").chmod(0)
    write(device.local / "open", "y")
    result = device.sync(status=PATHS)
    equal([item["path"] for item in result.of("problem")], ["closed"])
    equal(read(here / "open"), b"y")


def test_file_that_changes_while_it_is_read(t):
    server, device = t.pair()
    here, _ = server.remote()
    line = t.slowlink(server, "-u", "2m")
    device.use_port(server, line.port)
    path = write(device.local / "growing", os.urandom(4 << 20))
    process = device.start("--json", "sync")

    def under_way():
        return any((here / ".pisync" / "tmp").iterdir())
    fixture.wait_for("the upload to be under way", under_way)
    with open(path, "ab") as stream:
        stream.write(b"and then some")
    process.communicate(timeout=60)
    device.sync()
    compare(device.local, here)


def test_disk_full_of_state(t):
    require(fixture.IS_ROOT, "root", "only root can mount a small disk")
    server, device = t.pair()
    here, _ = server.remote()
    small = device.dir / "small"
    small.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "pisync-e2e", str(small)],
                          check=False)
    require(done.returncode == 0, "mount", "mounting is not possible")
    t.defer(lambda: subprocess.run(["umount", "-l", str(small)], check=False))
    for number in range(200):
        write(device.local / f"file with a rather long name {number:0200}", f"{number}")
    result = device.cli("--state", small, "--json", "sync")
    equal(result.status != OK, True, str(result))
    equal(len(snapshot(device.local)), 200)
    device.sync()
    compare(device.local, here)


def test_two_processes(t):
    server, device = t.pair()
    line = t.slowlink(server, "-u", "1m")
    device.use_port(server, line.port)
    write(device.local / "long", os.urandom(3 << 20))
    first = device.start("--json", "sync")
    here, _ = server.remote()
    fixture.wait_for("the first to work", lambda: any((here / ".pisync" / "tmp").iterdir()))
    refused(device, PATHS, "another", command=("sync",))
    refused(device, PATHS, "another", command=("run",))
    refused(device, PATHS, "another", command=("forget-state", "--yes"))
    _, stderr = first.communicate(timeout=60)
    equal(first.returncode, OK, stderr.decode())


def test_status_where_nothing_runs(t):
    _, device = t.pair()
    for command in (("status",), ("pause",), ("resume",), ("sync-now",)):
        result = device.cli(*command).expect(PATHS)
        equal(result.stdout, "")
        equal(len(result.stderr.splitlines()) >= 1, True)


def test_bad_pause_time(t):
    _, device = t.pair()
    refused(device, USAGE, "30m", command=("pause", "--for", "soon"))


fixture.main(globals(), "bad-input")
