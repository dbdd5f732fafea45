/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A delta needs memory for the signature, not for the file: a process of its own makes one of a
 * large sparse file and is asked how much it had at the most. PISYNC_TEST_SPARSE_MIB sets the size
 * of the file. */
#include "delta/delta.h"
#include "util/autofd.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((uint64_t)1024 * 1024)
#define MOST_KIB (96 * 1024)

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int
sparse_file (uint64_t size)
{
  int fd = memfd_create ("sparse", MFD_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ftruncate (fd, (off_t)size), ==, 0);
  return fd;
}

/* Returns: whether both deltas between a sparse file and its successor are small. */
static gboolean
make_deltas (uint64_t size)
{
  ps_autofd old_fd = sparse_file (size);
  ps_autofd new_fd = sparse_file (size + MIB);
  PsDeltaLimits limits = { .worth = 0.7 };
  g_autoptr (GBytes) old_signature = ps_signature_of_fd (old_fd, size, NULL, NULL);
  g_autoptr (GBytes) new_signature = NULL;
  g_autoptr (GArray) up = NULL;
  g_autoptr (GArray) down = NULL;

  if (pwrite (new_fd, "changed", 7, (off_t)(size / 2)) != 7)
    return FALSE;
  new_signature = ps_signature_of_fd (new_fd, size + MIB, NULL, NULL);
  up = ps_delta_upload (old_signature, size, new_fd, size + MIB, &limits, NULL, NULL, NULL, NULL);
  down = ps_delta_download (new_signature, size + MIB, old_fd, NULL, &limits, NULL, NULL, NULL,
                            NULL);
  return up != NULL && down != NULL && up->len < 1000 && down->len < 1000;
}

static void
test_sparse (void)
{
  const char *wish = g_getenv ("PISYNC_TEST_SPARSE_MIB");
  uint64_t size = (wish != NULL ? g_ascii_strtoull (wish, NULL, 10) : 256) * MIB;
  struct rusage usage;
  pid_t child;
  int status;

  if (SANITIZED)
    {
      g_test_skip ("the sanitizer's own memory hides that of the program");
      return;
    }
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    _exit (make_deltas (size) ? 0 : 1);
  g_assert_cmpint (wait4 (child, &status, 0, &usage), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  g_test_message ("%ld KiB at the most", usage.ru_maxrss);
  g_assert_cmpint (usage.ru_maxrss, <, MOST_KIB);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/delta/memory/sparse", test_sparse);
  return g_test_run ();
}
