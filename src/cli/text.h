/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text for terminals: names are bytes that anybody may have chosen, so nothing of them reaches a
 * terminal unseen. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returns: (transfer full): @bytes as UTF-8, control characters and bytes that are no UTF-8 written
 * as \xNN. Line feeds too, unless @keep_lines. */
char *ps_text_printable (const char *bytes, gboolean keep_lines);

/* How many columns of a terminal the printable @text takes. */
guint ps_text_columns (const char *text);

/* Returns: (transfer full): the printable @text, its middle replaced by "..." where it takes more
 * than @columns. */
char *ps_text_shorten (const char *text, guint columns);

/* Returns: (transfer full): "1.4 MB". */
char *ps_text_bytes (double bytes);

/* Returns: (transfer full): "0:07", "1:02:03". */
char *ps_text_duration (gint64 seconds);

/* Reads "90", "90s", "30m", "2h", "1d". Returns FALSE where it is none of them or out of range. */
gboolean ps_text_parse_duration (const char *text, guint *seconds) G_GNUC_WARN_UNUSED_RESULT;

/* Appends @name and @value as a member of a JSON object, after a comma where one is needed. A
 * @value that is not UTF-8 is percent-escaped. NULL becomes null. */
void ps_text_json_member (GString *json, const char *name, const char *value);

G_END_DECLS
