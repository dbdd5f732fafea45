/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "local/local-private.h"

#include "util/words.h"

#include <errno.h>

G_DEFINE_QUARK (ps_local_error_quark, ps_local_error)

typedef struct
{
  int number; /* errno */
  PsLocalError code;
  const char *advice;
} Meaning;

static const Meaning meanings[] = {
  { ENOENT, PS_LOCAL_ERROR_GONE, "" },
  { ENOTDIR, PS_LOCAL_ERROR_GONE, "" },
  { ESTALE, PS_LOCAL_ERROR_GONE, "" },
  { EEXIST, PS_LOCAL_ERROR_EXISTS, "" },
  { ENOTEMPTY, PS_LOCAL_ERROR_NOT_EMPTY, "" },
  { ENAMETOOLONG, PS_LOCAL_ERROR_NAME, N_ (". Give it a shorter name") },
  { EILSEQ, PS_LOCAL_ERROR_NAME, N_ (". Give it a name that this disk can hold") },
  { ENOSPC, PS_LOCAL_ERROR_NO_SPACE, N_ (". Free some space on this disk") },
  { EDQUOT, PS_LOCAL_ERROR_NO_SPACE, N_ (". Free some of your space on this disk") },
  { EACCES, PS_LOCAL_ERROR_DENIED, N_ (". Look at its permissions and those of its folder") },
  { EPERM, PS_LOCAL_ERROR_DENIED, N_ (". Look at its permissions and those of its folder") },
  { EROFS, PS_LOCAL_ERROR_DENIED, N_ (". Mount the disk writable") },
  { ELOOP, PS_LOCAL_ERROR_UNSAFE, N_ (". A symbolic link stands in the way and is not followed") },
  { EXDEV, PS_LOCAL_ERROR_UNSAFE,
    N_ (". It lies on another file system that is mounted inside the folder") },
  { EBUSY, PS_LOCAL_ERROR_UNSAFE, N_ (". Another file system is mounted on it") },
  { EFBIG, PS_LOCAL_ERROR_FAILED, N_ (". This file system cannot hold so large a file") },
  { EIO, PS_LOCAL_ERROR_FAILED, N_ (". The disk may be failing") },
};

static const Meaning *
find_meaning (int number)
{
  for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (meanings[i].number == number)
      return &meanings[i];
  return NULL;
}

PsLocalError
ps_local_error_from_errno (int number)
{
  const Meaning *meaning = find_meaning (number);

  return meaning != NULL ? meaning->code : PS_LOCAL_ERROR_FAILED;
}

gboolean
ps_local_fail (GError **error, int number, const char *pattern, const char *path)
{
  const Meaning *meaning = find_meaning (number);
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *what = ps_words_about (pattern, name);

  g_set_error (error, PS_LOCAL_ERROR, ps_local_error_from_errno (number), "%s: %s%s", what,
               g_strerror (number), meaning != NULL ? _ (meaning->advice) : "");
  return FALSE;
}

gboolean
ps_local_refuse (GError **error, PsLocalError code, const char *path, const char *pattern)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *what = ps_words_about (pattern, name);

  g_set_error_literal (error, PS_LOCAL_ERROR, code, what);
  return FALSE;
}

gboolean
ps_local_changed (GError **error, const char *path)
{
  return ps_local_refuse (error, PS_LOCAL_ERROR_CHANGED, path,
                          N_ ("%s changed since it was scanned"));
}
