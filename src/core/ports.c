/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ports.h"

#include <string.h>

static void
clear_dir_entry (gpointer data)
{
  PsDirEntry *dir_entry = data;

  g_free (dir_entry->name);
}

PsListing *
ps_listing_new (const char *dir)
{
  PsListing *self = g_new0 (PsListing, 1);

  self->dir = g_strdup (dir);
  self->entries = g_array_new (FALSE, FALSE, sizeof (PsDirEntry));
  g_array_set_clear_func (self->entries, clear_dir_entry);
  return self;
}

void
ps_listing_free (PsListing *self)
{
  if (self == NULL)
    return;
  g_free (self->dir);
  g_free (self->message);
  g_array_unref (self->entries);
  g_clear_pointer (&self->refused, g_ptr_array_unref);
  g_free (self);
}

void
ps_listing_add (PsListing *self, const char *name, const PsEntry *entry)
{
  PsDirEntry dir_entry = { .name = g_strdup (name), .entry = *entry };

  g_array_append_val (self->entries, dir_entry);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (((const PsDirEntry *)a)->name, ((const PsDirEntry *)b)->name);
}

void
ps_listing_sort (PsListing *self)
{
  g_array_sort (self->entries, compare_names);
}
