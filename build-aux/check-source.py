#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for what the compiler does not mind and we do: too long files and functions, calls that are
not used here, secrets on their way into a log, lines over 100 columns, a missing SPDX line.

Reads src/, tests/, build-aux/ and data/. Prints FILE:LINE: what, and exits with 1 if there was
anything; -v also prints how long the functions are."""

import json
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_COLUMNS = 100
MAX_TABLE_COLUMNS = 140  # between "clang-format off" and "on": rows of a table stay whole
MAX_FILE = 800
MAX_TEST_FILE = 1200  # a list of cases may be longer than code that has to be understood
MAX_FUNCTION = 100
P95_FUNCTION = 50

# Why a call is not used, where (a prefix of the path), and where it is all the same.
BANNED = [
    (r"(?<![\w.>])(sprintf|vsprintf|strcpy|strcat|strncpy|strtok|gets|alloca)\s*\(",
     "has no bound or no end", "", ()),
    (r"(?<![\w.>])(system|popen)\s*\(", "goes through a shell", "", ()),
    (r"(?<![\w.>])(tmpnam|tempnam|mktemp)\s*\(", "races", "", ()),
    (r"(?<![\w.>])g_error\s*\(", "ends the program", "src/", ("src/util/fault.c",)),
    (r"(?<![\w.>])(abort|exit)\s*\(", "ends the program", "src/", ("src/app/main.c",)),
    (r"(?<![\w.>])(signal_connect_after_sleep|sleep|usleep|g_usleep|nanosleep)\s*\(",
     "waits for time instead of for what is awaited", "", ("tests/fakes/", "tests/desktop/")),
    (r"\bgoto\b", "cleanup attributes do that", "", ()),
    (r"(?<![\w.>])(setenv|g_setenv|putenv)\s*\(", "is not safe with threads", "src/", ()),
]
PYTHON_BANNED = [
    (r"\btime\.sleep\s*\(", "waits for time instead of for what is awaited",
     ("tests/e2e/fixture.py", "tests/bench/", "tests/desktop/")),
    (r"\bos\.system\s*\(|shell=True", "goes through a shell", ()),
]
PRINTS = re.compile(
    r"\b(?:g_(?:print|printerr|debug|info|message|warning|critical|log\w*|test_message)|f?printf"
    r"|ps_output_\w+)\s*\(")
SECRET = re.compile(r"\b(?:password|passphrase|secret|typed)\b(?!\s*(?:==|!=|->|_))")
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)

problems = []


def complain(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def blank(match):
    """Same number of lines, nothing in them."""
    return "\n" * match.group(0).count("\n")


def is_excepted(path, exceptions):
    name = str(path.relative_to(ROOT))
    return any(name.startswith(prefix) for prefix in exceptions)


def check_lines(path, text):
    limit = MAX_COLUMNS
    for number, line in enumerate(text.splitlines(), 1):
        if "clang-format off" in line:
            limit = MAX_TABLE_COLUMNS
        if "clang-format on" in line:
            limit = MAX_COLUMNS
        if len(line) > limit:
            complain(path, number, f"{len(line)} columns (at most {limit})")
        if line != line.rstrip():
            complain(path, number, "white space at the end")


def check_spdx(path, text):
    head = "\n".join(text.splitlines()[:3])
    if "SPDX-License-Identifier: GPL-3.0-or-later" not in head:
        complain(path, 1, "no SPDX line at the top")


def check_c_calls(path, text):
    code = STRING.sub('""', COMMENT.sub(blank, text))
    for pattern, why, where, exceptions in BANNED:
        if not str(path.relative_to(ROOT)).startswith(where) or is_excepted(path, exceptions):
            continue
        for match in re.finditer(pattern, code):
            number = code.count("\n", 0, match.start()) + 1
            complain(path, number, f"{match.group(0).strip(' (')}: {why}")
    for match in PRINTS.finditer(code):
        arguments = code[match.end():code.find(";", match.end())]
        if SECRET.search(arguments):
            complain(path, code.count("\n", 0, match.start()) + 1, "prints a secret?")


def check_python_calls(path, text):
    if path == pathlib.Path(__file__).resolve():
        return
    for pattern, why, exceptions in PYTHON_BANNED:
        if is_excepted(path, exceptions):
            continue
        for match in re.finditer(pattern, text):
            complain(path, text.count("\n", 0, match.start()) + 1,
                     f"{match.group(0).strip(' (')}: {why}")


def functions_of(paths):
    """(path, name, line, lines) of every function, by ctags."""
    command = ["ctags", "--output-format=json", "--fields=+ne", "--kinds-C=f", "-L", "-", "-f", "-"]
    listing = subprocess.run(command, input="\n".join(map(str, paths)), text=True, check=True,
                             capture_output=True).stdout
    for line in listing.splitlines():
        tag = json.loads(line)
        if "end" in tag:
            yield (pathlib.Path(tag["path"]), tag["name"], tag["line"],
                   tag["end"] - tag["line"] + 1)


def check_sizes(paths, verbose):
    lengths = []
    for path, name, line, length in functions_of(paths):
        if str(path.relative_to(ROOT)).startswith("src/"):
            lengths.append(length)
            if length > MAX_FUNCTION:
                complain(path, line, f"{name} has {length} lines (at most {MAX_FUNCTION})")
            elif verbose and length > 60:
                print(f"{path.relative_to(ROOT)}:{line}: {name} has {length} lines: talk about it")
    if not lengths:
        return
    p95 = statistics.quantiles(lengths, n=20)[-1]
    if verbose:
        print(f"{len(lengths)} functions: median {statistics.median(lengths):.0f} lines, "
              f"p95 {p95:.0f}, longest {max(lengths)}")
    if p95 > P95_FUNCTION:
        problems.append(f"src: one function in twenty has over {p95:.0f} lines (at most "
                        f"{P95_FUNCTION})")


def files(*suffixes):
    for folder in ("src", "tests", "build-aux", "data", ".ci"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path


def is_script(path):
    with path.open("rb") as stream:
        return stream.read(2) == b"#!"


def main():
    verbose = "-v" in sys.argv[1:]
    c_files = list(files(".c", ".h"))
    for path in c_files:
        text = path.read_text(encoding="utf-8")
        check_lines(path, text)
        check_spdx(path, text)
        check_c_calls(path, text)
        limit = MAX_TEST_FILE if path.is_relative_to(ROOT / "tests") else MAX_FILE
        if len(text.splitlines()) > limit:
            complain(path, limit, f"the file has over {limit} lines")
    for path in files(".py"):
        text = path.read_text(encoding="utf-8")
        check_lines(path, text)
        check_spdx(path, text)
        check_python_calls(path, text)
    for path in files(".build", ".sh", ""):
        if path.name == "meson.build" or path.suffix == ".sh" or is_script(path):
            check_spdx(path, path.read_text(encoding="utf-8"))
    check_sizes(c_files, verbose)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


sys.exit(main())
