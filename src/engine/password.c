/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/password.h"

#include "util/autofd.h"
#include "util/redact.h"
#include "util/words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096 /* of a password, its end of line included */

/* Who may be able to read the file besides its owner. */
typedef enum
{
  GUARD_STRICT,    /* nobody */
  GUARD_CREDENTIAL /* the service manager gives access by an ACL, which shows as group bits */
} Guard;

static gboolean
refuse (GError **error, const char *file, const char *why)
{
  g_set_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID,
               _ ("The password file %s is not used: %s"), file, why);
  return FALSE;
}

static gboolean
check_file (int fd, const char *file, Guard guard, GError **error)
{
  mode_t forbidden = guard == GUARD_STRICT ? S_IRWXG | S_IRWXO : S_IWGRP | S_IXGRP | S_IRWXO;
  struct stat st;

  if (fstat (fd, &st) != 0)
    return refuse (error, file, g_strerror (errno));
  if (!S_ISREG (st.st_mode))
    return refuse (error, file, _ ("it is not a regular file"));
  if (st.st_uid != geteuid () && st.st_uid != 0)
    return refuse (error, file, _ ("it belongs to another user"));
  if ((st.st_mode & forbidden) != 0)
    return refuse (error, file, _ ("others may read it; run \"chmod 600\" on it"));
  return TRUE;
}

/* Returns: bytes read, at most @size, or -1 with @error. */
static gssize
read_start (int fd, char *buffer, gsize size, const char *file, GError **error)
{
  gsize filled = 0;

  while (filled < size)
    {
      gssize n = read (fd, buffer + filled, size - filled);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          refuse (error, file, g_strerror (errno));
          return -1;
        }
      if (n == 0)
        break;
      filled += (gsize)n;
    }
  return (gssize)filled;
}

/* Returns: (transfer full) (nullable): the first line of @buffer, without its end. */
static char *
first_line (const char *buffer, gsize length, const char *file, GError **error)
{
  const char *newline = memchr (buffer, '\n', length);
  gsize end = newline != NULL ? (gsize)(newline - buffer) : length;

  if (newline == NULL && length == LINE_MAX_BYTES)
    refuse (error, file, _ ("its first line is too long for a password"));
  else if (memchr (buffer, '\0', end) != NULL)
    refuse (error, file, _ ("its first line is not text"));
  else if (end == 0 || (end == 1 && buffer[0] == '\r'))
    refuse (error, file, _ ("its first line is empty"));
  else
    return g_strndup (buffer, buffer[end - 1] == '\r' ? end - 1 : end);
  return NULL;
}

static char *
read_password (const char *file, Guard guard, GError **error)
{
  char buffer[LINE_MAX_BYTES];
  /* Not to wait for the other end of a FIFO. */
  ps_autofd fd = open (file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  char *line = NULL;
  gssize length;

  if (fd < 0)
    {
      refuse (error, file, g_strerror (errno));
      return NULL;
    }
  if (!check_file (fd, file, guard, error))
    return NULL;
  length = read_start (fd, buffer, sizeof buffer, file, error);
  if (length >= 0)
    line = first_line (buffer, (gsize)length, file, error);
  explicit_bzero (buffer, sizeof buffer);
  return line;
}

char *
ps_password_from_file (const char *file, GError **error)
{
  return read_password (file, GUARD_STRICT, error);
}

/* Returns: (nullable): the file that the service manager gave us, where there is one. */
static char *
credential_file (void)
{
  const char *dir = g_getenv ("CREDENTIALS_DIRECTORY");
  g_autofree char *file = NULL;

  if (dir == NULL || *dir == '\0')
    return NULL;
  file = g_build_filename (dir, "pisync-password", NULL);
  return g_file_test (file, G_FILE_TEST_EXISTS) ? g_steal_pointer (&file) : NULL;
}

char *
ps_password_source (const PsConfig *config, const char *override_file)
{
  if (override_file != NULL)
    return g_strdup (override_file);
  if (config->password_file != NULL)
    return g_strdup (config->password_file);
  return credential_file ();
}

char *
ps_password_find (const PsConfig *config, const char *override_file, GError **error)
{
  g_autofree char *source = ps_password_source (config, override_file);
  gboolean named = override_file != NULL || config->password_file != NULL;

  if (source == NULL)
    return NULL;
  return read_password (source, named ? GUARD_STRICT : GUARD_CREDENTIAL, error);
}
