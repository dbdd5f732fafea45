#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in from the setup assistant: by key, agent, password, a key that is made; what goes wrong
is told on the page and mended there. Then the program itself signs in the same way."""

import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import screen, tap, wait  # noqa: E402
from rig.assistant import HOST_KEY, LOGIN, Setup  # noqa: E402
from rig.program import Program  # noqa: E402
from rig.real import fixture  # noqa: E402

BY_KEY = "that is on this computer"
BY_AGENT = "agent"
BY_PASSWORD = "With a password"


def keeps_in_step(setup):
    """Files go both ways, also for a program that was started anew, without a question."""
    pi = setup.pi
    setup.app.wait_state("idle")
    pi.write("a.txt", "here")
    pi.wait_text("a.txt", "here")
    assert setup.app.end() == 0, setup.app.output()
    pi.write("b.txt", "there", side="remote")
    app = pi.run("--hidden", env=setup.env)
    pi.wait_text("b.txt", "there", side="local")
    app.wait_state("idle")
    assert app.no_window(LOGIN) and app.no_window(HOST_KEY)


def test_key_file_with_a_passphrase(d):
    setup = Setup(d)
    pi = setup.pi
    key = os.path.join(d.home, "my key")
    pi.server.make_key(key, passphrase="open sesame")
    with open(key + ".pub") as stream:
        pi.server.authorized_keys.write_text(stream.read())
    setup.sign_in_by(BY_KEY)
    setup.choose_key(key)
    setup.next()
    setup.trust()
    setup.password("open barley", asks="Passphrase needed")
    setup.password("open sesame", asks="That passphrase was not right. Please try again.")
    setup.finish()
    keeps_in_step(setup)
    assert f"keyfile={key}" in setup.read_ini()


def test_usual_key_is_found(d):
    """No file chosen: as ssh does, the keys in ~/.ssh are tried."""
    setup = Setup(d)
    os.makedirs(os.path.join(d.home, ".ssh"), mode=0o700)
    os.rename(setup.pi.server.key, os.path.join(d.home, ".ssh", "id_ed25519"))
    setup.sign_in_by(BY_KEY)
    setup.next()
    setup.trust()
    setup.finish()
    keeps_in_step(setup)


def test_no_key_at_all(d):
    setup = Setup(d)
    setup.sign_in_by(BY_KEY)
    setup.next()
    setup.trust()
    setup.says("There is no key here")


def test_agent(d):
    address = os.path.join(d.dir, "run", "agent")
    Program(d, ["ssh-agent", "-D", "-a", address])
    wait.until("the agent", lambda: fixture.listens(address))
    setup = Setup(d, env={"SSH_AUTH_SOCK": address})
    subprocess.run(["ssh-add", "-q", setup.pi.server.key], check=True, stderr=subprocess.DEVNULL,
                   env={**d.env, "SSH_AUTH_SOCK": address})
    os.unlink(setup.pi.server.key)
    setup.sign_in_by(BY_AGENT)
    setup.next()
    setup.trust()
    setup.finish()
    keeps_in_step(setup)
    assert "auth=agent" in setup.read_ini()


def test_no_agent(d):
    setup = Setup(d)
    setup.sign_in_by(BY_AGENT)
    setup.next()
    setup.trust()
    setup.says("No SSH agent is running")


def test_key_made_with_the_password_is_enough(d):
    setup = Setup(d, auth="password")
    server = setup.pi.server
    server.authorized_keys.unlink()
    setup.fill_server()
    setup.next()
    setup.page("Signing in")
    assert setup.window.find("check box", lambda name: name.startswith("Make a key")).is_("checked")
    setup.next()
    setup.trust()
    setup.password()
    setup.finish()
    setup.app.wait_state("idle")
    # From here on no password gets anybody in.
    server.stop()
    server.options["password"] = False
    server.start()
    keeps_in_step(setup)
    ini = setup.read_ini()
    assert "id_ed25519-127.0.0.1" in ini and "password" not in ini, ini
    key = os.path.join(setup.pi.config, "id_ed25519-127.0.0.1")
    assert os.stat(key).st_mode & 0o777 == 0o600


def test_key_cannot_be_put_into_a_chroot(d):
    """It is told, and the password alone does."""
    setup = Setup(d, auth="password", chroot=True)
    setup.fill_server()
    setup.next()
    setup.page("Signing in")
    setup.next()
    setup.trust()
    setup.password()
    setup.says("authorized_keys")
    setup.window.find("check box", lambda name: name.startswith("Make a key")).press()
    setup.next()
    setup.finish()
    keeps_in_step(setup)
    assert "auth=password" in setup.read_ini()


def test_password_that_is_not_given(d):
    setup = Setup(d, auth="password")
    setup.sign_in_by(BY_PASSWORD)
    setup.next()
    setup.trust()
    dialog = setup.app.window(LOGIN)
    screen.wait_active(d, LOGIN)
    screen.key(d, "Escape")
    setup.app.client.wait_gone(dialog)
    setup.says("No password was given")
    setup.next()
    setup.password()
    setup.page("Folder on the server")


def test_host_key_is_refused_then_trusted(d):
    setup = Setup(d)
    setup.sign_in_by(BY_KEY)
    setup.choose_key(setup.pi.server.key)
    setup.next()
    dialog = setup.app.window(HOST_KEY)
    dialog.find("push button", "Cancel").press()
    setup.app.client.wait_gone(dialog)
    setup.says("was not accepted")
    setup.next()
    setup.trust()
    setup.page("Folder on the server")


def test_changed_host_key_is_told_and_trusted(d):
    """A Pi that was installed anew, at an address that is known."""
    def reinstall(pi):
        pi.trust()
        pi.server.stop()
        pi.server.new_host_key()
        pi.server.start()
    setup = Setup(d, prepare=reinstall)
    setup.sign_in_by(BY_KEY)
    setup.choose_key(setup.pi.server.key)
    setup.next()
    dialog = setup.app.window(HOST_KEY)
    dialog.find("label", "The server’s key has changed")
    dialog.find("label", lambda text: setup.pi.server.fingerprint in text)
    dialog.find("push button", "Cancel").press()
    setup.app.client.wait_gone(dialog)
    setup.says("was not accepted")
    setup.next()
    dialog = setup.app.window(HOST_KEY)
    dialog.find("check box").press()
    dialog.find("push button", "Trust the New Key").press()
    setup.app.client.wait_gone(dialog)
    setup.finish()
    keeps_in_step(setup)


def test_nobody_listens_there(d):
    setup = Setup(d)
    setup.pi.server.stop()
    setup.sign_in_by(BY_KEY)
    setup.choose_key(setup.pi.server.key)
    setup.next()
    setup.says(f"refuses port {setup.pi.server.port}")
    setup.pi.server.start()
    setup.next()
    setup.trust()
    setup.page("Folder on the server")


def test_server_without_sftp(d):
    setup = Setup(d, sftp=False)
    setup.sign_in_by(BY_KEY)
    setup.choose_key(setup.pi.server.key)
    setup.next()
    setup.trust()
    setup.says("offers no SFTP")


def test_server_that_never_answers_can_be_given_up(d):
    setup = Setup(d)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        setup.sign_in_by(BY_KEY)
        setup.back()
        setup.page("Your server")
        setup.entry("Port").set_text(str(silent.getsockname()[1]))
        setup.next()
        setup.page("Signing in")
        setup.next()
        setup.says("Signing in…")
        assert not setup.window.find("push button", "Next").is_("sensitive")
        setup.next("Stop")
        setup.page("Signing in")
        setup.back()
        setup.page("Your server")
        # Closed while it is under way: nothing is left behind.
        setup.next()
        setup.page("Signing in")
        setup.next()
        setup.says("Signing in…")
        setup.window.find("push button", "Close").press()
        setup.app.client.wait_gone(setup.window)
    assert setup.app.end() == 0, setup.app.output()


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
