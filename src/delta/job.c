/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "delta/job.h"

#include "delta/delta.h"

#include <errno.h>
#include <unistd.h>

#define OUTPUT_SIZE (64 * 1024)

gboolean
ps_job_feed (rs_job_t *job, const void *data, gsize length, gboolean last, PsJobSink sink,
             gpointer user_data, GError **error)
{
  g_autofree char *output = g_malloc (OUTPUT_SIZE);
  rs_buffers_t buffers = { .next_in = (char *)data, .avail_in = length, .eof_in = last };
  rs_result result;
  gboolean more;

  do
    {
      buffers.next_out = output;
      buffers.avail_out = OUTPUT_SIZE;
      result = rs_job_iter (job, &buffers);
      if (result != RS_DONE && result != RS_BLOCKED)
        {
          g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED, "librsync: %s",
                       rs_strerror (result));
          return FALSE;
        }
      if (!sink ((const uint8_t *)output, OUTPUT_SIZE - buffers.avail_out, user_data, error))
        return FALSE;
      /* A job that gets nowhere says so itself: RS_INTERNAL_ERROR. */
      more = result == RS_BLOCKED && (last || buffers.avail_in > 0 || buffers.avail_out == 0);
    }
  while (more);
  return TRUE;
}

gboolean
ps_job_read (int fd, void *data, gsize length, uint64_t offset, GError **error)
{
  gsize done = 0;

  while (done < length)
    {
      ssize_t got = pread (fd, (char *)data + done, length - done, (off_t)(offset + done));

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          g_set_error (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED, "Reading the file failed: %s",
                       g_strerror (errno));
          return FALSE;
        }
      if (got == 0)
        {
          g_set_error_literal (error, PS_DELTA_ERROR, PS_DELTA_ERROR_FAILED,
                               "The file became shorter while it was read");
          return FALSE;
        }
      done += (gsize)got;
    }
  return TRUE;
}

static void
trace (rs_loglevel level, const char *message)
{
  g_debug ("librsync: %s", message);
}

void
ps_job_quiet (void)
{
  static gsize once;

  if (!g_once_init_enter (&once))
    return;
  rs_trace_to (trace);
  rs_trace_set_level (RS_LOG_WARNING);
  g_once_init_leave (&once, 1);
}
