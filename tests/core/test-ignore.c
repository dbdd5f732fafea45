/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ignore.h"

#include "core/glob.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *rules;   /* of the root's file */
  const char *ignored; /* paths, '\n' between them; '/' at the end: a directory */
  const char *kept;
} Case;

/* clang-format off */
static const Case cases[] = {
  { "empty", "", NULL, "a\nb/c" },
  { "name", "foo", "foo\nfoo/\na/foo\na/b/foo/", "foo2\nxfoo\nFoo\nfoo.o" },
  { "comment", "#foo\n# foo", NULL, "foo\n#foo\n# foo" },
  { "comment-escaped", "\\#foo", "#foo", "foo\n\\#foo" },
  { "blank-lines", "\n  \n\nfoo\n\n", "foo", "bar\n " },
  { "no-newline-at-end", "a\nb", "a\nb", "c" },
  { "crlf", "foo\r\n/bar\r\n\r\n", "foo\nbar", "x/bar" },
  { "bom", "\xef\xbb\xbf" "foo", "foo", "\xef\xbb\xbf" "foo" },
  { "spaces-trailing", "foo   ", "foo", "foo   " },
  { "spaces-kept", "foo\\ ", "foo ", "foo" },
  { "spaces-kept-one", "foo\\   ", "foo ", "foo\nfoo  " },
  { "spaces-leading", " foo", " foo", "foo" },
  { "spaces-inside", "foo bar", "foo bar", "foo" },
  { "tab-trailing", "foo\t", "foo\t", "foo" },
  { "backslash-then-space", "foo\\\\ ", "foo\\", "foo\\ " },
  { "negated", "*.o\n!keep.o", "a.o\nx/a.o", "keep.o\nx/keep.o" },
  { "negated-last-wins", "!foo\nfoo", "foo", NULL },
  { "negated-again", "*.o\n!a*.o\nab.o", "ab.o\nb.o", "a.o\nac.o" },
  { "negated-escaped", "\\!foo", "!foo", "foo" },
  { "negated-twice", "*\n!!foo", "foo\nbar", "!foo" },
  { "negated-dir", "*\n!*/\n!*.txt", "a.o\nx/a.o", "x/\na.txt\nx/a.txt" },
  { "negation-alone", "!", NULL, "!\na" },
  { "dir-only", "foo/", "foo/\na/foo/", "foo\na/foo" },
  { "dir-only-space", "foo/ ", "foo/", "foo" },
  { "dir-only-anchored", "/foo/", "foo/", "foo\na/foo/" },
  { "dir-only-star", "*/", "a/\nb/c/", "a\nb/c" },
  { "slash-alone", "/", NULL, "a\na/" },
  { "slashes-alone", "//", NULL, "a\na/" },
  { "slash-double", "a//b", NULL, "a/b\na" },
  { "slash-double-end", "foo//", NULL, "foo/\nfoo" },
  { "slash-escaped", "a\\/b", "a/b", "a\nb" },
  { "slash-escaped-end", "foo\\/", NULL, "foo/\nfoo" },
  { "anchored", "/foo", "foo\nfoo/", "a/foo" },
  { "anchored-inside", "a/foo", "a/foo", "foo\nx/a/foo\na/b/foo" },
  { "anchored-star", "/*.c", "a.c", "x/a.c" },
  { "anchored-star-inside", "doc/*.txt", "doc/a.txt", "doc/a/b.txt\na.txt\nx/doc/a.txt" },
  { "star-not-slash", "a*b/c", "ab/c\naxxb/c", "a/b/c" },
  { "star", "*", "a\na/b\n.a", NULL },
  { "star-prefix", "*.swo.x", "a.swo.x\n.swo.x", "swo.x" },
  { "star-suffix", "foo*", "foo\nfoobar\na/foo2", "afoo" },
  { "star-middle", "a*z", "az\nabz\nazz", "azb\na\nz" },
  { "star-many", "a*b*c", "abc\naxbxc\nabbcc", "acb\nab\nabcd" },
  { "star-double-inside", "foo**bar", "foobar\nfooxbar", "foo/bar\nfoo/x/bar" },
  { "star-double-inside-path", "x/foo**bar", "x/foobar\nx/fooybar", "x/foo/bar" },
  { "star-dot", "*.*", "a.b\n.a\na.", "a" },
  { "question", "a?c", "abc\na.c", "ac\nabbc\na/c" },
  { "question-utf8", "a?c", "a\xc3\xa4" "c\na\xe2\x82\xac" "c", "a\xc3\xa4\xc3\xa4" "c" },
  { "question-raw-byte", "a?c", "a\xff" "c", "a\xff\xff" "c" },
  { "star-raw-byte", "a*\xff" "c*", "a\xfe\xff" "c\na\xff" "cd", "a\xfe" "c" },
  { "any-leading", "**/foo", "foo\na/foo\na/b/foo", "foobar\nfoo2/a" },
  { "any-leading-path", "**/foo/bar", "foo/bar\na/foo/bar\na/b/foo/bar", "foo/x/bar\nbar" },
  { "any-trailing", "foo/**", "foo/a\nfoo/a/b\nfoo/a/", "foo\nfoo/\na/foo/b" },
  { "any-trailing-dir", "foo/**/", "foo/a/\nfoo/a/b/", "foo/\nfoo/a" },
  { "any-middle", "a/**/b", "a/b\na/x/b\na/x/y/b", "ab\na/xb\na/b/c\nx/a/b" },
  { "any-middle-star", "a/**/*.c", "a/x.c\na/b/c/x.c", "x.c\na/x.h" },
  { "any-twice", "a/**/b/**/c", "a/b/c\na/x/b/y/z/c\na/b/b/c", "a/c\na/x/c\nb/c" },
  { "any-adjacent", "a/**/**/b", "a/b\na/x/b", "a\nb" },
  { "any-back", "**/a/b", "a/a/b\nx/a/a/b\na/b/a/b", "a/b/a" },
  { "any-alone", "**", "a\na/b", NULL },
  { "any-alone-anchored", "/**", "a\na/b", NULL },
  { "any-dirs", "**/", "a/\na/b/", "a\na/b" },
  { "any-three-stars", "a/***/b", "a/b\na/x/b", "b" },
  { "any-keep", "foo/**\n!foo/keep", "foo/a", "foo/keep" },
  { "set", "[abc].o", "a.o\nb.o", "d.o\nab.o\n.o" },
  { "set-range", "x[b-d0-2]", "xb\nxc\nxd\nx0\nx2", "xa\nxe\nx3\nx-" },
  { "set-not", "x[!b-d]", "xa\nxe", "xb\nxd\nx" },
  { "set-not-caret", "x[^b-d]", "xa\nxe", "xb\nxd\nx" },
  { "set-not-slash", "x[!b]y", "xay", "x/y\nxby" },
  { "set-bracket-first", "x[]a]", "x]\nxa", "xb" },
  { "set-not-bracket-first", "x[!]a]", "xb", "x]\nxa" },
  { "set-dash-first", "x[-a]", "x-\nxa", "xb" },
  { "set-dash-last", "x[a-]", "x-\nxa", "xb" },
  { "set-escape", "x[\\]\\-a]", "x]\nx-\nxa", "x\\" },
  { "set-escape-range", "x[\\a-\\c]", "xa\nxb\nxc", "xd\nx\\" },
  { "set-reversed", "x[d-b]", NULL, "xb\nxc\nxd" },
  { "set-open", "x[ab", NULL, "xa\nx[ab" },
  { "set-open-path", "d/x[ab", NULL, "d/xa\nd/x[ab" },
  { "set-open-range", "x[a-", NULL, "xa\nx[a-" },
  { "set-open-range-escape", "x[a-\\", NULL, "xa\nx[a-" },
  { "set-open-escape", "x[\\", NULL, "x[" },
  { "set-open-empty", "x[", NULL, "x[" },
  { "set-open-not", "x[!", NULL, "x[\nx[!" },
  { "set-open-bracket", "x[]", NULL, "x[]\nx]" },
  { "set-slash", "a[x/y]b", "axb\nayb", "a/b" },
  { "set-utf8", "[\xc3\xa0-\xc3\xbf]", "\xc3\xa4\n\xc3\xa9", "a\n\xc3\x9f" },
  { "set-named", "x[[:digit:]]", "x0\nx9", "xa\nx:" },
  { "set-named-not", "x[^[:alpha:]]", "x0", "xa\nxZ" },
  { "set-named-and-more", "x[[:upper:]_[:digit:]]", "xA\nx_\nx3", "xa" },
  { "set-named-punct", "[[:punct:]]", "!\n~\n[\n@", "a\n1" },
  { "set-named-xdigit", "[[:xdigit:]]", "a\nF\n0", "g" },
  { "set-named-space", "x[[:space:]]y", "x y\nx\ty", "xy" },
  { "set-named-cntrl", "[[:cntrl:]]", "\x01\n\x7f", "a" },
  { "set-named-unknown", "x[[:foo:]]", NULL, "xf\nx:" },
  { "set-named-open", "x[[:digit]", NULL, "x:\nxd" },
  { "set-bracket-inside", "x[a[b]", "xa\nx[\nxb", "xc" },
  { "escape-star", "a\\*b", "a*b", "axb" },
  { "escape-question", "a\\?", "a?", "ab" },
  { "escape-bracket", "\\[a]", "[a]", "a" },
  { "escape-plain", "\\f\\oo", "foo", "\\foo" },
  { "escape-backslash", "a\\\\b", "a\\b", "ab" },
  { "escape-at-end", "foo\\", NULL, "foo\nfoo\\" },
  { "default", "", "a/.~lock.x.odt#\n~$x.docx\nb/.x.swp\n.DS_Store\nd/Thumbs.db\n#a#\nlost+found/\n"
                   "d/.pisync/\n.nfs0000000012ab\n.Trash-1000/\n~x.tmp\n$RECYCLE.BIN/",
    "x.odt\nlock\nswp\nx/lost+found/\nlost+found\n.nfs\n.pisyncignore\na~" },
  { "default-taken-back", "!*.swp\n!Thumbs.db", "desktop.ini", "a.swp\nx/Thumbs.db" },
};
/* clang-format on */

static void
check_paths (const PsIgnore *ignore, const char *paths, bool wanted)
{
  g_auto (GStrv) all = g_strsplit (paths != NULL ? paths : "", "\n", -1);

  for (gsize i = 0; all[i] != NULL; i++)
    {
      bool is_dir = g_str_has_suffix (all[i], "/");
      g_autofree char *shown = g_strescape (all[i], NULL);

      g_test_message ("%s must be %s", shown, wanted ? "ignored" : "kept");
      all[i][strlen (all[i]) - is_dir] = '\0';
      g_assert_cmpint (ps_ignore_match (ignore, all[i], is_dir), ==, wanted);
    }
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (PsIgnore) ignore = ps_ignore_new ();

  ps_ignore_set (ignore, "", c->rules, strlen (c->rules));
  check_paths (ignore, c->ignored, true);
  check_paths (ignore, c->kept, false);
}

static void
set (PsIgnore *ignore, const char *dir, const char *rules)
{
  ps_ignore_set (ignore, dir, rules, strlen (rules));
}

/* The nearest file that says anything decides; rules are anchored at their own directory. */
static void
test_nested (void)
{
  g_autoptr (PsIgnore) ignore = ps_ignore_new ();

  set (ignore, "", "*.log\n/top\nkeep.me");
  set (ignore, "a", "!*.log\n/own\nb/deep");
  set (ignore, "a/b", "*.log\n!keep.me");
  check_paths (ignore, "x.log\nc/x.log\na/b/x.log\na/b/c/d/x.log\ntop\na/own\na/b/deep\nkeep.me",
               true);
  check_paths (ignore, "a/x.log\na/c/x.log\na/top\nown\na/b/own\nab/own\na/b/keep.me\na/a/b/deep",
               false);
}

static void
test_replaced (void)
{
  g_autoptr (PsIgnore) ignore = ps_ignore_new ();

  set (ignore, "d", "foo");
  check_paths (ignore, "d/foo", true);
  set (ignore, "d", "bar");
  check_paths (ignore, "d/bar", true);
  check_paths (ignore, "d/foo\nfoo", false);
  set (ignore, "d", "# nothing\n");
  check_paths (ignore, "d/foo\nd/bar", false);
}

/* What would take a naive matcher years. */
static void
test_no_explosion (void)
{
  g_autoptr (PsIgnore) ignore = ps_ignore_new ();
  g_autofree char *name = g_strnfill (255, 'a');
  g_autoptr (GString) deep = g_string_new ("a");

  for (int i = 0; i < 500; i++)
    g_string_append (deep, "/a");
  set (ignore, "", "*a*a*a*a*a*a*a*a*a*a*a*a*a*b\n**/a/**/a/**/a/**/a/**/a/**/a/**/b/**/a");
  /* What is exponential does not come to its end within the test's limit. */
  g_assert_false (ps_ignore_match (ignore, name, false));
  g_assert_false (ps_ignore_match (ignore, deep->str, false));
}

static void
test_defaults (void)
{
  g_assert_nonnull (strstr (ps_ignore_defaults (), "Thumbs.db\n"));
  ps_ignore_free (NULL);
  ps_glob_free (NULL);
}

/* Any bytes are taken without harm. */
static void
test_any_bytes (void)
{
  static const char bytes[] = "a[]!^-:\\*?/ #\n\r\xc3\xa4\xff\0d";

  for (int round = 0; round < 5000; round++)
    {
      g_autoptr (PsIgnore) ignore = ps_ignore_new ();
      char rules[24], path[12];
      gsize length = g_test_rand_int_range (0, sizeof rules);

      for (gsize i = 0; i < length; i++)
        rules[i] = bytes[g_test_rand_int_range (0, sizeof bytes)];
      for (gsize i = 0; i + 1 < sizeof path; i++)
        path[i] = "a/b[]\xc3\xa4"[g_test_rand_int_range (0, 7)];
      path[0] = path[sizeof path - 2] = 'x';
      path[sizeof path - 1] = '\0';
      ps_ignore_set (ignore, "", rules, length);
      ps_ignore_match (ignore, path, g_test_rand_int_range (0, 2));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/core/ignore/", cases[i].name, NULL);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/core/ignore/nested", test_nested);
  g_test_add_func ("/core/ignore/replaced", test_replaced);
  g_test_add_func ("/core/ignore/no-explosion", test_no_explosion);
  g_test_add_func ("/core/ignore/defaults", test_defaults);
  g_test_add_func ("/core/ignore/any-bytes", test_any_bytes);
  return g_test_run ();
}
