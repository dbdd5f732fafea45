#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the work takes, beside what a person would use instead, and how much memory.

    meson setup _release --buildtype=release && meson compile -C _release
    tests/bench/bench.py _release [--rtt 0,20,50] [--work small,big,scan] [--large] [--runs N]

Whole programs, login included, against one private sshd through the project's own delaying proxy,
the same files for everybody. Programs that are not installed are left out. Prints a Markdown table;
times are medians of the runs in seconds. See README.md here."""

import argparse
import contextlib
import os
import pathlib
import platform
import select
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
LIMIT = 900  # seconds, after which a program counts as too slow


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", help="build directory, best of buildtype release")
    parser.add_argument("--rtt", default="0,20,50", help="round trips in ms")
    parser.add_argument("--work", default="small,big,scan")
    parser.add_argument("--peers", default="rclone,lftp,rsync,sftp")
    parser.add_argument("--large", action="store_true", help="scan 100,000 files too")
    parser.add_argument("--runs", type=int, default=1)
    return parser.parse_args()


OPTIONS = arguments()
BUILD = pathlib.Path(OPTIONS.build).resolve()
os.environ["PISYNC_CLI"] = str(BUILD / "src/cli/pisync-cli")
os.environ["PISYNC_SLOWLINK"] = str(BUILD / "tests/fakes/slowlink")

import fixture  # noqa: E402 (the programs are known only now)


class Timed:
    """One finished program: seconds, peak memory of it and what it started, or why not."""

    def __init__(self, seconds=None, memory=0, why=""):
        self.seconds = seconds
        self.memory = memory
        self.why = why

    def __str__(self):
        return self.why if self.seconds is None else f"{self.seconds:.2f}"


def peak_memory(pid):
    """KiB; 0 once the process is gone. (What wait4 says includes this script's own memory.)"""
    with contextlib.suppress(OSError, StopIteration):
        with open(f"/proc/{pid}/status", encoding="ascii") as stream:
            return int(next(line for line in stream if line.startswith("VmHWM")).split()[1])
    return 0


def timed(command, env=None, cwd=None):
    """Runs a program to its end, looking at its memory meanwhile."""
    begin = time.monotonic()
    process = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    os.set_blocking(process.stderr.fileno(), False)
    said, memory = b"", 0
    watch = os.pidfd_open(process.pid)
    # Looking more often would take from the processors what is measured.
    while not select.select([watch], [], [], 0.02)[0]:
        memory = max(memory, peak_memory(process.pid))
        said += process.stderr.read() or b""
        if time.monotonic() - begin > LIMIT:
            process.kill()
            process.wait()
            os.close(watch)
            return Timed(why=f"> {LIMIT}")
    seconds = time.monotonic() - begin
    os.close(watch)
    process.wait()
    said += process.stderr.read() or b""
    process.stderr.close()
    if process.returncode != 0:
        print(f"{command}: {said.decode(errors='replace')[-2000:]}", file=sys.stderr)
        return Timed(why=f"failed ({process.returncode})")
    return Timed(seconds, memory)


def fill(folder, count, size, folders):
    """In small pieces: what this process ever held counts as memory of what it starts."""
    piece = os.urandom(min(size, 1 << 20))
    for number in range(count):
        path = folder / f"{number % folders:04}" / f"{number:06}.dat"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for at in range(0, size, len(piece)):
                file.write((number << 32 | at).to_bytes(8, "big") + piece[8:size - at])


def clear(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


class Rig:
    """One server behind one delay, and how each program is called against it."""

    def __init__(self, test, rtt):
        self.test = test
        self.server = test.servers[0] if test.servers else test.server()
        self.port = test.slowlink(self.server, "-d", str(rtt / 2)).port
        self.ssh = ["ssh", "-p", str(self.port), "-i", str(self.server.key), "-o",
                    "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                    "LogLevel=ERROR", "-o", "IdentitiesOnly=yes", "-F", "none"]
        self.count = 0

    def target(self):
        return f"{self.server.user}@127.0.0.1"

    def device(self):
        """A fresh device of PiSync whose folder and remote folder are still empty."""
        self.count += 1
        device = self.test.device(f"bench-{self.port}-{self.count}")
        remote = f"pisync-{self.port}-{self.count}"
        device.setup(self.server, remote=remote).expect(fixture.OK)
        device.use_port(self.server, self.port)
        return device, self.server.remote(remote)[0]

    def pisync(self, device, *options):
        return timed([fixture.CLI, "-q", "sync", *options], env=device.env)

    def rclone(self, source, target, up, *more):
        remote = (f":sftp,host=127.0.0.1,port={self.port},user={self.server.user},"
                  f"key_file={self.server.key},shell_type=none:")
        ends = [str(source), remote + str(target)] if up else [remote + str(source), str(target)]
        return timed(["rclone", "--config", "/dev/null", *more, "copy", *ends])

    def lftp(self, source, target, up):
        mirror = (f"mirror {'-R' if up else ''} -P 8 {source} {target}")
        connect = f"set sftp:connect-program '{' '.join(self.ssh)} -a -x'"
        return timed(["lftp", "-c", f"{connect}; open sftp://{self.server.user}:@127.0.0.1; "
                      f"{mirror}"])

    def rsync(self, source, target, up):
        remote = f"{self.target()}:"
        ends = [f"{source}/", f"{remote}{target}/"] if up else [f"{remote}{source}/", f"{target}/"]
        return timed(["rsync", "-a", "-e", " ".join(self.ssh), *ends])

    def sftp(self, source, target, up):
        batch = self.test.dir / "batch"
        batch.write_text(f"{'put' if up else 'get'} -r {source}/. {target}/\n")
        return timed(["sftp", "-q", "-P", str(self.port), "-b", str(batch), *self.ssh[3:],
                      self.target()])


def transfer(rig, name, source, up):
    """One run of one program: the files of source appear at an empty place on the other side."""
    if name.startswith("pisync"):
        device, there = rig.device()
        if name.endswith("no fsync"):
            device.change_ini("SYNC", "fsync", "no")
        rig.pisync(device)
        begin = device.local if up else there
        subprocess.run(["cp", "-a", f"{source}/.", str(begin)], check=True)
        os.sync()
        result = rig.pisync(device)
        fixture.equal(len(fixture.snapshot(there if up else device.local)),
                      len(fixture.snapshot(source)), f"{name}: paths that arrived")
        return result
    target = rig.test.dir / "target"
    clear(target)
    os.sync()
    return getattr(rig, name)(source, target, up)


def median(results):
    good = [result for result in results if result.seconds is not None]
    if not good:
        return results[0]
    return Timed(statistics.median(result.seconds for result in good),
                 max(result.memory for result in good))


def programs():
    peers = [name for name in OPTIONS.peers.split(",") if shutil.which(name)]
    return ["pisync", "pisync, no fsync", *peers]


def table(title, columns, rows):
    print(f"\n### {title}\n")
    print("| | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name, cells in rows:
        print(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    sys.stdout.flush()


def measure_transfers(test, title, source, rtts):
    columns = [f"{rtt} ms {way}" for rtt in rtts for way in ("up", "down")] + ["memory, MiB"]
    rigs = [Rig(test, rtt) for rtt in rtts]
    rows = []
    for name in programs():
        cells, memory = [], 0
        for rig in rigs:
            for up in (True, False):
                runs = 1 if name in ("sftp", "lftp") else OPTIONS.runs
                result = median([transfer(rig, name, source, up) for _ in range(runs)])
                memory = max(memory, result.memory)
                cells.append(result)
                print(f"{title}: {name} {rig.port} {'up' if up else 'down'}: {result}",
                      file=sys.stderr)
        rows.append((name, [*cells, f"{memory / 1024:.0f}"]))
    table(title, columns, rows)


def measure_scan(test, count, rtts):
    """Nothing has changed: how long until that is known."""
    source = test.dir / f"scan-{count}"
    fill(source, count, 16, count // 20)
    rows = {"pisync sync --full": [], "pisync sync": [], "rclone copy": [], "rsync -a": []}
    memory = 0
    for rtt in rtts:
        rig = Rig(test, rtt)
        device, there = rig.device()
        for place in (device.local, there):
            subprocess.run(["cp", "-a", f"{source}/.", str(place)], check=True)
        rig.pisync(device)
        rig.pisync(device)
        for name, options in (("pisync sync --full", ["--full"]), ("pisync sync", [])):
            result = median([rig.pisync(device, *options) for _ in range(max(OPTIONS.runs, 3))])
            memory = max(memory, result.memory)
            rows[name].append(result)
        if "rclone" in OPTIONS.peers and shutil.which("rclone"):
            rows["rclone copy"].append(rig.rclone(source, there, True))
        if "rsync" in OPTIONS.peers and shutil.which("rsync"):
            rows["rsync -a"].append(rig.rsync(source, there, True))
    table(f"Nothing changed: {count:,} files in {count // 20:,} folders",
          [f"{rtt} ms" for rtt in rtts],
          [(name, cells) for name, cells in rows.items() if cells])
    print(f"\nPeak memory of pisync: {memory / 1024:.0f} MiB.")


def main():
    rtts = [int(word) for word in OPTIONS.rtt.split(",")]
    work = OPTIONS.work.split(",")
    test = fixture.Test()
    try:
        print(f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}, "
              f"{time.strftime('%Y-%m-%d')}")
        if "small" in work:
            source = test.dir / "small"
            fill(source, 2000, 4096, 20)
            measure_transfers(test, "2,000 files of 4 KiB", source, rtts)
        if "big" in work:
            source = test.dir / "big"
            source.mkdir()
            with open(source / "big.dat", "wb") as stream:
                for _ in range(256):
                    stream.write(os.urandom(1 << 20))
            measure_transfers(test, "One file of 256 MiB", source, rtts)
        if "scan" in work:
            measure_scan(test, 20000, rtts)
        if OPTIONS.large:
            measure_scan(test, 100000, rtts[:2])
    finally:
        test.clean_up()


if __name__ == "__main__":
    main()
