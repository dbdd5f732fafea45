/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session over a scripted run and a clock that only the test moves. */
#pragma once

#include "engine/fake-run.h"
#include "engine/session-private.h"
#include "fakes/test-util.h"

G_BEGIN_DECLS

#define S ((gint64)G_USEC_PER_SEC)
#define WALL 1700000000 /* the wall clock, in seconds, when the other one stands at 0 */

typedef struct
{
  PsSession *session;
  PsConfig *config;
  char *state_dir;
  gint64 now; /* monotonic, µs; the wall clock goes along */
  PsClock clock;
  guint events, changes, accepted;
  PsQuestion *question; /* (nullable) the last one asked */
  gboolean keep_questions;
  char *accepted_secret;
} SessionFixture;

/* How a run for a caller ended. */
typedef struct
{
  gboolean done;
  gboolean ok;
  PsSummary summary;
  GError *error;
} SessionResult;

/* The callback of ps_session_sync_async (); @data: a SessionResult. */
void session_on_synced (GObject *source, GAsyncResult *result, gpointer data);

/* A whole test program: @add_tests registers its tests. */
int session_fixture_main (int argc, char **argv, void (*add_tests) (void));

/* Registers @test as /engine/session/@name, with a fixture of its own. */
void session_add_test (const char *name, void (*test) (SessionFixture *, gconstpointer));

void session_fixture_open (SessionFixture *f);
void session_fixture_close (SessionFixture *f); /* nothing of it is left then */

/* The callback of ps_session_close_async (); @data: a gboolean that becomes TRUE. */
void session_fixture_on_closed (GObject *source, GAsyncResult *result, gpointer data);

PsStatusKind session_kind (SessionFixture *f);

/* Conditions to wait for; @data: the fixture, of session_is_true () a gboolean. */
gboolean session_is_true (gpointer data);
gboolean session_is_idle (gpointer data);
gboolean session_is_offline (gpointer data);
gboolean session_needs_attention (gpointer data);
gboolean session_has_error (gpointer data);
gboolean session_is_hanging (gpointer data);
gboolean session_has_question (gpointer data);
gboolean session_never (gpointer data);

/* That many runs were made, and the last one is over. */
void session_assert_calls (SessionFixture *f, guint number);

void session_advance (SessionFixture *f, gint64 us); /* the clock */

/* Gives whatever is ready now a chance to be wrong. */
void session_settle (void);

void session_assert_message (SessionFixture *f, const char *message);

G_END_DECLS
