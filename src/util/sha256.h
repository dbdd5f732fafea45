/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 by libcrypto (several times faster than GChecksum where the processor has the
 * instructions). */
#pragma once

#include <gio/gio.h>
#include <stdint.h>

G_BEGIN_DECLS

#define PS_SHA256_SIZE 32

typedef struct PsSha256 PsSha256;

PsSha256 *ps_sha256_new (void);
void ps_sha256_free (PsSha256 *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsSha256, ps_sha256_free)

void ps_sha256_update (PsSha256 *self, const void *data, gsize length);

/* Writes the sum of all that was fed; afterwards @self can only be freed. */
void ps_sha256_finish (PsSha256 *self, uint8_t sum[PS_SHA256_SIZE]);

/* Writes the sum of what was fed until now; more may follow. */
void ps_sha256_so_far (const PsSha256 *self, uint8_t sum[PS_SHA256_SIZE]);

/* Reads @fd from its beginning to its end by pread, so the file position stays; blocks. FALSE on a
 * read error or when cancelled. */
gboolean ps_sha256_fd (int fd, uint8_t sum[PS_SHA256_SIZE], GCancellable *cancellable,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): 64 lower-case hexadecimal digits. */
char *ps_sha256_to_hex (const uint8_t sum[PS_SHA256_SIZE]);

G_END_DECLS
