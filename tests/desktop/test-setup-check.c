/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/setup-check.h"
#include "fakes/home.h"

#include <glib/gstdio.h>

typedef struct
{
  const char *name;
  char *(*check) (const char *text);
  const char *text;
  gboolean good;
} Row;

static const Row rows[] = {
  { "host/name", ps_setup_check_host, "raspberrypi.local", TRUE },
  { "host/address", ps_setup_check_host, "192.168.1.20", TRUE },
  { "host/ipv6", ps_setup_check_host, "fe80::1%eth0", TRUE },
  { "host/blanks-around", ps_setup_check_host, "  pi ", TRUE },
  { "host/empty", ps_setup_check_host, "", FALSE },
  { "host/blank", ps_setup_check_host, "   ", FALSE },
  { "host/space", ps_setup_check_host, "my pi", FALSE },
  { "host/with-user", ps_setup_check_host, "pi@pi", FALSE },
  { "host/option", ps_setup_check_host, "-oProxyCommand=x", FALSE },
  { "port/none", ps_setup_check_port, "", TRUE },
  { "port/usual", ps_setup_check_port, "22", TRUE },
  { "port/highest", ps_setup_check_port, "65535", TRUE },
  { "port/zero", ps_setup_check_port, "0", FALSE },
  { "port/too-high", ps_setup_check_port, "65536", FALSE },
  { "port/letters", ps_setup_check_port, "ssh", FALSE },
  { "port/negative", ps_setup_check_port, "-1", FALSE },
  { "user/usual", ps_setup_check_user, "pi", TRUE },
  { "user/empty", ps_setup_check_user, "", FALSE },
  { "user/colon", ps_setup_check_user, "pi:x", FALSE },
  { "remote/relative", ps_setup_check_remote, "PiSync", TRUE },
  { "remote/absolute", ps_setup_check_remote, "/srv/data", TRUE },
  { "remote/home", ps_setup_check_remote, "~", TRUE },
  { "remote/empty", ps_setup_check_remote, "", FALSE },
  { "remote/other-home", ps_setup_check_remote, "~eve/x", FALSE },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autofree char *wrong = row->check (row->text);

  if (row->good)
    g_assert_cmpstr (wrong, ==, NULL);
  else
    g_assert_cmpstr (wrong, !=, NULL);
}

/* The configuration folder and home of this program, fresh for each test. */
typedef struct
{
  char *dir;
  char *file;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  test_home_empty (NULL, NULL);
  fixture->dir = ps_config_dir ();
  g_assert_cmpint (g_mkdir_with_parents (fixture->dir, 0700), ==, 0);
  fixture->file = g_build_filename (fixture->dir, "pisync.ini", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_unlink (fixture->file);
  g_free (fixture->file);
  g_free (fixture->dir);
}

static void
write_pair (Fixture *fixture, const char *local)
{
  g_autoptr (PsConfig) config = ps_config_new (fixture->file);
  g_autoptr (GError) error = NULL;

  g_assert_true (ps_setup_set (config, "HOST", "host", "pi"));
  g_assert_true (ps_setup_set (config, "LOCAL CONFIG", "local_base", local));
  g_assert_true (ps_setup_set (config, "REMOTE CONFIG", "remote_base", "x"));
  g_assert_true (ps_config_save (config, &error));
  g_assert_no_error (error);
}

static void
test_local (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *text;
    gboolean good;
  } locals[] = { { "~/Other", TRUE },       { "~/PiSync2", TRUE },  { "", FALSE },
                 { "relative", FALSE },     { "~", FALSE },         { "/", FALSE },
                 { "~/PiSync", FALSE },     { "~/PiSync/", FALSE }, { "~/PiSync/inside", FALSE },
                 { "/etc/hostname", FALSE } };
  g_autofree char *other = g_build_filename (fixture->dir, "other.ini", NULL);

  write_pair (fixture, "~/PiSync");
  for (gsize i = 0; i < G_N_ELEMENTS (locals); i++)
    {
      g_autofree char *said = ps_setup_check_local (locals[i].text);

      if (said == NULL)
        said = ps_setup_look_local (locals[i].text, other);
      g_test_message ("%s: %s", locals[i].text, said != NULL ? said : "good");
      g_assert_cmpint (said == NULL, ==, locals[i].good);
    }
  /* The pair's own folder is its own. */
  g_assert_null (ps_setup_look_local ("~/PiSync", fixture->file));
}

static void
test_new_file (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *first = ps_setup_new_file (fixture->dir, "/home/a/My Photos");
  g_autofree char *second = NULL;
  g_autofree char *name = NULL;

  g_assert_cmpstr (first, ==, fixture->file);
  write_pair (fixture, "~/PiSync");
  second = ps_setup_new_file (fixture->dir, "/home/a/My Photos");
  name = g_path_get_basename (second);
  g_assert_cmpstr (name, ==, "My-Photos.ini");
}

int
main (int argc, char **argv)
{
  test_home_make ();
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/setup-check/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add ("/setup-check/local", Fixture, NULL, set_up, test_local, tear_down);
  g_test_add ("/setup-check/new-file", Fixture, NULL, set_up, test_new_file, tear_down);
  return test_home_remove (g_test_run ());
}
