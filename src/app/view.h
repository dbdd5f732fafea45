/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words and pictures for what is shown. Pure: a status or an event and the time go in, a
 * translated text or an icon's name comes out. */
#pragma once

#include "engine/status.h"

G_BEGIN_DECLS

/* Returns: (transfer full): one line: "Up to date · last sync 14:05", "Uploading 3 of 120 · 2.1
 * MB/s · 4 min left". @now: Unix seconds. */
char *ps_view_headline (const PsStatus *status, gint64 now);

/* Returns: (transfer full) (nullable): what to know beyond the headline: the engine's message. */
char *ps_view_detail (const PsStatus *status);

/* 0 to 1 of the bytes of this run, -1 where that is not known (nothing to transfer, still looking).
 */
double ps_view_fraction (const PsStatus *status);

/* Returns: (transfer full): a moment as one would say it: "14:05", "yesterday 14:05", "3 Nov",
 * "3 Nov 2025". */
char *ps_view_when (gint64 then, gint64 now);

/* Returns: (transfer full): "less than a minute left", "4 min left", "2 h 10 min left". */
char *ps_view_time_left (gint64 seconds);

/* Returns: (transfer full): "2.1 MB/s". */
char *ps_view_rate (double bytes_per_second);

/* Icon for tray and windows ("pisync-idle" …), static. */
const char *ps_view_icon (PsStatusKind kind);

/* What a screen reader says of the icon ("PiSync: up to date"), translated, static. */
const char *ps_view_icon_description (PsStatusKind kind);

/* Of several pairs: the one a person should hear of first. */
PsStatusKind ps_view_more_urgent (PsStatusKind a, PsStatusKind b);

/* Returns: (transfer full): what others have written, for display: bytes that are not UTF-8 and
 * characters that would break the line or turn the direction of what follows are replaced. */
char *ps_view_text (const char *text);

/* Returns: (transfer full): a path for display, likewise; its last part; the folder it is in (""
 * at the root). */
char *ps_view_path (const char *path);
char *ps_view_name (const char *path);

/* The last part in at most PS_VIEW_TITLE_MAX characters, for a button or a menu: they get as wide
 * as what they say. */
#define PS_VIEW_TITLE_MAX 32
char *ps_view_title (const char *path);
char *ps_view_folder (const char *path);

/* One event in the list of recent activity. */
typedef struct
{
  const char *icon;      /* static */
  char *title;           /* the file's name, or what happened */
  char *subtitle;        /* what was done, where, how much */
  gboolean has_file;     /* it names a file that may be shown in its folder */
  gboolean has_versions; /* the server may keep earlier versions of it */
} PsViewActivity;

/* Returns: whether @event is worth a row; then @view is filled in, to be cleared. */
gboolean ps_view_activity (const PsEvent *event, PsViewActivity *view);
void ps_view_activity_clear (PsViewActivity *view);

/* The question for something held. Texts are translated; keep and allow NULL where there is nothing
 * to decide, only something to mend (then there is "try again"). */
typedef struct
{
  char *title;
  char *body;
  const char *keep;  /* (nullable) label of the harmless answer, the default; with mnemonic */
  const char *allow; /* (nullable) label of the other one; with mnemonic */
} PsViewQuestion;

void ps_view_question (const PsEvent *held, PsViewQuestion *view);
void ps_view_question_clear (PsViewQuestion *view);

/* Title for a problem that stops the whole pair (PsStatus.error_code), translated, static; NULL
 * where the last run ended well or the trouble passes by itself. */
const char *ps_view_error_title (const PsStatus *status);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsViewActivity, ps_view_activity_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsViewQuestion, ps_view_question_clear)

G_END_DECLS
