/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session never asks about a changed host key: it stops. Here a person asked to look at it, so
 * the server is looked at with the key shown; what is trusted here goes into our known_hosts file,
 * where the session finds it. */
#include "app/sign-in.h"

#include "app/login.h"
#include "app/open.h"

#include <glib/gi18n.h>

typedef struct
{
  PsPair *pair;
  PsPrompts *prompts;
  PsLogin *login;
  GtkWindow *parent; /* weak */
  gboolean refused;  /* the last question, by the person */
} SignIn;

/* (element-type SignIn) One for each pair that is being signed in to; main thread only. */
static GSList *under_way;

static void
sign_in_free (SignIn *self)
{
  under_way = g_slist_remove (under_way, self);
  g_signal_handlers_disconnect_by_data (ps_login_get_server (self->login), self);
  g_signal_handlers_disconnect_by_data (self->prompts, self);
  g_clear_weak_pointer (&self->parent);
  g_object_unref (self->login);
  g_object_unref (self->prompts);
  g_object_unref (self->pair);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignIn, sign_in_free)

static void
on_question (SignIn *self)
{
  self->refused = FALSE;
}

static void
on_refused (SignIn *self, const char *pair)
{
  if (g_strcmp0 (pair, ps_pair_get_name (self->pair)) == 0)
    self->refused = TRUE;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SignIn) self = user_data;
  g_autoptr (GError) error = NULL;

  if (ps_login_connect_finish (PS_LOGIN (source), result, &error))
    ps_session_sync_now (ps_pair_get_session (self->pair));
  /* Nobody has to be told what they said themselves. */
  else if (!self->refused || !g_error_matches (error, PS_ENGINE_ERROR, PS_ENGINE_ERROR_AUTH))
    ps_open_say (self->parent, _ ("Signing in did not work"), error->message);
}

void
ps_sign_in (PsPair *pair, PsPrompts *prompts, GtkWindow *parent)
{
  SignIn *self;

  for (GSList *l = under_way; l != NULL; l = l->next)
    if (((SignIn *)l->data)->pair == pair)
      return;
  self = g_new0 (SignIn, 1);
  under_way = g_slist_prepend (under_way, self);
  self->pair = g_object_ref (pair);
  self->prompts = g_object_ref (prompts);
  self->login = ps_login_new (prompts, ps_pair_get_config (pair), TRUE, parent);
  g_set_weak_pointer (&self->parent, parent);
  g_signal_connect_swapped (ps_login_get_server (self->login), "question", G_CALLBACK (on_question),
                            self);
  g_signal_connect_swapped (prompts, "refused", G_CALLBACK (on_refused), self);
  ps_login_connect_async (self->login, NULL, on_connected, self);
}
