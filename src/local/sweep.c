/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an earlier run left in .pisync/tmp. The pair's lock says that nobody else is at work there.
 * What may be a person's (a private name, see ps_local_private_name ()) goes to the trash, never
 * away; what was kept to be resumed stays for some days. */
#include "local/local-private.h"

#include "util/autofd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DAY_NS (G_GINT64_CONSTANT (86400) * 1000000000)

/* By the time of the last change of any kind: the mtime may be that of the server's file. One from
 * the future (a clock put back) is as good as new. */
static bool
is_worth_keeping (const PsLocal *self, const char *name, const struct stat *st)
{
  int64_t changed = (int64_t)MAX (st->st_ctim.tv_sec, st->st_mtim.tv_sec) * 1000000000;

  return g_str_has_suffix (name, PS_LOCAL_KEPT_SUFFIX) && S_ISREG (st->st_mode)
         && ps_clock_now (self->clock) - changed < PS_LOCAL_KEPT_DAYS * DAY_NS;
}

static void
rescue (PsLocal *self, const char *name, const char *original)
{
  g_autoptr (GError) error = NULL;

  if (ps_local_trash_own (self, name, original, &error))
    g_message ("A file named %s was left over from an interruption; it lies in %s/" PS_OWN_DIR
               "/trash now.",
               original, self->root);
  else
    g_info ("%s", error->message);
}

static void
sweep_one (PsLocal *self, const char *name)
{
  const char *original;
  struct stat st;

  if (fstatat (self->tmp_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0
      || g_hash_table_contains (self->live, name) || is_worth_keeping (self, name, &st))
    return;
  if (ps_local_is_private_name (name, &original))
    rescue (self, name, original);
  else if (S_ISDIR (st.st_mode)) /* only if it holds nothing */
    (void)unlinkat (self->tmp_fd, name, AT_REMOVEDIR);
  else if (unlinkat (self->tmp_fd, name, 0) != 0)
    g_info ("left-over %s stays: %s", name, g_strerror (errno));
}

void
ps_local_sweep (PsLocal *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  ps_autofd fd = openat (self->tmp_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (dir == NULL)
    return;
  ps_steal_fd (&fd);
  while ((entry = readdir (dir)) != NULL)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      g_ptr_array_add (names, g_strdup (entry->d_name));
  closedir (dir);
  for (guint i = 0; i < names->len; i++)
    sweep_one (self, g_ptr_array_index (names, i));
}
