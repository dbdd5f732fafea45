/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

#define BLOCK_SIZE (256 * 1024)

struct PsSha256
{
  EVP_MD_CTX *context;
};

PsSha256 *
ps_sha256_new (void)
{
  PsSha256 *self = g_new0 (PsSha256, 1);
  int done;

  self->context = EVP_MD_CTX_new ();
  g_assert (self->context != NULL);
  done = EVP_DigestInit_ex (self->context, EVP_sha256 (), NULL);
  g_assert (done == 1);
  return self;
}

void
ps_sha256_free (PsSha256 *self)
{
  if (self == NULL)
    return;
  EVP_MD_CTX_free (self->context);
  g_free (self);
}

void
ps_sha256_update (PsSha256 *self, const void *data, gsize length)
{
  int done = EVP_DigestUpdate (self->context, data, length);

  g_assert (done == 1);
}

void
ps_sha256_finish (PsSha256 *self, uint8_t sum[PS_SHA256_SIZE])
{
  int done = EVP_DigestFinal_ex (self->context, sum, NULL);

  g_assert (done == 1);
}

void
ps_sha256_so_far (const PsSha256 *self, uint8_t sum[PS_SHA256_SIZE])
{
  g_autoptr (PsSha256) copy = g_new0 (PsSha256, 1);
  int done;

  copy->context = EVP_MD_CTX_new ();
  g_assert (copy->context != NULL);
  done = EVP_MD_CTX_copy_ex (copy->context, self->context);
  g_assert (done == 1);
  ps_sha256_finish (copy, sum);
}

gboolean
ps_sha256_fd (int fd, uint8_t sum[PS_SHA256_SIZE], GCancellable *cancellable, GError **error)
{
  g_autoptr (PsSha256) sha = ps_sha256_new ();
  g_autofree char *block = g_malloc (BLOCK_SIZE);
  off_t offset = 0;

  for (;;)
    {
      gssize got = pread (fd, block, BLOCK_SIZE, offset);

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s", g_strerror (errno));
          return FALSE;
        }
      if (got == 0)
        break;
      ps_sha256_update (sha, block, got);
      offset += got;
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
    }
  ps_sha256_finish (sha, sum);
  return TRUE;
}

char *
ps_sha256_to_hex (const uint8_t sum[PS_SHA256_SIZE])
{
  GString *hex = g_string_sized_new (2 * PS_SHA256_SIZE);

  for (gsize i = 0; i < PS_SHA256_SIZE; i++)
    g_string_append_printf (hex, "%02x", sum[i]);
  return g_string_free (hex, FALSE);
}
