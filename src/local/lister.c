/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listing directories one after the other, as they are asked for. A directory that could not be
 * read to its end is said to be incomplete: an error is never an absence. */
#include "local/local-private.h"

#include "util/autofd.h"
#include "util/words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void
set_incomplete (PsListing *listing, int number, const char *name)
{
  g_autofree char *dir
      = g_filename_display_name (*listing->dir != '\0' ? listing->dir : _ ("the folder itself"));
  g_autofree char *what = name != NULL ? g_filename_display_name (name) : NULL;

  listing->state = PS_LISTING_INCOMPLETE;
  g_free (listing->message);
  listing->message
      = what != NULL
            ? g_strdup_printf (_ ("could not look at %s in %s: %s"), what, dir, g_strerror (number))
            : g_strdup_printf (_ ("could not list %s: %s%s"), dir, g_strerror (number),
                               number == ELOOP ? _ (" (it became a symbolic link)") : "");
}

static void
refuse_name (PsListing *listing, const char *name)
{
  bool raw;

  if (listing->refused == NULL)
    listing->refused = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (listing->refused, ps_relpath_escape (name, &raw));
}

/* Our own directory, by whatever case the file system finds it. */
static bool
is_own (const PsLocal *self, const PsListing *listing, const char *name)
{
  if (*listing->dir != '\0')
    return false;
  return self->caps.case_sensitive ? strcmp (name, PS_OWN_DIR) == 0
                                   : g_ascii_strcasecmp (name, PS_OWN_DIR) == 0;
}

static void
add_name (PsLocal *self, PsListing *listing, int dir_fd, const char *name)
{
  PsEntry entry;
  int number;

  if (strcmp (name, ".") == 0 || strcmp (name, "..") == 0 || is_own (self, listing, name))
    return;
  if (!ps_name_valid (name, strlen (name)))
    {
      refuse_name (listing, name);
      return;
    }
  number = ps_local_stat_at (dir_fd, name, &entry);
  ps_local_hand_out (self, &entry);
  if (number == 0)
    ps_listing_add (listing, name, &entry);
  else if (number != ENOENT) /* gone meanwhile */
    set_incomplete (listing, number, name);
}

/* A directory that changes while it is read may show a name twice. */
static void
drop_doubles (PsListing *listing)
{
  for (guint i = 1; i < listing->entries->len;)
    if (strcmp (g_array_index (listing->entries, PsDirEntry, i - 1).name,
                g_array_index (listing->entries, PsDirEntry, i).name)
        == 0)
      g_array_remove_index (listing->entries, i);
    else
      i++;
}

/* A directory that was removed while it is open reads as an empty one: for the root, that would be
 * everything deleted. */
static bool
is_removed (int fd)
{
  struct stat st;

  return fstat (fd, &st) == 0 && st.st_nlink == 0;
}

static void
read_dir (PsLocal *self, PsListing *listing, DIR *dir)
{
  for (;;)
    {
      struct dirent *entry;

      errno = 0;
      entry = readdir (dir);
      if (entry == NULL)
        break;
      add_name (self, listing, dirfd (dir), entry->d_name);
    }
  if (errno != 0)
    set_incomplete (listing, errno, NULL);
  else if (is_removed (dirfd (dir)))
    set_incomplete (listing, ENOENT, NULL);
  ps_listing_sort (listing);
  drop_doubles (listing);
}

/* NULL with errno. */
static DIR *
open_dir (PsLocal *self, const char *path)
{
  ps_autofd fd = ps_local_resolve (self, path, O_RDONLY);
  DIR *dir;

  if (fd >= 0 && is_removed (fd))
    {
      errno = ENOENT;
      return NULL;
    }
  dir = fd >= 0 ? fdopendir (fd) : NULL; /* takes it over, unless it fails */
  if (dir != NULL)
    ps_steal_fd (&fd);
  return dir;
}

static PsListing *
list (PsLocal *self, const char *path)
{
  PsListing *listing = ps_listing_new (path);
  DIR *dir = open_dir (self, path);

  if (dir != NULL)
    {
      read_dir (self, listing, dir);
      closedir (dir);
    }
  else if (errno == ENOENT || errno == ENOTDIR)
    listing->state = PS_LISTING_GONE;
  else
    set_incomplete (listing, errno, NULL);
  return listing;
}

static void
lister_request (gpointer data, const char *dir)
{
  PsLocal *self = data;

  g_queue_push_tail (&self->requests, g_strdup (dir));
}

static PsListing *
lister_next (gpointer data, PsCancellable *cancellable, GError **error)
{
  PsLocal *self = data;
  g_autofree char *dir = NULL;
  g_autoptr (PsListing) listing = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  dir = g_queue_pop_head (&self->requests);
  if (dir == NULL)
    return NULL;
  listing = list (self, dir);
  /* Without its root the side as a whole is lost. */
  if (*dir == '\0' && listing->state == PS_LISTING_GONE)
    {
      ps_local_refuse (error, PS_LOCAL_ERROR_ROOT, self->root,
                       N_ ("%s is not there any more. Is its disk mounted?"));
      return NULL;
    }
  return g_steal_pointer (&listing);
}

PsLister
ps_local_lister (PsLocal *self)
{
  static const PsListerClass klass = { .request = lister_request, .next = lister_next };

  return (PsLister){ .klass = &klass, .self = self };
}
