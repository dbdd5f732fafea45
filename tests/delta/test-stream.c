/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The delta format, command by command, and what is no delta. */
#include "delta/delta.h"
#include "delta/stream.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *hex;
  const char *commands; /* what is understood of it; ends with "!" where it is refused */
} Case;

static const Case cases[] = {
  { "nothing", "", "" },
  { "end", "7273023600", "" },
  { "literal-1", "7273023603aabbcc00", "L3" },
  { "literal-64", "7273023602aabb01cc00", "L2L1" },
  { "literal-n1", "727302364102aabb00", "L2" },
  { "literal-n2", "72730236420003aabbcc00", "L3" },
  { "literal-n4", "727302364300000001aa00", "L1" },
  { "literal-n8", "72730236440000000000000002aabb00", "L2" },
  { "copy-1-1", "7273023645051000", "C5+16" },
  { "copy-1-2", "727302364605010000", "C5+256" },
  { "copy-2-1", "7273023649010003", "C256+3" },
  { "copy-4-4",
    "72730236"
    "4f"
    "00010000"
    "00020000"
    "00",
    "C65536+131072" },
  { "copy-8-8",
    "72730236"
    "54"
    "0000000100000000"
    "0000000200000000"
    "00",
    "C4294967296+8589934592" },
  { "both",
    "72730236"
    "02aabb"
    "450102"
    "01cc"
    "00",
    "L2C1+2L1" },
  { "not-ended", "727302364505", "" },
  { "wrong-magic", "7273013600", "!" },
  { "unknown-command", "7273023655", "!" },
  { "unknown-command-ff", "72730236ff", "!" },
  { "empty-literal", "727302364100", "!" },
  { "empty-copy", "72730236450500", "!" },
  { "copy-past-all",
    "72730236"
    "54"
    "ffffffffffffffff"
    "0000000000000001",
    "!" },
  { "after-the-end", "727302360000", "!" },
};

static gboolean
take_copy (uint64_t from, uint64_t length, gpointer user_data, GError **error)
{
  g_string_append_printf (user_data, "C%" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT, from, length);
  return TRUE;
}

static gboolean
take_literal (uint64_t length, gpointer user_data, GError **error)
{
  g_string_append_printf (user_data, "L%" G_GUINT64_FORMAT, length);
  return TRUE;
}

/* Feeds @bytes in parts of @part bytes. Returns: (transfer full): what was understood. */
static char *
understood (const GByteArray *bytes, gsize part)
{
  GString *commands = g_string_new (NULL);
  PsStreamTaker taker = { .copy = take_copy, .literal = take_literal, .user_data = commands };
  PsStream stream;
  g_autoptr (GError) error = NULL;

  ps_stream_init (&stream, &taker);
  for (gsize at = 0; at < bytes->len && error == NULL; at += part)
    if (!ps_stream_feed (&stream, bytes->data + at, MIN (part, bytes->len - at), &error))
      {
        g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED);
        g_string_append_c (commands, '!');
      }
  return g_string_free (commands, FALSE);
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (const char *hex = c->hex; *hex != '\0'; hex += 2)
    {
      guint8 byte = (guint8)(g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));

      g_byte_array_append (bytes, &byte, 1);
    }
  for (gsize part = 1; part <= 40; part++)
    {
      g_autofree char *commands = understood (bytes, part);

      g_assert_cmpstr (commands, ==, c->commands);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/delta/stream/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  return g_test_run ();
}
