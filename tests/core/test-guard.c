/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/guard.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *text;
  PsMarkerState state;
  const char *id;
  uint64_t generation;
} MarkerCase;

/* clang-format off */
static const MarkerCase markers[] = {
  { "plain", "format=1\nid=ab-12\ngeneration=7\n", PS_MARKER_PRESENT, "ab-12", 7 },
  { "spaces", "  format = 1 \n\n# a word\n id= ab \n", PS_MARKER_PRESENT, "ab", 0 },
  { "crlf", "format=1\r\nid=ab\r\ngeneration=3\r\n", PS_MARKER_PRESENT, "ab", 3 },
  { "unknown-keys", "format=1\nid=ab\nowner=me\n", PS_MARKER_PRESENT, "ab", 0 },
  { "biggest", "format=1\nid=a\ngeneration=18446744073709551615", PS_MARKER_PRESENT, "a", UINT64_MAX },
  { "newer", "format=2\nid=ab\n", PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "empty__nc10547", "", PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "no-format", "id=ab\n", PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "no-id", "format=1\n", PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "empty-id", "format=1\nid=\n", PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "bad-id", "format=1\nid=a b\n", PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "bad-number", "format=1\nid=ab\ngeneration=x\n", PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "negative", "format=1\nid=ab\ngeneration=-1\n", PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "too-big", "format=1\nid=ab\ngeneration=18446744073709551616\n", PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "no-equals", "format=1\nid=ab\nnonsense\n", PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "long-id", "format=1\nid=0123456789012345678901234567890123456789012345678901234567890123\n",
    PS_MARKER_UNKNOWN_FORMAT, "", 0 },
  { "longest-id", "format=1\nid=012345678901234567890123456789012345678901234567890123456789012\n",
    PS_MARKER_PRESENT, "012345678901234567890123456789012345678901234567890123456789012", 0 },
};
/* clang-format on */

static void
test_marker (gconstpointer data)
{
  const MarkerCase *c = data;
  PsMarker marker;

  ps_marker_parse (&marker, c->text, strlen (c->text));
  g_assert_cmpint (marker.state, ==, c->state);
  g_assert_cmpstr (marker.id, ==, c->id);
  g_assert_cmpuint (marker.generation, ==, c->generation);
}

static void
test_marker_bytes (void)
{
  PsMarker marker;
  static const char zeros[64];
  g_autofree char *text = g_strnfill (PS_MARKER_MAX + 1, '\n');

  ps_marker_parse (&marker, zeros, sizeof zeros);
  g_assert_cmpint (marker.state, ==, PS_MARKER_UNKNOWN_FORMAT);
  memcpy (text, "format=1\nid=a\n", strlen ("format=1\nid=a\n"));
  ps_marker_parse (&marker, text, PS_MARKER_MAX);
  g_assert_cmpint (marker.state, ==, PS_MARKER_PRESENT);
  ps_marker_parse (&marker, text, PS_MARKER_MAX + 1);
  g_assert_cmpint (marker.state, ==, PS_MARKER_UNKNOWN_FORMAT);
}

static void
test_marker_round_trip (void)
{
  const PsMarker marker = { PS_MARKER_PRESENT, "8c7e4a0e-0d8e-4f57-9d57-0d9e5f0f2f11", 42 };
  g_autofree char *text = ps_marker_to_text (&marker);
  PsMarker back;

  ps_marker_parse (&back, text, strlen (text));
  g_assert_cmpint (back.state, ==, PS_MARKER_PRESENT);
  g_assert_cmpstr (back.id, ==, marker.id);
  g_assert_cmpuint (back.generation, ==, 42);
}

typedef struct
{
  const char *name;
  const char *base_id;
  PsMarker local, remote;
  PsRootsVerdict verdict;
  const char *reason; /* words of it */
} RootsCase;

/* clang-format off */
#define A       { PS_MARKER_PRESENT, "A", 1 }
#define B       { PS_MARKER_PRESENT, "B", 1 }
#define MISSING { PS_MARKER_MISSING }
#define NO_ROOT { PS_MARKER_NO_ROOT }
#define NEWER   { PS_MARKER_UNKNOWN_FORMAT }

static const RootsCase roots[] = {
  { "same",                           "A",  A, A, PS_ROOTS_OK, NULL },
  { "unmounted_root__nc2350",         "A",  NO_ROOT, A, PS_ROOTS_HELD, "local folder is not there" },
  { "unmounted_server_root__oc5543",  "A",  A, NO_ROOT, PS_ROOTS_HELD, "folder on the server is not there" },
  { "empty_mount_point__st5207",      "A",  MISSING, A, PS_ROOTS_HELD, "local folder has lost its marker" },
  { "empty_server_mount__nc6099",     "A",  A, MISSING, PS_ROOTS_HELD, "on the server has lost its marker" },
  { "both_markers_gone__uni262",      "A",  MISSING, MISSING, PS_ROOTS_HELD, "lost its marker" },
  { "other_local",                    "A",  B, A, PS_ROOTS_HELD, "local folder belongs to another pair" },
  { "other_remote",                   "A",  A, B, PS_ROOTS_HELD, "on the server belongs to another pair" },
  { "other_both",                     "A",  B, B, PS_ROOTS_HELD, "another pair" },
  { "newer_local",                    "A",  NEWER, A, PS_ROOTS_HELD, "newer PiSync" },
  { "newer_remote",                   "A",  A, NEWER, PS_ROOTS_HELD, "newer PiSync" },
  { "first",                          NULL, MISSING, MISSING, PS_ROOTS_MAKE, NULL },
  { "first-adopt",                    NULL, MISSING, A, PS_ROOTS_ADOPT_REMOTE, NULL },
  { "first-again",                    NULL, A, A, PS_ROOTS_ADOPT_REMOTE, NULL },
  { "first-other",                    NULL, A, B, PS_ROOTS_HELD, "another pair" },
  { "first-remote-missing",           NULL, A, MISSING, PS_ROOTS_HELD, "on the server" },
  { "first-no-local",                 NULL, NO_ROOT, A, PS_ROOTS_HELD, "local folder is not there" },
  { "first-no-remote",                NULL, MISSING, NO_ROOT, PS_ROOTS_HELD, "on the server is not there" },
  { "first-newer-local",              NULL, NEWER, MISSING, PS_ROOTS_HELD, "newer PiSync" },
  { "first-newer-remote",             NULL, MISSING, NEWER, PS_ROOTS_HELD, "newer PiSync" },
};
/* clang-format on */

static void
test_roots (gconstpointer data)
{
  const RootsCase *c = data;
  const char *reason = "stale";

  g_assert_cmpint (ps_guard_roots (c->base_id, &c->local, &c->remote, &reason), ==, c->verdict);
  g_assert_cmpint (ps_guard_roots (c->base_id, &c->local, &c->remote, NULL), ==, c->verdict);
  if (c->reason == NULL)
    g_assert_null (reason);
  else
    g_assert_nonnull (strstr (reason, c->reason));
}

/* Every held case that could be a missing disk asks for it, and every reason is of its own. */
static void
test_reasons (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; i < G_N_ELEMENTS (roots); i++)
    {
      const char *reason;

      if (ps_guard_roots (roots[i].base_id, &roots[i].local, &roots[i].remote, &reason)
          != PS_ROOTS_HELD)
        continue;
      g_hash_table_add (seen, (gpointer)reason);
      g_assert_true (strstr (reason, "ounted") != NULL || strstr (reason, "newer PiSync") != NULL
                     || strstr (reason, "right folder") != NULL);
    }
  g_assert_cmpuint (g_hash_table_size (seen), ==, 10);
}

static void
test_restored (void)
{
  g_assert_true (ps_guard_restored (7, 6));
  g_assert_false (ps_guard_restored (7, 7));
  g_assert_false (ps_guard_restored (7, 8));
  g_assert_false (ps_guard_restored (0, 0));
}

static void
test_names (void)
{
  for (int guard = 0; guard < PS_N_GUARDS; guard++)
    g_assert_nonnull (ps_guard_name (guard));
  g_assert_cmpstr (ps_guard_name (PS_GUARD_MASS_DELETE), ==, "mass-delete");
  g_assert_cmpstr (ps_guard_name (PS_GUARD_INCOMPLETE), ==, "incomplete-listing");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (markers); i++)
    {
      g_autofree char *path = g_strconcat ("/core/guard/marker/", markers[i].name, NULL);
      g_test_add_data_func (path, &markers[i], test_marker);
    }
  g_test_add_func ("/core/guard/marker/bytes", test_marker_bytes);
  g_test_add_func ("/core/guard/marker/round-trip", test_marker_round_trip);
  for (gsize i = 0; i < G_N_ELEMENTS (roots); i++)
    {
      g_autofree char *path = g_strconcat ("/core/guard/roots/", roots[i].name, NULL);
      g_test_add_data_func (path, &roots[i], test_roots);
    }
  g_test_add_func ("/core/guard/reasons", test_reasons);
  g_test_add_func ("/core/guard/restored_server__oc2325", test_restored);
  g_test_add_func ("/core/guard/names", test_names);
  return g_test_run ();
}
