/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link is cut anywhere in a transfer; over another one it goes on with what is durable, ends
 * right, and sends no more than a window twice. Each kind of transfer is a test program's run of
 * its own: they go side by side. Together they try 200 places; PISYNC_TEST_CUTS=N tries N of each
 * kind. The seed is printed. */
#include "engine/device.h"
#include "fakes/test-util.h"

#include <string.h>
#include <sys/stat.h>

#define MIB (1024 * 1024)
#define OVERHEAD (600 * 1024) /* on the wire beside content */

/* How many bytes may travel twice: what was not durable, not summed up, or still on its way. */
#define AGAIN_UP (PS_PUT_WINDOW + 2 * MIB) /* the link is short */
#define AGAIN_DOWN (8 * MIB)

static GByteArray *
random_bytes (gsize length)
{
  return g_byte_array_new_take (ps_test_random_bytes (length, (guint32)g_test_rand_int ()), length);
}

typedef struct
{
  const char *name;
  gboolean up;
  gsize size;    /* of the file */
  gsize travels; /* of it; less than all: the rest is there already */
  guint cuts;
} Kind;

/* Uploads are large enough that some of them is made durable on the way. As much of the edited ones
 * is new as a delta may have. */
static const Kind kinds[] = {
  { "upload", TRUE, 24 * MIB, 24 * MIB, 60 },
  { "download", FALSE, 24 * MIB, 24 * MIB, 60 },
  { "delta-upload", TRUE, 15 * MIB, 10 * MIB, 30 },
  { "delta-download", FALSE, 6 * MIB, 4 * MIB, 50 },
};

#define NEW_BEGINS (MIB + 77)

static guint
n_cuts (const Kind *kind)
{
  const char *wish = g_getenv ("PISYNC_TEST_CUTS");

  return wish != NULL ? (guint)g_ascii_strtoull (wish, NULL, 10) : kind->cuts;
}

static void
carry (Device *device, gboolean up, Transfer *transfer)
{
  if (up)
    device_upload (device, "file", transfer);
  else
    device_download (device, "file", transfer);
}

static void
carry_ok (Device *device, gboolean up)
{
  g_auto (Transfer) transfer = { 0 };
  g_autoptr (GError) error = NULL;

  carry (device, up, &transfer);
  g_assert_no_error (transfer.error);
  device_assert_same (device, "file");
  g_assert_true (ps_reuse_tidy (device->reuse, &error));
}

/* Returns: how many bytes have travelled twice. */
static guint64
cut_and_go_on (const Kind *kind, Device *device)
{
  guint64 cut = (guint64)g_test_rand_int_range (1, (gint32)kind->travels);
  guint64 all;
  g_auto (Transfer) broken = { 0 };

  device_connect (device, "", cut);
  carry (device, kind->up, &broken);
  g_assert_nonnull (broken.error);
  device_connect (device, "", 0);
  carry_ok (device, kind->up);
  all = cut + device_traffic (device);
  g_test_message ("cut after %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " in all", cut, all);
  g_assert_cmpuint (all, <=, kind->travels + OVERHEAD + (kind->up ? AGAIN_UP : AGAIN_DOWN));
  return all > kind->travels ? all - kind->travels : 0;
}

static guint64
cut_whole (const Kind *kind, const GByteArray *bytes)
{
  g_autoptr (Device) device = device_new (NULL, "a", "");

  if (kind->up)
    device_write (device, "file", bytes);
  else
    ps_test_write_bytes (device->server, "file", bytes->data, bytes->len);
  return cut_and_go_on (kind, device);
}

/* A pair of devices that have the same file, most of which changes again and again. */
static guint64
cut_delta (const Kind *kind, Device *here, Device *there, GByteArray *bytes)
{
  g_autoptr (GByteArray) new_part = random_bytes (kind->travels);
  g_autofree char *versions = device_server_path (here, PS_OWN_DIR "/versions");
  guint64 twice;

  memcpy (bytes->data + NEW_BEGINS, new_part->data, new_part->len);
  device_write (here, "file", bytes);
  if (kind->up)
    twice = cut_and_go_on (kind, here);
  else
    {
      carry_ok (here, TRUE);
      twice = cut_and_go_on (kind, there);
    }
  ps_test_remove_tree (versions); /* they would fill the disk */
  g_assert_no_errno (mkdir (versions, 0755));
  return twice;
}

static void
test_cuts (gconstpointer data)
{
  const Kind *kind = data;
  g_autoptr (Device) here = device_new (NULL, "a", "");
  g_autoptr (Device) there = device_new (here->server, "b", "");
  g_autoptr (GByteArray) bytes = random_bytes (kind->size);
  gboolean delta = kind->travels < kind->size;
  guint64 most = 0, sum = 0;
  guint cuts = n_cuts (kind);

  if (delta)
    {
      device_write (here, "file", bytes);
      carry_ok (here, TRUE);
      carry_ok (there, FALSE);
    }
  for (guint i = 0; i < cuts; i++)
    {
      guint64 twice = delta ? cut_delta (kind, here, there, bytes) : cut_whole (kind, bytes);

      most = MAX (most, twice);
      sum += twice;
    }
  g_test_message ("%u places: twice %" G_GUINT64_FORMAT " KiB at the most, %" G_GUINT64_FORMAT
                  " KiB in the mean, overhead included",
                  cuts, most / 1024, sum / MAX (cuts, 1) / 1024);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strdup_printf ("/cuts/%s", kinds[i].name);

      g_test_add_data_func (path, &kinds[i], test_cuts);
    }
  return g_test_run ();
}
