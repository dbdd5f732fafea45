/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/rules.h"

#include "core/ignore.h"
#include "engine/await.h"
#include "util/autofd.h"
#include "util/words.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Returns: (nullable): the entry of the rule file in @listing. */
static const PsEntry *
find_rule_file (const PsListing *listing)
{
  for (guint i = 0; listing != NULL && i < listing->entries->len; i++)
    {
      const PsDirEntry *entry = &g_array_index (listing->entries, PsDirEntry, i);

      if (strcmp (entry->name, PS_IGNORE_NAME) == 0 && entry->entry.kind == PS_KIND_FILE)
        return &entry->entry;
    }
  return NULL;
}

static GBytes *
read_local (PsLocal *local, const char *path, GError **error)
{
  PsEntry entry;
  ps_autofd fd = ps_local_open_file (local, path, &entry, error);
  g_autofree char *text = NULL;
  gssize got;

  if (fd < 0)
    return NULL;
  text = g_malloc (PS_IGNORE_MAX);
  got = pread (fd, text, PS_IGNORE_MAX, 0);
  if (got < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s", g_strerror (errno));
      return NULL;
    }
  return g_bytes_new_take (g_steal_pointer (&text), got);
}

gboolean
ps_rules_read (PsContext *context, const char *dir, const PsListing *local, const PsListing *remote,
               GBytes **text, GError **error)
{
  const PsEntry *here = find_rule_file (local), *there = find_rule_file (remote);
  g_autofree char *path = ps_relpath_join (dir, PS_IGNORE_NAME);

  *text = NULL;
  if (here == NULL && there == NULL)
    return TRUE;
  if ((here != NULL ? here : there)->size > PS_IGNORE_MAX)
    {
      g_set_error (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_CONFIG,
                   _ ("%s is longer than %d KiB; nothing below its directory is synced"), path,
                   PS_IGNORE_MAX / 1024);
      return FALSE;
    }
  *text = here != NULL ? read_local (context->local, path, error)
                       : ps_await_read (context->remote, path, 0, PS_IGNORE_MAX,
                                        context->cancellable, error);
  if (*text == NULL)
    g_prefix_error (error, _ ("The ignore rules of this directory cannot be read: "));
  return *text != NULL;
}

struct PsNameClashes
{
  PsNameRules rules;
  GHashTable *folded; /* (element-type utf8 filename) (nullable) names as a file system without case
                         sees them, and as they are */
};

PsNameClashes *
ps_name_clashes_new (PsNameRules rules, gboolean case_sensitive, const PsListing *listing)
{
  PsNameClashes *self = g_new0 (PsNameClashes, 1);

  self->rules = rules;
  if (case_sensitive)
    return self;
  self->folded = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; listing != NULL && i < listing->entries->len; i++)
    {
      const char *name = g_array_index (listing->entries, PsDirEntry, i).name;

      g_hash_table_insert (self->folded, ps_name_fold (name), g_strdup (name));
    }
  return self;
}

void
ps_name_clashes_free (PsNameClashes *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->folded, g_hash_table_unref);
  g_free (self);
}

const char *
ps_name_clashes_check (PsNameClashes *self, const char *name, const char **other)
{
  const char *why = ps_name_refusal (name, self->rules);
  g_autofree char *folded = NULL;

  *other = NULL;
  if (why != NULL || self->folded == NULL)
    return why;
  folded = ps_name_fold (name);
  *other = g_hash_table_lookup (self->folded, folded);
  if (*other != NULL)
    return N_ ("the other side already has a name that differs from this one only in case or in "
               "how accents are encoded");
  g_hash_table_insert (self->folded, g_steal_pointer (&folded), g_strdup (name));
  return NULL;
}
