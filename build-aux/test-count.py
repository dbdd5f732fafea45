#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds up meson's test logs: test-count.py BUILD/meson-logs/testlog.json...

A TAP program counts with each of its tests. What failed or was skipped is named; the last line is
"N passed, N failed, N skipped" alone. Exits with 1 if anything failed."""

import json
import re
import sys

TAP_LINE = re.compile(r"^(not )?ok\b[^#\n]*(?:#\s*(SKIP|TODO)\b(.*))?$", re.IGNORECASE)
TAP_NAME = re.compile(r"^(?:not )?ok\b\s*\d*\s*-?\s*([^#\n]*)")


def count_tap(test):
    """The outcome of every TAP line of one program: (outcome, name, why)."""
    found = []
    for line in (test.get("stdout") or "").splitlines():
        match = TAP_LINE.match(line)
        if not match:
            continue
        name = TAP_NAME.match(line).group(1).strip()
        directive = (match.group(2) or "").upper()
        if directive == "SKIP":
            found.append(("skipped", name, (match.group(3) or "").strip()))
        elif match.group(1) and directive != "TODO":
            found.append(("failed", name, ""))
        else:
            found.append(("passed", name, ""))
    return found


def outcomes(test):
    """All outcomes of one program; one that died counts as failed beyond what it still said."""
    result = test["result"]
    tap = count_tap(test)
    if result in ("OK", "EXPECTEDFAIL"):
        return tap or [("passed", "", "")]
    if result == "SKIP":
        return tap or [("skipped", "", "")]
    if not any(outcome == "failed" for outcome, _, _ in tap):
        tap.append(("failed", "", result.lower()))
    return tap


def main():
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as log:
            tests = [json.loads(line) for line in log if line.strip()]
        for test in tests:
            for outcome, name, why in outcomes(test):
                totals[outcome] += 1
                if outcome != "passed":
                    print(f"{outcome}: {test['name']} {name} {why}".rstrip() + f"  [{path}]")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**totals))
    return 1 if totals["failed"] else 0


sys.exit(main())
