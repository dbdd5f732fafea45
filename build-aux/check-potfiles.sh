#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Whether po/POTFILES names just the files that hold something to translate.
set -eu
cd "$(dirname "$0")/.."
found=$(
  {
    grep -lE '\<(N?_|ngettext|C_|ps_words_plural) \(("|$)' src/*/*.c || true
    grep -l 'translatable="yes"' src/app/*.ui || true
    ls data/*.desktop.in data/*.metainfo.xml.in
  } | LC_ALL=C sort
)
if ! printf '%s\n' "$found" | diff -u po/POTFILES -; then
  echo "po/POTFILES does not name what holds texts: see above" >&2
  exit 1
fi
