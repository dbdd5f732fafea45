# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting with a limit, the one way in which the rig waits."""

import os
import time

# A slow or loaded machine gets more time, never different checks.
PATIENCE = float(os.environ.get("PISYNC_TEST_PATIENCE", "1"))


class Late(AssertionError):
    """What was waited for did not come."""


def until(what, check, seconds=10.0, interval=0.02):
    """Calls check() until it returns something true, which is returned. Raises Late otherwise,
    with @what (a string, or a callable that makes one) in the message."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() >= end:
            text = what() if callable(what) else what
            raise Late(f"not within {seconds * PATIENCE:.0f} s: {text}")
        time.sleep(interval)
