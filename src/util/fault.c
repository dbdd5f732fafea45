/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/fault.h"

#include <string.h>
#include <unistd.h>

#define POINT(name) name,
const char *const ps_fault_points[] = { PS_FAULT_POINTS (POINT) NULL };
#undef POINT

#if PS_FAULT_INJECTION

/* One variable's wish: the point and at which passing of it. */
typedef struct
{
  char *name;
  int countdown; /* (atomic) */
} Wish;

static Wish fail_wish, crash_wish;

static void
parse_wish (const char *variable, Wish *wish)
{
  const char *value = g_getenv (variable);
  g_auto (GStrv) parts = NULL;
  guint64 count = 1;

  if (value == NULL || *value == '\0')
    return;
  parts = g_strsplit (value, ":", 2);
  if (!g_strv_contains (ps_fault_points, parts[0]))
    g_error ("%s names no fault point: %s", variable, parts[0]);
  if (parts[1] != NULL && !g_ascii_string_to_unsigned (parts[1], 10, 1, G_MAXINT, &count, NULL))
    g_error ("%s wants a number from 1 on behind the colon: %s", variable, value);
  wish->countdown = (int)count;
  wish->name = g_strdup (parts[0]);
}

static gboolean
comes_true (Wish *wish, const char *name)
{
  return wish->name != NULL && strcmp (wish->name, name) == 0
         && g_atomic_int_dec_and_test (&wish->countdown);
}

gboolean
ps_fault (const char *name, GError **error)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      parse_wish ("PISYNC_FAULT", &fail_wish);
      parse_wish ("PISYNC_CRASH_AT", &crash_wish);
      g_once_init_leave (&once, 1);
    }
  if (comes_true (&crash_wish, name))
    _exit (99);
  if (!comes_true (&fail_wish, name))
    return FALSE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "injected fault at %s", name);
  return TRUE;
}

#endif
