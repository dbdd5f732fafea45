/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EDIT_NAME(id, name) name,
const char *const edit_names[] = { EDITS (EDIT_NAME) };
#undef EDIT_NAME

GByteArray *
random_bytes (gsize length)
{
  GByteArray *bytes = g_byte_array_sized_new ((guint)length + 4);
  uint64_t state = (uint64_t)g_test_rand_int () << 32 | (uint32_t)g_test_rand_int ();

  /* One number of the test's generator is the seed of a faster one. */
  for (gsize i = 0; i < length; i += 8)
    {
      uint64_t value;

      state += 0x9e3779b97f4a7c15u;
      value = (state ^ state >> 30) * 0xbf58476d1ce4e5b9u;
      value = (value ^ value >> 27) * 0x94d049bb133111ebu;
      g_byte_array_append (bytes, (const guint8 *)&value, 8);
    }
  g_byte_array_set_size (bytes, (guint)length);
  return bytes;
}

/* Returns: a random number in [0, n]. */
static guint
up_to (guint n)
{
  return n == 0 ? 0 : (guint)g_test_rand_int () % (n + 1);
}

static void
insert (GByteArray *bytes, guint at, const guint8 *data, guint length)
{
  guint old_length = bytes->len;

  if (length == 0) /* and there may be no data at all */
    return;
  g_byte_array_set_size (bytes, old_length + length);
  memmove (bytes->data + at + length, bytes->data + at, old_length - at);
  memcpy (bytes->data + at, data, length);
}

static void
insert_random (GByteArray *bytes, guint at, guint length)
{
  g_autoptr (GByteArray) data = random_bytes (length);

  insert (bytes, at, data->data, length);
}

static void
overwrite (GByteArray *bytes, guint most)
{
  guint length = up_to (MIN (most, bytes->len));
  guint at = up_to (bytes->len - length);
  g_autoptr (GByteArray) data = random_bytes (length);

  if (length > 0)
    memcpy (bytes->data + at, data->data, length);
}

static void
cut (GByteArray *bytes, guint most)
{
  guint length = up_to (MIN (most, bytes->len));

  if (length > 0)
    g_byte_array_remove_range (bytes, up_to (bytes->len - length), length);
}

static void
swap_parts (GByteArray *bytes)
{
  guint length = up_to (bytes->len / 3);
  guint first = up_to (bytes->len / 2 - length);
  guint second = bytes->len / 2 + up_to (bytes->len - bytes->len / 2 - length);
  g_autofree guint8 *kept = g_memdup2 (bytes->data + first, length);

  if (length == 0)
    return;
  memmove (bytes->data + first, bytes->data + second, length);
  memcpy (bytes->data + second, kept, length);
}

static void
repeat_part (GByteArray *bytes)
{
  guint length = up_to (bytes->len / 2);
  g_autofree guint8 *part = g_memdup2 (bytes->data + up_to (bytes->len - length), length);

  insert (bytes, up_to (bytes->len), part, length);
}

static void
add_zeros (GByteArray *bytes)
{
  g_autofree guint8 *zeros = g_malloc0 (20000);

  insert (bytes, up_to (bytes->len), zeros, up_to (20000));
}

static void apply (GByteArray *bytes, Edit edit);

static void
apply_several (GByteArray *bytes)
{
  for (guint i = 2 + up_to (4); i > 0; i--)
    apply (bytes, up_to (EDIT_ZEROS));
}

static void
apply (GByteArray *bytes, Edit edit)
{
  switch (edit)
    {
    case EDIT_NONE:
      return;
    case EDIT_IN_PLACE:
      overwrite (bytes, 4096);
      return;
    case EDIT_SCATTERED:
      for (guint i = 0; i < 10; i++)
        overwrite (bytes, 100);
      return;
    case EDIT_APPEND:
      insert_random (bytes, bytes->len, up_to (10000));
      return;
    case EDIT_PREPEND:
      insert_random (bytes, 0, up_to (10000));
      return;
    case EDIT_INSERT:
      insert_random (bytes, up_to (bytes->len), up_to (10000));
      return;
    case EDIT_REMOVE:
      cut (bytes, 10000);
      return;
    case EDIT_TRUNCATE:
      g_byte_array_set_size (bytes, up_to (bytes->len));
      return;
    case EDIT_SWAP:
      swap_parts (bytes);
      return;
    case EDIT_REPEAT:
      repeat_part (bytes);
      return;
    case EDIT_ZEROS:
      add_zeros (bytes);
      return;
    case EDIT_MIXED:
      apply_several (bytes);
      return;
    case EDIT_OTHER:
      g_byte_array_set_size (bytes, 0);
      insert_random (bytes, 0, up_to (50000));
      return;
    case EDIT_EMPTY:
      g_byte_array_set_size (bytes, 0);
      return;
    case N_EDITS:
    default:
      g_assert_not_reached ();
    }
}

GByteArray *
edited (const GByteArray *old, Edit edit)
{
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, old->data, old->len);
  apply (bytes, edit);
  return bytes;
}

int
file_of (const GByteArray *bytes)
{
  int fd = memfd_create ("file", MFD_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  for (gsize done = 0; done < bytes->len;)
    {
      gssize wrote = write (fd, bytes->data + done, bytes->len - done);

      g_assert_cmpint (wrote, >, 0);
      done += (gsize)wrote;
    }
  return fd;
}

void
assert_pieces_make (const GArray *pieces, const GByteArray *source, const GByteArray *wanted)
{
  uint64_t at = 0;

  for (guint i = 0; i < pieces->len; i++)
    {
      const PsDeltaPiece *piece = &g_array_index (pieces, PsDeltaPiece, i);
      const PsDeltaPiece *before = i > 0 ? piece - 1 : NULL;
      const GByteArray *from = piece->copy ? source : wanted;

      g_assert_cmpuint (piece->at, ==, at);
      g_assert_cmpuint (piece->length, >, 0);
      g_assert_cmpuint (piece->from, <=, from->len);
      g_assert_cmpuint (piece->length, <=, from->len - piece->from);
      g_assert_true (piece->copy || piece->from == piece->at);
      g_assert_false (before != NULL && before->copy == piece->copy
                      && before->from + before->length == piece->from);
      g_assert_cmpuint (piece->length, <=, wanted->len - at);
      g_assert_cmpmem (from->data + piece->from, piece->length, wanted->data + at, piece->length);
      at += piece->length;
    }
  g_assert_cmpuint (at, ==, wanted->len);
}

uint64_t
new_bytes (const GArray *pieces)
{
  uint64_t sum = 0;

  for (guint i = 0; i < pieces->len; i++)
    {
      const PsDeltaPiece *piece = &g_array_index (pieces, PsDeltaPiece, i);

      if (!piece->copy)
        sum += piece->length;
    }
  return sum;
}
