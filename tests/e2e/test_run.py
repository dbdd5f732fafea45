#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""pisync-cli run: keeps going whatever happens to the server and the line, and obeys over D-Bus."""

import json
import os
import signal

import fixture
from fixture import CONNECT, OK, PATHS, compare, contains, equal, read, snapshot, wait_for, write


def running(t, **more):
    """(server, device, process) of a pair that is kept in sync, looked at every second."""
    server, device = t.pair()
    device.change_ini("LOCAL CONFIG", "throttling", "1")
    return server, device, start(device, **more)


def start(device, *options, **more):
    with open(device.dir / "run.log", "ab") as log:
        return device.start(*options, "-v", "run", stdout=log, stderr=log, **more)


def arrives(server, device, name, text, seconds=30):
    """A file written here is on the server soon."""
    here, _ = server.remote()
    write(device.local / name, text)
    wait_for(f"{name} on the server",
             lambda: (here / name).exists() and read(here / name) == text.encode(), seconds)


def comes(server, device, name, text, seconds=30):
    here, _ = server.remote()
    write(here / name, text)
    wait_for(f"{name} here",
             lambda: (device.local / name).exists() and read(device.local / name) == text.encode(),
             seconds)


def test_keeps_in_sync(t):
    server, device, process = running(t)
    arrives(server, device, "one", "up")
    comes(server, device, "two", "down")
    process.send_signal(signal.SIGTERM)
    equal(process.wait(timeout=20), OK, "status after SIGTERM")


def test_interrupt(t):
    _, device, process = running(t)
    wait_for("it to run", lambda: b"Keeping" in read(device.dir / "run.log"))
    process.send_signal(signal.SIGINT)
    equal(process.wait(timeout=20), 130, "status after SIGINT")


def test_server_restarts(t):
    server, device, process = running(t)
    arrives(server, device, "before", "1")
    server.stop()
    write(device.local / "meanwhile", "2")
    server.start()
    here, _ = server.remote()
    wait_for("what was written meanwhile", lambda: (here / "meanwhile").exists(), 90)
    arrives(server, device, "after", "3")
    equal(process.poll(), None, "still runs")


def test_cut_connections(t):
    server, device, process = running(t)
    for number in range(4):
        arrives(server, device, f"file{number}", f"text {number}", 60)
        server.cut()
    arrives(server, device, "last", "end", 60)
    equal(process.poll(), None, "still runs")
    compare_when_quiet(server, device)


def compare_when_quiet(server, device):
    here, _ = server.remote()
    wait_for("both sides to agree", lambda: snapshot(device.local) == snapshot(here), 60)


def test_line_dies_in_mid_transfer(t):
    server, device = t.pair()
    line = t.slowlink(server, "-x", "1000000", "-n", "3")
    device.use_port(server, line.port)
    device.change_ini("LOCAL CONFIG", "throttling", "1")
    write(device.local / "big", os.urandom(3 << 20))
    process = start(device)
    compare_when_quiet(server, device)
    equal(process.poll(), None, "still runs")


def test_stopped_and_continued(t):
    """As if the machine had slept."""
    server, device, process = running(t)
    arrives(server, device, "before", "1")
    process.send_signal(signal.SIGSTOP)
    server.cut()
    comes_later = server.remote()[0] / "asleep"
    write(comes_later, "written meanwhile")
    process.send_signal(signal.SIGCONT)
    wait_for("the file written meanwhile", lambda: (device.local / "asleep").exists(), 60)
    arrives(server, device, "after", "2", 60)


def test_black_hole(t):
    """A line that takes everything and gives nothing: noticed by itself, also while the server owes
    an fsync, which it may take minutes for."""
    server, device = t.pair()
    line = t.slowlink(server, "-S", "20000", "-n", "1")
    device.use_port(server, line.port)
    device.change_ini("LOCAL CONFIG", "throttling", "1")
    write(device.local / "data", os.urandom(200000))
    start(device)
    here, _ = server.remote()
    wait_for("the data on the server", lambda: (here / "data").exists(), 120)
    compare_when_quiet(server, device)


def test_login_refused_at_first(t):
    server, device = t.pair()
    server.authorized_keys.write_text("")
    result = device.cli("run")
    equal(result.status, CONNECT, str(result))


def on_bus(t):
    address = t.bus()
    server, device, process = running(t, env={"DBUS_SESSION_BUS_ADDRESS": address})
    device.env["DBUS_SESSION_BUS_ADDRESS"] = address
    wait_for("it to be on the bus", lambda: device.cli("status").status == OK)
    return server, device, process


def status(device):
    return json.loads(device.cli("--json", "status").expect(OK).stdout)


def test_status_on_the_bus(t):
    server, device, _ = on_bus(t)
    arrives(server, device, "x", "y")
    wait_for("it to be idle", lambda: status(device)["state"] == "idle")
    value = status(device)
    equal(value["pair"], "pisync")
    equal(value["last-sync"] > 0, True)
    contains(device.cli("status").expect(OK).stdout, "pisync")


def test_pause_and_resume(t):
    server, device, _ = on_bus(t)
    here, _ = server.remote()
    arrives(server, device, "first", "1")
    device.cli("pause").expect(OK)
    wait_for("the pause", lambda: status(device)["state"] == "paused")
    write(device.local / "second", "2")
    device.cli("sync-now")
    device.cli("pause", "--for", "1h").expect(OK)
    equal((here / "second").exists(), False, "nothing moves in a pause")
    device.cli("resume").expect(OK)
    wait_for("the second file", lambda: (here / "second").exists())


def test_sync_now(t):
    server, device, _ = on_bus(t)
    device.change_ini("LOCAL CONFIG", "throttling", "1")
    here, _ = server.remote()
    write(device.local / "now", "!")
    device.cli("sync-now").expect(OK)
    wait_for("the file", lambda: (here / "now").exists())


def test_second_one_says_so(t):
    server, device, _ = on_bus(t)
    arrives(server, device, "x", "y")
    contains(device.cli("run").expect(PATHS).stderr.lower(), "another")


def test_held_things_are_told(t):
    server, device, _ = on_bus(t)
    for number in range(3):
        arrives(server, device, f"f{number}", str(number))
    for number in range(3):
        (device.local / f"f{number}").unlink()
    wait_for("the guard", lambda: status(device)["state"] == "attention")
    equal(status(device)["held"] > 0, True)
    equal(len(snapshot(server.remote()[0])), 3)


def test_two_devices_live(t):
    server, device, _ = running(t)
    other = t.device("desktop")
    other.setup(server).expect(OK)
    other.change_ini("LOCAL CONFIG", "throttling", "1")
    start(other)
    write(device.local / "shared.txt", "from the laptop")
    wait_for("it on the desktop", lambda: (other.local / "shared.txt").exists(), 30)
    write(other.local / "shared.txt", "changed on the desktop")
    wait_for("the change on the laptop",
             lambda: read(device.local / "shared.txt") == b"changed on the desktop", 30)
    compare(device.local, other.local)


fixture.main(globals(), "run")
