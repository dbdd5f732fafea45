# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end-to-end tests stand on: a private OpenSSH server on a loopback port, devices that run
the real pisync-cli against it, a bad line between them, and a TAP runner.

A test is a function test_NAME (t) of a module; t is a Test: its temporary folder, and makers for
everything else, all of which ends with it. See tests/README.md."""

import contextlib
import hashlib
import json
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

CLI = os.environ.get("PISYNC_CLI", "pisync-cli")
ODD_DISK = os.environ.get("PISYNC_ODD_DISK")
SLOWLINK = os.environ.get("PISYNC_SLOWLINK", "slowlink")
FAULTS = os.environ.get("PISYNC_FAULTS", "")
SSHD = "/usr/sbin/sshd"
SFTP_SERVER = "/usr/lib/openssh/sftp-server"
PATIENCE = float(os.environ.get("PISYNC_TEST_PATIENCE", "1"))  # factor of every limit
IS_ROOT = os.geteuid() == 0

OK, PATHS, USAGE, CONNECT, GUARD, INTERRUPTED = 0, 1, 2, 3, 4, 130


class Skip(Exception):
    """This test cannot run here, and why."""


def require(condition, name, why):
    """Skips the test, or fails it where PISYNC_TEST_REQUIRE says that nothing may be missing."""
    if condition:
        return
    required = os.environ.get("PISYNC_TEST_REQUIRE", "").replace(",", " ").split()
    if name in required or "all" in required:
        raise AssertionError(f"{why} (required by PISYNC_TEST_REQUIRE)")
    raise Skip(why)


def wait_for(what, predicate, seconds=20):
    """Waits until predicate () is true and returns its value."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds * PATIENCE:.0f} s for {what}")
        time.sleep(0.02)


def listens(address):
    """Whether somebody listens at a socket of this machine (it is there a moment before)."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(address)) == 0


def equal(actual, expected, what=""):
    if actual != expected:
        raise AssertionError(f"{what or 'value'}: {actual!r} instead of {expected!r}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


# --- trees -----------------------------------------------------------------------------------

def write(path, content, mtime=None):
    """Makes a file with its folders. content: str or bytes."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if mtime is not None:
        os.utime(path, (mtime, mtime))
    return path


def read(path):
    return pathlib.Path(path).read_bytes()


def snapshot(root):
    """Everything below root but .pisync: relative path (bytes) to what lies there."""
    tree = {}
    root = os.fsencode(root)
    for folder, names, files in os.walk(root):
        below = os.path.relpath(folder, root)
        prefix = b"" if below == b"." else below + b"/"
        if prefix == b"":
            names[:] = [name for name in names if name != b".pisync"]
        for name in list(names):
            path = os.path.join(folder, name)
            if os.path.islink(path):
                tree[prefix + name] = ("link", os.readlink(path))
                names.remove(name)
            else:
                tree[prefix + name] = ("dir",)
        for name in files:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                tree[prefix + name] = ("link", os.readlink(path))
            elif os.path.isfile(path):
                with open(path, "rb") as stream:
                    content = stream.read()
                runs = bool(os.stat(path).st_mode & 0o100)
                tree[prefix + name] = ("file", hashlib.sha256(content).hexdigest(), runs)
            else:
                tree[prefix + name] = ("special",)
    return tree


def compare(one, other, what=""):
    """Fails unless both trees hold the same."""
    left, right = snapshot(one), snapshot(other)
    if left == right:
        return
    lines = [f"{what} {one} and {other} differ:"]
    for path in sorted(left.keys() | right.keys()):
        if left.get(path) != right.get(path):
            lines.append(f"  {path!r}: {left.get(path)} / {right.get(path)}")
    raise AssertionError("\n".join(lines[:40]))


def all_contents(*roots):
    """Hashes of every file below the roots, whatever folder it lies in."""
    found = set()
    for root in roots:
        for folder, _, files in os.walk(os.fsencode(root)):
            for name in files:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as stream:
                        found.add(hashlib.sha256(stream.read()).hexdigest())
    return found


def digest(content):
    return hashlib.sha256(content).hexdigest()


# --- the server --------------------------------------------------------------------------------

class Account:
    """A throw-away account of this machine, for tests that run as root."""

    def __init__(self, test, shell="/bin/sh"):
        require(IS_ROOT, "root", "only root can make a throw-away account")
        self.name = f"pise2e{os.getpid()}n{random.randrange(10000)}"
        self.password = "pw '\"\\ " + "%08x" % random.randrange(1 << 32)
        # sshd wants every folder above a chroot owned by root and writable by nobody else.
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="pisync-e2e-", dir="/run"))
        self.base.chmod(0o755)
        self.home = self.base / "home"
        self.home.mkdir(mode=0o755)
        subprocess.run(["useradd", "-M", "-d", str(self.home), "-s", shell, self.name], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        test.defer(self.remove)
        subprocess.run(["chpasswd"], input=f"{self.name}:{self.password}\n".encode(), check=True)
        entry = pwd.getpwnam(self.name)
        self.uid, self.gid = entry.pw_uid, entry.pw_gid
        self.own(self.home)

    def own(self, path):
        os.chown(path, self.uid, self.gid)

    def _kill_all(self):
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                if entry.name.isdigit() and entry.stat().st_uid == self.uid:
                    os.kill(int(entry.name), signal.SIGKILL)

    def _try_remove(self):
        self._kill_all()
        done = subprocess.run(["userdel", self.name], check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        return done.returncode in (0, 6)

    def remove(self):
        wait_for(f"the account {self.name} to go", self._try_remove)
        shutil.rmtree(self.base, ignore_errors=True)


def odd_config(*oddities):
    """For Server (sftp=False, config=...): its disk is odd, see fakes/odd-disk.c."""
    require(ODD_DISK and os.path.exists(SFTP_SERVER), "sshd", f"no {SFTP_SERVER}")
    set_all = " ".join(f"{oddity}=1" for oddity in oddities)
    return f"Subsystem sftp env LD_PRELOAD={ODD_DISK} {set_all} {SFTP_SERVER}"


class Server:
    """A private sshd. Without an account it lets in the user who runs the test, by key."""

    def __init__(self, test, account=None, password=False, kbdint=False, chroot=False, sftp=True,
                 config="", sftp_flags=""):
        require(os.path.exists(SSHD), "sshd", f"there is no {SSHD}")
        self.test = test
        self.account = account
        self.dir = test.dir / f"server-{len(test.servers)}"
        self.dir.mkdir()
        test.servers.append(self)
        self.user = account.name if account else pwd.getpwuid(os.geteuid()).pw_name
        self.options = {"password": password, "kbdint": kbdint, "chroot": chroot, "sftp": sftp,
                        "config": config, "sftp_flags": sftp_flags}
        self.process = None
        self.port = 0
        self.key = self.dir / "login"
        self.make_key(self.key)
        self.authorized_keys = self._place_authorized_keys()
        self.new_host_key()
        self.files = self._place_files()
        self.start()

    @staticmethod
    def make_key(path, kind="ed25519", passphrase=""):
        for name in (path, f"{path}.pub"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path)],
                       check=True, stdout=subprocess.DEVNULL)

    def _place_authorized_keys(self):
        """Where ~/.ssh/authorized_keys of the account would be, or a file of our own."""
        if self.account is None:
            path = self.dir / "authorized_keys"
        else:
            folder = self.account.home / ".ssh"
            folder.mkdir(mode=0o700)
            self.account.own(folder)
            path = folder / "authorized_keys"
        path.write_text(pathlib.Path(f"{self.key}.pub").read_text())
        if self.account is not None:
            path.chmod(0o600)
            self.account.own(path)
        return path

    def _place_files(self):
        if self.account is None:
            files = self.dir / "disk"
            files.mkdir()
            return files
        return self.account.home

    def new_host_key(self):
        """For the next start: as if the Pi had been installed anew."""
        self.make_key(self.dir / "host")

    @property
    def fingerprint(self):
        out = subprocess.run(["ssh-keygen", "-lf", str(self.dir / "host.pub")], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
        return out.split()[1]

    def remote(self, name="home"):
        """(path here, what the server calls it) of a folder for a pair."""
        here = self.files / name
        if self.options["chroot"]:
            return here, f"/home/{name}"
        return here, str(here)

    def _write_config(self):
        o = self.options
        lines = [f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.dir}/host",
                 "PidFile none", "StrictModes no", "MaxStartups 100", "LogLevel VERBOSE",
                 f"AuthorizedKeysFile {self.authorized_keys}",
                 f"UsePAM {'yes' if self.account or o['kbdint'] else 'no'}",
                 f"PasswordAuthentication {'yes' if o['password'] else 'no'}",
                 f"KbdInteractiveAuthentication {'yes' if o['kbdint'] else 'no'}",
                 f"PermitRootLogin {'yes' if o['kbdint'] else 'prohibit-password'}"]
        if o["sftp"]:
            lines.append(f"Subsystem sftp internal-sftp {o['sftp_flags']}")
        lines.append(o["config"])
        if o["chroot"]:
            lines += [f"Match User {self.user}", f"ChrootDirectory {self.account.base}",
                      "ForceCommand internal-sftp", "AllowTcpForwarding no", "PermitTTY no"]
        (self.dir / "sshd_config").write_text("\n".join(lines) + "\n")

    def environment(self):
        """Of sshd; None: that of the test."""
        return None

    def _take_port(self):
        """A free one, bound but never listened on, which keeps it ours while sshd is stopped: other
        tests run beside this one, and any connection may be given a port that is free."""
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        self.test.defer(holder.close)
        return holder.getsockname()[1]

    def _try_start(self):
        if not self.port:
            self.port = self._take_port()
        self._write_config()
        log = self.dir / "log"
        begin = log.stat().st_size if log.exists() else 0
        with open(log, "ab") as stream:
            self.process = self.test.spawn([SSHD, "-D", "-e", "-f", str(self.dir / "sshd_config")],
                                           stderr=stream, env=self.environment())

        def settled():
            said = log.read_bytes()[begin:]
            return b"Server listening" in said or self.process.poll() is not None
        wait_for("sshd to listen", settled)
        return b"Server listening" in log.read_bytes()[begin:]

    def start(self):
        """Keeps its port over restarts; at first any free one will do."""
        if IS_ROOT:
            os.makedirs("/run/sshd", exist_ok=True)
        fresh = not self.port
        for _ in range(10):
            if self._try_start():
                return
            if fresh:
                self.port = 0
            time.sleep(0.1)
        raise AssertionError("sshd does not start: " + self.log())

    def log(self):
        return (self.dir / "log").read_text(errors="replace")

    def sessions(self):
        """Processes that serve a connection of this server now."""
        children = []
        wanted = [self.process.pid]
        while wanted:
            found = _children(wanted.pop())
            children += found
            wanted += found
        return children

    def cut(self):
        """Kills the connections; the server goes on."""
        for pid in self.sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self):
        self.cut()
        self.test.end(self.process)
        self.process = None


def _children(pid):
    found = []
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


class Slowlink:
    """A bad line to a server: another port, with options of tests/fakes/slowlink.c."""

    def __init__(self, test, server, *options):
        self.process = test.spawn([SLOWLINK, "-l", "0", "-c", f"127.0.0.1:{server.port}", *options],
                                  stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode().split()
        equal(line[:1], ["listening"], "slowlink")
        self.port = int(line[1])


# --- devices -----------------------------------------------------------------------------------

class Result:
    """What a call of pisync-cli left."""

    def __init__(self, arguments, status, stdout, stderr):
        self.arguments = arguments
        self.status = status
        self.stdout = stdout.decode(errors="surrogateescape")
        self.stderr = stderr.decode(errors="surrogateescape")

    def __str__(self):
        return (f"pisync-cli {' '.join(self.arguments)}: status {self.status}\n"
                f"{self.stdout}{self.stderr}")

    @property
    def objects(self):
        return [json.loads(line) for line in self.stdout.splitlines()]

    def of(self, kind):
        return [item for item in self.objects if item["type"] == kind]

    @property
    def actions(self):
        return [(item["action"], item["path"]) for item in self.of("action")]

    @property
    def summary(self):
        equal(self.objects[-1]["type"], "summary", "the last line")
        return self.objects[-1]

    def expect(self, status):
        if self.status != status:
            raise AssertionError(f"status {status} expected\n{self}")
        return self


class Device:
    """One computer: its own configuration, state, trash and folder."""

    def __init__(self, test, name, owner=None):
        self.test = test
        self.name = name
        self.owner = owner
        self.dir = (owner.base if owner else test.dir) / name
        self.program = CLI
        for folder in ("home", "config", "state", "data", "cache", "run"):
            (self.dir / folder).mkdir(parents=True, mode=0o700)
        self.local = self.dir / "Home"
        self.ini = self.dir / "config" / "pisync" / "pisync.ini"
        self.state = self.dir / "state" / "pisync" / "pisync"
        self.env = {key: os.environ[key] for key in os.environ
                    if not key.startswith(("XDG_", "DBUS_", "SSH_", "DISPLAY", "WAYLAND"))}
        self.env.update({
            "HOME": str(self.dir / "home"),
            "XDG_CONFIG_HOME": str(self.dir / "config"),
            "XDG_STATE_HOME": str(self.dir / "state"),
            "XDG_DATA_HOME": str(self.dir / "data"),
            "XDG_CACHE_HOME": str(self.dir / "cache"),
            "XDG_RUNTIME_DIR": str(self.dir / "run"),
        })
        if owner:
            self.program = str(shutil.copy(CLI, owner.base / "pisync-cli"))

    def _give_to_owner(self):
        """What the test has made belongs to the account that the program runs as."""
        self.owner.own(self.dir)
        for folder, names, files in os.walk(os.fsencode(self.dir)):
            for name in names + files:
                os.lchown(os.path.join(folder, name), self.owner.uid, self.owner.gid)

    def start(self, *arguments, env=None, **more):
        """Starts pisync-cli and leaves it running."""
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        if self.owner:
            self._give_to_owner()
            more.update(user=self.owner.uid, group=self.owner.gid, extra_groups=[],
                        cwd=self.owner.base)
        return self.test.spawn([self.program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                               env={**self.env, **(env or {})}, start_new_session=True, **more)

    def cli(self, *arguments, env=None, timeout=120):
        """Runs pisync-cli to its end."""
        process = self.start(*arguments, env=env)
        try:
            stdout, stderr = process.communicate(timeout=timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            raise AssertionError(f"{arguments} took over {timeout} s:\n{stdout}{stderr}") from None
        finally:
            self.test.forget(process)
        return Result(list(map(str, arguments)), process.returncode, stdout, stderr)

    def setup(self, server, *more, port=None, remote="home"):
        """Makes the pair by pisync-cli setup."""
        _, there = server.remote(remote)
        key = shutil.copy(server.key, self.dir / "key") if self.owner else server.key
        return self.cli("--json", "setup", "--host", "127.0.0.1", "--port", port or server.port,
                        "--user", server.user, "--auth", "publickey", "--keyfile", key,
                        "--remote", there, "--local", self.local, "--device", self.name,
                        "--fingerprint", server.fingerprint, *more)

    def sync(self, *options, status=OK, env=None):
        return self.cli("--json", "sync", *options, env=env).expect(status)

    def change_ini(self, group, key, value):
        """Sets one key of the pair's file (value None takes it away)."""
        text = self.ini.read_text()
        pattern = rf"(?m)^{re.escape(key)}\s*=.*\n"
        section = f"[{group}]\n"
        text = re.sub(pattern, "", text)
        if section not in text:
            text += f"\n{section}"
        if value is not None:
            text = text.replace(section, f"{section}{key}={value}\n")
        self.ini.write_text(text)

    def use_port(self, server, port):
        """Goes through another port of the same server from now on, whose key is known."""
        key = (server.dir / "host.pub").read_text().split()[:2]
        with open(self.ini.parent / "known_hosts", "a", encoding="ascii") as stream:
            stream.write(f"[127.0.0.1]:{port} {' '.join(key)}\n")
        self.change_ini("HOST", "port", port)

    def log(self):
        path = self.state / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""


# --- a test ------------------------------------------------------------------------------------

class Test:
    """Everything one test has made; cleaned up at its end."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="pisync-e2e-"))
        self.servers = []
        self.processes = []
        self.deferred = []
        self.seed = int(os.environ.get("PISYNC_TEST_SEED",
                                       random.SystemRandom().randrange(1 << 31)))
        self.random = random.Random(self.seed)

    def server(self, **options):
        return Server(self, **options)

    def account(self, **options):
        return Account(self, **options)

    def slowlink(self, server, *options):
        return Slowlink(self, server, *options)

    def device(self, name="laptop"):
        return Device(self, name)

    def pair(self, name="laptop", server=None, **options):
        """(server, device) set up and synced once, empty."""
        server = server or self.server()
        device = self.device(name)
        device.setup(server, **options).expect(OK)
        device.sync()
        return server, device

    def user_pair(self):
        """(server, device) of a pair whose programs are not root on either side."""
        if not IS_ROOT:
            return self.pair()
        account = self.account()
        server = self.server(account=account)
        device = Device(self, "laptop", owner=account)
        device.setup(server).expect(OK)
        device.sync()
        return server, device

    def spawn(self, arguments, **more):
        process = subprocess.Popen(arguments, **more)
        self.processes.append(process)
        return process

    def forget(self, process):
        if process in self.processes:
            self.processes.remove(process)

    def end(self, process, number=signal.SIGTERM):
        """Ends a process that spawn () started and waits for it."""
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            process.wait(timeout=10 * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        self.forget(process)

    def defer(self, function):
        self.deferred.append(function)

    def bus(self):
        """A private session bus; returns its address."""
        require(shutil.which("dbus-daemon"), "dbus", "there is no dbus-daemon")
        process = self.spawn(["dbus-daemon", "--session", "--nofork", "--nopidfile",
                              "--print-address=1"], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        return process.stdout.readline().decode().strip()

    def say(self, text):
        for line in str(text).splitlines():
            print("#", line)
        sys.stdout.flush()

    def clean_up(self):
        for process in list(reversed(self.processes)):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            self.end(process, signal.SIGKILL if process.poll() is None else signal.SIGTERM)
        for function in reversed(self.deferred):
            function()
        subprocess.run(["chmod", "-R", "u+rwX", str(self.dir)], check=False,
                       stderr=subprocess.DEVNULL)
        if not os.environ.get("PISYNC_TEST_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)


def explain(test):
    """What helps to understand a failure."""
    test.say(f"seed {test.seed}; again with PISYNC_TEST_SEED={test.seed}")
    for server in test.servers:
        test.say("--- the server's log, its end")
        test.say("\n".join(server.log().splitlines()[-15:]))


def attempt(test, function):
    """Runs one test; (whether it held, what to say on its line)."""
    try:
        function(test)
    except Skip as why:
        return True, " # SKIP " + " ".join(str(why).split())
    except Exception as error:  # whatever it is, the rest is to be run
        test.say("".join(traceback.format_exception(error)))
        explain(test)
        return False, ""
    return True, ""


def run_one(number, name, function):
    """Runs a test and prints its TAP line; returns whether it held."""
    test = Test()
    held, more = False, ""
    try:
        held, more = attempt(test, function)
    finally:
        try:
            test.clean_up()
        except Exception as error:
            test.say("".join(traceback.format_exception(error)))
            held = False
        print(f"{'ok' if held else 'not ok'} {number} {name}{more}", flush=True)
    return held


def main(namespace, prefix):
    """Runs every test_* function of a module, or those named as arguments."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tests = [(name, value) for name, value in namespace.items()
             if name.startswith("test_") and callable(value)]
    wanted = sys.argv[1:]
    if wanted:
        tests = [(name, value) for name, value in tests
                 if any(name == f"test_{word}".replace("-", "_") or word in name
                        for word in wanted)]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        label = f"/e2e/{prefix}/{name.removeprefix('test_').replace('_', '-')}"
        if not run_one(number, label, function):
            failed += 1
    sys.exit(1 if failed else 0)
