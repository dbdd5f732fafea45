/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/config.h"
#include "fakes/home.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char minimal[] = "[HOST]\n"                /* 1 */
                              "host = raspberrypi\n"    /* 2 */
                              "[AUTH]\n"                /* 3 */
                              "user = pi\n"             /* 4 */
                              "[LOCAL CONFIG]\n"        /* 5 */
                              "local_base = ~/PiSync\n" /* 6 */
                              "[REMOTE CONFIG]\n"       /* 7 */
                              "remote_base = sync/\n";  /* 8 */

/* Returns: (transfer full): the path of @name in the configuration directory, holding @text. */
static char *
write_ini (const char *name, const char *text)
{
  g_autofree char *dir = ps_config_dir ();
  char *file = g_build_filename (dir, name, NULL);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file, text, -1, NULL));
  return file;
}

static char *
read_text (const char *file)
{
  char *text = NULL;

  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  return text;
}

/* One change to the minimal file and what is said about it. */
typedef struct
{
  const char *name;
  const char *extra; /* lines 9 … */
  const char *says;  /* behind "FILE:" */
} BadCase;

static const BadCase bad_cases[] = {
  { "unknown-key", "[LOCAL CONFIG]\nthorttling = 3\n",
    "10: unknown key \"thorttling\" in [LOCAL CONFIG]; did you mean \"throttling\"?" },
  { "unknown-far", "[REMOTE CONFIG]\nwhatever = 3\n",
    "10: unknown key \"whatever\" in [REMOTE CONFIG]; allowed: remote_base" },
  { "wrong-group", "[HOST]\nkeyfile = /a\n",
    "10: unknown key \"keyfile\" in [HOST]; it belongs in [AUTH]" },
  { "unknown-group", "\n\n[HOTS]\n", "11: unknown group [HOTS]; did you mean [HOST]?" },
  { "unknown-group-far", "[Desktop Entry]\n",
    "9: unknown group [Desktop Entry]; allowed: [HOST], [AUTH], [LOCAL CONFIG], [REMOTE CONFIG], "
    "[SYNC]" },
  { "number-text", "[HOST]\nport = ssh\n",
    "10: port in [HOST] must be a whole number from 1 to 65535, not \"ssh\"" },
  { "number-zero", "[HOST]\nport = 0\n",
    "10: port in [HOST] must be a whole number from 1 to 65535, not \"0\"" },
  { "number-big", "[HOST]\nport = 65536\n",
    "10: port in [HOST] must be a whole number from 1 to 65535, not \"65536\"" },
  { "number-negative", "[SYNC]\nupload_limit = -1\n",
    "10: upload_limit in [SYNC] must be a whole number from 0 to 10485760, not \"-1\"" },
  { "number-fraction", "[LOCAL CONFIG]\nthrottling = 0.5\n",
    "10: throttling in [LOCAL CONFIG] must be a whole number from 1 to 86400, not \"0.5\"" },
  { "number-empty", "[LOCAL CONFIG]\nthrottling =\n",
    "10: throttling in [LOCAL CONFIG] must be a whole number from 1 to 86400, not \"\"" },
  { "choice", "[AUTH]\nauth = none\n",
    "10: auth in [AUTH] must be publickey or password or agent, not \"none\"" },
  { "conflict", "[SYNC]\nconflict = mine\n",
    "10: conflict in [SYNC] must be newest or local or remote, not \"mine\"" },
  { "bool", "[SYNC]\nfsync = maybe\n", "10: fsync in [SYNC] must be yes or no, not \"maybe\"" },
  { "twice", "[HOST]\nhost = other\n", "10: host in [HOST] was set on line 2 already" },
  { "keyfile-relative", "[AUTH]\nkeyfile = id_rsa\n",
    "10: keyfile in [AUTH] must be a path that begins with \"/\" or \"~/\", not \"id_rsa\"" },
  { "device-slash", "[SYNC]\ndevice = a/b\n",
    "10: device in [SYNC] must be a name of at most 64 bytes without \"/\" and \"~\", not "
    "\"a/b\"" },
  { "no-equals", "nonsense\n", "9: neither a comment, nor [GROUP], nor \"key = value\"" },
  { "open-group", "[HOST\n", "9: a group is written as [NAME]" },
  { "escape", "[SYNC]\ndevice = a\\qb\n", "10: a backslash is written as \"\\\\\"" },
  { "not-utf8", "# \xff\n", "9: not UTF-8 text" },
};

static void
test_bad (gpointer fixture, gconstpointer data)
{
  const BadCase *c = data;
  g_autofree char *text = g_strconcat (minimal, c->extra, NULL);
  g_autofree char *file = write_ini ("pisync.ini", text);
  g_autofree char *expected = g_strdup_printf ("%s:%s", file, c->says);
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_config_load (file, &error);

  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID);
  g_assert_null (config);
  g_assert_cmpstr (error->message, ==, expected);
}

static void
test_minimal (gpointer fixture, gconstpointer data)
{
  g_autofree char *file = write_ini ("pisync.ini", minimal);
  g_autofree char *base = g_build_filename (g_get_home_dir (), "PiSync", NULL);
  g_autofree char *state = NULL;
  g_autofree char *expected_state
      = g_build_filename (g_get_user_state_dir (), "pisync", "pisync", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_config_load (file, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (config->file, ==, file);
  g_assert_cmpstr (config->name, ==, "pisync");
  g_assert_cmpstr (config->host, ==, "raspberrypi");
  g_assert_cmpuint (config->port, ==, 0);
  g_assert_cmpstr (config->user, ==, "pi");
  g_assert_cmpint (config->auth, ==, PS_AUTH_PUBLICKEY);
  g_assert_null (config->keyfile);
  g_assert_null (config->password_file);
  g_assert_cmpint (config->transport, ==, PS_TRANSPORT_LIBSSH2);
  g_assert_cmpstr (config->local_base, ==, base);
  g_assert_cmpuint (config->throttling, ==, 5);
  g_assert_cmpuint (config->log_file_max, ==, 1000);
  g_assert_cmpstr (config->remote_base, ==, "sync");
  g_assert_cmpstr (config->device, !=, "");
  g_assert_cmpint (config->conflict, ==, PS_CONFLICT_NEWEST);
  g_assert_false (config->keep_symlinks);
  g_assert_cmpuint (config->keep_versions_days, ==, 30);
  g_assert_cmpuint (config->full_scan_minutes, ==, 10);
  g_assert_cmpuint (config->upload_limit, ==, 0);
  g_assert_cmpuint (config->delete_guard_percent, ==, 20);
  g_assert_true (config->fsync);
  g_assert_false (config->pause_on_metered);
  state = ps_config_state_dir (config);
  g_assert_cmpstr (state, ==, expected_state);
}

static void
test_everything (gpointer fixture, gconstpointer data)
{
  static const char text[]
      = "\xef\xbb\xbf; of the ancestor\r\n[HOST]\r\nhost=10.0.0.2\r\nport = 2222\r\n"
        "[AUTH]\nuser = a b\\\\c\nauth = Agent\nkeyfile =\n"
        "password_file = ~/secret\ntransport = openssh\n"
        "[LOCAL CONFIG]\nlocal_base = /srv//x/../files/\nthrottling = 60\n"
        "log_file_max = 50\n"
        "[REMOTE CONFIG]\n  remote_base   =   ~/the sync  \n"
        "[SYNC]\ndevice = l\\sx\nconflict = remote\nsymlinks = keep\n"
        "keep_versions_days = 7\nversions_max_percent = 5\n"
        "full_scan_minutes = 1\nupload_limit = 100\ndownload_limit = 200\n"
        "delete_guard_percent = 50\nfsync = no\npause_on_metered = yes";
  g_autofree char *file = write_ini ("second.ini", text);
  g_autofree char *secret = g_build_filename (g_get_home_dir (), "secret", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) loaded = ps_config_load (file, &error);
  g_autoptr (PsConfig) config = NULL;

  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, ":6: user in [AUTH] must be"));
  g_clear_error (&error);
  g_free (file);
  {
    g_autofree char *better = g_strdup (text);

    memcpy (strstr (better, "a b\\\\c"), "abcdef", 6);
    file = write_ini ("second.ini", better);
  }
  loaded = ps_config_load (file, &error);
  g_assert_no_error (error);
  config = ps_config_copy (loaded);
  g_assert_cmpstr (config->name, ==, "second");
  g_assert_cmpstr (config->host, ==, "10.0.0.2");
  g_assert_cmpuint (config->port, ==, 2222);
  g_assert_cmpstr (config->user, ==, "abcdef");
  g_assert_cmpint (config->auth, ==, PS_AUTH_AGENT);
  g_assert_null (config->keyfile);
  g_assert_cmpstr (config->password_file, ==, secret);
  g_assert_cmpint (config->transport, ==, PS_TRANSPORT_OPENSSH);
  g_assert_cmpstr (config->local_base, ==, "/srv/files");
  g_assert_cmpuint (config->throttling, ==, 60);
  g_assert_cmpuint (config->log_file_max, ==, 50);
  g_assert_cmpstr (config->remote_base, ==, "the sync");
  g_assert_cmpstr (config->device, ==, "l x");
  g_assert_cmpint (config->conflict, ==, PS_CONFLICT_REMOTE);
  g_assert_true (config->keep_symlinks);
  g_assert_cmpuint (config->versions_max_percent, ==, 5);
  g_assert_cmpuint (config->download_limit, ==, 200);
  g_assert_false (config->fsync);
  g_assert_true (config->pause_on_metered);
}

static void
test_missing_file (gpointer fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_config_load ("/nonexistent/a.ini", &error);

  g_assert_null (config);
  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_MISSING);
  g_assert_nonnull (strstr (error->message, "/nonexistent/a.ini: "));
}

static void
test_missing_key (gpointer fixture, gconstpointer data)
{
  g_autofree char *file = write_ini ("pisync.ini", "[HOST]\nhost = x\n\n[LOCAL CONFIG]\n"
                                                   "[REMOTE CONFIG]\nremote_base = a\n");
  g_autofree char *expected
      = g_strdup_printf ("%s:4: local_base is missing in [LOCAL CONFIG]; it must be given", file);
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_config_load (file, &error);

  g_assert_null (config);
  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID);
  g_assert_cmpstr (error->message, ==, expected);
}

static void
test_save_new (gpointer fixture, gconstpointer data)
{
  g_autofree char *file = ps_config_default_file ();
  g_autoptr (PsConfig) config = ps_config_new (file);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  struct stat st;

  g_assert_false (ps_config_save (config, &error));
  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID);
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  config->host = g_strdup ("pi.local");
  config->user = g_strdup ("pi");
  config->local_base = g_strdup ("/srv/a");
  config->remote_base = g_strdup (" lead");
  config->throttling = 9;
  g_assert_true (ps_config_save (config, &error));
  g_assert_no_error (error);
  text = read_text (file);
  g_assert_cmpstr (text, ==,
                   "[HOST]\nhost = pi.local\n\n[AUTH]\nuser = pi\n\n[LOCAL CONFIG]\n"
                   "local_base = /srv/a\nthrottling = 9\n\n[REMOTE CONFIG]\n"
                   "remote_base = \\slead\n");
  g_assert_cmpint (stat (file, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0600);
  g_free (config->file);
  config->file = g_build_filename (file, "x", "y.ini", NULL);
  g_assert_false (ps_config_save (config, &error));
  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_FAILED);
}

static void
test_save_keeps (gpointer fixture, gconstpointer data)
{
  static const char before[]
      = "# mine\n[LOCAL CONFIG]\n; why\nlocal_base=~/PiSync\nthrottling = 5\n\n"
        "[HOST]\nhost = a # b\n[REMOTE CONFIG]\nremote_base=x\n[HOST]\nport=1\n"
        "# end\n[AUTH]\nkeyfile = /k\nuser = u\n";
  static const char after[]
      = "# mine\n[LOCAL CONFIG]\n; why\nlocal_base=~/PiSync\nthrottling = 5\n\n"
        "[HOST]\nhost = b\n[REMOTE CONFIG]\nremote_base=x\n[HOST]\nport=1\n"
        "# end\n[AUTH]\nuser = u\nauth = password\n\n[SYNC]\nfsync = no\n";
  g_autofree char *file = write_ini ("pisync.ini", before);
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = ps_config_load (file, &error);
  g_autofree char *text = NULL;
  struct stat st;

  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID); /* no comments behind values */
  g_clear_error (&error);
  g_assert_cmpint (chmod (file, 0644), ==, 0);
  config = ps_config_import (file, file, NULL);
  g_assert_null (config);
  config = ps_config_new (file);
  config->host = g_strdup ("b");
  config->port = 1;
  config->user = g_strdup ("u");
  config->auth = PS_AUTH_PASSWORD;
  config->local_base = g_build_filename (g_get_home_dir (), "PiSync", NULL);
  config->remote_base = g_strdup ("x");
  config->fsync = FALSE;
  g_assert_true (ps_config_save (config, &error));
  g_assert_no_error (error);
  text = read_text (file);
  g_assert_cmpstr (text, ==, after);
  g_assert_cmpint (stat (file, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0600);
}

static void
test_save_through_link (gpointer fixture, gconstpointer data)
{
  g_autofree char *real = write_ini ("real.txt", minimal);
  g_autofree char *dir = ps_config_dir ();
  g_autofree char *link_name = g_build_filename (dir, "pisync.ini", NULL);
  g_autoptr (PsConfig) config = NULL;
  g_autofree char *text = NULL;

  g_assert_cmpint (symlink ("real.txt", link_name), ==, 0);
  config = ps_config_load (link_name, NULL);
  config->throttling = 77;
  g_assert_true (ps_config_save (config, NULL));
  g_assert_true (g_file_test (link_name, G_FILE_TEST_IS_SYMLINK));
  text = read_text (real);
  g_assert_nonnull (strstr (text, "throttling = 77\n"));
}

static void
test_check_value (gpointer fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *home = g_strdup (g_get_home_dir ());

  g_assert_true (ps_config_check_value ("HOST", "host", "raspberrypi.local", NULL));
  g_assert_true (ps_config_check_value ("HOST", "host", "fe80::1%eth0", NULL));
  g_assert_true (ps_config_check_value ("AUTH", "keyfile", "", NULL));
  g_assert_true (ps_config_check_value ("REMOTE CONFIG", "remote_base", "~", NULL));
  g_assert_false (ps_config_check_value ("HOST", "host", "-oProxyCommand=x", NULL));
  g_assert_false (ps_config_check_value ("HOST", "host", "pi@host", NULL));
  g_assert_false (ps_config_check_value ("AUTH", "user", "-l", NULL));
  g_assert_false (ps_config_check_value ("LOCAL CONFIG", "local_base", "relative", NULL));
  g_assert_false (ps_config_check_value ("LOCAL CONFIG", "local_base", "/", NULL));
  g_assert_false (ps_config_check_value ("LOCAL CONFIG", "local_base", home, NULL));
  g_assert_false (ps_config_check_value ("LOCAL CONFIG", "local_base", "~", NULL));
  g_assert_false (
      ps_config_check_value ("LOCAL CONFIG", "local_base", g_get_user_state_dir (), NULL));
  g_assert_false (ps_config_check_value ("REMOTE CONFIG", "remote_base", "~other/x", NULL));
  g_assert_false (ps_config_check_value ("HOST", "host", "", &error));
  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID);
  g_assert_cmpstr (error->message, ==, "host in [HOST] is empty");
}

static void
test_import (gpointer fixture, gconstpointer data)
{
  g_autofree char *ancestor = ps_config_ancestor_file ();
  g_autofree char *dir = g_path_get_dirname (ancestor);
  g_autofree char *file = ps_config_default_file ();
  g_autofree char *bad = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PsConfig) config = NULL;
  g_autofree char *text = g_strconcat (
      minimal, "[AUTH]\npassword = hunter2\nuser = other\n[GUI]\nx = 1\njunk\n", NULL);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
  g_assert_true (g_file_set_contents (ancestor, text, -1, NULL));
  config = ps_config_import (ancestor, file, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->file, ==, file);
  g_assert_cmpstr (config->user, ==, "other");
  bad = g_strconcat (minimal, "[HOST]\nport = x\n", NULL);
  g_assert_true (g_file_set_contents (ancestor, bad, -1, NULL));
  g_assert_null (ps_config_import (ancestor, file, &error));
  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, ".PiSync/pisync.ini:10: port"));
}

static void
test_list (gpointer fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) none = ps_config_list_files ();
  g_autofree char *b = write_ini ("b.ini", minimal);
  g_autofree char *z = write_ini ("pisync.ini", minimal);
  g_autofree char *a = write_ini ("a.ini", minimal);
  G_GNUC_UNUSED g_autofree char *other = write_ini ("known_hosts", "");
  G_GNUC_UNUSED g_autofree char *hidden = write_ini (".x.ini", "");
  g_autoptr (GPtrArray) files = ps_config_list_files ();

  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpuint (files->len, ==, 3);
  g_assert_cmpstr (files->pdata[0], ==, z);
  g_assert_cmpstr (files->pdata[1], ==, a);
  g_assert_cmpstr (files->pdata[2], ==, b);
}

static void
test_pairs (gpointer fixture, gconstpointer data)
{
  g_autofree char *first = write_ini ("pisync.ini", minimal);
  G_GNUC_UNUSED g_autofree char *broken = write_ini ("broken.ini", "[X]\n");
  g_autofree char *second = g_build_filename (g_get_user_config_dir (), "pisync", "b.ini", NULL);
  g_autoptr (PsConfig) config = ps_config_load (first, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (ps_config_check_pairs (config, &error));
  g_free (config->file);
  config->file = g_strdup (second);
  g_assert_false (ps_config_check_pairs (config, &error));
  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID);
  g_clear_error (&error);
  g_free (config->local_base);
  config->local_base = g_build_filename (g_get_home_dir (), "PiSync", "deep", "down", NULL);
  g_assert_false (ps_config_check_pairs (config, NULL));
  g_free (config->local_base);
  config->local_base = g_strdup (g_get_home_dir ());
  g_assert_false (ps_config_check_pairs (config, NULL));
  g_free (config->local_base);
  config->local_base = g_build_filename (g_get_home_dir (), "PiSync2", NULL);
  g_assert_true (ps_config_check_pairs (config, &error));
}

/* Random damage never crashes, and what loads can be saved and loads the same again. */
static void
test_random (gpointer fixture, gconstpointer data)
{
  g_autofree char *file = write_ini ("pisync.ini", minimal);
  static const char letters[] = "[]=\\ \n#;ahost9-~/\t\xff\0";

  for (guint round = 0; round < 300; round++)
    {
      g_autofree char *text = g_strdup (minimal);
      g_autoptr (PsConfig) config = NULL;
      g_autoptr (PsConfig) again = NULL;

      for (int i = g_test_rand_int_range (0, 4); i >= 0; i--)
        text[g_test_rand_int_range (0, sizeof minimal - 1)]
            = letters[g_test_rand_int_range (0, sizeof letters)];
      g_assert_true (g_file_set_contents_full (file, text, sizeof minimal - 1,
                                               G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
      config = ps_config_load (file, NULL);
      if (config == NULL)
        continue;
      g_assert_true (ps_config_save (config, NULL));
      again = ps_config_load (file, NULL);
      g_assert_nonnull (again);
      g_assert_cmpstr (again->host, ==, config->host);
      g_assert_cmpstr (again->local_base, ==, config->local_base);
      g_assert_cmpstr (again->remote_base, ==, config->remote_base);
      g_assert_cmpstr (again->user, ==, config->user);
    }
}

int
main (int argc, char **argv)
{
  test_home_make ();
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (bad_cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/engine/config/bad/%s", bad_cases[i].name);

      test_home_add (path, &bad_cases[i], test_bad);
    }
  test_home_add ("/engine/config/minimal", NULL, test_minimal);
  test_home_add ("/engine/config/everything", NULL, test_everything);
  test_home_add ("/engine/config/missing-file", NULL, test_missing_file);
  test_home_add ("/engine/config/missing-key", NULL, test_missing_key);
  test_home_add ("/engine/config/save-new", NULL, test_save_new);
  test_home_add ("/engine/config/save-keeps", NULL, test_save_keeps);
  test_home_add ("/engine/config/save-through-link", NULL, test_save_through_link);
  test_home_add ("/engine/config/check-value", NULL, test_check_value);
  test_home_add ("/engine/config/import", NULL, test_import);
  test_home_add ("/engine/config/list", NULL, test_list);
  test_home_add ("/engine/config/pairs", NULL, test_pairs);
  test_home_add ("/engine/config/random", NULL, test_random);
  return test_home_remove (g_test_run ());
}
