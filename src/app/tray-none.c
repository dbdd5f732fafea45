/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Built without a tray library: the windows are the face of the program. */
#include "app/tray.h"

struct _PsTray
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE (PsTray, ps_tray, G_TYPE_OBJECT)

static void
ps_tray_class_init (PsTrayClass *klass)
{
  g_signal_new ("visible-changed", PS_TYPE_TRAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 0);
}

static void
ps_tray_init (PsTray *self)
{
}

PsTray *
ps_tray_new (GActionGroup *actions)
{
  return g_object_new (PS_TYPE_TRAY, NULL);
}

void
ps_tray_set_state (PsTray *self, PsStatusKind kind, const char *description)
{
}

void
ps_tray_take_menu (PsTray *self, GPtrArray *menu)
{
  g_ptr_array_unref (menu);
}

gboolean
ps_tray_is_visible (PsTray *self)
{
  return FALSE;
}
