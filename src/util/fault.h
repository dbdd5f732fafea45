/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Named fault points: places right before a step that matters, at which a test can make that step
 * fail or the process die.
 *
 *   PISYNC_FAULT=store-commit:2     the second time that point is passed, it reports an error
 *   PISYNC_CRASH_AT=place-local:1   the first time that point is passed, the process leaves with
 * _exit (99)
 *
 * Every point stands in the list below, so that tests can loop over all of them; a name that is not
 * in the list stops the program at once. Built without -Dfault_injection=true the points cost
 * nothing and the variables mean nothing. */
#pragma once

#include "build-config.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define PS_FAULT_POINTS(X)                                                                         \
  X ("store-open")                                                                                 \
  X ("store-commit")                                                                               \
  X ("store-committed")                                                                            \
  X ("local-temp-write")                                                                           \
  X ("local-temp-sync")                                                                            \
  X ("local-place")                                                                                \
  X ("local-placed")                                                                               \
  X ("local-mkdir")                                                                                \
  X ("local-remove")                                                                               \
  X ("local-removed")                                                                              \
  X ("local-move")                                                                                 \
  X ("local-moved")                                                                                \
  X ("local-marker")                                                                               \
  X ("remote-put-begin")                                                                           \
  X ("remote-put-written")                                                                         \
  X ("remote-put-durable")                                                                         \
  X ("remote-put-placed")                                                                          \
  X ("remote-get-begin")                                                                           \
  X ("remote-get-done")                                                                            \
  X ("remote-mkdir")                                                                               \
  X ("remote-remove")                                                                              \
  X ("remote-removed")                                                                             \
  X ("remote-move")                                                                                \
  X ("remote-moved")                                                                               \
  X ("remote-marker")                                                                              \
  X ("conflict-keep")                                                                              \
  X ("conflict-kept")                                                                              \
  X ("pass-begin")                                                                                 \
  X ("pass-planned")                                                                               \
  X ("pass-applied")                                                                               \
  X ("pass-recorded")

/* Every name in the list, NULL-terminated. */
extern const char *const ps_fault_points[];

#if PS_FAULT_INJECTION
/* Returns: TRUE with @error set (G_IO_ERROR_FAILED, "injected fault") when the step at the point
 * @name is to fail. Any thread. */
gboolean ps_fault (const char *name, GError **error);
#else
#define ps_fault(name, error) (FALSE)
#endif

G_END_DECLS
