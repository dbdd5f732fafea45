/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The desktop's trash, by the freedesktop.org trash specification: files/NAME is the thing,
 * info/NAME.trashinfo says where it lay and when it was deleted. Used only where somebody will see
 * it: in a desktop session, or where there is such a trash already. */
#include "local/local-private.h"

#include "util/autofd.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixmounts.h>
#include <string.h>
#include <unistd.h>

#define MAX_ATTEMPTS 1000
#define INFO_SUFFIX ".trashinfo"
#define NUMBER_SPACE 8 /* bytes that " 1000" may take of a name */

struct PsDesktopTrash
{
  char *base; /* what the info's paths are relative to, NULL: they are absolute */
  char *root; /* of the synced folder, absolute, links resolved */
  int files_fd;
  int info_fd;
};

static gboolean
in_desktop_session (void)
{
  static const char *const signs[] = { "XDG_CURRENT_DESKTOP", "WAYLAND_DISPLAY", "DISPLAY" };

  for (gsize i = 0; i < G_N_ELEMENTS (signs); i++)
    {
      const char *value = g_getenv (signs[i]);

      if (value != NULL && *value != '\0')
        return TRUE;
    }
  return FALSE;
}

/* A directory of this user on the file system @device, or -1. */
static int
open_own_dir (const char *path, dev_t device)
{
  ps_autofd fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat st;

  if (fd < 0 || fstat (fd, &st) != 0 || st.st_dev != device || st.st_uid != geteuid ())
    return -1;
  return ps_steal_fd (&fd);
}

static int
open_part (int trash_fd, const char *name)
{
  if (mkdirat (trash_fd, name, 0700) != 0 && errno != EEXIST)
    return -1;
  return openat (trash_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens the trash at @path; it is made where missing if @may_make. */
static gboolean
open_at (PsDesktopTrash *self, const char *path, dev_t device, gboolean may_make)
{
  ps_autofd trash = -1;

  if (may_make && g_mkdir_with_parents (path, 0700) != 0)
    return FALSE;
  trash = open_own_dir (path, device);
  if (trash < 0)
    return FALSE;
  self->files_fd = open_part (trash, "files");
  self->info_fd = open_part (trash, "info");
  return self->files_fd >= 0 && self->info_fd >= 0;
}

/* A service without a home must not make one. */
static gboolean
open_home_trash (PsDesktopTrash *self, dev_t device)
{
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "Trash", NULL);
  ps_autofd home = open_own_dir (g_get_home_dir (), device);

  return home >= 0 && open_at (self, path, device, in_desktop_session ());
}

/* Returns: (transfer full): where the file system of @root is mounted, or NULL. */
static char *
find_top (const char *root, dev_t device)
{
  g_autofree char *top = g_strdup (root);

  for (;;)
    {
      g_autofree char *above = g_path_get_dirname (top);
      struct stat st;

      if (strcmp (above, top) == 0 || stat (above, &st) != 0)
        return NULL; /* the system's root has no trash of its own */
      if (st.st_dev != device)
        return g_steal_pointer (&top);
      g_free (top);
      top = g_steal_pointer (&above);
    }
}

/* A disk of its own has one trash a user at its top. */
static gboolean
open_top_trash (PsDesktopTrash *self, dev_t device)
{
  g_autofree char *top = find_top (self->root, device);
  g_autofree char *path = NULL;

  if (top == NULL || g_unix_is_mount_path_system_internal (top))
    return FALSE;
  path = g_strdup_printf ("%s/.Trash-%u", top, (guint)geteuid ());
  if (!open_at (self, path, device, in_desktop_session ()))
    return FALSE;
  self->base = g_steal_pointer (&top);
  return TRUE;
}

PsDesktopTrash *
ps_desktop_trash_open (const char *root, int root_fd)
{
  g_autoptr (PsDesktopTrash) self = g_new0 (PsDesktopTrash, 1);
  g_autofree char *resolved = realpath (root, NULL);
  struct stat st;

  self->files_fd = self->info_fd = -1;
  if (resolved == NULL || fstat (root_fd, &st) != 0)
    return NULL;
  self->root = g_strdup (resolved);
  if (open_home_trash (self, st.st_dev))
    return g_steal_pointer (&self);
  ps_close_fd (&self->files_fd);
  ps_close_fd (&self->info_fd);
  return open_top_trash (self, st.st_dev) ? g_steal_pointer (&self) : NULL;
}

void
ps_desktop_trash_free (PsDesktopTrash *self)
{
  if (self == NULL)
    return;
  ps_close_fd (&self->files_fd);
  ps_close_fd (&self->info_fd);
  g_free (self->base);
  g_free (self->root);
  g_free (self);
}

static char *
make_info (const PsDesktopTrash *self, const char *path)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *when = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");
  g_autofree char *whole = g_build_filename (self->root, path, NULL);
  const char *where = self->base != NULL ? whole + strlen (self->base) + 1 : whole;
  g_autofree char *escaped = g_uri_escape_string (where, "/", FALSE);

  return g_strdup_printf ("[Trash Info]\nPath=%s\nDeletionDate=%s\n", escaped, when);
}

/* Returns 0 or an errno; EEXIST: that name is taken in the trash. */
static int
write_info (PsDesktopTrash *self, const char *name, const char *text)
{
  g_autofree char *info = g_strconcat (name, INFO_SUFFIX, NULL);
  ps_autofd fd = openat (self->info_fd, info, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  gsize length = strlen (text);
  int number;

  if (fd < 0)
    return errno;
  if (write (fd, text, length) == (gssize)length)
    return 0;
  number = errno != 0 ? errno : ENOSPC;
  unlinkat (self->info_fd, info, 0);
  return number;
}

/* Returns: (transfer full): the last name of @path, or "NAME 2" and so on. */
static char *
trash_name (const char *path, guint attempt)
{
  const char *name = ps_relpath_name (path);
  gsize limit = PS_NAME_MAX - strlen (INFO_SUFFIX) - NUMBER_SPACE;
  gsize length = MIN (strlen (name), limit);

  while (length < strlen (name) && length > 0 && (name[length] & 0xc0) == 0x80)
    length--;
  return attempt < 2 ? g_strndup (name, length)
                     : g_strdup_printf ("%.*s %u", (int)length, name, attempt);
}

gboolean
ps_desktop_trash_take (PsDesktopTrash *self, PsLocal *local, int dir_fd, const char *name,
                       const char *path)
{
  g_autofree char *text = make_info (self, path);
  int number = EEXIST;

  for (guint attempt = 1; number == EEXIST && attempt <= MAX_ATTEMPTS; attempt++)
    {
      g_autofree char *taken = trash_name (path, attempt);
      g_autofree char *info = g_strconcat (taken, INFO_SUFFIX, NULL);

      number = write_info (self, taken, text);
      if (number != 0)
        continue;
      number = ps_local_rename_new (local, dir_fd, name, self->files_fd, taken);
      if (number != 0)
        unlinkat (self->info_fd, info, 0);
    }
  if (number != 0)
    {
      g_info ("the desktop's trash cannot take %s: %s", path, g_strerror (number));
      return FALSE;
    }
  ps_local_mark_dir (local, self->files_fd);
  ps_local_mark_dir (local, self->info_fd);
  return TRUE;
}
