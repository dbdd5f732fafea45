/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the engine says in a window is said in the person's language: mistakes in an ini, lines of
 * the log. In every language that there is a catalogue of, one test. */
#include "app/log-model.h"
#include "engine/config.h"
#include "engine/event.h"
#include "fakes/home.h"
#include "util/words.h"

#include <libintl.h>
#include <locale.h>
#include <string.h>

/* Lines behind those that make an ini complete. */
static const char *const mistakes[] = {
  "[HOST]\nport = ssh\n",
  "[HOST]\nprot = 22\n",
  "[HOST]\nwhatever = 22\n",
  "[HOTS]\n",
  "[ELSEWHERE]\n",
  "[HOST]\nkeyfile = /k\n",
  "[AUTH]\nauth = none\n",
  "[SYNC]\nfsync = maybe\n",
  "[AUTH]\nkeyfile = id_rsa\n",
  "[HOST]\nhost = other\n",
  "[HOST]\nno equals sign\n",
  "[HOST\n",
  "[SYNC]\ndevice = a/b\n",
  "[AUTH]\nuser = a b\n",
  "[AUTH]\nuser = \\x\n",
};

static const char complete[] = "[HOST]\nhost = pi\n[AUTH]\nuser = u\n[LOCAL CONFIG]\n"
                               "local_base = ~/PiSync\n[REMOTE CONFIG]\nremote_base = x\n";

static void
speak (const char *language)
{
  extern int _nl_msg_cat_cntr; /* gettext's own way to be told of another LANGUAGE */

  g_setenv ("LANGUAGE", language, TRUE);
  _nl_msg_cat_cntr++;
}

/* Returns: (transfer full): why the ini cannot be used. */
static char *
complaint (const char *text)
{
  g_autofree char *dir = ps_config_dir ();
  g_autofree char *file = g_build_filename (dir, "pisync.ini", NULL);
  g_autofree char *whole = g_strconcat (complete, text, NULL);
  g_autoptr (GError) error = NULL;

  ps_test_write (dir, "pisync.ini", whole);
  g_assert_null (ps_config_load (file, &error));
  g_assert_error (error, PS_CONFIG_ERROR, PS_CONFIG_ERROR_INVALID);
  return g_strdup (error->message);
}

static void
assert_other (const char *english, const char *said)
{
  g_test_message ("%s", said);
  g_assert_cmpstr (english, !=, said);
  g_assert_true (g_utf8_validate (said, -1, NULL));
}

static void
test_mistakes (gpointer unused, gconstpointer language)
{
  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autofree char *english = NULL;
      g_autofree char *said = NULL;

      speak ("en");
      english = complaint (mistakes[i]);
      speak (language);
      said = complaint (mistakes[i]);
      assert_other (english, said);
      /* File and line stand before it in every language. */
      g_assert_cmpmem (said, strcspn (said, " "), english, strcspn (english, " "));
    }
}

static void
test_log (gpointer unused, gconstpointer language)
{
  static const char *const lines[]
      = { "upload docs/a.txt (12 kB)", "move-local a -> b", "problem a.txt: %s", "held: 3",
          "conflict a.txt: the other version is kept as b.txt" };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autofree char *said = NULL;

      speak (language);
      said = ps_log_text (lines[i]);
      assert_other (lines[i], said);
      speak ("en");
      g_free (said);
      said = ps_log_text (lines[i]);
      g_assert_cmpstr (said, ==, lines[i]);
    }
}

static void
test_summary (gpointer unused, gconstpointer language)
{
  for (guint n = 1; n < 30; n++)
    {
      PsSummary summary = { .uploaded = n, .made_dirs = n, .conflicts = n, .failed = n };
      g_autofree char *english = NULL;
      g_autofree char *said = NULL;
      g_auto (GStrv) parts = NULL;
      g_autofree char *number = g_strdup_printf ("%u", n);

      speak ("en");
      english = ps_summary_to_text (&summary);
      speak (language);
      said = ps_summary_to_text (&summary);
      assert_other (english, said);
      parts = g_strsplit (said, number, -1);
      g_assert_cmpuint (g_strv_length (parts), >=, 5);
    }
}

static void
add (const char *what, const char *language, void (*test) (gpointer, gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/words/%s/%s", what, language);

  test_home_add (path, language, test);
}

int
main (int argc, char **argv)
{
  static const char *const languages[]
      = { "de", "es", "fr", "it", "ja", "nl", "pl", "pt_BR", "ru", "zh_CN" };

  test_home_make ();
  setlocale (LC_ALL, "C.UTF-8");
  bindtextdomain ("pisync", g_getenv ("PISYNC_TEST_CATALOGUES"));
  bind_textdomain_codeset ("pisync", "UTF-8");
  textdomain ("pisync");
  ps_words_translate ();
  /* GLib decides once, by the first text, whether there is anything to look up. */
  speak (languages[0]);
  ps_words ("");
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (languages); i++)
    {
      add ("mistakes", languages[i], test_mistakes);
      add ("log", languages[i], test_log);
      add ("summary", languages[i], test_summary);
    }
  return test_home_remove (g_test_run ());
}
