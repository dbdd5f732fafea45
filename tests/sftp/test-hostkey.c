/* SPDX-License-Identifier: GPL-3.0-or-later */
/* known_hosts: matching, states, writing; key files and ssh's own words. No network. */
#include "fakes/sshd.h"
#include "fakes/test-util.h"
#include "sftp/auth.h"
#include "sftp/error.h"
#include "sftp/hostkey.h"
#include "sftp/keyfile.h"
#include "sftp/openssh-text.h"
#include "sftp/sshconfig.h"

#include <string.h>
#include <sys/stat.h>

/* Two made-up ed25519 keys and an ecdsa one: the matching never looks behind the type. */
#define ED1 "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"
#define ED2 "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAC"
#define EC1 "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAABBA=="

static GBytes *
key (const char *base64)
{
  gsize size;
  guchar *data = g_base64_decode (base64, &size);

  return g_bytes_new_take (data, size);
}

typedef struct
{
  const char *name;
  const char *patterns;
  const char *host;
  int port;
  gboolean matches;
} MatchCase;

static const MatchCase match_cases[] = {
  { "plain", "pi", "pi", 22, TRUE },
  { "other", "pi", "pi2", 22, FALSE },
  { "prefix", "pi", "p", 22, FALSE },
  { "case", "Pi.Local", "pI.lOCAL", 22, TRUE },
  { "list", "a,pi,b", "pi", 22, TRUE },
  { "port-wants-brackets", "pi", "pi", 2222, FALSE },
  { "brackets", "[pi]:2222", "pi", 2222, TRUE },
  { "brackets-other-port", "[pi]:2222", "pi", 2223, FALSE },
  { "brackets-no-port", "[pi]:2222", "pi", 22, FALSE },
  { "star", "*.home", "pi.home", 22, TRUE },
  { "star-middle", "p*i", "ppppi", 22, TRUE },
  { "star-empty", "pi*", "pi", 22, TRUE },
  { "star-back", "*ab*abc", "xabyababc", 22, TRUE },
  { "star-no", "*.home", "home", 22, FALSE },
  { "question", "p?", "pi", 22, TRUE },
  { "question-none", "pi?", "pi", 22, FALSE },
  { "star-with-port", "[10.0.0.*]:2222", "10.0.0.7", 2222, TRUE },
  { "negated", "*.home,!pi.home", "pi.home", 22, FALSE },
  { "negated-first", "!pi.home,*.home", "pi.home", 22, FALSE },
  { "negated-other", "*.home,!pi.home", "nas.home", 22, TRUE },
  { "negated-alone", "!pi.home", "nas.home", 22, FALSE },
  { "brackets-are-no-set", "p[i]", "pi", 22, FALSE },
  { "ipv6", "fe80::1", "fe80::1", 22, TRUE },
  { "ipv6-port", "[fe80::1]:2222", "fe80::1", 2222, TRUE },
  /* Of another host. */
  { "hashed", "|1|4hO2OgY6BzYQXhZ6AqzsDdOoXPU=|Q9WQEyTAtsi37CP2QF9nK3J5hPU=", "pi", 22, FALSE },
  { "hash-damaged", "|1|x|y", "pi", 22, FALSE },
  { "hash-cut", "|1|4hO2OgY6BzYQXhZ6AqzsDdOoXPU=", "pi", 22, FALSE },
  { "hash-other-method", "|2|4hO2OgY6BzYQXhZ6AqzsDdOoXPU=|Q9WQEyTAtsi37CP2QF9nK3J5hPU=", "pi", 22,
    FALSE },
  { "empty-pattern", ",", "pi", 22, FALSE },
};

static void
test_match (gconstpointer data)
{
  const MatchCase *c = data;

  g_assert_cmpint (ps_known_hosts_match (c->patterns, c->host, c->port), ==, c->matches);
}

/* What ssh-keygen hashes we find again. */
static void
test_hashed (void)
{
  ps_autotestdir dir = ps_test_dir_new ();
  g_autofree char *file = g_build_filename (dir, "known_hosts", NULL);
  const char *argv[] = { "ssh-keygen", "-H", "-f", file, NULL };
  g_autoptr (PsKnownHosts) known = ps_known_hosts_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) one = key (ED1);
  g_autofree char *text = NULL;

  ps_test_write (dir, "known_hosts", "pi ssh-ed25519 " ED1 "\n[pi]:2222 ssh-ed25519 " ED1 "\n");
  ps_test_run_ok (argv);
  text = ps_test_read (dir, "known_hosts", NULL);
  g_assert_true (g_str_has_prefix (text, "|1|"));
  g_assert_true (ps_known_hosts_add_file (known, file, &error));
  g_assert_cmpint (ps_known_hosts_check (known, "PI", 22, one, NULL, NULL), ==, PS_KNOWN_HOST_OK);
  g_assert_cmpint (ps_known_hosts_check (known, "pi", 2222, one, NULL, NULL), ==, PS_KNOWN_HOST_OK);
  g_assert_cmpint (ps_known_hosts_check (known, "nas", 22, one, NULL, NULL), ==, PS_KNOWN_HOST_NEW);
}

typedef struct
{
  const char *name;
  const char *text;
  int port;
  const char *offered;
  PsKnownHostState state;
  const char *where; /* (nullable) */
} StateCase;

static const StateCase state_cases[] = {
  { "empty", "", 22, ED1, PS_KNOWN_HOST_NEW, NULL },
  { "known", "pi ssh-ed25519 " ED1 " a comment\n", 22, ED1, PS_KNOWN_HOST_OK, NULL },
  { "tabs", "pi\tssh-ed25519\t" ED1 "\r\n", 22, ED1, PS_KNOWN_HOST_OK, NULL },
  { "changed", "# my Pi\npi ssh-ed25519 " ED1 "\n", 22, ED2, PS_KNOWN_HOST_CHANGED, "F:2" },
  { "one-of-two", "pi ssh-ed25519 " ED1 "\npi ssh-ed25519 " ED2 "\n", 22, ED2, PS_KNOWN_HOST_OK,
    NULL },
  { "other-type", "pi ecdsa-sha2-nistp256 " EC1 "\n", 22, ED1, PS_KNOWN_HOST_CHANGED, "F:1" },
  { "same-type-shown", "pi ecdsa-sha2-nistp256 " EC1 "\npi ssh-ed25519 " ED2 "\n", 22, ED1,
    PS_KNOWN_HOST_CHANGED, "F:2" },
  { "revoked", "pi ssh-ed25519 " ED1 "\n@revoked * ssh-ed25519 " ED1 "\n", 22, ED1,
    PS_KNOWN_HOST_REVOKED, "F:2" },
  { "revoked-other-key", "@revoked * ssh-ed25519 " ED1 "\n", 22, ED2, PS_KNOWN_HOST_NEW, NULL },
  { "revoked-other-host", "@revoked nas ssh-ed25519 " ED1 "\n", 22, ED1, PS_KNOWN_HOST_NEW, NULL },
  { "revoked-with-port", "@revoked pi ssh-ed25519 " ED1 "\n", 2222, ED1, PS_KNOWN_HOST_REVOKED,
    "F:1" },
  { "authority-is-no-key", "@cert-authority * ssh-ed25519 " ED1 "\n", 22, ED1, PS_KNOWN_HOST_NEW,
    NULL },
  { "no-port-same-key", "pi ssh-ed25519 " ED1 "\n", 2222, ED1, PS_KNOWN_HOST_OK, NULL },
  { "no-port-other-key", "pi ssh-ed25519 " ED1 "\n", 2222, ED2, PS_KNOWN_HOST_NEW, NULL },
  { "port-counts-more", "pi ssh-ed25519 " ED2 "\n[pi]:2222 ssh-ed25519 " ED1 "\n", 2222, ED2,
    PS_KNOWN_HOST_CHANGED, "F:2" },
  { "comment", "#pi ssh-ed25519 " ED1 "\n", 22, ED1, PS_KNOWN_HOST_NEW, NULL },
  { "unknown-marker", "@strange pi ssh-ed25519 " ED1 "\n", 22, ED1, PS_KNOWN_HOST_NEW, NULL },
  { "type-lies", "pi ssh-rsa " ED1 "\n", 22, ED1, PS_KNOWN_HOST_NEW, NULL },
  { "cut", "pi ssh-ed25519\npi\n\n", 22, ED1, PS_KNOWN_HOST_NEW, NULL },
  { "garbage-key", "pi ssh-ed25519 !!!!\n", 22, ED1, PS_KNOWN_HOST_NEW, NULL },
  { "no-newline", "pi ssh-ed25519 " ED1, 22, ED1, PS_KNOWN_HOST_OK, NULL },
};

static void
test_state (gconstpointer data)
{
  const StateCase *c = data;
  g_autoptr (PsKnownHosts) known = ps_known_hosts_new ();
  g_autoptr (GBytes) offered = key (c->offered), known_key = NULL;
  g_autofree char *where = NULL, *where_again = NULL, *print = ps_key_fingerprint (offered);
  g_autofree char *known_print = NULL, *type = ps_key_blob_type (offered);
  const PsKeyName name = { type, print };

  ps_known_hosts_add_text (known, "F", c->text);
  g_assert_cmpint (ps_known_hosts_check (known, "pi", c->port, offered, &where, &known_key), ==,
                   c->state);
  g_assert_cmpstr (where, ==, c->where);
  g_assert_cmpint (known_key != NULL, ==, c->state == PS_KNOWN_HOST_CHANGED);
  g_assert_cmpint (
      ps_known_hosts_check_name (known, "pi", c->port, &name, &where_again, &known_print), ==,
      c->state);
}

static void
test_types (void)
{
  g_autoptr (PsKnownHosts) known = ps_known_hosts_new ();
  g_autoptr (GPtrArray) types = NULL, with_port = NULL, none = NULL;

  ps_known_hosts_add_text (known, "F",
                           "pi ecdsa-sha2-nistp256 " EC1 "\npi,x ssh-ed25519 " ED1
                           "\npi ssh-ed25519 " ED2 "\n@cert-authority pi ssh-ed25519 " ED1 "\n");
  types = ps_known_hosts_types (known, "pi", 22);
  with_port = ps_known_hosts_types (known, "pi", 2222);
  none = ps_known_hosts_types (known, "nas", 22);
  g_assert_cmpuint (types->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (types, 0), ==, "ecdsa-sha2-nistp256");
  g_assert_cmpstr (g_ptr_array_index (types, 1), ==, "ssh-ed25519");
  g_assert_cmpuint (with_port->len, ==, 2);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_true (ps_known_hosts_has_authority (known, "pi", 22));
  g_assert_false (ps_known_hosts_has_authority (known, "nas", 22));
}

typedef struct
{
  const char *name;
  const char *before; /* NULL: no file */
  int port;
  const char *after;
} StoreCase;

static const StoreCase store_cases[] = {
  { "new-file", NULL, 22, "pi ssh-ed25519 " ED1 "\n" },
  { "port", NULL, 2222, "[pi]:2222 ssh-ed25519 " ED1 "\n" },
  { "append", "nas ssh-ed25519 " ED2 "\n", 22,
    "nas ssh-ed25519 " ED2 "\npi ssh-ed25519 " ED1 "\n" },
  { "no-newline", "nas ssh-ed25519 " ED2, 22, "nas ssh-ed25519 " ED2 "\npi ssh-ed25519 " ED1 "\n" },
  { "replace", "pi ssh-ed25519 " ED2 "\npi ecdsa-sha2-nistp256 " EC1 "\n", 22,
    "pi ssh-ed25519 " ED1 "\n" },
  { "other-names-stay", "nas,pi ssh-ed25519 " ED2 " c\n", 22,
    "nas ssh-ed25519 " ED2 " c\npi ssh-ed25519 " ED1 "\n" },
  { "comments-stay", "# x\n\n@revoked pi ssh-ed25519 " ED2 "\n", 22,
    "# x\n\n@revoked pi ssh-ed25519 " ED2 "\npi ssh-ed25519 " ED1 "\n" },
  { "wildcards-stay", "p* ssh-ed25519 " ED2 "\n", 22,
    "p* ssh-ed25519 " ED2 "\npi ssh-ed25519 " ED1 "\n" },
};

static void
test_store (gconstpointer data)
{
  const StoreCase *c = data;
  ps_autotestdir dir = ps_test_dir_new ();
  g_autofree char *file = g_build_filename (dir, "a", "b", "known_hosts", NULL);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) one = key (ED1);
  gboolean ok;
  struct stat st;

  if (c->before != NULL)
    ps_test_write (dir, "a/b/known_hosts", c->before);
  ok = ps_known_hosts_store (file, "pi", c->port, one, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  after = ps_test_read (dir, "a/b/known_hosts", NULL);
  g_assert_cmpstr (after, ==, c->after);
  g_assert_cmpint (stat (file, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 077, ==, c->before != NULL ? st.st_mode & 077 : 0);
}

static void
test_store_fails (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) one = key (ED1);

  g_assert_false (ps_known_hosts_store ("/proc/nowhere/known_hosts", "pi", 22, one, &error));
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP);
}

static void
test_fingerprint (void)
{
  ps_autotestdir dir = ps_test_dir_new ();
  g_autofree char *file = g_build_filename (dir, "k", NULL);
  const char *argv[] = { "ssh-keygen", "-l", "-f", file, NULL };
  g_autofree char *line = NULL, *output = NULL, *print = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GBytes) blob = NULL;

  ps_test_make_key (file, "ed25519", NULL);
  line = ps_test_read (dir, "k.pub", NULL);
  words = g_strsplit (line, " ", 3);
  blob = key (words[1]);
  print = ps_key_fingerprint (blob);
  g_assert_cmpint (ps_test_run (argv, &output), ==, 0);
  g_assert_nonnull (strstr (output, print));
}

typedef struct
{
  const char *name;
  const char *type;
  const char *format; /* (nullable) of ssh-keygen -m */
  const char *passphrase;
  PsKeyFileKind kind;
  gboolean knows_public; /* without the .pub file */
} KeyFileCase;

static const KeyFileCase key_file_cases[] = {
  { "ed25519", "ed25519", NULL, "", PS_KEY_FILE_OTHER, TRUE },
  { "ed25519-encrypted", "ed25519", NULL, "secret", PS_KEY_FILE_OTHER, TRUE },
  { "rsa", "rsa", NULL, "", PS_KEY_FILE_RSA, TRUE },
  { "rsa-encrypted", "rsa", NULL, "secret", PS_KEY_FILE_RSA, TRUE },
  { "rsa-pem", "rsa", "PEM", "", PS_KEY_FILE_RSA, FALSE },
  { "rsa-pem-encrypted", "rsa", "PEM", "secret", PS_KEY_FILE_RSA, FALSE },
  { "ecdsa-pem", "ecdsa", "PEM", "", PS_KEY_FILE_OTHER, FALSE },
  { "ecdsa-pkcs8-encrypted", "ecdsa", "PKCS8", "secret", PS_KEY_FILE_OTHER, FALSE },
};

static void
test_key_file (gconstpointer data)
{
  const KeyFileCase *c = data;
  ps_autotestdir dir = ps_test_dir_new ();
  g_autofree char *file = g_build_filename (dir, "k", NULL);
  const char *argv[]
      = { "ssh-keygen",           "-q", "-t", c->type, "-N", c->passphrase, "-f", file, "-m",
          c->format ?: "RFC4716", NULL };
  g_autofree char *text = NULL;
  g_autoptr (PsKeyFile) parsed = NULL, with_public = NULL;
  g_autoptr (GError) error = NULL;

  ps_test_run_ok (argv);
  text = ps_test_read (dir, "k", NULL);
  parsed = ps_key_file_parse (text, NULL);
  g_assert_nonnull (parsed);
  g_assert_cmpint (parsed->kind, ==, c->kind);
  g_assert_cmpint (parsed->encrypted, ==, c->passphrase[0] != '\0');
  g_assert_cmpint (parsed->public_key != NULL, ==, c->knows_public);
  with_public = ps_key_file_read (file, &error);
  g_assert_no_error (error);
  g_assert_nonnull (with_public->public_key);
  g_assert_cmpint (with_public->kind, ==, c->kind);
}

/* A damaged file is refused or taken, but never over-read. */
static void
test_key_file_damaged (void)
{
  ps_autotestdir dir = ps_test_dir_new ();
  g_autofree char *file = g_build_filename (dir, "k", NULL);
  g_autofree char *text = NULL;

  ps_test_make_key (file, "ed25519", NULL);
  text = ps_test_read (dir, "k", NULL);
  for (gsize length = 0; length < strlen (text); length++)
    {
      g_autofree char *cut = g_strndup (text, length);
      g_autofree char *closed = g_strconcat (cut, "\n-----END", NULL);
      g_autofree char *flipped = g_strdup (text);

      flipped[length] = (char)('A' + g_test_rand_int_range (0, 50));
      ps_key_file_free (ps_key_file_parse (cut, NULL));
      ps_key_file_free (ps_key_file_parse (closed, NULL));
      ps_key_file_free (ps_key_file_parse (flipped, NULL));
    }
}

static void
test_config (void)
{
  g_autoptr (PsSshConfig) config
      = ps_ssh_config_parse ("user pi\nhostname 10.0.0.7\nport 2222\nidentityfile ~/.ssh/my key\n"
                             "identityfile /keys/k\nidentitiesonly yes\nproxyjump none\n"
                             "globalknownhostsfile /etc/ssh/ssh_known_hosts\n"
                             "userknownhostsfile \"/home/me/known hosts\" /root/.ssh/known_hosts2\n"
                             "hostkeyalias pi-at-home\nidentityagent none\n",
                             "/home/me", "/root");
  g_autoptr (PsSshConfig) jump = ps_ssh_config_parse ("proxyjump gate\n", "/home/me", "/home/me");

  g_assert_cmpstr (config->user, ==, "pi");
  g_assert_cmpstr (config->host_name, ==, "10.0.0.7");
  g_assert_cmpint (config->port, ==, 2222);
  g_assert_cmpstr (config->identity_files[0], ==, "/home/me/.ssh/my key");
  g_assert_cmpstr (config->identity_files[1], ==, "/keys/k");
  g_assert_null (config->identity_files[2]);
  g_assert_cmpstr (config->known_hosts[0], ==, "/home/me/known hosts");
  g_assert_cmpstr (config->known_hosts[1], ==, "/home/me/.ssh/known_hosts2");
  g_assert_cmpstr (config->known_hosts[2], ==, "/etc/ssh/ssh_known_hosts");
  g_assert_true (config->identities_only);
  g_assert_false (config->needs_ssh);
  g_assert_cmpstr (config->host_key_name, ==, "pi-at-home");
  g_assert_null (config->identity_agent);
  g_assert_true (jump->needs_ssh);
}

static void
test_config_bad_host (gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ps_ssh_config_read (data, 0, NULL, 20, NULL, &error));
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_SETUP);
}

/* An ssh that never answers: its configuration may have it run anything. */
static void
test_config_no_answer (void)
{
  ps_autotestdir dir = ps_test_dir_new ();
  g_autofree char *ssh = g_build_filename (dir, "ssh", NULL);
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  g_autofree char *first = g_strconcat (dir, ":", path, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (ssh, "#!/bin/sh\nexec tail -f /dev/null\n", -1, NULL));
  g_assert_no_errno (chmod (ssh, 0755));
  g_setenv ("PATH", first, TRUE);
  g_assert_null (ps_ssh_config_read ("pi", 0, NULL, 1, NULL, &error));
  g_setenv ("PATH", path, TRUE);
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, "\"ssh -G pi\""));
  g_assert_nonnull (strstr (error->message, "within 1 s"));
  g_assert_null (strstr (error->message, "mistake"));
}

#define PRINT "SHA256:fJfJfJfJfJfJfJfJfJfJfJfJfJfJfJfJfJfJfJfJfJf"

typedef struct
{
  const char *name;
  const char *text;
  PsSshQuestionKind kind;
  const char *host;
  const char *subject;
} QuestionCase;

static const QuestionCase question_cases[] = {
  { "host-key",
    "The authenticity of host '[pi]:2222 ([10.0.0.7]:2222)' can't be established.\n"
    "ED25519 key fingerprint is " PRINT ".\nThis key is not known by any other names.\n"
    "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
    PS_SSH_QUESTION_HOST_KEY, "[pi]:2222", NULL },
  { "passphrase", "Enter passphrase for key '/home/me/.ssh/id_rsa': ", PS_SSH_QUESTION_PASSPHRASE,
    NULL, "/home/me/.ssh/id_rsa" },
  { "passphrase-bare", "Enter passphrase for /home/me/k: ", PS_SSH_QUESTION_PASSPHRASE, NULL,
    "/home/me/k" },
  { "password", "me@pi's password: ", PS_SSH_QUESTION_PASSWORD, "pi", NULL },
  { "kbdint", "(me@pi) Password: ", PS_SSH_QUESTION_PASSWORD, "pi", NULL },
  { "kbdint-old", "Password: ", PS_SSH_QUESTION_PASSWORD, NULL, NULL },
  { "code", "(me@pi) Verification code: ", PS_SSH_QUESTION_OTHER, "pi", NULL },
  { "pin", "Enter PIN for ED25519-SK key /home/me/k: ", PS_SSH_QUESTION_OTHER, NULL, NULL },
  { "server-poses-as-passphrase",
    "(me@pi) Enter passphrase for key '/home/me/k': ", PS_SSH_QUESTION_OTHER, "pi", NULL },
  { "server-poses-as-host-key",
    "(me@pi) The authenticity of host 'x' can't be established.\nRSA key fingerprint is " PRINT,
    PS_SSH_QUESTION_OTHER, "pi", NULL },
  { "empty", "", PS_SSH_QUESTION_OTHER, NULL, NULL },
};

static void
test_question (gconstpointer data)
{
  const QuestionCase *c = data;
  g_autoptr (PsSshQuestion) question = ps_ssh_question_parse (c->text);

  g_assert_cmpint (question->kind, ==, c->kind);
  g_assert_cmpstr (question->host, ==, c->host);
  g_assert_cmpstr (question->subject, ==, c->subject);
  if (c->kind == PS_SSH_QUESTION_HOST_KEY)
    {
      g_assert_cmpstr (question->key_type, ==, "ssh-ed25519");
      g_assert_cmpstr (question->fingerprint, ==, PRINT);
      g_assert_true (question->takes_fingerprint);
    }
}

static void
test_display (void)
{
  g_autofree char *text = ps_auth_display_text ("  Pass\033[2Jword\xff:\xe2\x80\xae\n ",
                                                strlen ("  Pass\033[2Jword\xff:\xe2\x80\xae\n "));
  g_autofree char *flood = g_strnfill (100000, 'x');
  g_autofree char *shown = ps_auth_display_text (flood, 100000);

  g_assert_cmpstr (text, ==, "Pass\\u001b[2Jword\xef\xbf\xbd:\\u202e");
  g_assert_cmpuint (strlen (shown), <=, 1000);
}

#define ADD_TABLE(path, cases, function)                                                           \
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)                                                 \
    {                                                                                              \
      g_autofree char *name = g_strconcat (path, cases[i].name, NULL);                             \
      g_test_add_data_func (name, &cases[i], function);                                            \
    }

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name, *host;
  } bad_hosts[] = { { "option", "-oProxyCommand=x" },
                    { "empty", "" },
                    { "space", "a b" },
                    { "shell", "$(x)" },
                    { "user", "me@pi" },
                    { "control", "a\nb" } };

  g_test_init (&argc, &argv, NULL);
  ADD_TABLE ("/sftp/hostkey/match/", match_cases, test_match)
  ADD_TABLE ("/sftp/hostkey/state/", state_cases, test_state)
  ADD_TABLE ("/sftp/hostkey/store/", store_cases, test_store)
  ADD_TABLE ("/sftp/keyfile/", key_file_cases, test_key_file)
  ADD_TABLE ("/sftp/openssh/question/", question_cases, test_question)
  g_test_add_func ("/sftp/hostkey/hashed", test_hashed);
  g_test_add_func ("/sftp/hostkey/types", test_types);
  g_test_add_func ("/sftp/hostkey/store-fails", test_store_fails);
  g_test_add_func ("/sftp/hostkey/fingerprint", test_fingerprint);
  g_test_add_func ("/sftp/keyfile/damaged", test_key_file_damaged);
  g_test_add_func ("/sftp/sshconfig/parse", test_config);
  g_test_add_func ("/sftp/sshconfig/no-answer", test_config_no_answer);
  for (gsize i = 0; i < G_N_ELEMENTS (bad_hosts); i++)
    {
      g_autofree char *name = g_strconcat ("/sftp/sshconfig/bad-host/", bad_hosts[i].name, NULL);

      g_test_add_data_func (name, bad_hosts[i].host, test_config_bad_host);
    }
  g_test_add_func ("/sftp/auth/display", test_display);
  return g_test_run ();
}
