/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Servers that talk nonsense, lie, fall silent or never stop: an error each, never a crash, and
 * never a listing or a file that is taken for whole. */
#include "fakes/test-util.h"
#include "sftp/scripted.h"
#include "sftp/transport-process.h"
#include "sftp/wire.h"

#include <string.h>
#include <unistd.h>

static PsRemote *
connect_to (ScriptedAnswer answer, gconstpointer data, GError **error)
{
  PsRemoteOptions options = { .root = "root", .device = "laptop", .stall_timeout_s = 1 };

  return ps_remote_new (scripted_new (answer, true, data), &options, NULL, error);
}

/* --- The greeting --- */

typedef struct
{
  const char *name;
  const char *text;
  gsize length;
  int code;
} Greeting;

static const Greeting greetings[] = {
  { "banner", "Welcome to my Pi!\n", 18, PS_SFTP_ERROR_NO_SFTP },
  { "version-2", "\0\0\0\5\2\0\0\0\2", 9, PS_SFTP_ERROR_NO_SFTP },
  { "other-packet", "\0\0\0\5\145\0\0\0\3", 9, PS_SFTP_ERROR_NO_SFTP },
  { "cut-extension", "\0\0\0\12\2\0\0\0\3\0\0\0\7x", 14, 0 },
  { "nothing", "", 0, PS_SFTP_ERROR_LINK },
};

static void
greet (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  const Greeting *greeting = scripted_data (self);

  if (type == PS_FXP_INIT)
    g_byte_array_append (scripted_out (self), (const guint8 *)greeting->text,
                         (guint)greeting->length);
}

static void
test_greeting (gconstpointer data)
{
  const Greeting *greeting = data;
  PsRemoteOptions options = { .root = "root", .device = "laptop", .stall_timeout_s = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PsRemote) remote
      = ps_remote_new (scripted_new (greet, false, data), &options, NULL, &error);

  if (greeting->code != 0)
    g_assert_error (error, PS_SFTP_ERROR, greeting->code);
  else
    g_assert_no_error (error);
  g_assert_cmpint (remote == NULL, ==, greeting->code != 0);
}

/* --- Nonsense in answer to a request --- */

static void
length_huge (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  g_byte_array_append (scripted_out (self), (const guint8 *)"\377\377\377\377xxxxxxxxx", 13);
}

static void
length_tiny (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  g_byte_array_append (scripted_out (self), (const guint8 *)"\0\0\0\1x", 5);
}

static void
type_unknown (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  ps_packet_end (scripted_out (self), ps_packet_begin (scripted_out (self), 42, id));
}

static void
wrong_id (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  scripted_status (self, id + 1, PS_FX_OK);
}

static void
huge_id (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  scripted_status (self, UINT32_MAX, PS_FX_OK);
}

static void
answers_twice (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  scripted_status (self, id, PS_FX_NO_SUCH_FILE);
  scripted_status (self, id, PS_FX_NO_SUCH_FILE);
}

static void
handle_too_long (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  g_autofree char *handle = g_strnfill (257, 'h');

  scripted_handle (self, id, handle);
}

static void
count_too_large (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  scripted_names_end (self, scripted_names_begin (self, id, 1000000));
}

static void
hangs_up (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  g_byte_array_append (scripted_out (self), (const guint8 *)"\0\0\0\77e", 5);
  scripted_hang_up (self);
}

static void
is_silent (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
}

typedef struct
{
  const char *name;
  ScriptedAnswer answer;
} Nonsense;

static const Nonsense nonsense[] = {
  { "length-huge", length_huge },
  { "length-tiny", length_tiny },
  { "type-unknown", type_unknown },
  { "wrong-id", wrong_id },
  { "huge-id", huge_id },
  { "answers-twice", answers_twice },
  { "handle-too-long", handle_too_long },
  { "count-too-large", count_too_large },
  { "hangs-up", hangs_up },
  { "is-silent", is_silent },
};

/* Everything outstanding ends with the error, and so does what is asked for later. */
static void
test_nonsense (gconstpointer data)
{
  const Nonsense *n = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PsRemote) remote = connect_to (n->answer, NULL, &error);
  PsLister lister = ps_remote_lister (remote);
  g_autofree WireResult *results = g_new0 (WireResult, 2);
  WireResult late = { 0 };

  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    ps_remote_stat_async (remote, "a", wire_done, &results[i]);
  lister.klass->request (lister.self, "");
  while (ps_remote_step (remote, -1, NULL, &error))
    ;
  g_assert_error (error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK);
  g_assert_true (results[1].done);
  g_assert_null (lister.klass->next (lister.self, NULL, NULL));
  ps_remote_stat_async (remote, "b", wire_done, &late);
  g_assert_false (ps_remote_step (remote, 0, NULL, NULL));
  g_assert_error (late.error, PS_SFTP_ERROR, PS_SFTP_ERROR_LINK);
  for (guint i = 0; i < 2; i++)
    wire_result_clear (&results[i]);
  wire_result_clear (&late);
}

static void
test_cancel (void)
{
  g_autoptr (PsRemote) remote = connect_to (is_silent, NULL, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  WireResult result = { 0 };

  ps_remote_stat_async (remote, "a", wire_done, &result);
  g_assert_true (ps_remote_step (remote, 0, cancellable, &error));
  g_cancellable_cancel (cancellable);
  g_assert_false (ps_remote_step (remote, -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error (result.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  wire_result_clear (&result);
}

/* --- Listings --- */

static const struct
{
  const char *name;
  gsize length;
} odd_names[]
    = { { "a/b", 3 }, { "/etc", 4 }, { "", 0 }, { "x\0y", 3 }, { "..x", 3 }, { "..", 2 } };

typedef struct
{
  const char *name;
  guint times; /* READDIRs that are answered by names */
  uint32_t count;
  uint32_t last; /* status in the end */
  bool dot;
  PsListingState state;
} Listing;

static const Listing listings[] = {
  { "complete", 3, 5, PS_FX_EOF, true, PS_LISTING_COMPLETE },
  { "no-dot", 3, 5, PS_FX_EOF, false, PS_LISTING_INCOMPLETE },
  { "failure", 3, 5, PS_FX_FAILURE, true, PS_LISTING_INCOMPLETE },
  { "says-ok", 3, 5, PS_FX_OK, true, PS_LISTING_INCOMPLETE },
  { "denied", 0, 0, PS_FX_PERMISSION_DENIED, true, PS_LISTING_INCOMPLETE },
  { "endless-nothing", G_MAXUINT, 0, 0, true, PS_LISTING_INCOMPLETE },
  { "endless", G_MAXUINT, 1000, 0, true, PS_LISTING_INCOMPLETE },
};

static guint readdirs;

static void
give_names (Scripted *self, uint32_t id, const Listing *listing)
{
  gsize begin = scripted_names_begin (self, id, listing->count);

  for (uint32_t i = 0; i < listing->count; i++)
    {
      g_autofree char *name = g_strdup_printf ("n%u-%u", readdirs, i);

      if (i == 0 && listing->dot)
        scripted_name (self, ".", 1);
      else
        scripted_name (self, name, strlen (name));
    }
  scripted_names_end (self, begin);
}

static void
list (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  const Listing *listing = scripted_data (self);

  if (type == PS_FXP_OPENDIR)
    scripted_handle (self, id, "dir");
  else if (type == PS_FXP_LSTAT) /* of "." in the directory */
    scripted_status (self, id, PS_FX_PERMISSION_DENIED);
  else if (type != PS_FXP_READDIR)
    scripted_status (self, id, PS_FX_OK);
  else if (readdirs++ < listing->times)
    give_names (self, id, listing);
  else
    scripted_status (self, id, listing->last);
}

static void
test_listing (gconstpointer data)
{
  const Listing *expect = data;
  g_autoptr (PsRemote) remote = connect_to (list, data, NULL);
  PsLister lister = ps_remote_lister (remote);
  g_autoptr (PsListing) listing = NULL;
  g_autoptr (GError) error = NULL;

  readdirs = 0;
  lister.klass->request (lister.self, "");
  listing = lister.klass->next (lister.self, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (listing->state, ==, expect->state);
  g_assert_cmpint (listing->message != NULL, ==, expect->state == PS_LISTING_INCOMPLETE);
}

static void
list_odd (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  g_autofree char *long_name = g_strnfill (256, 'x');
  gsize begin;

  if (type == PS_FXP_OPENDIR)
    scripted_handle (self, id, "dir");
  else if (type != PS_FXP_READDIR)
    scripted_status (self, id, PS_FX_OK);
  else if (readdirs++ > 0)
    scripted_status (self, id, PS_FX_EOF);
  else
    {
      begin = scripted_names_begin (self, id, G_N_ELEMENTS (odd_names) + 5);
      for (gsize i = 0; i < G_N_ELEMENTS (odd_names); i++)
        scripted_name (self, odd_names[i].name, odd_names[i].length);
      scripted_name (self, long_name, 256);
      scripted_name (self, ".", 1);
      scripted_name (self, "twice", 5);
      scripted_name (self, "twice", 5);
      scripted_name (self, ".pisync", 7);
      scripted_names_end (self, begin);
    }
}

static void
test_odd_names (void)
{
  g_autoptr (PsRemote) remote = connect_to (list_odd, NULL, NULL);
  PsLister lister = ps_remote_lister (remote);
  g_autoptr (PsListing) listing = NULL;

  readdirs = 0;
  lister.klass->request (lister.self, "");
  listing = lister.klass->next (lister.self, NULL, NULL);
  g_assert_cmpint (listing->state, ==, PS_LISTING_COMPLETE);
  g_assert_cmpuint (listing->refused->len, ==, 5);
  g_assert_cmpuint (listing->entries->len, ==, 2);
  g_assert_cmpstr (g_array_index (listing->entries, PsDirEntry, 0).name, ==, "..x");
  g_assert_cmpstr (g_array_index (listing->entries, PsDirEntry, 1).name, ==, "twice");
}

/* --- Transfers --- */

typedef struct
{
  const char *name;
  uint8_t type; /* the request that gets a bad answer */
  enum
  {
    SAYS_OK,
    SAYS_FAILURE,
    SAYS_NAME,
    SAYS_ATTRS,
    SAYS_LESS,
    SAYS_MORE,
    SAYS_NOTHING_READ
  } how;
  int code; /* of the operation */
} Lie;

static const Lie put_lies[] = {
  { "open-ok", PS_FXP_OPEN, SAYS_OK, PS_SFTP_ERROR_FAILED },
  { "open-fails", PS_FXP_OPEN, SAYS_FAILURE, PS_SFTP_ERROR_FAILED },
  { "open-attrs", PS_FXP_OPEN, SAYS_ATTRS, PS_SFTP_ERROR_FAILED },
  { "write-fails", PS_FXP_WRITE, SAYS_FAILURE, PS_SFTP_ERROR_FAILED },
  { "write-names", PS_FXP_WRITE, SAYS_NAME, PS_SFTP_ERROR_FAILED },
  { "size-less", PS_FXP_FSTAT, SAYS_LESS, PS_SFTP_ERROR_FAILED },
  { "size-more", PS_FXP_FSTAT, SAYS_MORE, PS_SFTP_ERROR_FAILED },
  { "size-ok", PS_FXP_FSTAT, SAYS_OK, PS_SFTP_ERROR_FAILED },
  { "close-fails", PS_FXP_CLOSE, SAYS_FAILURE, PS_SFTP_ERROR_FAILED },
  { "rename-fails", PS_FXP_RENAME, SAYS_FAILURE, PS_SFTP_ERROR_EXISTS },
};

static const Lie get_lies[] = {
  { "open-ok", PS_FXP_OPEN, SAYS_OK, PS_SFTP_ERROR_FAILED },
  { "read-ok", PS_FXP_READ, SAYS_OK, PS_SFTP_ERROR_FAILED },
  { "read-more", PS_FXP_READ, SAYS_MORE, PS_SFTP_ERROR_FAILED },
  { "read-nothing", PS_FXP_READ, SAYS_NOTHING_READ, PS_SFTP_ERROR_FAILED },
  { "read-fails", PS_FXP_READ, SAYS_FAILURE, PS_SFTP_ERROR_FAILED },
  { "size-less", PS_FXP_FSTAT, SAYS_LESS, PS_SFTP_ERROR_CHANGED },
  { "size-ok", PS_FXP_FSTAT, SAYS_OK, PS_SFTP_ERROR_FAILED },
};

#define SIZE 100000
static guint renames, removes;

static void
be_honest (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  gsize ignored;

  renames += type == PS_FXP_RENAME;
  removes += type == PS_FXP_REMOVE;
  switch (type)
    {
    case PS_FXP_OPEN:
      scripted_handle (self, id, "file");
      break;
    case PS_FXP_READ:
      ps_reader_bytes (body, 256, &ignored);
      ps_reader_u64 (body);
      scripted_data_reply (self, id, ps_reader_u32 (body));
      break;
    case PS_FXP_FSTAT:
    case PS_FXP_LSTAT:
      scripted_attrs (self, id, 0100644, SIZE, 1700000000);
      break;
    default:
      scripted_status (self, id, PS_FX_OK);
    }
}

static void
lie (Scripted *self, uint8_t type, uint32_t id, PsReader *body)
{
  const Lie *how = scripted_data (self);

  if (type != how->type)
    {
      be_honest (self, type, id, body);
      return;
    }
  renames += type == PS_FXP_RENAME;
  switch (how->how)
    {
    case SAYS_OK:
      scripted_status (self, id, PS_FX_OK);
      break;
    case SAYS_FAILURE:
      scripted_status (self, id, PS_FX_FAILURE);
      break;
    case SAYS_NAME:
      scripted_names_end (self, scripted_names_begin (self, id, 0));
      break;
    case SAYS_ATTRS:
      scripted_attrs (self, id, 0100644, SIZE, 1700000000);
      break;
    case SAYS_LESS:
      scripted_attrs (self, id, 0100644, SIZE - 1, 1700000000);
      break;
    case SAYS_MORE:
      if (type == PS_FXP_READ)
        scripted_data_reply (self, id, 200000);
      else
        scripted_attrs (self, id, 0100644, SIZE + 1, 1700000000);
      break;
    case SAYS_NOTHING_READ:
      scripted_data_reply (self, id, 0);
      break;
    }
}

static void
run_transfer (gconstpointer data, bool upload, WireResult *result)
{
  g_autoptr (PsRemote) remote = connect_to (lie, data, NULL);
  int fd = wire_local (NULL, SIZE, 1);
  PsPut put = { .path = "f", .fd = fd, .source = wire_source (SIZE) };
  PsGet get = { .path = "f", .fd = fd, .expected = wire_source (SIZE) };

  renames = removes = 0;
  if (upload)
    ps_remote_put_async (remote, &put, wire_done, result);
  else
    ps_remote_get_async (remote, &get, wire_done, result);
  while (!result->done)
    g_assert_true (ps_remote_step (remote, -1, NULL, NULL));
  g_assert_true (ps_remote_step (remote, 0, NULL, NULL));
  close (fd);
}

static void
test_put (gconstpointer data)
{
  const Lie *how = data;
  g_auto (WireResult) result = { 0 };

  run_transfer (data, true, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, how->code);
  g_assert_cmpuint (renames, ==, how->type == PS_FXP_RENAME);
  g_assert_cmpuint (removes, ==, how->type != PS_FXP_OPEN);
}

static void
test_get (gconstpointer data)
{
  g_auto (WireResult) result = { 0 };

  run_transfer (data, false, &result);
  g_assert_error (result.error, PS_SFTP_ERROR, ((const Lie *)data)->code);
}

/* --- A real server over a line that damages bytes --- */

typedef struct
{
  PsTransport base;
  PsTransport *real;
  guint64 seen, damage_at;
} BadLine;

static int
line_open (PsTransport *self, GError **error)
{
  PsTransport *real = ((BadLine *)self)->real;

  return real->klass->open_channel (real, error);
}

static gssize
line_write (PsTransport *self, int channel, const void *data, gsize length, GError **error)
{
  PsTransport *real = ((BadLine *)self)->real;

  return real->klass->write (real, channel, data, length, error);
}

static gssize
line_read (PsTransport *self, int channel, void *buffer, gsize length, GError **error)
{
  BadLine *line = (BadLine *)self;
  gssize n = line->real->klass->read (line->real, channel, buffer, length, error);

  if (n > 0 && line->damage_at >= line->seen && line->damage_at < line->seen + (guint64)n)
    ((uint8_t *)buffer)[line->damage_at - line->seen] ^= (uint8_t)g_test_rand_int_range (1, 256);
  if (n > 0)
    line->seen += (guint64)n;
  return n;
}

static gboolean
line_flush (PsTransport *self, GError **error)
{
  PsTransport *real = ((BadLine *)self)->real;

  return real->klass->flush (real, error);
}

static gsize
line_queued (PsTransport *self)
{
  PsTransport *real = ((BadLine *)self)->real;

  return real->klass->queued (real);
}

static guint
line_fds (PsTransport *self, GPollFD *fds, guint max)
{
  PsTransport *real = ((BadLine *)self)->real;

  return real->klass->get_fds (real, fds, max);
}

static void
line_close (PsTransport *self)
{
  PsTransport *real = ((BadLine *)self)->real;

  real->klass->close (real);
}

static void
line_free (PsTransport *self)
{
  ps_transport_free (((BadLine *)self)->real);
  g_free (self);
}

static const PsTransportClass line_class = {
  .open_channel = line_open,
  .write = line_write,
  .read = line_read,
  .flush = line_flush,
  .queued = line_queued,
  .get_fds = line_fds,
  .close = line_close,
  .free = line_free,
};

static PsRemote *
connect_by_bad_line (const char *dir)
{
  const char *argv[] = { WIRE_SERVER, NULL };
  PsRemoteOptions options = { .root = dir, .device = "laptop", .stall_timeout_s = 1 };
  BadLine *line = g_new0 (BadLine, 1);

  line->base.klass = &line_class;
  line->real = ps_transport_process_new (argv, 1, NULL);
  line->damage_at = (guint64)g_test_rand_int_range (0, 1500);
  return ps_remote_new (&line->base, &options, NULL, NULL);
}

static void
test_bad_line (void)
{
  g_autoptr (Wire) wire = wire_new ("");
  int fd = wire_local (NULL, 1000, 1);

  wire_write (wire, "f", "content");
  for (guint round = 0; round < 150; round++)
    {
      g_autoptr (PsRemote) remote = connect_by_bad_line (wire->dir);
      g_autofree char *path = g_strdup_printf ("new%u", round);
      PsPut put = { .path = path, .fd = fd, .source = wire_source (1000) };
      PsLister lister;
      WireResult results[3] = { 0 };

      if (remote == NULL)
        continue;
      lister = ps_remote_lister (remote);
      lister.klass->request (lister.self, "");
      ps_remote_put_async (remote, &put, wire_done, &results[0]);
      ps_remote_read_async (remote, "f", 0, 100, wire_done, &results[1]);
      ps_remote_stat_async (remote, "f", wire_done, &results[2]);
      while (ps_remote_outstanding (remote) > 0)
        if (!ps_remote_step (remote, -1, NULL, NULL))
          break;
      for (guint i = 0; i < G_N_ELEMENTS (results); i++)
        {
          g_assert_true (results[i].done);
          wire_result_clear (&results[i]);
        }
    }
  close (fd);
}

static void
add (const char *group, const char *name, gconstpointer data, GTestDataFunc func)
{
  g_autofree char *path = g_strdup_printf ("/sftp/hostile/%s/%s", group, name);

  g_test_add_data_func (path, data, func);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (greetings); i++)
    add ("greeting", greetings[i].name, &greetings[i], test_greeting);
  for (gsize i = 0; i < G_N_ELEMENTS (nonsense); i++)
    add ("nonsense", nonsense[i].name, &nonsense[i], test_nonsense);
  for (gsize i = 0; i < G_N_ELEMENTS (listings); i++)
    add ("listing", listings[i].name, &listings[i], test_listing);
  for (gsize i = 0; i < G_N_ELEMENTS (put_lies); i++)
    add ("put", put_lies[i].name, &put_lies[i], test_put);
  for (gsize i = 0; i < G_N_ELEMENTS (get_lies); i++)
    add ("get", get_lies[i].name, &get_lies[i], test_get);
  g_test_add_func ("/sftp/hostile/odd-names", test_odd_names);
  g_test_add_func ("/sftp/hostile/cancel", test_cancel);
  g_test_add_func ("/sftp/hostile/bad-line", test_bad_line);
  return g_test_run ();
}
