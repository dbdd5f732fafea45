/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that PiSync makes up. Pure: time comes as an argument. */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

/**
 * ps_conflict_path:
 * @path: the path whose name the other version keeps
 * @device: the device whose version is kept under the new name
 * @when: its mtime, nanoseconds since the epoch (written as UTC)
 * @attempt: 0 for the plain name; 1, 2, … when that one was taken, adds " 2", " 3" …
 *
 * Makes "DIR/NAME (conflicted copy from DEVICE 2026-11-22 140533).EXT". NAME is shortened at a
 * UTF-8 boundary where the whole would be longer than 255 bytes. A leading dot does not begin an
 * extension; ".tar.gz" and its like stay together. '/' and control characters in
 * @device become '-'.
 *
 * Returns: (transfer full): the new path
 */
char *ps_conflict_path (const char *path, const char *device, int64_t when, guint attempt);

/* Returns: whether the last name of @path looks as if ps_conflict_path () had made it. */
gboolean ps_is_conflict_path (const char *path);

/**
 * ps_version_path:
 * @attempt: the milliseconds of @when, or more than that where the name was taken: it gives the
 * versions of one second their order
 *
 * Returns: (transfer full): ".pisync/versions/PATH~20261122T140533Z~DEVICE", @attempt > 0 adds ".1"
 * and so on to the time; a name that would be longer than 255 bytes is shortened and carries 8
 * hexadecimal digits of a checksum of the full name instead of what was cut.
 */
char *ps_version_path (const char *path, const char *device, int64_t when, guint attempt);

/* Takes apart what ps_version_path () made (with or without the leading ".pisync/versions/").
 * *@when has the attempt in it, as milliseconds. FALSE where @version_path is no such name. */
gboolean ps_version_parse (const char *version_path, char **path, int64_t *when, char **device);

G_END_DECLS
