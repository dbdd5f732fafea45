#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the tests run as root: some of each kind once more as an ordinary user, with the programs
and tests copied to where such a user may read them."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from rig import tap, wait  # noqa: E402
from rig.real import fixture  # noqa: E402

HERE = os.path.dirname(os.path.realpath(__file__))
PROGRAMS = ("PISYNC_TEST_APP", "PISYNC_TEST_WATCHED", "PISYNC_TEST_SAMPLE", "PISYNC_TEST_OTHER",
            "PISYNC_CLI")
SELECTED = {
    "network": ("offline_drops_the_link_and_online_opens_it_at_once",),
    "real": ("new_host_key_is_asked_about", "files_go_both_ways", "held_deletion_is_kept",
             "tray_by_real_clicks", "quit_while_syncing", "server_killed_while_syncing",
             "questions_of_the_server", "five_thousand_files_and_the_window_answers"),
    "setup": ("going_back_loses_nothing", "servers_of_the_network_are_offered"),
    "sign-in": ("key_file_with_a_passphrase",),
    "status": ("show_in_folder", "problem_is_tried_again"),
    "tray": ("icon_is_drawn", "panel_killed_and_started_again", "no_tray_at_all"),
    "windows": ("password_takes_the_keys_over_another_window", "second_launch_raises_the_window"),
}


def copy_for(account):
    """The environment in which the copies are found."""
    env = {key: os.environ[key] for key in os.environ
           if not key.startswith(("XDG_", "DBUS_", "PISYNC_TEST_LOGS"))}
    env.update(HOME=str(account.home), USER=account.name, LOGNAME=account.name,
               TMPDIR=str(account.home))
    for name in PROGRAMS:
        env[name] = shutil.copy(os.environ[name], account.base)
    env["PISYNC_TEST_SHARE"] = str(shutil.copytree(os.environ["PISYNC_TEST_SHARE"],
                                                   account.base / "data"))
    where_from = "suppressions="
    options = env.get("LSAN_OPTIONS", "").split(":")
    for number, option in enumerate(options):
        if option.startswith(where_from):  # where the sources lie, only root may be able to read
            copied = shutil.copy(option.removeprefix(where_from), account.base)
            options[number] = f"{where_from}{copied}"
    env["LSAN_OPTIONS"] = ":".join(options)
    for folder in ("desktop", "e2e"):
        shutil.copytree(os.path.join(HERE, "..", folder), account.base / "tests" / folder)
    subprocess.run(["chmod", "-R", "a+rX", str(account.base)], check=True)
    return env


@tap.desktop(none=True)
def test_as_an_ordinary_user():
    test = fixture.Test()
    try:
        account = test.account()
        env = copy_for(account)
        for name, selected in SELECTED.items():
            path = account.base / "tests" / "desktop" / f"test-{name}.py"
            done = subprocess.run(["/usr/bin/python3", path, *(f"test_{one}" for one in selected)],
                                  env=env, cwd=account.home, user=account.uid, group=account.gid,
                                  extra_groups=[], stdout=subprocess.PIPE, check=False,
                                  timeout=120 * wait.PATIENCE)
            text = done.stdout.decode(errors="replace")
            print("\n".join(f"# {line}" for line in text.splitlines()), flush=True)
            assert done.returncode == 0, f"{name} failed as an ordinary user"
            assert text.count("\nok ") == len(selected) and "# SKIP" not in text, name
    except fixture.Skip as reason:
        raise tap.Skip(f"it runs as one already: {reason}") from None
    finally:
        test.clean_up()


if __name__ == "__main__":
    sys.exit(tap.main(globals()))
