/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that was copied, or saved under another name, and then edited: its model lies beside it
 * under a name that begins the same. */
#include "engine/reuse-private.h"

#include <string.h>

#define STEM_LEAST 3 /* bytes: shorter names say nothing */
#define SIZE_RATIO 4 /* a model is not so much larger or smaller */

void
ps_reuse_forget_neighbours (PsReuse *self)
{
  g_clear_pointer (&self->neighbours.dir, g_free);
  g_clear_pointer (&self->neighbours.rows, g_array_unref);
}

static const GArray *
neighbours_of (PsReuse *self, const char *dir)
{
  PsReuseNeighbours *neighbours = &self->neighbours;

  if (g_strcmp0 (neighbours->dir, dir) == 0)
    return neighbours->rows;
  ps_reuse_forget_neighbours (self);
  neighbours->dir = g_strdup (dir);
  neighbours->rows = ps_store_list (self->context->store, dir, NULL);
  return neighbours->rows;
}

/* Returns: where the extension of @name begins, its end where it has none. */
static gsize
stem_length (const char *name)
{
  const char *dot = strrchr (name, '.');

  return dot != NULL && dot != name ? (gsize)(dot - name) : strlen (name);
}

/* Whether the stem of one begins that of the other, and the extensions are the same. */
static gboolean
is_similar_name (const char *a, const char *b)
{
  gsize a_stem = stem_length (a), b_stem = stem_length (b);
  gsize shorter = MIN (a_stem, b_stem);

  return shorter >= STEM_LEAST && strncmp (a, b, shorter) == 0
         && strcmp (a + a_stem, b + b_stem) == 0;
}

static gboolean
is_candidate (const PsStoreEntry *other, const char *name, uint64_t size, PsSide side)
{
  const PsEntry *entry = side == PS_SIDE_LOCAL ? &other->row.local : &other->row.remote;

  return entry->kind == PS_KIND_FILE && other->row.has_hash && entry->size >= PS_DELTA_MIN_SIZE
         && entry->size / SIZE_RATIO <= size && size / SIZE_RATIO <= entry->size
         && strcmp (other->name, name) != 0 && is_similar_name (other->name, name);
}

static uint64_t
size_on (const PsStoreEntry *entry, PsSide side)
{
  return side == PS_SIDE_LOCAL ? entry->row.local.size : entry->row.remote.size;
}

static uint64_t
distance (uint64_t a, uint64_t b)
{
  return a > b ? a - b : b - a;
}

char *
ps_reuse_find_similar (PsReuse *self, const char *path, uint64_t size, PsSide side, PsRow *row)
{
  g_autofree char *dir = ps_relpath_parent (path);
  const char *name = ps_relpath_name (path);
  const GArray *rows = neighbours_of (self, dir);
  const PsStoreEntry *best = NULL;

  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      const PsStoreEntry *other = &g_array_index (rows, PsStoreEntry, i);

      if (is_candidate (other, name, size, side)
          && (best == NULL
              || distance (size_on (other, side), size) < distance (size_on (best, side), size)))
        best = other;
    }
  if (best == NULL)
    return NULL;
  *row = best->row;
  return ps_relpath_join (dir, best->name);
}
