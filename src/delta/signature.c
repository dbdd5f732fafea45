/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "delta/signature.h"

#include "delta/delta.h"
#include "delta/sums.h"

#include <string.h>

#define CHUNK (256 * 1024)

/* How far a block length may be from the advice for the size: keeps what a hostile signature costs
 * within four times of an honest one. */
#define PLAUSIBLE 4

/* A petabyte. Far above it librsync's arithmetic never comes to an end. */
#define SIZE_MAX_SANE ((uint64_t)1 << 50)

struct PsSignatureMaker
{
  gsize block_length;
  uint64_t size, fed;
  uint8_t *blocks; /* that are not summed yet: the first @pending of @room bytes */
  gsize pending, room;
  GByteArray *out;
};

gsize
ps_signature_block_length (uint64_t size)
{
  rs_magic_number magic = RS_RK_BLAKE2_SIG_MAGIC;
  gsize block_length = 0, strong_length = PS_SIGNATURE_STRONG;

  rs_sig_args ((rs_long_t)MIN (size, SIZE_MAX_SANE), &magic, &block_length, &strong_length);
  return block_length;
}

static void
append_word (GByteArray *out, gsize value)
{
  uint32_t bytes = GUINT32_TO_BE ((uint32_t)value);

  g_byte_array_append (out, (const uint8_t *)&bytes, sizeof bytes);
}

/* Appends the sums of the blocks that @data begins with. */
static void
append_records (GByteArray *out, const void *data, gsize length, gsize block_length)
{
  gsize n = (length + block_length - 1) / block_length;
  guint before = out->len;

  g_byte_array_set_size (out, before + (guint)(n * PS_SIGNATURE_RECORD));
  ps_sums_records (data, length, block_length, PS_SIGNATURE_STRONG, out->data + before);
}

PsSignatureMaker *
ps_signature_maker_new (uint64_t size)
{
  PsSignatureMaker *self = g_new0 (PsSignatureMaker, 1);

  self->block_length = ps_signature_block_length (size);
  self->room = self->block_length * MAX (CHUNK / self->block_length, PS_SUMS_AT_ONCE);
  self->blocks = g_malloc (self->room);
  self->size = size;
  self->out = g_byte_array_new ();
  append_word (self->out, RS_RK_BLAKE2_SIG_MAGIC);
  append_word (self->out, self->block_length);
  append_word (self->out, PS_SIGNATURE_STRONG);
  return self;
}

void
ps_signature_maker_free (PsSignatureMaker *self)
{
  if (self == NULL)
    return;
  g_free (self->blocks);
  g_clear_pointer (&self->out, g_byte_array_unref);
  g_free (self);
}

static void
sum_pending (PsSignatureMaker *self)
{
  append_records (self->out, self->blocks, self->pending, self->block_length);
  self->pending = 0;
}

gboolean
ps_signature_maker_feed (PsSignatureMaker *self, const void *data, gsize length, GError **error)
{
  if (length > self->size - self->fed)
    {
      g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED,
                   "The file is longer than the %" G_GUINT64_FORMAT " bytes expected", self->size);
      return FALSE;
    }
  self->fed += length;
  for (gsize done = 0, n; done < length; done += n)
    {
      n = MIN (length - done, self->room - self->pending);
      memcpy (self->blocks + self->pending, (const uint8_t *)data + done, n);
      self->pending += n;
      if (self->pending == self->room)
        sum_pending (self);
    }
  return TRUE;
}

GBytes *
ps_signature_maker_finish (PsSignatureMaker *self, GError **error)
{
  if (self->fed != self->size)
    {
      g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED,
                   "The file ended after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes",
                   self->fed, self->size);
      return NULL;
    }
  sum_pending (self);
  return g_byte_array_free_to_bytes (g_steal_pointer (&self->out));
}

GBytes *
ps_signature_of_fd (int fd, uint64_t size, GCancellable *cancellable, GError **error)
{
  g_autoptr (PsSignatureMaker) maker = ps_signature_maker_new (size);
  g_autofree char *chunk = g_malloc (CHUNK);

  while (maker->fed < size)
    {
      gsize length = (gsize)MIN (size - maker->fed, CHUNK);

      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !ps_job_read (fd, chunk, length, maker->fed, error)
          || !ps_signature_maker_feed (maker, chunk, length, error))
        return NULL;
    }
  return ps_signature_maker_finish (maker, error);
}

static uint32_t
word (const uint8_t *bytes)
{
  uint32_t value;

  memcpy (&value, bytes, sizeof value);
  return GUINT32_FROM_BE (value);
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_DAMAGED, "The signature is damaged: %s", why);
  return FALSE;
}

gboolean
ps_signature_parse (PsSignature *self, GBytes *bytes, uint64_t size, GError **error)
{
  gsize advice = ps_signature_block_length (size);

  *self = (PsSignature){ .size = size };
  self->bytes = g_bytes_get_data (bytes, &self->length);
  if (self->length < PS_SIGNATURE_HEAD || self->length > PS_SIGNATURE_MAX)
    return refuse (error, "its length cannot be");
  if (size > SIZE_MAX_SANE)
    return refuse (error, "there is no file of that size");
  if (word (self->bytes) != RS_RK_BLAKE2_SIG_MAGIC)
    return refuse (error, "it does not begin like one");
  self->block_length = word (self->bytes + 4);
  if (self->block_length < advice / PLAUSIBLE || self->block_length > advice * PLAUSIBLE)
    return refuse (error, "its block length does not fit the size of the file");
  if (word (self->bytes + 8) != PS_SIGNATURE_STRONG)
    return refuse (error, "its sums are of another length");
  self->n_blocks = size / self->block_length + (size % self->block_length > 0 ? 1 : 0);
  if (self->n_blocks > PS_SIGNATURE_MAX / PS_SIGNATURE_RECORD
      || self->length != PS_SIGNATURE_HEAD + self->n_blocks * PS_SIGNATURE_RECORD)
    return refuse (error, "its number of blocks does not fit the size of the file");
  return TRUE;
}

const uint8_t *
ps_signature_record (const PsSignature *self, uint64_t index)
{
  g_assert (index < self->n_blocks);
  return self->bytes + PS_SIGNATURE_HEAD + index * PS_SIGNATURE_RECORD;
}

gsize
ps_signature_length_of (const PsSignature *self, uint64_t index)
{
  return (gsize)MIN (self->block_length, self->size - index * self->block_length);
}

static gboolean
drop (const uint8_t *data, gsize length, gpointer user_data, GError **error)
{
  return TRUE; /* loading a signature gives nothing */
}

rs_signature_t *
ps_signature_load (const PsSignature *self, GError **error)
{
  rs_signature_t *sums = NULL;
  g_autoptr (rs_job_t) job = NULL;
  g_autoptr (rs_signature_t) owned = NULL;
  gboolean ok;
  rs_result result;

  ps_job_quiet ();
  job = rs_loadsig_begin (&sums);
  ok = ps_job_feed (job, self->bytes, self->length, TRUE, drop, NULL, error);
  owned = sums;
  if (!ok)
    return NULL;
  result = rs_build_hash_table (owned);
  if (result != RS_DONE)
    {
      g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED, "librsync: %s",
                   rs_strerror (result));
      return NULL;
    }
  return g_steal_pointer (&owned);
}

void
ps_signature_sum (const PsSignature *self, const void *data, gsize length, GByteArray *records)
{
  g_byte_array_set_size (records, 0);
  append_records (records, data, length, self->block_length);
}

/* Compares @n blocks from block @first on, which fit into @chunk. */
static gboolean
check_blocks (const PsSignature *self, int fd, uint64_t first, uint64_t n, char *chunk,
              GByteArray *records, GError **error)
{
  uint64_t begin = first * self->block_length;
  gsize length = (gsize)MIN (n * self->block_length, self->size - begin);

  if (!ps_job_read (fd, chunk, length, begin, error))
    return FALSE;
  ps_signature_sum (self, chunk, length, records);
  if (records->len == n * PS_SIGNATURE_RECORD
      && memcmp (records->data, ps_signature_record (self, first), records->len) == 0)
    return TRUE;
  return refuse (error, "it is not of this file");
}

gboolean
ps_signature_check (GBytes *signature, uint64_t size, int fd, uint64_t offset, uint64_t length,
                    GCancellable *cancellable, GError **error)
{
  PsSignature self;
  g_autoptr (GByteArray) records = g_byte_array_new ();
  g_autofree char *chunk = NULL;
  uint64_t at_once, end;

  if (!ps_signature_parse (&self, signature, size, error))
    return FALSE;
  if (offset >= size || length == 0)
    return TRUE;
  at_once = MAX (CHUNK / self.block_length, 1);
  chunk = g_malloc (at_once * self.block_length);
  end = (MIN (length, size - offset) + offset - 1) / self.block_length + 1;
  for (uint64_t i = (offset + self.block_length - 1) / self.block_length; i < end; i += at_once)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !check_blocks (&self, fd, i, MIN (at_once, end - i), chunk, records, error))
      return FALSE;
  return TRUE;
}
