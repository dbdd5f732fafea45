/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The codec: what goes in comes out, and nothing beyond its bounds is ever read. */
#include "sftp/packet.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *bytes; /* of the answer after its length, in hexadecimal */
  bool good;
} Case;

static const Case replies[] = {
  { "status", "65 00000007 00000000 00000002 6f6b 00000000", true },
  { "status/old", "65 00000007 00000002", true },
  { "status/cut", "65 00000007 0000", false },
  { "status/text-cut", "65 00000007 00000004 00000005 6f6b", false },
  { "status/text-huge", "65 00000007 00000004 ffffffff 6f6b", false },
  { "handle", "66 00000007 00000004 00000000", true },
  { "handle/empty", "66 00000007 00000000", true },
  { "handle/cut", "66 00000007 00000004 0000", false },
  { "handle/huge", "66 00000007 7fffffff 00000000", false },
  { "data", "67 00000007 00000003 616263", true },
  { "data/cut", "67 00000007 00000004 616263", false },
  { "data/no-length", "67 00000007", false },
  { "name/none", "68 00000007 00000000", true },
  { "name/one", "68 00000007 00000001 00000001 61 00000000 00000000", true },
  { "name/count-huge", "68 00000007 ffffffff 00000001 61 00000000 00000000", false },
  { "attrs/none", "69 00000007 00000000", true },
  { "attrs/size", "69 00000007 00000001 0000000100000000", true },
  { "attrs/cut", "69 00000007 00000001 00000001", false },
  { "attrs/all",
    "69 00000007 0000000f 0000000000000005 00000001 00000002 000081a4 00000003 00000004", true },
  { "attrs/extended", "69 00000007 80000000 00000001 00000001 61 00000001 62", true },
  { "attrs/extended-huge", "69 00000007 80000000 ffffffff 00000001 61 00000001 62", false },
  { "extended", "c9 00000007 0000000000000001", true },
  { "request", "03 00000007 00000000", false },
  { "unknown", "2a 00000007 00000000", false },
};

static GByteArray *
from_hex (const char *text)
{
  GByteArray *bytes = g_byte_array_new ();
  uint32_t big;

  g_byte_array_set_size (bytes, PS_PACKET_HEAD);
  for (; *text != '\0'; text++)
    if (g_ascii_isxdigit (*text))
      {
        guint8 byte
            = (guint8)(g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]));

        g_byte_array_append (bytes, &byte, 1);
        text++;
      }
  big = GUINT32_TO_BE (bytes->len - PS_PACKET_HEAD);
  memcpy (bytes->data, &big, sizeof big);
  return bytes;
}

static void
test_reply (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GByteArray) bytes = from_hex (c->bytes);
  PsReply reply;
  gsize size;

  g_assert_cmpint (ps_packet_peek (bytes->data, bytes->len, &size), ==, PS_PACKET_WHOLE);
  g_assert_cmpuint (size, ==, bytes->len);
  g_assert_cmpint (ps_reply_parse (&reply, bytes->data, bytes->len), ==, c->good);
  if (c->good)
    g_assert_cmpuint (reply.id, ==, 7);
}

/* A good answer cut anywhere is either refused or read within its bounds; the copy ends where the
 * memory ends, so that a sanitizer sees what reaches beyond. */
static void
test_truncated (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GByteArray) bytes = from_hex (c->bytes);

  for (gsize size = PS_PACKET_HEAD + 5; size <= bytes->len; size++)
    {
      g_autofree uint8_t *copy = g_memdup2 (bytes->data, size);
      PsReply reply;
      const char *name;
      gsize length;
      PsAttrs attrs;

      if (!ps_reply_parse (&reply, copy, size) || reply.type != PS_FXP_NAME)
        continue;
      for (uint32_t i = 0; i < reply.count; i++)
        if (!ps_reply_next_name (&reply, &name, &length, &attrs))
          break;
    }
}

static void
test_random (void)
{
  for (guint round = 0; round < 20000; round++)
    {
      gsize size = (gsize)g_test_rand_int_range (9, 80);
      g_autofree uint8_t *packet = g_malloc (size);
      PsReply reply;
      const char *name;
      gsize length;
      PsAttrs attrs;

      for (gsize i = 0; i < size; i++)
        packet[i] = (uint8_t)(g_test_rand_bit () ? g_test_rand_int () : 0);
      packet[4] = (uint8_t)g_test_rand_int_range (PS_FXP_STATUS, PS_FXP_ATTRS + 1);
      if (!ps_reply_parse (&reply, packet, size) || reply.type != PS_FXP_NAME)
        continue;
      for (uint32_t i = 0; i < reply.count; i++)
        if (!ps_reply_next_name (&reply, &name, &length, &attrs))
          break;
    }
}

static const struct
{
  uint32_t length;
  PsPacketState state;
} heads[] = {
  { 0, PS_PACKET_NONSENSE },
  { 4, PS_PACKET_NONSENSE },
  { 5, PS_PACKET_WANTING },
  { PS_PACKET_MAX, PS_PACKET_WANTING },
  { PS_PACKET_MAX + 1, PS_PACKET_NONSENSE },
  { UINT32_MAX, PS_PACKET_NONSENSE },
};

static void
test_heads (void)
{
  gsize size;

  g_assert_cmpint (ps_packet_peek ((const uint8_t *)"\0\0\0", 3, &size), ==, PS_PACKET_WANTING);
  for (gsize i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      uint32_t big = GUINT32_TO_BE (heads[i].length);

      g_assert_cmpint (ps_packet_peek ((const uint8_t *)&big, 4, &size), ==, heads[i].state);
    }
}

static void
test_build (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  PsAttrs attrs = { .flags = PS_ATTR_SIZE | PS_ATTR_PERMISSIONS | PS_ATTR_TIMES,
                    .size = G_GUINT64_CONSTANT (0x123456789a),
                    .permissions = 0100644,
                    .atime = 1,
                    .mtime = 2 };
  PsAttrs back;
  PsReader reader;
  gsize begin, size, length;
  const char *text;

  g_byte_array_append (out, (const guint8 *)"before", 6);
  begin = ps_packet_begin (out, PS_FXP_SETSTAT, 42);
  ps_packet_string (out, "path");
  ps_packet_attrs (out, &attrs);
  ps_packet_u64 (out, 77);
  size = ps_packet_end (out, begin);
  g_assert_cmpuint (size, ==, out->len - 6);

  ps_reader_init (&reader, out->data + begin, size);
  g_assert_cmpuint (ps_reader_u32 (&reader), ==, size - PS_PACKET_HEAD);
  g_assert_cmpuint (ps_reader_u8 (&reader), ==, PS_FXP_SETSTAT);
  g_assert_cmpuint (ps_reader_u32 (&reader), ==, 42);
  text = ps_reader_bytes (&reader, 4, &length);
  g_assert_cmpmem (text, length, "path", 4);
  ps_reader_attrs (&reader, &back);
  g_assert_cmpuint (back.flags, ==, attrs.flags);
  g_assert_cmpuint (back.size, ==, attrs.size);
  g_assert_cmpuint (back.permissions, ==, attrs.permissions);
  g_assert_cmpuint (back.atime, ==, 1);
  g_assert_cmpuint (back.mtime, ==, 2);
  g_assert_cmpuint (ps_reader_u64 (&reader), ==, 77);
  g_assert_false (reader.bad);
  ps_reader_u8 (&reader);
  g_assert_true (reader.bad);
  g_assert_cmpuint (ps_reader_u32 (&reader), ==, 0);
}

static void
test_maximum (void)
{
  static const uint8_t text[] = { 0, 0, 0, 3, 'a', 'b', 'c' };
  PsReader reader;
  gsize length;

  ps_reader_init (&reader, text, sizeof text);
  g_assert_null (ps_reader_bytes (&reader, 2, &length));
  g_assert_true (reader.bad);
}

static void
test_entries (void)
{
  static const struct
  {
    uint32_t permissions;
    PsKind kind;
    bool executable;
  } kinds[] = { { 0100644, PS_KIND_FILE, false },    { 0100744, PS_KIND_FILE, true },
                { 0100611, PS_KIND_FILE, false },    { 0040755, PS_KIND_DIR, false },
                { 0120777, PS_KIND_SYMLINK, false }, { 0010644, PS_KIND_SPECIAL, false },
                { 0000644, PS_KIND_SPECIAL, false } };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      PsAttrs attrs = { .flags = PS_ATTR_SIZE | PS_ATTR_PERMISSIONS | PS_ATTR_TIMES,
                        .size = 4096,
                        .permissions = kinds[i].permissions,
                        .mtime = 5 };
      PsEntry entry = ps_attrs_to_entry (&attrs);

      g_assert_cmpint (entry.kind, ==, kinds[i].kind);
      g_assert_cmpint (entry.executable, ==, kinds[i].executable);
      g_assert_cmpuint (entry.size, ==,
                        kinds[i].kind == PS_KIND_FILE || kinds[i].kind == PS_KIND_SYMLINK ? 4096
                                                                                          : 0);
      g_assert_cmpint (entry.mtime, ==, G_GINT64_CONSTANT (5000000000));
    }
}

static void
test_modes (void)
{
  g_assert_cmpuint (ps_attrs_mode (0100644, true), ==, 0755);
  g_assert_cmpuint (ps_attrs_mode (0100600, true), ==, 0700);
  g_assert_cmpuint (ps_attrs_mode (0100755, false), ==, 0644);
  g_assert_cmpuint (ps_attrs_mode (0104755, false), ==, 0644);
  g_assert_cmpuint (ps_attrs_time (-5), ==, 0);
  g_assert_cmpuint (ps_attrs_time (G_GINT64_CONSTANT (1999999999)), ==, 1);
  g_assert_cmpuint (ps_attrs_time (INT64_MAX), ==, UINT32_MAX);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (replies); i++)
    {
      g_autofree char *path = g_strconcat ("/sftp/packet/reply/", replies[i].name, NULL);
      g_autofree char *cut = g_strconcat ("/sftp/packet/truncated/", replies[i].name, NULL);

      g_test_add_data_func (path, &replies[i], test_reply);
      g_test_add_data_func (cut, &replies[i], test_truncated);
    }
  g_test_add_func ("/sftp/packet/random", test_random);
  g_test_add_func ("/sftp/packet/heads", test_heads);
  g_test_add_func ("/sftp/packet/build", test_build);
  g_test_add_func ("/sftp/packet/maximum", test_maximum);
  g_test_add_func ("/sftp/packet/entries", test_entries);
  g_test_add_func ("/sftp/packet/modes", test_modes);
  return g_test_run ();
}
