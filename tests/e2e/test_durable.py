#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk refuses once to make something durable, here or on the server: the run tells of it, what
may be lost is not believed to be there, and the next run brings it right."""

import os

import fixture
from fixture import OK, compare, equal, read, snapshot, write

SHIM = os.environ["PISYNC_REFUSING_DISK"]
MIB = 1024 * 1024


class RefusingServer(fixture.Server):
    def __init__(self, test, **options):
        self.order = test.dir / "refuse-there"
        super().__init__(test, **options)

    def environment(self):
        return preloaded(self.order)


def preloaded(order):
    """The environment of a program whose disk may refuse."""
    asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return {**os.environ, "LD_PRELOAD": SHIM, "REFUSE_SYNC": str(order), "ASAN_OPTIONS": asan}


class Rig:
    """A pair either side of which may refuse."""

    def __init__(self, t):
        self.order = t.dir / "refuse-here"
        self.server, self.device = t.pair(server=RefusingServer(t))
        self.here = self.device.local
        self.there = self.server.remote()[0]

    def sync(self):
        return self.device.cli("--json", "sync", env=preloaded(self.order))

    def refuse_here(self, call, pattern):
        return self._refuse(self.order, call, pattern)

    def refuse_there(self, call, pattern):
        return self._refuse(self.server.order, call, pattern)

    def _refuse(self, order, call, pattern):
        """Gives the order and syncs. Returns what the run came to."""
        write(order, f"{call} {pattern}")
        result = self.sync()
        equal(order.exists(), False, f"{call} of {pattern} was not asked for")
        return result

    def must_tell(self, result):
        equal(result.status == OK, False, str(result))

    def finish(self, content):
        """The next runs bring it right: @content, {path: bytes}, on both sides."""
        for _ in range(2):
            self.sync()
        compare(self.here, self.there)
        for path, data in content.items():
            equal(read(self.here / path) == data, True, f"{path} is right")
        self.device.cli("--json", "check").expect(OK)


def content_refused(downwards, call, size):
    """A file that both have gets other content; the side that it travels to refuses."""
    def test(t):
        rig = Rig(t)
        source, target = (rig.there, rig.here) if downwards else (rig.here, rig.there)
        old, new = os.urandom(size), os.urandom(size + 1)
        write(rig.here / "file", old)
        rig.device.sync()
        write(source / "file", new)
        refuse = rig.refuse_here if downwards else rig.refuse_there
        rig.must_tell(refuse(call, "*/.pisync/tmp/*"))
        equal(read(target / "file") == old, True, "the old content stays")
        rig.finish({"file": new})
    return test


test_durable_download = content_refused(True, "fsync", 5000)
test_durable_large_download = content_refused(True, "fdatasync", 24 * MIB)
test_durable_upload = content_refused(False, "fsync", 5000)
test_durable_large_upload = content_refused(False, "fsync", 40 * MIB)


def test_durable_many_downloads(t):
    """What cannot be made durable together is made so one by one."""
    rig = Rig(t)
    content = {f"file{number}": os.urandom(3000) for number in range(40)}
    for path, data in content.items():
        write(rig.there / path, data)
    rig.refuse_here("syncfs", "*").expect(OK)
    rig.finish(content)


def test_durable_names_here(t):
    """What was not recorded and is gone after a power cut was deleted by nobody."""
    rig = Rig(t)
    write(rig.there / "folder" / "one", "of the server")
    rig.device.sync()
    write(rig.there / "folder" / "two", "new on the server")
    rig.must_tell(rig.refuse_here("fsync", f"{rig.here}/folder"))
    (rig.here / "folder" / "two").unlink(missing_ok=True)
    rig.finish({"folder/one": b"of the server", "folder/two": b"new on the server"})


def test_durable_base(t):
    rig = Rig(t)
    for number, kind in enumerate(("base.db-wal", "base.db")):
        write(rig.here / f"up{number}", "new here")
        write(rig.there / f"down{number}", "new on the server")
        result = rig.refuse_here("fdatasync", f"*/{kind}")
        if kind == "base.db-wal":  # the other one is only for room in that
            rig.must_tell(result)
        rig.finish({f"up{number}": b"new here", f"down{number}": b"new on the server"})


def test_durable_names_there(t):
    rig = Rig(t)
    write(rig.here / "folder" / "one", "of here")
    rig.device.sync()
    before = snapshot(rig.here)
    write(rig.here / "folder" / "two", "new here")
    rig.must_tell(rig.refuse_there("fsync", f"{rig.there}/folder"))
    equal(set(before) <= set(snapshot(rig.here)), True, "nothing is gone here")
    (rig.there / "folder" / "two").unlink()
    rig.finish({"folder/one": b"of here", "folder/two": b"new here"})


def test_durable_marker_there(t):
    """The generation is raised before names change: where it cannot be made durable, they wait."""
    rig = Rig(t)
    write(rig.here / "one", "of here")
    rig.must_tell(rig.refuse_there("fsync", f"{rig.there}/.pisync"))
    rig.finish({"one": b"of here"})


fixture.main(globals(), "durable")
