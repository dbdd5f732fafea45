/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is what a download is about to replace kept anywhere? Whoever replaces a file on the server keeps
 * the old version in .pisync/versions. But Samba or a shell on the Pi do not, and of two devices
 * that replace one file in the same instant, each may link the old version and the second then
 * replace the first one's without having seen it: a server has no operation that would prevent
 * that. So before a device lets go of the content it has, it looks whether the server has it; where
 * not, the trash takes it. Worker thread. */
#pragma once

#include "engine/context.h"

G_BEGIN_DECLS

/* What lies in the directories below .pisync/versions, as far as it was asked for. */
typedef struct PsReplaced PsReplaced;

PsReplaced *ps_replaced_new (PsContext *context);
void ps_replaced_free (PsReplaced *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsReplaced, ps_replaced_free)

/* Asks for what the server keeps of @path, without waiting. Whoever has replaced it there has kept
 * the old version before the new one could be seen: so from then on any time will do. */
void ps_replaced_ask (PsReplaced *self, const char *path);

/* Returns: whether an answer has not come yet. Then it must not be freed. */
gboolean ps_replaced_is_waiting (const PsReplaced *self);

/* Waits for all that was asked. FALSE when the link is lost. */
gboolean ps_replaced_wait (PsReplaced *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether a version of @path with the size and time of @entry is kept. What was not asked
 * for, or could not be listed, is not kept. */
gboolean ps_replaced_is_kept (PsReplaced *self, const char *path, const PsEntry *entry);

G_END_DECLS
