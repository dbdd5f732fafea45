#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three devices and one server: whatever people do to their folders, in the end all four hold the
same, and no content is gone that nobody had meant to go.

Every content is written once and is unlike any other, also in its length: two contents of one
length within one second of a clock that has only seconds cannot be told apart by looking at
listings. A content that a person saw and then replaced or deleted may be gone; every other one must
exist somewhere: in the folder, as a conflicted copy, in a trash or among the versions."""

import os
import shutil

import fixture
from fixture import OK, digest, snapshot, write

NAMES = ("a", "b", "c.txt", "d.tar.gz", "e f", "gr\u00fc\u00df", "h")
ROUNDS = 12
STEPS = 8


class People:
    """What they do, and what they knew when they did it."""

    def __init__(self, t, devices):
        self.random = t.random
        self.devices = devices
        self.written = {}
        self.given_up = set()
        self.count = 0

    def content(self):
        self.count += 1
        text = (f"content {self.count} " * (self.count + 2))[:20 + self.count * 7].encode()
        self.written[digest(text)] = self.count
        return text

    def give_up(self, path):
        """The person at this device has this content before them and lets it go."""
        if path.is_symlink() or not path.exists():
            return
        if path.is_dir():
            for inner in path.iterdir():
                self.give_up(inner)
        else:
            self.given_up.add(digest(path.read_bytes()))

    def paths(self, device):
        found = []
        for folder, names, files in os.walk(device.local):
            if ".pisync" in names:
                names.remove(".pisync")
            here = device.local / os.path.relpath(folder, device.local)
            found += [here / name for name in names + files]
        return sorted(found)

    def place(self, device):
        """A path to put something at, at most three deep."""
        folders = [path for path in self.paths(device) if path.is_dir()
                   and len(path.relative_to(device.local).parts) < 3]
        return self.random.choice([device.local, *folders]) / self.random.choice(NAMES)

    def create(self, device):
        path = self.place(device)
        if not path.exists():
            write(path, self.content())

    def make_folder(self, device):
        path = self.place(device)
        if not path.exists():
            path.mkdir()

    def edit(self, device):
        files = [path for path in self.paths(device) if path.is_file()]
        if files:
            path = self.random.choice(files)
            self.give_up(path)
            path.write_bytes(self.content())

    def delete(self, device):
        paths = self.paths(device)
        if paths:
            self.remove(self.random.choice(paths))

    def remove(self, path):
        self.give_up(path)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    def move(self, device):
        paths = self.paths(device)
        if not paths:
            return
        path, target = self.random.choice(paths), self.place(device)
        if not target.exists() and path not in target.parents:
            path.rename(target)

    def swap(self, device):
        files = [path for path in self.paths(device) if path.is_file()]
        if len(files) < 2:
            return
        one, other = self.random.sample(files, 2)
        spare = one.with_name("swapping")
        one.rename(spare)
        other.rename(one)
        spare.rename(other)

    def change_type(self, device):
        paths = self.paths(device)
        if not paths:
            return
        path = self.random.choice(paths)
        was_folder = path.is_dir()
        self.remove(path)
        if was_folder:
            write(path, self.content())
        else:
            write(path / self.random.choice(NAMES), self.content())

    def toggle_executable(self, device):
        files = [path for path in self.paths(device) if path.is_file()]
        if files:
            path = self.random.choice(files)
            path.chmod(path.stat().st_mode ^ 0o100)

    def act(self):
        deeds = [self.create] * 5 + [self.edit] * 5 + [self.delete] * 2 + [self.move] * 3 + [
            self.swap, self.change_type, self.make_folder, self.toggle_executable]
        self.random.choice(deeds)(self.random.choice(self.devices))


def settle(devices, here):
    """Syncs in turn until nothing moves any more and all hold the same."""
    for _ in range(12):
        busy = False
        for device in devices:
            result = device.sync("--allow-deletes")
            busy = busy or any(action != "record" for action, _ in result.actions)
        if not busy:
            break
    else:
        raise AssertionError("never comes to rest")
    for device in devices:
        fixture.compare(device.local, here, device.name)


def nothing_lost(people, devices, here):
    kept = fixture.all_contents(here, *(device.dir for device in devices))
    lost = [number for hashed, number in people.written.items()
            if hashed not in kept and hashed not in people.given_up]
    fixture.equal(lost, [], "contents lost (by number)")


def household(t):
    """(server, its folder here, three devices) set up."""
    t.say(f"seed {t.seed}")
    server = t.server()
    here, _ = server.remote()
    devices = [t.device(name) for name in ("laptop", "desktop", "tablet")]
    for device in devices:
        device.setup(server).expect(OK)
    return server, here, devices


def history(t, rounds):
    _, here, devices = household(t)
    people = People(t, devices)
    for _ in range(rounds):
        for _ in range(t.random.randrange(1, STEPS)):
            people.act()
        device = t.random.choice(devices)
        device.sync("--allow-deletes")
        nothing_lost(people, devices, here)
    settle(devices, here)
    nothing_lost(people, devices, here)
    t.say(f"{people.count} contents, {len(snapshot(here))} paths in the end")


def test_history_1(t):
    history(t, ROUNDS)


def test_history_2(t):
    history(t, ROUNDS)


def test_history_3(t):
    history(t, ROUNDS)


def test_long_history(t):
    history(t, 40)


if __name__ == "__main__":
    fixture.main(globals(), "random")
