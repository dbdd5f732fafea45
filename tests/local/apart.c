/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "apart.h"

#include "util/autofd.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void
apart_set_up (Folder *folder, gconstpointer data)
{
  folder->top = g_dir_make_tmp ("pisync-local-XXXXXX", NULL);
  folder->root = g_build_filename (folder->top, "root", NULL);
  make_dir (folder, folder->root);
}

static int
enter_and_work (Folder *folder, ApartWork work, gconstpointer data)
{
  pid_t first;
  int status;

  if (unshare (CLONE_NEWNS | CLONE_NEWPID) != 0
      || mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    return APART_SKIP;
  first = fork (); /* the first process of its namespace: daemons of FUSE die with it */
  if (first == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      exit (work (folder, data));
    }
  if (waitpid (first, &status, 0) != first || !WIFEXITED (status))
    return 1;
  return WEXITSTATUS (status);
}

void
apart_run (Folder *folder, ApartWork work, gconstpointer data, const char *reason)
{
  pid_t child = fork ();
  int status;

  if (child == 0)
    _exit (enter_and_work (folder, work, data));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == APART_SKIP)
    g_test_skip (reason);
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

gboolean
apart_command (const char *command, const char *one, const char *two)
{
  const char *argv[] = { "/bin/sh", "-c", command, one, two, NULL };
  g_autofree char *output = NULL, *complaints = NULL;
  int status = 0;

  return g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &complaints,
                       &status, NULL)
         && g_spawn_check_wait_status (status, NULL);
}

gboolean
apart_mount_tmpfs (const char *place, const char *options)
{
  return mount ("none", place, "tmpfs", 0, options) == 0;
}

gboolean
apart_make_disk (const Disk *disk, const char *path, const char *place)
{
  ps_autofd fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  return fd >= 0 && ftruncate (fd, disk->size) == 0 && apart_command (disk->make, path, NULL)
         && apart_command (disk->mount, path, place);
}
