/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A transport with a server of the test's own at its end: for answers that no real one gives. */
#pragma once

#include "sftp/packet.h"
#include "sftp/transport.h"

G_BEGIN_DECLS

typedef struct Scripted Scripted;

/* Called for every request; appends what the server says to scripted_out (). @body: of the request
 * after its id. */
typedef void (*ScriptedAnswer) (Scripted *self, uint8_t type, uint32_t id, PsReader *body);

/* One channel. @version: says VERSION by itself when asked. */
PsTransport *scripted_new (ScriptedAnswer answer, bool version, gconstpointer data);

GByteArray *scripted_out (Scripted *self);
gconstpointer scripted_data (Scripted *self);

/* The server hangs up when everything it said was read. */
void scripted_hang_up (Scripted *self);

/* Whole answers. */
void scripted_status (Scripted *self, uint32_t id, uint32_t status);
void scripted_handle (Scripted *self, uint32_t id, const char *handle);
void scripted_data_reply (Scripted *self, uint32_t id, gsize length);
void scripted_attrs (Scripted *self, uint32_t id, uint32_t permissions, uint64_t size,
                     uint32_t mtime);

/* A NAME answer is begun, filled with names and ended. */
gsize scripted_names_begin (Scripted *self, uint32_t id, uint32_t count);
void scripted_name (Scripted *self, const char *name, gsize length);
void scripted_names_end (Scripted *self, gsize begin);

G_END_DECLS
