/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table says what the rows are; limits, types and words are those of the engine's own table. */
#include "app/preferences-keys.h"

#include "app/setup-check.h"
#include "engine/config-keys.h"

#include <glib/gi18n.h>
#include <string.h>

/* A number that is turned step by step is told of once it stands still. */
#define TURN_MS 500

typedef struct
{
  const char *page;
  const char *group, *key;
  const char *label;                 /* with mnemonic; translated when it is shown */
  const char *unit;                  /* (nullable) behind a number; in an entry: what empty means */
  guint step;                        /* of a number that is spun; 0: it is typed */
  const char *choices[4];            /* what the words mean, in their order; none: yes or no */
  char *(*check) (const char *text); /* (nullable) of what is typed */
} Row;

/* Returns: (transfer full) (nullable): what is wrong with the file of a key. Whether it is there is
 * looked at when it is written into the ini: where it lies may be slow. */
static char *
check_keyfile (const char *text)
{
  g_autofree char *name = g_strstrip (g_strdup (text));

  if (*name == '\0' || g_path_is_absolute (name) || g_str_has_prefix (name, "~/"))
    return NULL;
  return g_strdup (_ ("Type the full path of a key, such as ~/.ssh/id_ed25519."));
}

/* Returns: (transfer full) (nullable): what is wrong with the name of this computer. */
static char *
check_device (const char *text)
{
  g_autofree char *name = g_strstrip (g_strdup (text));

  if (*name == '\0' || ps_config_check_value ("SYNC", "device", name, NULL))
    return NULL;
  return g_strdup (_ ("This cannot be a part of a file’s name. Choose a shorter or simpler name."));
}

/* clang-format off */
static const Row rows[] = {
  { "server", "HOST", "host", N_ ("_Server:"), .check = ps_setup_check_host },
  { "server", "HOST", "port", N_ ("P_ort:"), "22", .check = ps_setup_check_port },
  { "server", "AUTH", "user", N_ ("_User name:"), .check = ps_setup_check_user },
  { "server", "AUTH", "auth", N_ ("S_ign in:"),
    /* The words of the setup, without their mnemonics. */
    .choices = { N_ ("With a _key that is on this computer"), N_ ("With a _password"),
                 N_ ("With the key _agent of this desktop") } },
  { "server", "AUTH", "keyfile", N_ ("_Key file:"), N_ ("the usual ones in ~/.ssh"),
    .check = check_keyfile },
  { "server", "SYNC", "device", N_ ("Name of _this computer:"), .check = check_device },
  { "syncing", "SYNC", "conflict", N_ ("On a _conflict the name is kept by:"),
    .choices = { N_ ("The newer version"), N_ ("The version of this computer"),
                 N_ ("The version of the server") } },
  { "syncing", "LOCAL CONFIG", "throttling", N_ ("Look at the server e_very:"), N_ ("seconds"), 1 },
  { "syncing", "SYNC", "full_scan_minutes", N_ ("Look at every_thing every:"), N_ ("minutes"), 5 },
  { "syncing", "SYNC", "upload_limit", N_ ("U_pload at most:"), N_ ("KiB/s (0: no limit)"), 100 },
  { "syncing", "SYNC", "download_limit", N_ ("_Download at most:"), N_ ("KiB/s (0: no limit)"),
    100 },
  { "syncing", "SYNC", "keep_versions_days", N_ ("_Keep old versions for:"), N_ ("days"), 1 },
  { "syncing", "SYNC", "versions_max_percent", N_ ("Old versions tak_e at most:"),
    /* xgettext:no-c-format */
    N_ ("% of the server’s disk"), 5 },
  { "syncing", "SYNC", "delete_guard_percent", N_ ("A_sk before deleting more than:"),
    /* xgettext:no-c-format */
    N_ ("% of the files"), 5 },
  { "syncing", "SYNC", "pause_on_metered", N_ ("Pause on _metered networks, for this server") },
  { "syncing", "SYNC", "symlinks", N_ ("Copy symbolic _links as links") },
  { "syncing", "SYNC", "fsync",
    N_ ("_Wait until the server’s disk has every file: safe against a power cut") },
};
/* clang-format on */

struct _PsPreferencesKeys
{
  GtkGrid parent_instance;

  GtkWidget *widgets[G_N_ELEMENTS (rows)]; /* (nullable) of other pages */
  GtkWidget *turned;                       /* (nullable) a number that is not told of yet */
  guint turned_id;
  gboolean filling;
};

G_DEFINE_FINAL_TYPE (PsPreferencesKeys, ps_preferences_keys, GTK_TYPE_GRID)

enum
{
  PROP_PAGE = 1
};

static guint edited_signal;

static const PsConfigKey *
key_of (const Row *row)
{
  return ps_config_key_find (row->group, row->key, NULL);
}

static void
forget_turned (PsPreferencesKeys *self)
{
  g_clear_handle_id (&self->turned_id, g_source_remove);
  self->turned = NULL;
}

/* From the configuration to the widgets. */

static void
show_value (GtkWidget *widget, const PsConfigKey *key, const char *value)
{
  if (GTK_IS_SPIN_BUTTON (widget))
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (widget), g_ascii_strtod (value, NULL));
  else if (GTK_IS_ENTRY (widget))
    gtk_entry_set_text (GTK_ENTRY (widget), value);
  else if (GTK_IS_COMBO_BOX (widget))
    gtk_combo_box_set_active_id (GTK_COMBO_BOX (widget), value);
  else
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (widget),
                                  strcmp (value, key->type == PS_KEY_CHOICE ? key->words[1] : "yes")
                                      == 0);
}

void
ps_preferences_keys_show (PsPreferencesKeys *self, const PsConfig *config)
{
  g_return_if_fail (PS_IS_PREFERENCES_KEYS (self));
  forget_turned (self);
  self->filling = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (self->widgets[i] != NULL)
      {
        const PsConfigKey *key = key_of (&rows[i]);
        g_autofree char *value = ps_config_key_format (key, config);

        show_value (self->widgets[i], key, value != NULL ? value : "");
      }
  self->filling = FALSE;
}

/* From the widgets to whom it concerns. */

static char *
dup_value (GtkWidget *widget, const PsConfigKey *key)
{
  gboolean active;

  if (GTK_IS_SPIN_BUTTON (widget))
    return g_strdup_printf ("%d", gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (widget)));
  if (GTK_IS_ENTRY (widget))
    return g_strdup (gtk_entry_get_text (GTK_ENTRY (widget)));
  if (GTK_IS_COMBO_BOX (widget))
    return g_strdup (gtk_combo_box_get_active_id (GTK_COMBO_BOX (widget)));
  active = gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (widget));
  if (key->type == PS_KEY_CHOICE)
    return g_strdup (key->words[active ? 1 : 0]);
  return g_strdup (active ? "yes" : "no");
}

static void
on_changed (PsPreferencesKeys *self, GtkWidget *widget)
{
  guint i = 0;
  g_autofree char *value = NULL;
  g_autofree char *wrong = NULL;

  while (i < G_N_ELEMENTS (rows) && self->widgets[i] != widget)
    i++;
  if (self->filling || i == G_N_ELEMENTS (rows))
    return;
  value = dup_value (widget, key_of (&rows[i]));
  wrong = rows[i].check != NULL ? rows[i].check (value) : NULL;
  g_signal_emit (self, edited_signal, 0, rows[i].group, rows[i].key, wrong != NULL ? NULL : value,
                 wrong);
}

void
ps_preferences_keys_flush (PsPreferencesKeys *self)
{
  GtkWidget *turned;

  g_return_if_fail (PS_IS_PREFERENCES_KEYS (self));
  turned = self->turned;
  forget_turned (self);
  if (turned != NULL)
    on_changed (self, turned);
}

static gboolean
on_turned_due (gpointer user_data)
{
  PsPreferencesKeys *self = PS_PREFERENCES_KEYS (user_data);

  self->turned_id = 0;
  ps_preferences_keys_flush (self);
  return G_SOURCE_REMOVE;
}

static void
on_turned (PsPreferencesKeys *self, GtkWidget *spin)
{
  if (self->filling)
    return;
  if (self->turned != spin)
    ps_preferences_keys_flush (self);
  g_clear_handle_id (&self->turned_id, g_source_remove);
  self->turned = spin;
  self->turned_id = g_timeout_add (TURN_MS, on_turned_due, self);
}

static gboolean
on_spin_left (PsPreferencesKeys *self)
{
  ps_preferences_keys_flush (self);
  return GDK_EVENT_PROPAGATE;
}

/* An entry is taken when it is left or Enter is pressed: half a host name is none. */
static gboolean
on_entry_left (GtkWidget *widget, GdkEvent *event, PsPreferencesKeys *self)
{
  on_changed (self, widget);
  return GDK_EVENT_PROPAGATE;
}

/* The rows. */

/* Returns: (transfer full): @label without its mnemonic and colon. */
static char *
plain_name (const char *label)
{
  GString *name = g_string_new (NULL);
  const char *bracket = strstr (label, "(_");
  gsize length = bracket != NULL ? (gsize)(bracket - label) : strlen (label);

  for (gsize i = 0; i < length; i++)
    if (label[i] != '_' && !(label[i] == ':' && i + 1 == length))
      g_string_append_c (name, label[i]);
  return g_string_free (name, FALSE);
}

static GtkWidget *
spin_new (PsPreferencesKeys *self, const Row *row, const PsConfigKey *key)
{
  GtkWidget *spin = gtk_spin_button_new_with_range (key->min, key->max, row->step);

  gtk_entry_set_width_chars (GTK_ENTRY (spin), 7);
  gtk_spin_button_set_numeric (GTK_SPIN_BUTTON (spin), TRUE);
  g_signal_connect_object (spin, "value-changed", G_CALLBACK (on_turned), self, G_CONNECT_SWAPPED);
  /* After the spin button itself has made a number of what was typed. */
  g_signal_connect_object (spin, "activate", G_CALLBACK (ps_preferences_keys_flush), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  g_signal_connect_object (spin, "focus-out-event", G_CALLBACK (on_spin_left), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  return spin;
}

static GtkWidget *
entry_new (PsPreferencesKeys *self, const Row *row, const PsConfigKey *key)
{
  GtkWidget *entry = gtk_entry_new ();

  g_object_set (entry, "truncate-multiline", TRUE, NULL);
  if (row->unit != NULL)
    gtk_entry_set_placeholder_text (GTK_ENTRY (entry), _ (row->unit));
  if (key->type == PS_KEY_UINT)
    {
      gtk_entry_set_width_chars (GTK_ENTRY (entry), 7);
      gtk_widget_set_halign (entry, GTK_ALIGN_START);
    }
  gtk_widget_set_hexpand (entry, TRUE);
  g_signal_connect_object (entry, "activate", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (entry, "focus-out-event", G_CALLBACK (on_entry_left), self, 0);
  return entry;
}

static GtkWidget *
combo_new (PsPreferencesKeys *self, const Row *row, const PsConfigKey *key)
{
  GtkWidget *combo = gtk_combo_box_text_new ();

  for (guint i = 0; key->words[i] != NULL && row->choices[i] != NULL; i++)
    {
      g_autofree char *text = plain_name (_ (row->choices[i]));

      gtk_combo_box_text_append (GTK_COMBO_BOX_TEXT (combo), key->words[i], text);
    }
  gtk_widget_set_halign (combo, GTK_ALIGN_START);
  g_signal_connect_object (combo, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  return combo;
}

static GtkWidget *
check_new (PsPreferencesKeys *self, const Row *row)
{
  GtkWidget *check = gtk_check_button_new_with_mnemonic (_ (row->label));

  gtk_widget_set_halign (check, GTK_ALIGN_START);
  g_signal_connect_object (check, "toggled", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  return check;
}

static GtkWidget *
widget_new (PsPreferencesKeys *self, const Row *row, const PsConfigKey *key)
{
  if (row->choices[0] != NULL)
    return combo_new (self, row, key);
  if (key->type == PS_KEY_UINT && row->step > 0)
    return spin_new (self, row, key);
  if (key->type == PS_KEY_UINT || key->type == PS_KEY_TEXT)
    return entry_new (self, row, key);
  return check_new (self, row);
}

static GtkWidget *
label_new (const char *text, GtkWidget *widget)
{
  GtkWidget *label = gtk_label_new_with_mnemonic (text);
  g_autofree char *name = plain_name (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  /* Large letters: not a word a line. */
  gtk_label_set_width_chars (GTK_LABEL (label), 18);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), widget);
  atk_object_set_name (gtk_widget_get_accessible (widget), name);
  return label;
}

/* @widget with its unit behind it. */
static GtkWidget *
with_unit (GtkWidget *widget, const char *text)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *unit = gtk_label_new (text);

  gtk_style_context_add_class (gtk_widget_get_style_context (unit), "dim-label");
  gtk_container_add (GTK_CONTAINER (box), widget);
  gtk_container_add (GTK_CONTAINER (box), unit);
  return box;
}

static void
add_row (PsPreferencesKeys *self, guint i)
{
  const Row *row = &rows[i];
  GtkWidget *widget = widget_new (self, row, key_of (row));
  GtkWidget *shown = widget;

  self->widgets[i] = widget;
  if (GTK_IS_CHECK_BUTTON (widget))
    {
      gtk_grid_attach (GTK_GRID (self), widget, 0, (int)i, 2, 1);
      gtk_widget_show (widget);
      return;
    }
  if (GTK_IS_SPIN_BUTTON (widget) && row->unit != NULL)
    shown = with_unit (widget, _ (row->unit));
  gtk_widget_set_valign (shown, GTK_ALIGN_CENTER);
  gtk_grid_attach (GTK_GRID (self), label_new (_ (row->label), widget), 0, (int)i, 1, 1);
  gtk_grid_attach (GTK_GRID (self), shown, 1, (int)i, 1, 1);
}

static void
ps_preferences_keys_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  PsPreferencesKeys *self = PS_PREFERENCES_KEYS (object);

  if (id != PROP_PAGE)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_strcmp0 (rows[i].page, g_value_get_string (value)) == 0)
      add_row (self, i);
  gtk_widget_show_all (GTK_WIDGET (self));
}

static void
ps_preferences_keys_dispose (GObject *object)
{
  forget_turned (PS_PREFERENCES_KEYS (object));
  G_OBJECT_CLASS (ps_preferences_keys_parent_class)->dispose (object);
}

static void
ps_preferences_keys_class_init (PsPreferencesKeysClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ps_preferences_keys_dispose;
  object_class->set_property = ps_preferences_keys_set_property;
  g_object_class_install_property (
      object_class, PROP_PAGE,
      g_param_spec_string ("page", NULL, NULL, NULL,
                           G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
  edited_signal
      = g_signal_new ("edited", PS_TYPE_PREFERENCES_KEYS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 4, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
}

static void
ps_preferences_keys_init (PsPreferencesKeys *self)
{
  gtk_grid_set_row_spacing (GTK_GRID (self), 8);
  gtk_grid_set_column_spacing (GTK_GRID (self), 12);
}
