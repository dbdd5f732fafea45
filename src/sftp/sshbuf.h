/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strings and numbers as SSH writes them (RFC 4251, 5): for key files and the agent. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reading never runs over the end: after a failure all further reads give nothing. */
typedef struct
{
  const guint8 *data;
  gsize left;
  gboolean failed;
} PsSshReader;

void ps_ssh_reader_init (PsSshReader *self, const guint8 *data, gsize length);
guint8 ps_ssh_read_u8 (PsSshReader *self);
guint32 ps_ssh_read_u32 (PsSshReader *self);
GBytes *ps_ssh_read_string (PsSshReader *self); /* (transfer full) (nullable) */
char *ps_ssh_read_text (PsSshReader *self);     /* (transfer full) (nullable); cut at a NUL */

void ps_ssh_put_u8 (GByteArray *out, guint8 value);
void ps_ssh_put_u32 (GByteArray *out, guint32 value);
void ps_ssh_put_string (GByteArray *out, const void *data, gsize length);

G_END_DECLS
