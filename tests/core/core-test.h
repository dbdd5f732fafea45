/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the core have in common: entries in a few letters. */
#pragma once

#include "core/plan.h"

#define SECOND G_GINT64_CONSTANT (1000000000)

/* For PsPlanOptions. */
static inline bool
core_allow_all (const PsStep *step, PsGuard guard, gconstpointer data)
{
  return true;
}

static inline PsEntry
test_file (uint64_t size, int64_t mtime)
{
  return (PsEntry){ .kind = PS_KIND_FILE, .size = size, .mtime = mtime };
}

static inline PsEntry
test_dir (void)
{
  return (PsEntry){ .kind = PS_KIND_DIR };
}

static inline PsEntry
test_link (uint64_t length, int64_t mtime)
{
  return (PsEntry){ .kind = PS_KIND_SYMLINK, .size = length, .mtime = mtime };
}
