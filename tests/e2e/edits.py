# SPDX-License-Identifier: GPL-3.0-or-later
"""Large files, and what people and programs do to them. Each edit takes a file of about the size
that it was made with and changes it; it returns how many bytes are new in it, about."""

import io
import mailbox
import os
import random
import sqlite3
import tarfile

KIB = 1024
MIB = 1024 * KIB


def make_random(path, size, source):
    """A file of random bytes, written in parts."""
    with open(path, "wb") as stream:
        for begin in range(0, size, MIB):
            stream.write(source.randbytes(min(MIB, size - begin)))


def splice(path, at, removed, new):
    """Replaces bytes of a file by others, of another number."""
    with open(path, "r+b") as stream:
        stream.seek(at + removed)
        tail = stream.read()
        stream.seek(at)
        stream.write(new)
        stream.write(tail)
        stream.truncate()


def insert_in_the_middle(path, source):
    splice(path, path.stat().st_size // 2 + 77, 0, source.randbytes(MIB))
    return MIB


def change_in_place(path, source):
    with open(path, "r+b") as stream:
        stream.seek(path.stat().st_size // 3)
        stream.write(source.randbytes(4 * KIB))
    return 4 * KIB


def append(path, source):
    with open(path, "ab") as stream:
        stream.write(source.randbytes(300 * KIB))
    return 300 * KIB


def prepend(path, source):
    splice(path, 0, 0, source.randbytes(300 * KIB))
    return 300 * KIB


def swap_parts(path, source):
    size = path.stat().st_size
    with open(path, "r+b") as stream:
        parts = []
        for at in (size // 5 + 1, size // 2 + 3):
            stream.seek(at)
            parts.append((at, stream.read(200 * KIB)))
        for (at, _), (_, content) in zip(parts, reversed(parts)):
            stream.seek(at)
            stream.write(content)
    return 0


def truncate(path, source):
    os.truncate(path, path.stat().st_size * 2 // 3)
    return 0


def make_small(path, size, source):
    make_random(path, 200 * KIB, source)


def grow(path, source):
    with open(path, "ab") as stream:
        stream.write(source.randbytes(2 * MIB - 200 * KIB))
    return 2 * MIB


def make_database(path, size, source):
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text BLOB)")
    base.executemany("INSERT INTO note (text) VALUES (?)",
                     ((source.randbytes(1000),) for _ in range(size // 1100)))
    base.commit()
    base.close()


def update_database(path, source):
    base = sqlite3.connect(path)
    rows = base.execute("SELECT max (id) FROM note").fetchone()[0]
    for _ in range(20):
        base.execute("UPDATE note SET text = ? WHERE id = ?",
                     (source.randbytes(1000), source.randrange(rows)))
    base.executemany("INSERT INTO note (text) VALUES (?)",
                     ((source.randbytes(1000),) for _ in range(100)))
    base.commit()
    base.close()
    return 25 * 4 * KIB + 110 * KIB


def add_member(archive, number, content):
    member = tarfile.TarInfo(f"member-{number}")
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def make_archive(path, size, source):
    with tarfile.open(path, "w") as archive:
        for number in range(size // (256 * KIB)):
            add_member(archive, number, source.randbytes(256 * KIB))


def replace_member(path, source):
    with tarfile.open(path) as archive:
        contents = [archive.extractfile(member).read() for member in archive]
    contents[len(contents) // 3] = source.randbytes(300 * KIB)
    with tarfile.open(path, "w") as archive:
        for number, content in enumerate(contents):
            add_member(archive, number, content)
    return 300 * KIB


def make_mailbox(path, size, source):
    box = mailbox.mbox(path)
    for number in range(size // (20 * KIB)):
        box.add(f"From: a@b\nSubject: {number}\n\n{source.randbytes(10 * KIB).hex()}\n")
    box.close()


def deliver_mail(path, source):
    with open(path, "ab") as stream:
        for number in range(10):
            stream.write(f"From a@b Thu Jan  1 00:00:00 2026\nSubject: new {number}\n\n"
                         f"{source.randbytes(10 * KIB).hex()}\n\n".encode())
    return 210 * KIB


def scatter_writes(path, source):
    size = path.stat().st_size
    with open(path, "r+b") as stream:
        for _ in range(30):
            stream.seek(source.randrange(size // 4096) * 4096)
            stream.write(source.randbytes(4096))
    return 30 * 4 * KIB


# name: how the file is made, what is done to it, how many places that touches
EDITS = {
    "1 MiB inserted": (make_random, insert_in_the_middle, 1),
    "4 KiB in place": (make_random, change_in_place, 2),
    "append": (make_random, append, 1),
    "prepend": (make_random, prepend, 1),
    "parts swapped": (make_random, swap_parts, 8),
    "truncated": (make_random, truncate, 1),
    "200 KiB to 2 MiB": (make_small, grow, 1),
    "SQLite database": (make_database, update_database, 60),
    "tar member": (make_archive, replace_member, 2),
    "mailbox": (make_mailbox, deliver_mail, 1),
    "disk image": (make_random, scatter_writes, 60),
}


def block_length(size):
    """What librsync advises."""
    return max(256, int(size ** 0.5) // 128 * 128)


def source_of(seed):
    return random.Random(seed)
