#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three devices that keep syncing through one server while people work on all of them, programs
are killed and lines are cut: in the end all four hold the same, and no content is gone that nobody
had meant to go.

What people do is exact though somebody else writes at the same time: a file is replaced by an
exchange of names, and what comes back from it is what the person let go of, whatever it was."""

import ctypes
import errno
import os
import signal

import fixture
from fixture import wait_for
from test_random import People, household, nothing_lost, settle

BURSTS = int(os.environ.get("PISYNC_TEST_BURSTS", "40"))
NOREPLACE, EXCHANGE = 1, 2
LIBC = ctypes.CDLL(None, use_errno=True)


def rename(old, new, flags):
    """Whether it could be done."""
    if LIBC.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EINVAL, errno.ENOTEMPTY):
        return False
    raise OSError(number, os.strerror(number), str(old))


class LivePeople(People):
    """Everything is made beside the folder and renamed into it."""

    def content(self):
        text = super().content()
        if self.random.randrange(12) == 0:  # large enough for deltas, and much like the others
            number = self.written.pop(fixture.digest(text))
            text = bytes(range(256)) * 1100 + text
            self.written[fixture.digest(text)] = number
        return text

    def beside(self, device):
        self.count += 1
        return device.dir / f"beside-{self.count}"

    def take_away(self, device, path):
        """The person lets go of whatever is at @path now."""
        bin_path = self.beside(device)
        if rename(path, bin_path, NOREPLACE):
            self.give_up(bin_path)
            return True
        return False

    def make(self, device):
        fresh = self.beside(device)
        fresh.write_bytes(self.content())
        return fresh

    def create(self, device):
        return rename(self.make(device), self.place(device), NOREPLACE)

    def make_folder(self, device):
        path = self.place(device)
        if path.parent.is_dir() and not path.exists():
            path.mkdir()

    def edit(self, device):
        files = [path for path in self.paths(device) if path.is_file()]
        if not files:
            return
        fresh = self.make(device)
        rename(fresh, self.random.choice(files), EXCHANGE)
        self.give_up(fresh)

    def delete(self, device):
        paths = self.paths(device)
        if paths:
            self.take_away(device, self.random.choice(paths))

    def move(self, device):
        paths = self.paths(device)
        if paths:
            path, target = self.random.choice(paths), self.place(device)
            if path not in target.parents:
                rename(path, target, NOREPLACE)

    def swap(self, device):
        files = [path for path in self.paths(device) if path.is_file()]
        if len(files) >= 2:
            rename(*self.random.sample(files, 2), EXCHANGE)

    def change_type(self, device):
        paths = self.paths(device)
        if not paths:
            return
        path = self.random.choice(paths)
        fresh = self.beside(device)
        if path.is_dir():
            fresh.write_bytes(self.content())
        else:
            fresh.mkdir()
            (fresh / "inside").write_bytes(self.content())
        rename(fresh, path, EXCHANGE)
        self.give_up(fresh)

    def act(self):
        try:
            super().act()
        except (FileNotFoundError, FileExistsError, NotADirectoryError):
            pass  # somebody was faster


def start(device):
    with open(device.dir / "run.log", "ab") as log:
        return device.start("-v", "run", stdout=log, stderr=log)


def disturb(t, server, devices, processes):
    """Kills a program, or cuts all lines."""
    if t.random.randrange(2) == 0:
        server.cut()
        return
    device = t.random.choice(devices)
    t.end(processes[device.name], signal.SIGKILL)
    processes[device.name] = start(device)


def said(devices):
    """How much the programs have told so far of what they do."""
    return sum(len(device.log()) for device in devices)


def burst(people, devices):
    """Some deeds at once; then somebody's program must have moved."""
    before = said(devices)
    for _ in range(people.random.randrange(1, 40)):
        people.act()
    while not people.create(people.random.choice(devices)):
        pass
    wait_for("a program to sync something", lambda: said(devices) > before, 60)


def live(t, disturbs):
    server, here, devices = household(t)
    for device in devices:
        device.change_ini("LOCAL CONFIG", "throttling", "1")
        device.change_ini("LOCAL CONFIG", "log_file_max", "1000000")  # it only grows: said ()
        device.change_ini("SYNC", "delete_guard_percent", "100")
    people = LivePeople(t, devices)
    processes = {device.name: start(device) for device in devices}
    for _ in range(BURSTS):
        burst(people, devices)
        if disturbs and t.random.randrange(3) == 0:
            disturb(t, server, devices, processes)
    for device in devices:
        t.end(processes[device.name])
    settle(devices, here)
    nothing_lost(people, devices, here)
    t.say(f"{people.count} contents, {len(fixture.snapshot(here))} paths in the end")


def test_people_work_on_three_devices(t):
    live(t, False)


def test_programs_die_and_lines_break_meanwhile(t):
    live(t, True)


if __name__ == "__main__":
    fixture.main(globals(), "live")
