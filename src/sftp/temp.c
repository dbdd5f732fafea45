/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of our own on the server: unfinished transfers and versions. */
#include "sftp/remote-private.h"

#include "core/names.h"

#include <string.h>

#define NS_PER_S G_GINT64_CONSTANT (1000000000)
#define NS_PER_MS 1000000
#define KEY_DIGITS 32 /* of the checksum of what names a transfer that can be resumed */

char *
ps_remote_temp_path (PsRemote *self, const char *key, const char *suffix)
{
  g_autofree char *sum = NULL;

  if (key == NULL)
    return g_strdup_printf (PS_OWN_DIR "/tmp/%s-%s%06x%s", self->device, self->nonce,
                            ++self->counter, suffix);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  return g_strdup_printf (PS_OWN_DIR "/tmp/%s-r%.*s%s", self->device, KEY_DIGITS, sum, suffix);
}

char *
ps_remote_parking_path (PsRemote *self)
{
  return g_strdup_printf (PS_OWN_DIR "/versions/parked-%s-%u", self->nonce, ++self->counter);
}

char *
ps_remote_version_path (PsRemote *self, const char *path)
{
  int64_t when = ps_clock_now (self->clock);
  int64_t part = (when % NS_PER_S + NS_PER_S) % NS_PER_S;

  /* The name has the second in it; what is counted begins with the milliseconds, so that versions
   * made by one run after the other have an order too. */
  if (when / NS_PER_S != self->used_at)
    g_hash_table_remove_all (self->used_versions);
  self->used_at = when / NS_PER_S;
  for (guint attempt = (guint)(part / NS_PER_MS);; attempt++)
    {
      char *version = ps_version_path (path, self->device_name, when, attempt);

      if (g_hash_table_add (self->used_versions, version))
        return g_strdup (version);
    }
}
