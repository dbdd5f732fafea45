/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures that stream by, and signatures that are none: refused, never believed. */
#include "delta/signature.h"
#include "delta/sums.h"
#include "files.h"
#include "util/autofd.h"

#include <string.h>

#define SIZE 100000 /* blocks of 256 bytes, the last one of 160 */
#define BLOCKS 391

static const PsDeltaLimits no_limits = { .worth = 1.0 };

static GBytes *
signature_of (const GByteArray *bytes)
{
  ps_autofd fd = file_of (bytes);
  g_autoptr (GError) error = NULL;
  GBytes *signature = ps_signature_of_fd (fd, bytes->len, NULL, &error);

  g_assert_no_error (error);
  return signature;
}

/* Returns: (transfer full): the bytes of @signature, to be spoilt. */
static guint8 *
copy_of (GBytes *signature)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (signature, &length);

  return g_memdup2 (data, length);
}

/* The same however the file is cut. */
static void
test_streaming (void)
{
  static const gsize sizes[] = { 0, 1, 255, 256, 257, 65536, 65537, 300000 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GByteArray) bytes = random_bytes (sizes[i]);
      g_autoptr (GBytes) whole = signature_of (bytes);
      g_autoptr (PsSignatureMaker) maker = ps_signature_maker_new (sizes[i]);
      g_autoptr (GBytes) cut = NULL;
      g_autoptr (GError) error = NULL;

      for (gsize at = 0; at < sizes[i];)
        {
          gsize length = (gsize)g_test_rand_int_range (1, 3000);

          length = MIN (length, sizes[i] - at);
          g_assert_true (ps_signature_maker_feed (maker, bytes->data + at, length, &error));
          at += length;
        }
      cut = ps_signature_maker_finish (maker, &error);
      g_assert_no_error (error);
      g_assert_true (g_bytes_equal (whole, cut));
    }
}

/* What librsync itself makes of @bytes. */
static GByteArray *
sums_of_librsync (const GByteArray *bytes, gsize block_length, gsize strong_length)
{
  gsize n = bytes->len / block_length + 1;
  GByteArray *out = g_byte_array_new ();
  g_autoptr (rs_job_t) job = rs_sig_begin (block_length, strong_length, RS_RK_BLAKE2_SIG_MAGIC);
  rs_buffers_t buffers = { .next_in = (char *)bytes->data, .avail_in = bytes->len, .eof_in = 1 };

  g_byte_array_set_size (out, (guint)(PS_SIGNATURE_HEAD + n * (4 + strong_length)));
  buffers.next_out = (char *)out->data;
  buffers.avail_out = out->len;
  g_assert_cmpint (rs_job_iter (job, &buffers), ==, RS_DONE);
  g_byte_array_set_size (out, (guint)((uint8_t *)buffers.next_out - out->data));
  g_byte_array_remove_range (out, 0, PS_SIGNATURE_HEAD);
  return out;
}

/* Our sums are librsync's, around every border there is: of a word, of what BLAKE2b takes at a
 * time, of what is summed at once. */
static void
test_sums (void)
{
  static const gsize lengths[] = { 1, 7, 31, 32, 33, 127, 128, 129, 255, 256, 257, 300, 4096 };
  static const gsize counts[] = { 1, 3, 4, 5, 8, 11 };

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (counts); j++)
      {
        gsize last = (gsize)g_test_rand_int_range (1, (gint32)lengths[i] + 1);
        gsize strong = (gsize)g_test_rand_int_range (1, 33);
        g_autoptr (GByteArray) bytes = random_bytes ((counts[j] - 1) * lengths[i] + last);
        g_autoptr (GByteArray) expected = sums_of_librsync (bytes, lengths[i], strong);
        g_autofree uint8_t *records = g_malloc (counts[j] * (4 + strong));

        ps_sums_records (bytes->data, bytes->len, lengths[i], strong, records);
        g_assert_cmpmem (records, counts[j] * (4 + strong), expected->data, expected->len);
        memset (records, 0, counts[j] * (4 + strong));
        ps_sums_records_plain (bytes->data, bytes->len, lengths[i], strong, records);
        g_assert_cmpmem (records, counts[j] * (4 + strong), expected->data, expected->len);
      }
}

/* The whole file, too: head and sums. */
static void
test_as_librsync (void)
{
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);
  g_autoptr (GBytes) signature = signature_of (bytes);
  g_autoptr (GByteArray) expected = sums_of_librsync (bytes, 256, PS_SIGNATURE_STRONG);
  g_autoptr (GError) error = NULL;
  PsSignature parsed;

  g_assert_true (ps_signature_parse (&parsed, signature, SIZE, &error));
  g_assert_cmpuint (parsed.block_length, ==, 256);
  g_assert_cmpmem (parsed.bytes + PS_SIGNATURE_HEAD, parsed.length - PS_SIGNATURE_HEAD,
                   expected->data, expected->len);
}

static void
test_length (void)
{
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);
  g_autoptr (GBytes) signature = signature_of (bytes);

  g_assert_cmpuint (g_bytes_get_size (signature), ==, 12 + BLOCKS * 16);
}

static void
test_wrong_size (void)
{
  g_autoptr (PsSignatureMaker) shorter = ps_signature_maker_new (4);
  g_autoptr (PsSignatureMaker) longer = ps_signature_maker_new (6);
  g_autoptr (GError) error = NULL;

  g_assert_false (ps_signature_maker_feed (shorter, "12345", 5, &error));
  g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_true (ps_signature_maker_feed (longer, "12345", 5, &error));
  g_assert_null (ps_signature_maker_finish (longer, &error));
  g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED);
}

/* Both directions refuse it. */
static void
assert_damaged (const guint8 *data, gsize length, uint64_t size)
{
  g_autoptr (GByteArray) local = random_bytes (SIZE);
  g_autoptr (GBytes) signature = g_bytes_new (data, length);
  ps_autofd fd = file_of (local);
  g_autoptr (GError) error = NULL;

  g_assert_null (ps_delta_upload (signature, size, fd, SIZE, &no_limits, NULL, NULL, NULL, &error));
  g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED);
  g_clear_error (&error);
  g_assert_null (
      ps_delta_download (signature, size, fd, NULL, &no_limits, NULL, NULL, NULL, &error));
  g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED);
}

typedef struct
{
  const char *name;
  gsize at; /* four bytes there are replaced */
  guint32 value;
  uint64_t size;
} Damage;

static const Damage damages[] = {
  { "magic-of-nothing", 0, 0, SIZE },
  { "magic-of-a-delta", 0, 0x72730236, SIZE },
  { "magic-of-md4", 0, 0x72730136, SIZE },
  { "block-length-0", 4, 0, SIZE },
  { "block-length-1", 4, 1, SIZE },
  { "block-length-doubled", 4, 512, SIZE },
  { "block-length-one-more", 4, 257, SIZE },
  { "block-length-huge", 4, G_MAXUINT32, SIZE },
  { "strong-0", 8, 0, SIZE },
  { "strong-8", 8, 8, SIZE },
  { "strong-33", 8, 33, SIZE },
  { "strong-huge", 8, G_MAXUINT32, SIZE },
  { "size-0", 0, 0x72730147, 0 },
  { "size-one-block-less", 0, 0x72730147, SIZE - 256 },
  { "size-one-block-more", 0, 0x72730147, SIZE + 256 },
  { "size-huge", 0, 0x72730147, UINT64_MAX },
};

static void
test_damage (gconstpointer data)
{
  const Damage *damage = data;
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);
  g_autoptr (GBytes) signature = signature_of (bytes);
  g_autofree guint8 *copy = copy_of (signature);
  guint32 value = GUINT32_TO_BE (damage->value);

  memcpy (copy + damage->at, &value, sizeof value);
  assert_damaged (copy, g_bytes_get_size (signature), damage->size);
}

static void
test_truncated (void)
{
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);
  g_autoptr (GBytes) signature = signature_of (bytes);
  gsize length;
  const guint8 *data = g_bytes_get_data (signature, &length);

  for (gsize cut = 0; cut < length; cut += cut < 40 ? 1 : 331)
    assert_damaged (data, cut, SIZE);
}

static void
test_longer (void)
{
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);
  g_autoptr (GBytes) signature = signature_of (bytes);
  g_autoptr (GByteArray) longer = g_byte_array_new ();

  g_byte_array_append (longer, g_bytes_get_data (signature, NULL),
                       (guint)g_bytes_get_size (signature));
  for (guint i = 0; i < 40; i++)
    {
      g_byte_array_append (longer, (const guint8 *)"x", 1);
      assert_damaged (longer->data, longer->len, SIZE);
    }
}

/* Pieces of a lying signature are wrong in content, but never in form. */
static void
assert_form (const GArray *pieces, uint64_t source_size, uint64_t size)
{
  uint64_t at = 0;

  for (guint i = 0; i < pieces->len; i++)
    {
      const PsDeltaPiece *piece = &g_array_index (pieces, PsDeltaPiece, i);

      g_assert_cmpuint (piece->at, ==, at);
      g_assert_cmpuint (piece->length, >, 0);
      g_assert_true (!piece->copy
                     || (piece->from <= source_size && piece->length <= source_size - piece->from));
      at += piece->length;
    }
  g_assert_cmpuint (at, ==, size);
}

/* Blocks of one file under the numbers of another's: every sum is one that matches somewhere, and
 * the sums of the short last block stand where a whole one should be. */
static void
test_shuffled (void)
{
  g_autoptr (GByteArray) local = random_bytes (SIZE);
  g_autoptr (GBytes) signature = signature_of (local);
  ps_autofd fd = file_of (local);
  g_autofree guint8 *copy = copy_of (signature);
  gsize length = g_bytes_get_size (signature);
  g_autoptr (GBytes) shuffled = NULL;
  g_autoptr (GArray) up = NULL;
  g_autoptr (GArray) down = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < BLOCKS; i++)
    {
      guint other = (guint)g_test_rand_int_range (0, BLOCKS);
      guint8 kept[16];

      memcpy (kept, copy + 12 + i * 16, 16);
      memcpy (copy + 12 + i * 16, copy + 12 + other * 16, 16);
      memcpy (copy + 12 + other * 16, kept, 16);
    }
  shuffled = g_bytes_new (copy, length);
  up = ps_delta_upload (shuffled, SIZE, fd, SIZE, &no_limits, NULL, NULL, NULL, &error);
  g_assert_true (up != NULL || g_error_matches (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED));
  g_clear_error (&error);
  down = ps_delta_download (shuffled, SIZE, fd, NULL, &no_limits, NULL, NULL, NULL, &error);
  g_assert_true (down != NULL || g_error_matches (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED));
  if (up != NULL)
    assert_form (up, SIZE, SIZE);
  if (down != NULL)
    assert_form (down, SIZE, SIZE);
}

static void
test_flipped (void)
{
  g_autoptr (GByteArray) bytes = random_bytes (20000);
  g_autoptr (GBytes) signature = signature_of (bytes);
  ps_autofd fd = file_of (bytes);

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree guint8 *copy = copy_of (signature);
      gsize length = g_bytes_get_size (signature);
      g_autoptr (GBytes) flipped = NULL;
      g_autoptr (GArray) pieces = NULL;
      g_autoptr (GError) error = NULL;

      for (gint flips = g_test_rand_int_range (1, 4); flips > 0; flips--)
        copy[g_test_rand_int_range (0, (gint)length)]
            ^= (guint8)(1 << g_test_rand_int_range (0, 8));
      flipped = g_bytes_new (copy, length);
      pieces = ps_delta_upload (flipped, bytes->len, fd, bytes->len, &no_limits, NULL, NULL, NULL,
                                &error);
      /* A sum that fits nothing any more costs a block, and nothing else. */
      if (pieces != NULL)
        assert_pieces_make (pieces, bytes, bytes);
      else
        g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED);
    }
}

/* A byte that differs shows in its block, and nowhere else. */
static void
test_check (void)
{
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);
  g_autoptr (GBytes) signature = signature_of (bytes);
  g_autoptr (GByteArray) other = edited (bytes, EDIT_NONE);
  ps_autofd fd = -1;
  g_autoptr (GError) error = NULL;

  other->data[50000] ^= 1; /* block 195: 49920 … 50176 */
  fd = file_of (other);
  g_assert_true (ps_signature_check (signature, SIZE, fd, 0, 49920, NULL, &error));
  g_assert_true (ps_signature_check (signature, SIZE, fd, 50176, SIZE, NULL, &error));
  g_assert_true (ps_signature_check (signature, SIZE, fd, 49921, 255, NULL, &error));
  g_assert_true (ps_signature_check (signature, SIZE, fd, SIZE, 1, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (ps_signature_check (signature, SIZE, fd, 0, SIZE, NULL, &error));
  g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED);
  g_clear_error (&error);
  g_assert_false (ps_signature_check (signature, SIZE, fd, 49920, 1, NULL, &error));
  g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/delta/signature/streaming", test_streaming);
  g_test_add_func ("/delta/signature/sums", test_sums);
  g_test_add_func ("/delta/signature/as-librsync", test_as_librsync);
  g_test_add_func ("/delta/signature/length", test_length);
  g_test_add_func ("/delta/signature/check", test_check);
  g_test_add_func ("/delta/signature/wrong-size", test_wrong_size);
  for (gsize i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_autofree char *path = g_strdup_printf ("/delta/signature/damaged/%s", damages[i].name);

      g_test_add_data_func (path, &damages[i], test_damage);
    }
  g_test_add_func ("/delta/signature/damaged/truncated", test_truncated);
  g_test_add_func ("/delta/signature/damaged/longer", test_longer);
  g_test_add_func ("/delta/signature/damaged/shuffled", test_shuffled);
  g_test_add_func ("/delta/signature/damaged/flipped", test_flipped);
  return g_test_run ();
}
