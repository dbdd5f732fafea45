/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Only what changed travels: two devices and a real sftp-server. */
#include "engine/device.h"
#include "fakes/test-util.h"

#include "delta/delta.h"
#include "engine/notes.h"
#include "util/sha256.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1024 * 1024)
#define SIZE (4 * MIB)
#define LARGE (24 * MIB)
#define OVERHEAD 20000 /* bytes on the wire beside content */

static GByteArray *
random_bytes (gsize length)
{
  guint8 *data = ps_test_random_bytes (length, (guint32)g_test_rand_int ());

  return g_byte_array_new_take (data, length);
}

static GByteArray *
with_insertion (const GByteArray *bytes, gsize at, gsize length)
{
  g_autoptr (GByteArray) new_bytes = random_bytes (length);
  GByteArray *result = g_byte_array_new ();

  g_byte_array_append (result, bytes->data, (guint)at);
  g_byte_array_append (result, new_bytes->data, new_bytes->len);
  g_byte_array_append (result, bytes->data + at, bytes->len - (guint)at);
  return result;
}

static void
upload_ok (Device *device, const char *path, uint64_t most)
{
  g_auto (Transfer) transfer = { 0 };

  device_upload (device, path, &transfer);
  g_assert_no_error (transfer.error);
  g_test_message ("up %s: %" G_GUINT64_FORMAT " bytes", path, transfer.wire);
  g_assert_cmpuint (transfer.wire, <=, most);
  g_assert_cmpuint (transfer.moved, ==, transfer.entry.size);
  device_assert_same (device, path);
  device_tidy (device);
}

static void
download_ok (Device *device, const char *path, uint64_t most)
{
  g_auto (Transfer) transfer = { 0 };

  device_download (device, path, &transfer);
  g_assert_no_error (transfer.error);
  g_test_message ("down %s: %" G_GUINT64_FORMAT " bytes", path, transfer.wire);
  g_assert_cmpuint (transfer.wire, <=, most);
  g_assert_cmpuint (transfer.moved, >=, transfer.entry.size);
  device_assert_same (device, path);
  device_tidy (device);
}

/* One device sends a file and an edited version of it; another follows. */
static void
test_delta (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (Device) b = device_new (a->server, "b", "");
  g_autoptr (GByteArray) old = random_bytes (SIZE);
  g_autoptr (GByteArray) edited = with_insertion (old, SIZE / 2 + 77, 65536);
  gsize signature = SIZE / 2048 * 16 + 100;

  device_write (a, "file", old);
  upload_ok (a, "file", SIZE + SIZE / 50);
  download_ok (b, "file", SIZE + SIZE / 50);
  device_write (a, "file", edited);
  upload_ok (a, "file", 65536 + OVERHEAD);
  download_ok (b, "file", 65536 + signature + OVERHEAD);
  g_assert_cmpuint (b->problems->len, ==, 0);
}

/* A delta of a delta: what was put together has a signature, too. */
static void
test_chain (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);

  device_write (a, "file", bytes);
  upload_ok (a, "file", SIZE + SIZE / 50);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GByteArray) edited = with_insertion (bytes, i * 1000000, 1000);

      device_write (a, "file", edited);
      upload_ok (a, "file", 10000 + OVERHEAD);
      g_clear_pointer (&bytes, g_byte_array_unref);
      bytes = g_steal_pointer (&edited);
    }
}

/* After a whole download, too, the next version goes up as a delta. */
static void
test_delta_after_download (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (Device) b = device_new (a->server, "b", "");
  g_autoptr (GByteArray) old = random_bytes (SIZE);
  g_autoptr (GByteArray) edited = with_insertion (old, 1234567, 5000);

  device_write (a, "file", old);
  upload_ok (a, "file", SIZE + SIZE / 50);
  download_ok (b, "file", SIZE + SIZE / 50);
  device_write (b, "file", edited);
  upload_ok (b, "file", 10000 + OVERHEAD);
}

static void
test_same_content (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (Device) b = device_new (a->server, "b", "");
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);

  device_write (a, "file", bytes);
  upload_ok (a, "file", SIZE + SIZE / 50);
  download_ok (b, "file", SIZE + SIZE / 50);
  device_write (a, "another", bytes);
  upload_ok (a, "another", OVERHEAD);
  download_ok (b, "another", OVERHEAD);
}

/* A copy under a name beside it that was edited. */
static void
test_similar_name (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (Device) b = device_new (a->server, "b", "");
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);
  g_autoptr (GByteArray) edited = with_insertion (bytes, 3000000, 5000);

  device_write (a, "report.odt", bytes);
  upload_ok (a, "report.odt", SIZE + SIZE / 50);
  download_ok (b, "report.odt", SIZE + SIZE / 50);
  device_write (a, "report (copy).odt", edited);
  upload_ok (a, "report (copy).odt", 10000 + OVERHEAD);
  download_ok (b, "report (copy).odt", 60000 + OVERHEAD);
}

/* Where too little turns out to be the same, what was found until then is used. */
static void
test_given_up (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (GByteArray) bytes = random_bytes (LARGE);
  g_autoptr (GByteArray) other = random_bytes (LARGE);

  device_write (a, "file", bytes);
  upload_ok (a, "file", LARGE + LARGE / 50);
  memcpy (bytes->data + 5 * MIB, other->data, bytes->len - 5 * MIB);
  device_write (a, "file", bytes);
  upload_ok (a, "file", LARGE - 4 * MIB);
}

/* A server that cannot copy gets the whole file; down a delta works all the same. */
static void
test_no_copy_data (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "-P copy-data");
  g_autoptr (Device) b = device_new (a->server, "b", "-P copy-data");
  g_autoptr (GByteArray) old = random_bytes (SIZE);
  g_autoptr (GByteArray) edited = with_insertion (old, SIZE / 2, 5000);

  device_write (a, "file", old);
  upload_ok (a, "file", SIZE + SIZE / 50);
  download_ok (b, "file", SIZE + SIZE / 50);
  device_write (a, "file", edited);
  upload_ok (a, "file", SIZE + SIZE / 50);
  download_ok (b, "file", 60000 + OVERHEAD);
}

static void
test_other_content (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (Device) b = device_new (a->server, "b", "");
  g_autoptr (GByteArray) old = random_bytes (SIZE);
  g_autoptr (GByteArray) other = random_bytes (SIZE + 5);

  device_write (a, "file", old);
  upload_ok (a, "file", SIZE + SIZE / 50);
  download_ok (b, "file", SIZE + SIZE / 50);
  device_write (a, "file", other);
  upload_ok (a, "file", SIZE + SIZE / 50);
  download_ok (b, "file", SIZE + SIZE / 30);
}

static void
test_small (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (Device) b = device_new (a->server, "b", "");
  g_autoptr (GByteArray) bytes = random_bytes (1000);
  g_autofree char *signatures = device_server_path (a, PS_OWN_DIR "/signatures");

  device_write (a, "file", bytes);
  upload_ok (a, "file", 5000);
  download_ok (b, "file", 5000);
  g_assert_false (g_file_test (signatures, G_FILE_TEST_EXISTS));
}

/* What lies in .pisync/signatures, spoilt in several ways. */
typedef struct
{
  const char *name;
  gboolean note; /* the note, else the signature */
  void (*spoil) (const char *file);
  gboolean told; /* the person hears of it */
} Spoilt;

static void
cut_short (const char *file)
{
  g_assert_no_errno (truncate (file, 40));
}

static void
make_empty (const char *file)
{
  g_assert_no_errno (truncate (file, 0));
}

static void
make_random (const char *file)
{
  g_autofree guint8 *data = ps_test_random_bytes (50000, 7);

  g_assert_true (g_file_set_contents (file, (const char *)data, 50000, NULL));
}

/* Sums of blocks in another order: every one of them is somewhere in the file. */
static void
shuffle (const char *file)
{
  g_autofree char *data = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (file, &data, &length, NULL));
  for (gsize i = 12; i + 160 < length; i += 160)
    {
      char kept[16];

      memcpy (kept, data + i, 16);
      memcpy (data + i, data + i + 16, 16);
      memcpy (data + i + 16, kept, 16);
    }
  g_assert_true (g_file_set_contents (file, data, (gssize)length, NULL));
}

static void
write_other_sum (const char *file)
{
  g_assert_true (g_file_set_contents (
      file, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", -1, NULL));
}

static void
make_huge (const char *file)
{
  g_assert_no_errno (truncate (file, 100 * MIB));
}

static const Spoilt spoilt[] = {
  { "signature-short", FALSE, cut_short, FALSE },
  { "signature-empty", FALSE, make_empty, FALSE },
  { "signature-random", FALSE, make_random, FALSE },
  { "signature-shuffled", FALSE, shuffle, TRUE },
  { "signature-huge", FALSE, make_huge, FALSE },
  { "note-short", TRUE, cut_short, FALSE },
  { "note-random", TRUE, make_random, FALSE },
  { "note-of-another", TRUE, write_other_sum, FALSE },
};

static void
spoil_all (const Device *device, const Spoilt *how)
{
  g_autofree char *dir = device_server_path (device, PS_OWN_DIR "/signatures");
  g_autoptr (GDir) listing = g_dir_open (dir, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (listing)) != NULL)
    {
      g_autofree char *file = g_build_filename (dir, name, NULL);

      if (strcmp (name, "swept") == 0 || g_str_has_suffix (name, ".of") != how->note)
        continue;
      how->spoil (file);
      n++;
    }
  g_assert_cmpuint (n, ==, 1);
}

static void
test_spoilt (gconstpointer data)
{
  const Spoilt *how = data;
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (Device) b = device_new (a->server, "b", "");
  g_autoptr (GByteArray) old = random_bytes (SIZE);
  g_autoptr (GByteArray) edited = with_insertion (old, SIZE / 2, 5000);

  device_write (a, "file", old);
  upload_ok (a, "file", SIZE + SIZE / 50);
  download_ok (b, "file", SIZE + SIZE / 50);
  device_write (a, "file", edited);
  upload_ok (a, "file", 10000 + OVERHEAD);
  spoil_all (a, how);
  download_ok (b, "file", SIZE + SIZE / 4);
  g_assert_true (device_has_problem (b, "signature") == how->told);
}

/* What should be copied on the server is not there any more: all is sent. */
static void
test_base_gone (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (GByteArray) bytes = random_bytes (SIZE);
  g_autoptr (GByteArray) other = random_bytes (SIZE);

  device_write (a, "file", bytes);
  upload_ok (a, "file", SIZE + SIZE / 50);
  ps_test_write_bytes (a->server, "file", other->data, other->len);
  device_write (a, "another", bytes);
  upload_ok (a, "another", SIZE + SIZE / 50);
  ps_test_remove_tree (a->server);
  g_assert_no_errno (g_mkdir_with_parents (a->server, 0755));
  ps_test_make_tree (a->server, ".pisync/tmp/ .pisync/versions/");
  device_write (a, "third", bytes);
  upload_ok (a, "third", SIZE + SIZE / 50);
}

/* What the base holds of the download is what a look at the whole file gives. */
static void
assert_signed (Device *device, const char *path)
{
  g_autofree char *file = g_build_filename (device->local_dir, path, NULL);
  g_autoptr (GBytes) kept = NULL;
  g_autoptr (GBytes) made = NULL;
  g_autoptr (GError) error = NULL;
  struct stat st;
  uint8_t sum[PS_SHA256_SIZE];
  int fd = open (file, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_no_errno (fstat (fd, &st));
  g_assert_true (ps_sha256_fd (fd, sum, NULL, &error));
  made = ps_signature_of_fd (fd, (uint64_t)st.st_size, NULL, &error);
  g_assert_no_error (error);
  close (fd);
  kept = ps_store_get_signature (device->store, sum);
  g_assert_nonnull (kept);
  g_assert_true (g_bytes_equal (kept, made));
}

/* Whether it comes in one go or in two, and larger or smaller than what is worth going on with. */
static void
test_download_signed (gconstpointer data)
{
  gsize size = GPOINTER_TO_SIZE (data);
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (GByteArray) bytes = random_bytes (size);
  g_auto (Transfer) broken = { 0 };

  ps_test_write_bytes (a->server, "file", bytes->data, bytes->len);
  if (size == LARGE)
    {
      device_connect (a, "", 20 * MIB);
      device_download (a, "file", &broken);
      g_assert_nonnull (broken.error);
      device_connect (a, "", 0);
    }
  download_ok (a, "file", size == LARGE ? LARGE / 2 : size + size / 50 + OVERHEAD);
  assert_signed (a, "file");
}

/* What an earlier transfer left is not believed when it is another. */
static void
test_resume_download_spoilt (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (GByteArray) bytes = random_bytes (LARGE);
  g_autofree char *tmp = g_build_filename (a->local_dir, PS_OWN_DIR "/tmp", NULL);
  g_autoptr (GDir) listing = NULL;
  g_auto (Transfer) broken = { 0 };
  const char *name;

  ps_test_write_bytes (a->server, "file", bytes->data, bytes->len);
  device_connect (a, "", 20 * MIB);
  device_download (a, "file", &broken);
  g_assert_nonnull (broken.error);
  listing = g_dir_open (tmp, 0, NULL);
  name = g_dir_read_name (listing);
  g_assert_nonnull (name);
  {
    g_autofree char *left = g_build_filename (tmp, name, NULL);
    FILE *file = fopen (left, "r+");

    g_assert_nonnull (file);
    g_assert_cmpint (fseek (file, 1000, SEEK_SET), ==, 0);
    g_assert_cmpint (fputc (bytes->data[1000] ^ 1, file), !=, EOF);
    g_assert_cmpint (fclose (file), ==, 0);
  }
  device_connect (a, "", 0);
  download_ok (a, "file", LARGE + LARGE / 50);
}

/* Another version meanwhile: from the beginning. */
static void
test_resume_download_changed (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (GByteArray) bytes = random_bytes (LARGE);
  g_autoptr (GByteArray) other = random_bytes (LARGE);
  g_auto (Transfer) broken = { 0 };

  ps_test_write_bytes (a->server, "file", bytes->data, bytes->len);
  device_connect (a, "", 20 * MIB);
  device_download (a, "file", &broken);
  g_assert_nonnull (broken.error);
  ps_test_write_bytes (a->server, "file", other->data, other->len);
  ps_test_set_mtime (a->server, "file", 1500000000);
  device_connect (a, "", 0);
  download_ok (a, "file", LARGE + LARGE / 50);
}

/* The same for an upload; another inode, time or beginning makes it another source. */
static void
test_resume_upload_changed (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (GByteArray) bytes = random_bytes (LARGE);
  g_auto (Transfer) broken = { 0 };

  device_write (a, "file", bytes);
  device_connect (a, "", 20 * MIB);
  device_upload (a, "file", &broken);
  g_assert_nonnull (broken.error);
  bytes->data[1000] ^= 1;
  device_write (a, "file", bytes);
  device_connect (a, "", 0);
  {
    g_auto (Transfer) whole = { 0 };

    device_upload (a, "file", &whole);
    g_assert_no_error (whole.error);
    g_assert_cmpuint (whole.wire, >=, LARGE);
  }
  device_assert_same (a, "file");
}

/* What the base says of a file that is not on the server (any more), or too short, is no reason to
 * leave anything out. */
static void
test_resume_upload_lost (gconstpointer data)
{
  gboolean gone = GPOINTER_TO_INT (data);
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (GByteArray) bytes = random_bytes (LARGE);
  g_autofree char *tmp = device_server_path (a, PS_OWN_DIR "/tmp");
  g_auto (Transfer) broken = { 0 };

  device_write (a, "file", bytes);
  device_connect (a, "", 20 * MIB);
  device_upload (a, "file", &broken);
  g_assert_nonnull (broken.error);
  {
    g_autoptr (GDir) listing = g_dir_open (tmp, 0, NULL);
    g_autofree char *left = g_build_filename (tmp, g_dir_read_name (listing), NULL);

    g_assert_no_errno (gone ? unlink (left) : truncate (left, MIB));
  }
  device_connect (a, "", 0);
  upload_ok (a, "file", LARGE + LARGE / 50);
}

/* The link was lost when all was durable: a request to put it in place may still be on its way, and
 * must not meet a file that is being written anew. */
static void
test_resume_upload_complete (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (GByteArray) bytes = random_bytes (LARGE);
  g_autofree char *tmp = device_server_path (a, PS_OWN_DIR "/tmp");
  g_autofree char *path_sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, "file", -1);
  g_autofree char *key = g_strconcat ("upload/", path_sum, NULL);
  g_autofree char *note = NULL, *complete = NULL, *left = NULL;
  g_auto (Transfer) broken = { 0 };
  struct stat before, after;

  device_write (a, "file", bytes);
  device_connect (a, "", 20 * MIB);
  device_upload (a, "file", &broken);
  g_assert_nonnull (broken.error);
  note = ps_store_get_value (a->store, key);
  g_assert_nonnull (note); /* "DAY BYTES SUM" */
  complete = g_strdup_printf ("%.*s%d%s", (int)strcspn (note, " ") + 1, note, (int)bytes->len,
                              strrchr (note, ' '));
  g_assert_true (ps_store_set_value (a->store, key, complete, NULL));
  {
    g_autoptr (GDir) listing = g_dir_open (tmp, 0, NULL);

    left = g_build_filename (tmp, g_dir_read_name (listing), NULL);
  }
  g_assert_no_errno (stat (left, &before));
  device_connect (a, "", 0);
  upload_ok (a, "file", LARGE + LARGE / 50);
  g_assert_no_errno (stat (left, &after));
  g_assert_cmpint (after.st_size, ==, before.st_size);
  g_assert_cmpint (after.st_mtim.tv_nsec, ==, before.st_mtim.tv_nsec);
}

/* Every version's signature replaces the one before. */
static void
test_withdraw (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GByteArray) bytes = random_bytes (600000 + i);

      device_write (a, "file", bytes);
      upload_ok (a, "file", 700000);
      device_tidy (a);
      g_assert_cmpuint (device_count_signatures (a), ==, i == 0 ? 0 : 2);
    }
}

static void
age_signatures (const Device *device, gint64 days)
{
  g_autofree char *dir = device_server_path (device, PS_OWN_DIR "/signatures");
  g_autoptr (GDir) listing = g_dir_open (dir, 0, NULL);
  const char *name;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  while ((name = g_dir_read_name (listing)) != NULL)
    ps_test_set_mtime (dir, name, now - days * 24 * 3600);
}

#define DAY_NS (G_GINT64_CONSTANT (24) * 3600 * 1000000000)

/* Once a day, and what was needed within a month stays. */
static void
test_tidy (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GByteArray) bytes = random_bytes (600000 + i);

      device_write (a, "file", bytes);
      upload_ok (a, "file", 700000);
    }
  device_tidy (a);
  age_signatures (a, 29);
  a->now += 2 * DAY_NS;
  device_tidy (a);
  g_assert_cmpuint (device_count_signatures (a), ==, 2);
  age_signatures (a, 31);
  device_tidy (a); /* it is the same day */
  g_assert_cmpuint (device_count_signatures (a), ==, 2);
  a->now += 2 * DAY_NS;
  device_tidy (a);
  device_tidy (a);
  g_assert_cmpuint (device_count_signatures (a), ==, 0);
}

/* What is remembered of single files, and for how many days nobody has written it. */
static const struct
{
  const char *key;
  int age;
  gboolean stays;
} notes[] = {
  { "upload/a", 29, TRUE },   { "upload/b", 31, FALSE },   { "partial/a", 0, TRUE },
  { "partial/b", 40, FALSE }, { "said/code/a", 1, TRUE },  { "said/code/b", 31, FALSE },
  { "upload/c", -2, TRUE },   { "partial/c", -31, FALSE }, { "saidelse", 100, TRUE },
};

/* Old ones go, whether or not their file is recorded; a first upload's is not. */
static void
test_tidy_notes (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  int64_t now;

  device_tidy (a); /* now it is due a day later */
  a->now += 2 * DAY_NS;
  now = a->now;
  for (gsize i = 0; i < G_N_ELEMENTS (notes); i++)
    {
      a->now = now - notes[i].age * DAY_NS;
      g_assert_true (ps_note_set (&a->context, notes[i].key, "text", NULL));
    }
  a->now = now;
  device_tidy (a);
  for (gsize i = 0; i < G_N_ELEMENTS (notes); i++)
    {
      gboolean fresh = TRUE;
      g_autofree char *text = ps_note_get (&a->context, notes[i].key, &fresh);

      g_test_message ("%s", notes[i].key);
      g_assert_cmpstr (text, ==, notes[i].stays ? "text" : NULL);
      g_assert_true (text == NULL || fresh == (notes[i].age == 0));
    }
}

/* What the person was told is not told again, however long ago; of what is no more it is forgotten.
 */
static void
test_tidy_said (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");

  for (guint day = 0; day < 100; day += 20)
    {
      ps_context_notice (&a->context, "stays", "code", "told once");
      if (day == 0)
        ps_context_notice (&a->context, "goes", "code", "told once");
      device_tidy (a);
      a->now += 20 * DAY_NS;
    }
  g_assert_cmpuint (a->problems->len, ==, 2);
  ps_context_notice (&a->context, "goes", "code", "told anew");
  g_assert_cmpuint (a->problems->len, ==, 3);
}

/* Many at once, large and small, over one link. */
static void
test_many (void)
{
  g_autoptr (Device) a = device_new (NULL, "a", "");
  g_autoptr (Device) b = device_new (a->server, "b", "");

  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *name = g_strdup_printf ("file-%u", i);
      g_autoptr (GByteArray) bytes = random_bytes (i % 2 == 0 ? 1000 : 400000);

      device_write (a, name, bytes);
      upload_ok (a, name, 450000);
      download_ok (b, name, 450000);
    }
  device_tidy (a);
  device_tidy (b);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reuse/delta", test_delta);
  g_test_add_func ("/reuse/delta/chain", test_chain);
  g_test_add_func ("/reuse/delta/after-download", test_delta_after_download);
  g_test_add_func ("/reuse/delta/similar-name", test_similar_name);
  g_test_add_func ("/reuse/delta/no-copy-data", test_no_copy_data);
  g_test_add_func ("/reuse/delta/other-content", test_other_content);
  g_test_add_func ("/reuse/delta/given-up", test_given_up);
  g_test_add_func ("/reuse/same-content", test_same_content);
  g_test_add_func ("/reuse/small", test_small);
  g_test_add_func ("/reuse/many", test_many);
  for (gsize i = 0; i < G_N_ELEMENTS (spoilt); i++)
    {
      g_autofree char *path = g_strdup_printf ("/reuse/spoilt/%s", spoilt[i].name);

      g_test_add_data_func (path, &spoilt[i], test_spoilt);
    }
  g_test_add_func ("/reuse/base-gone", test_base_gone);
  g_test_add_data_func ("/reuse/signed/small", GSIZE_TO_POINTER (300 * 1000), test_download_signed);
  g_test_add_data_func ("/reuse/signed/whole", GSIZE_TO_POINTER (5 * MIB), test_download_signed);
  g_test_add_data_func ("/reuse/signed/resumed", GSIZE_TO_POINTER (LARGE), test_download_signed);
  g_test_add_func ("/reuse/resume/download-spoilt", test_resume_download_spoilt);
  g_test_add_func ("/reuse/resume/download-changed", test_resume_download_changed);
  g_test_add_func ("/reuse/resume/upload-changed", test_resume_upload_changed);
  g_test_add_func ("/reuse/resume/upload-complete", test_resume_upload_complete);
  g_test_add_data_func ("/reuse/resume/upload-gone", GINT_TO_POINTER (TRUE),
                        test_resume_upload_lost);
  g_test_add_data_func ("/reuse/resume/upload-short", NULL, test_resume_upload_lost);
  g_test_add_func ("/reuse/tidy/withdraw", test_withdraw);
  g_test_add_func ("/reuse/tidy/month", test_tidy);
  g_test_add_func ("/reuse/tidy/notes", test_tidy_notes);
  g_test_add_func ("/reuse/tidy/said", test_tidy_said);
  return g_test_run ();
}
