/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Driving librsync's jobs from memory, and reading what they are fed with. Inside delta/ only. */
#pragma once

#include <gio/gio.h>
#include <librsync.h>
#include <stdint.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (rs_job_t, rs_job_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (rs_signature_t, rs_free_sumset)

/* Takes what a job gives; FALSE with @error ends the job. */
typedef gboolean (*PsJobSink) (const uint8_t *data, gsize length, gpointer user_data,
                               GError **error);

/* Feeds @length bytes and hands on all that comes of them. @last: nothing follows, and FALSE unless
 * the job is done then. PS_DELTA_ERROR_FAILED with librsync's words. */
gboolean ps_job_feed (rs_job_t *job, const void *data, gsize length, gboolean last, PsJobSink sink,
                      gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads exactly @length bytes at @offset; a file that ends before is PS_DELTA_ERROR_FAILED. */
gboolean ps_job_read (int fd, void *data, gsize length, uint64_t offset,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* librsync's messages become debug messages of ours. Any thread, any number of times. */
void ps_job_quiet (void);

G_END_DECLS
