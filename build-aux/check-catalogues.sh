#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Whether every catalogue is named in po/LINGUAS, is well formed, and leaves nothing out that the
# sources say now. What is missing is told with its text.
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

grep -v '^#' po/LINGUAS >"$dir/named"
(cd po && ls ./*.po) | sed 's,^\./,,; s,\.po$,,' | LC_ALL=C sort >"$dir/there"
if ! diff -u "$dir/named" "$dir/there"; then
  echo "po/LINGUAS does not name just the catalogues that are there, in order" >&2
  bad=1
fi

if ! xgettext --from-code=UTF-8 --files-from=po/POTFILES --output="$dir/pot" \
  --keyword=_ --keyword=N_ --keyword=C_:1c,2 --keyword=ps_words_plural:1,2 2>"$dir/log"; then
  cat "$dir/log" >&2
  exit 1
fi
while read -r language; do
  catalogue=po/$language.po
  msgfmt --check --check-accelerators=_ --output-file=/dev/null "$catalogue" || bad=1
  msgcmp "$catalogue" "$dir/pot" || bad=1
done <"$dir/there"
exit $bad
