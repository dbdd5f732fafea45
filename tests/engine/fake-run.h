/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A PsRun that does what a script says: linked into the session's tests in place of the real one.
 * All calls from the test's thread. */
#pragma once

#include "engine/run.h"

G_BEGIN_DECLS

typedef enum
{
  FAKE_DONE,     /* comes to its end, in sync */
  FAKE_ERROR,    /* fails with @code of PS_ENGINE_ERROR */
  FAKE_HANG,     /* waits to be cancelled */
  FAKE_EVENTS,   /* tells @number actions, then as DONE */
  FAKE_HELD,     /* tells of a held mass deletion, the one of @number, ends with it */
  FAKE_PROBLEMS, /* tells @number problems, ends with them */
  FAKE_PROGRESS, /* tells progress of a transfer, then hangs */
  FAKE_SCAN,     /* takes @number seconds of the test's time to scan */
  FAKE_PASSWORD, /* asks for a password until it is "sesame", three times at the most */
  FAKE_HOST_KEY  /* asks whether to trust a host key */
} FakeDeed;

/* Forgets script and counts; no run may be alive. @now: the test's monotonic time in µs. */
void fake_run_reset (gint64 *now);

/* The next call of ps_run_sync () or ps_run_check () not yet scripted does this. Without a script,
 * DONE. */
void fake_run_then (FakeDeed deed, guint number);
void fake_run_then_error (PsEngineError code, const char *message);

guint fake_run_calls (void);        /* begun until now */
guint fake_run_hanging (void);      /* waiting in HANG or PROGRESS now */
guint fake_run_live (void);         /* objects */
guint fake_run_made (void);         /* objects ever */
guint fake_run_drops (void);        /* of links */
guint fake_run_closed (void);       /* links that were dropped, by themselves */
PsSyncFlags fake_run_flags (void);  /* of the last ps_run_sync () */
gboolean fake_run_was_check (void); /* the last call was ps_run_check () */

G_END_DECLS
