/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work in a mount and process namespace of its own, which takes mounts and daemons down with it. */
#pragma once

#include "local-test.h"

#define APART_SKIP 77

/* Returns 0 or APART_SKIP; a failed assertion ends the process. */
typedef int (*ApartWork) (Folder *folder, gconstpointer data);

/* A folder of which nothing is opened: its root is a place to mount on. */
void apart_set_up (Folder *folder, gconstpointer data);

/* Does @work apart; the test is skipped with @reason where that, or @work itself, says so. */
void apart_run (Folder *folder, ApartWork work, gconstpointer data, const char *reason);

/* Runs a shell command, "$0" and "$1" being @one and @two. FALSE when it fails. */
gboolean apart_command (const char *command, const char *one, const char *two);

gboolean apart_mount_tmpfs (const char *place, const char *options);

/* One kind of disk: a file "$0" of @size becomes an image by @make, and is mounted on "$1" by
 * @mount. */
typedef struct
{
  const char *name;
  goffset size;
  const char *make, *mount;
} Disk;

/* Makes an image @path of @disk and mounts it on @place. FALSE: not possible here. */
gboolean apart_make_disk (const Disk *disk, const char *path, const char *place);
