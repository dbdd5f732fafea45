/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deltas both ways: whatever was done to a file, the pieces make the new one; and for what people
 * do, little of it is new. */
#include "files.h"
#include "util/autofd.h"

#include <string.h>
#include <unistd.h>

#define ROUNDS 60
#define MIB (1024 * 1024)

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

/* The signature that follows from old one and delta is that of the new file. */
static void
check_derived (GBytes *old, gsize old_size, const GArray *pieces, int fd, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) derived = ps_signature_derive (old, old_size, pieces, fd, size, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ps_signature_check (derived, size, fd, 0, size, NULL, &error));
  g_assert_no_error (error);
}

/* Appends a piece that was told of to a GArray, merged as the result is. */
static void
take_told (const PsDeltaPiece *piece, gpointer user_data)
{
  GArray *told = user_data;
  PsDeltaPiece *last = told->len > 0 ? &g_array_index (told, PsDeltaPiece, told->len - 1) : NULL;

  g_assert_cmpuint (piece->at, ==, last != NULL ? last->at + last->length : 0);
  if (last != NULL && last->copy == piece->copy && last->from + last->length == piece->from)
    last->length += piece->length;
  else
    g_array_append_vals (told, piece, 1);
}

static void
assert_same_pieces (const GArray *a, const GArray *b)
{
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
    {
      const PsDeltaPiece *one = &g_array_index (a, PsDeltaPiece, i);
      const PsDeltaPiece *other = &g_array_index (b, PsDeltaPiece, i);

      g_assert_true (one->copy == other->copy);
      g_assert_cmpuint (one->from, ==, other->from);
      g_assert_cmpuint (one->at, ==, other->at);
      g_assert_cmpuint (one->length, ==, other->length);
    }
}

/* Returns: how many bytes an upload sends. */
static uint64_t
check_upload (const GByteArray *old, const GByteArray *wanted)
{
  g_autoptr (GBytes) signature = signature_of (old);
  ps_autofd fd = file_of (wanted);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) told = g_array_new (FALSE, FALSE, sizeof (PsDeltaPiece));
  g_autoptr (GArray) pieces = ps_delta_upload (signature, old->len, fd, wanted->len, &no_limits,
                                               take_told, told, NULL, &error);

  g_assert_no_error (error);
  assert_pieces_make (pieces, old, wanted);
  assert_same_pieces (told, pieces);
  check_derived (signature, old->len, pieces, fd, wanted->len);
  return new_bytes (pieces);
}

/* A new file as far as a download was told of it. */
typedef struct
{
  const GByteArray *old, *wanted;
  GByteArray *told; /* one byte for each: whether it was */
  uint64_t bytes;
} Told;

static void
take_copy (const PsDeltaPiece *piece, gpointer user_data)
{
  Told *self = user_data;

  g_assert_true (piece->copy);
  g_assert_cmpuint (piece->at + piece->length, <=, self->wanted->len);
  g_assert_cmpuint (piece->from + piece->length, <=, self->old->len);
  g_assert_cmpmem (self->wanted->data + piece->at, piece->length, self->old->data + piece->from,
                   piece->length);
  for (uint64_t at = piece->at; at < piece->at + piece->length; at++)
    g_assert_false (self->told->data[at]++);
  self->bytes += piece->length;
}

/* Returns: how many bytes a download fetches. */
static uint64_t
check_download (const GByteArray *old, const GByteArray *wanted)
{
  g_autoptr (GBytes) signature = signature_of (wanted);
  ps_autofd fd = file_of (old);
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) nothing = g_byte_array_new_take (g_malloc0 (wanted->len), wanted->len);
  Told told = { .old = old, .wanted = wanted, .told = nothing };
  g_autoptr (GArray) pieces = ps_delta_download (signature, wanted->len, fd, NULL, &no_limits,
                                                 take_copy, &told, NULL, &error);
  g_autoptr (GBytes) known = signature_of (old);
  g_autoptr (GArray) by_known
      = ps_delta_download (signature, wanted->len, fd, known, &no_limits, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  assert_pieces_make (pieces, old, wanted);
  g_assert_cmpmem (pieces->data, pieces->len * sizeof (PsDeltaPiece), by_known->data,
                   by_known->len * sizeof (PsDeltaPiece));
  g_assert_cmpuint (told.bytes, <=, wanted->len - new_bytes (pieces)); /* likes are not told of */
  return new_bytes (pieces);
}

static gsize
some_size (void)
{
  static const int near[] = { -1, 0, 1 };
  gsize blocks = (gsize)g_test_rand_int_range (0, 400);

  if (g_test_rand_bit ())
    return (gsize)g_test_rand_int_range (0, 150000);
  return blocks == 0 ? 0 : blocks * 256 + (gsize)near[g_test_rand_int_range (0, 3)];
}

static void
test_edit (gconstpointer data)
{
  Edit edit = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autoptr (GByteArray) old = random_bytes (some_size ());
      g_autoptr (GByteArray) wanted = edited (old, edit);

      check_upload (old, wanted);
      check_download (old, wanted);
      check_upload (wanted, old);
      check_download (wanted, old);
    }
}

/* Files of few different blocks: many of them equal. */
static void
test_equal_blocks (void)
{
  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autoptr (GByteArray) old = random_bytes (0);
      g_autoptr (GByteArray) wanted = NULL;

      for (guint n = (guint)g_test_rand_int_range (1, 200); n > 0; n--)
        {
          guint8 block[256];

          memset (block, g_test_rand_int_range (0, 3), sizeof block);
          g_byte_array_append (old, block, sizeof block);
        }
      wanted = edited (old, EDIT_MIXED);
      check_upload (old, wanted);
      check_download (old, wanted);
    }
}

/* What is done to a file, and how much of it may travel then. */
typedef struct
{
  const char *name;
  gsize size;
  void (*edit) (GByteArray *bytes);
  gsize upload, download; /* bytes at the most */
} Case;

static void
insert_at (GByteArray *bytes, gsize at, gsize length)
{
  g_autoptr (GByteArray) data = random_bytes (length);
  g_autoptr (GByteArray) tail = random_bytes (0);

  g_byte_array_append (tail, bytes->data + at, bytes->len - (guint)at);
  g_byte_array_set_size (bytes, (guint)at);
  g_byte_array_append (bytes, data->data, data->len);
  g_byte_array_append (bytes, tail->data, tail->len);
}

static void
write_at (GByteArray *bytes, gsize at, gsize length)
{
  g_autoptr (GByteArray) data = random_bytes (length);

  memcpy (bytes->data + at, data->data, length);
}

static void
insert_middle (GByteArray *bytes)
{
  insert_at (bytes, bytes->len / 2 + 77, 65536);
}

static void
change_4k (GByteArray *bytes)
{
  write_at (bytes, bytes->len / 3, 4096);
}

static void
append (GByteArray *bytes)
{
  insert_at (bytes, bytes->len, 40000);
}

static void
prepend (GByteArray *bytes)
{
  insert_at (bytes, 0, 40000);
}

static void
swap_blocks (GByteArray *bytes)
{
  g_autofree guint8 *kept = g_memdup2 (bytes->data + 1000001, 300000);

  memcpy (bytes->data + 1000001, bytes->data + 5000003, 300000);
  memcpy (bytes->data + 5000003, kept, 300000);
}

static void
truncate_to_third (GByteArray *bytes)
{
  g_byte_array_set_size (bytes, bytes->len / 3);
}

static void
grow_tenfold (GByteArray *bytes)
{
  insert_at (bytes, bytes->len, 9 * bytes->len);
}

/* Pages of 4 KiB here and there, and a few new ones at the end, as a database does. */
static void
update_pages (GByteArray *bytes)
{
  write_at (bytes, 0, 100);
  for (guint i = 1; i <= 20; i++)
    write_at (bytes, i * 401408, 4096);
  insert_at (bytes, bytes->len, 3 * 4096);
}

/* A member of 200,000 bytes by one of 250,000, as in an archive. */
static void
replace_member (GByteArray *bytes)
{
  g_byte_array_remove_range (bytes, 3000320, 200000);
  insert_at (bytes, 3000320, 250000);
}

/* A mail in the beginning is marked as read (one byte more), one is added at the end. */
static void
deliver_mail (GByteArray *bytes)
{
  insert_at (bytes, 70000, 1);
  insert_at (bytes, bytes->len, 30000);
}

static void
scatter_writes (GByteArray *bytes)
{
  for (guint i = 0; i < 100; i++)
    write_at (bytes, (gsize)i * 83000 + 17, 512);
}

/* More than is looked ahead for. */
static void
rewrite_middle (GByteArray *bytes)
{
  write_at (bytes, 8 * MIB, 11 * MIB);
  insert_at (bytes, 12 * MIB, 777);
}

/* Again and again, further apart than is given up looking in the same places. */
static void
insert_often (GByteArray *bytes)
{
  for (gsize at = 0; at < bytes->len; at += 6 * MIB)
    insert_at (bytes, at, 5001);
}

/* In a file that has zeros already. */
static void
add_zeros (GByteArray *bytes)
{
  g_autofree guint8 *zeros = g_malloc0 (2000000);

  memset (bytes->data + 400000, 0, 2000);
  g_byte_array_append (bytes, zeros, 2000000);
}

#define BLOCK 2900 /* the block length for 8 MiB, and a little */
#define BLOCK_32 (2 * BLOCK)

static const Case cases[] = {
  { "insert-in-the-middle", 8 * MIB, insert_middle, 65536 + BLOCK, 65536 + 2 * BLOCK },
  { "4k-in-place", 8 * MIB, change_4k, 4096 + 2 * BLOCK, 4096 + 2 * BLOCK },
  { "append", 8 * MIB, append, 40000 + BLOCK, 40000 + 2 * BLOCK },
  { "prepend", 8 * MIB, prepend, 40000 + BLOCK, 40000 + 2 * BLOCK },
  { "swap", 8 * MIB, swap_blocks, 8 * BLOCK, 8 * BLOCK },
  { "truncate", 8 * MIB, truncate_to_third, BLOCK, 2 * BLOCK },
  { "grow-200k-to-2m", 200 * 1024, grow_tenfold, 9 * 200 * 1024 + BLOCK,
    9 * 200 * 1024 + 2 * BLOCK },
  { "database", 8 * MIB, update_pages, 22 * 3 * BLOCK + 12288, 22 * 3 * BLOCK + 12288 },
  { "archive-member", 8 * MIB, replace_member, 250000 + BLOCK, 250000 + 2 * BLOCK },
  { "mailbox", 8 * MIB, deliver_mail, 30000 + 3 * BLOCK, 30000 + 4 * BLOCK },
  { "disk-image", 8 * MIB, scatter_writes, 100 * 2 * BLOCK, 100 * 2 * BLOCK },
  { "rewritten-in-the-middle", 32 * MIB, rewrite_middle, 11 * MIB + 4 * BLOCK_32,
    11 * MIB + 4 * BLOCK_32 },
  { "inserted-often", 32 * MIB, insert_often, 6 * (5001 + BLOCK_32), 6 * (5001 + 2 * BLOCK_32) },
};

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GByteArray) old = random_bytes (c->size);
  g_autoptr (GByteArray) wanted = edited (old, EDIT_NONE);
  uint64_t sent, fetched;

  c->edit (wanted);
  sent = check_upload (old, wanted);
  fetched = check_download (old, wanted);
  g_test_message ("of %u bytes %" G_GUINT64_FORMAT " sent, %" G_GUINT64_FORMAT " fetched",
                  wanted->len, sent, fetched);
  g_assert_cmpuint (sent, <=, c->upload);
  g_assert_cmpuint (fetched, <=, c->download);
}

/* A file that is cut behind the first piece of it that is told of. */
typedef struct
{
  int fd;
  guint told; /* pieces */
} Early;

static void
cut_rest (const PsDeltaPiece *piece, gpointer user_data)
{
  Early *early = user_data;
  uint64_t end = piece->at + piece->length;

  if (early->told++ == 0)
    g_assert_cmpint (ftruncate (early->fd, (off_t)end), ==, 0);
}

/* What is told of is told while the rest is still to be read; and holds when that goes wrong. */
static void
test_told_early (void)
{
  g_autoptr (GByteArray) old = random_bytes (32 * MIB);
  g_autoptr (GByteArray) wanted = edited (old, EDIT_NONE);
  g_autoptr (GBytes) signature = signature_of (old);
  g_autoptr (GError) error = NULL;
  ps_autofd fd = -1;
  Early early = { 0 };

  insert_at (wanted, 0, 5000);
  fd = file_of (wanted);
  early.fd = fd;
  g_assert_null (ps_delta_upload (signature, old->len, fd, wanted->len, &no_limits, cut_rest,
                                  &early, NULL, &error));
  g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED);
  g_assert_cmpuint (early.told, >=, 1);
}

static void
test_repeated_blocks (void)
{
  g_autoptr (GByteArray) old = random_bytes (8 * MIB);
  g_autoptr (GByteArray) wanted = NULL;

  memset (old->data + 5 * MIB, 0, 20000);
  wanted = edited (old, EDIT_NONE);
  add_zeros (wanted);
  g_assert_cmpuint (check_upload (old, wanted), <=, 4 * BLOCK);
  g_assert_cmpuint (check_download (old, wanted), <=, 4 * BLOCK);
}

static void
assert_not_worth (const GByteArray *old, const GByteArray *wanted, const PsDeltaLimits *limits)
{
  g_autoptr (GBytes) old_signature = signature_of (old);
  g_autoptr (GBytes) new_signature = signature_of (wanted);
  ps_autofd old_fd = file_of (old);
  ps_autofd new_fd = file_of (wanted);
  g_autoptr (GError) up_error = NULL;
  g_autoptr (GError) down_error = NULL;

  g_assert_null (ps_delta_upload (old_signature, old->len, new_fd, wanted->len, limits, NULL, NULL,
                                  NULL, &up_error));
  g_assert_error (up_error, PS_DELTA_ERROR, PS_DELTA_ERROR_NOT_WORTH);
  g_assert_null (ps_delta_download (new_signature, wanted->len, old_fd, NULL, limits, NULL, NULL,
                                    NULL, &down_error));
  g_assert_error (down_error, PS_DELTA_ERROR, PS_DELTA_ERROR_NOT_WORTH);
}

static void
test_not_worth (void)
{
  g_autoptr (GByteArray) old = random_bytes (300000);
  g_autoptr (GByteArray) other = random_bytes (300000);
  PsDeltaLimits limits = { .worth = 0.7 };

  assert_not_worth (old, other, &limits);
  limits = (PsDeltaLimits){ .worth = 1.0, .deadline_us = g_get_monotonic_time () };
  assert_not_worth (old, old, &limits);
}

/* Where nearly nothing is found for long, the rest is not looked at any more: it is new. */
static void
test_vain (void)
{
  g_autoptr (GByteArray) old = random_bytes (MIB);
  g_autoptr (GByteArray) wanted = random_bytes (70 * MIB);

  g_byte_array_append (wanted, old->data + 3333, 500000);
  g_byte_array_append (wanted, wanted->data, 4000);
  g_assert_cmpuint (check_upload (old, wanted), ==, wanted->len);
}

static void
test_cancelled (void)
{
  g_autoptr (GByteArray) old = random_bytes (300000);
  g_autoptr (GBytes) signature = signature_of (old);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  ps_autofd fd = file_of (old);
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (ps_signature_of_fd (fd, old->len, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (ps_delta_upload (signature, old->len, fd, old->len, &no_limits, NULL, NULL,
                                  cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (ps_delta_download (signature, old->len, fd, NULL, &no_limits, NULL, NULL,
                                    cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The file became shorter than it was said to be. */
static void
test_shrunk (void)
{
  g_autoptr (GByteArray) old = random_bytes (300000);
  g_autoptr (GBytes) signature = signature_of (old);
  ps_autofd fd = file_of (old);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ftruncate (fd, 1000), ==, 0);
  g_assert_null (
      ps_delta_upload (signature, old->len, fd, old->len, &no_limits, NULL, NULL, NULL, &error));
  g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (ps_signature_of_fd (fd, old->len, NULL, &error));
  g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED);
}

/* What an interrupted transfer left: a part at the beginning, and holes. */
static void
test_in_place (void)
{
  g_autoptr (GByteArray) wanted = random_bytes (3000000);
  g_autoptr (GByteArray) left = g_byte_array_new ();
  g_autoptr (GBytes) signature = signature_of (wanted);
  g_autoptr (GBytes) damaged = g_bytes_new_from_bytes (signature, 0, 500);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) pieces = NULL;
  ps_autofd fd = -1;

  g_byte_array_append (left, wanted->data, 2000001);
  memset (left->data + 700000, 0, 100);
  memset (left->data + 1200000, 0, 100000);
  fd = file_of (left);
  pieces = ps_delta_in_place (signature, wanted->len, fd, NULL, &error);
  g_assert_no_error (error);
  assert_pieces_make (pieces, left, wanted);
  for (guint i = 0; i < pieces->len; i++)
    {
      const PsDeltaPiece *piece = &g_array_index (pieces, PsDeltaPiece, i);

      g_assert_true (!piece->copy || piece->from == piece->at);
    }
  g_assert_cmpuint (new_bytes (pieces), <, 1000000 + 100000 + 6 * BLOCK);
  g_assert_null (ps_delta_in_place (damaged, wanted->len, fd, NULL, &error));
  g_assert_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < N_EDITS; i++)
    {
      g_autofree char *path = g_strdup_printf ("/delta/random/%s", edit_names[i]);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_edit);
    }
  g_test_add_func ("/delta/random/equal-blocks", test_equal_blocks);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/delta/case/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/delta/case/repeated-blocks", test_repeated_blocks);
  g_test_add_func ("/delta/in-place", test_in_place);
  g_test_add_func ("/delta/not-worth", test_not_worth);
  g_test_add_func ("/delta/vain", test_vain);
  g_test_add_func ("/delta/told-early", test_told_early);
  g_test_add_func ("/delta/cancelled", test_cancelled);
  g_test_add_func ("/delta/shrunk", test_shrunk);
  return g_test_run ();
}
