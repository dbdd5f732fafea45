#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may include whom (src/README.md), and that the core cannot do I/O. Optional argument: a build directory whose objects are looked at.
set -eu
cd "$(dirname "$0")/.."
fail=0

# allow MODULE 'a|b|c': files of src/MODULE include from these folders only.
allow () {
  bad=$(grep -rnE '#include "' "src/$1" --include='*.[ch]' | grep -vE "#include \"(($2)/|build-config\.h\")" || true)
  if [ -n "$bad" ]; then
    echo "$bad" >&2
    echo "src/$1 may include only: $2" >&2
    fail=1
  fi
}
allow util 'util'
allow core 'core'
allow local 'local|core|util'
allow sftp 'sftp|core|util'
allow store 'store|core|util'
allow delta 'delta|util'
allow engine 'engine|delta|store|sftp|local|core|util'
allow secrets 'secrets|util'
allow app 'app|engine|core|util|secrets'
allow cli 'cli|engine|core|util|secrets'

if grep -rnE '#include <(gio|gtk|stdio|unistd|fcntl|time|sqlite3|libssh2|sys/)' src/core; then
  echo "src/core is pure: GLib alone" >&2
  fail=1
fi

build=${1:-_build}
if [ -f "$build/src/core/libps-core.a" ]; then
  io=' U (open|read|write|l?stat|fopen|time|clock_gettime|getenv|g_file_|g_get_|g_getenv|g_thread|sqlite3_|libssh2_)'
  if nm -u "$build/src/core/libps-core.a" 2>/dev/null | grep -E "$io" | grep -vE 'g_log$|g_get_charset'; then
    echo "the core's objects reach for I/O" >&2
    fail=1
  fi
fi
exit $fail
