#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds up meson's test logs: test-count.py BUILD/meson-logs/testlog.json...

    test-count.py --failed LOG        the names of the programs that failed
    test-count.py --merge LOG AGAIN   LOG with what AGAIN says of the same programs

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


def read(path):
    with open(path, encoding="utf-8") as log:
        return [json.loads(line) for line in log if line.strip()]


def print_failed(path):
    for test in read(path):
        if test["result"] not in ("OK", "EXPECTEDFAIL", "SKIP"):
            print(test["name"].rsplit(" / ", 1)[-1])


def merge(path, again):
    later = {test["name"]: test for test in read(again)}
    for test in read(path):
        print(json.dumps(later.get(test["name"], test)))


def main():
    if sys.argv[1:2] == ["--failed"]:
        return print_failed(sys.argv[2])
    if sys.argv[1:2] == ["--merge"]:
        return merge(*sys.argv[2:4])
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    for path in sys.argv[1:]:
        for test in read(path):
            for outcome, name, why in outcomes(test):
                totals[outcome] += 1
                if outcome != "passed":
                    print(f"{outcome}: {test['name']} {name} {why}".rstrip() + f"  [{path}]")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**totals))
    return 1 if totals["failed"] else 0


sys.exit(main())
