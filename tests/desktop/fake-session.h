/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tells the fake engine what to say. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Gives the pair called @pair a fresh status made from @text, lines of KEY=VALUE:
 *
 *   kind=syncing  state=syncing  message=…  error=CODE  files=3/120  bytes=1/2  rate=B/s  left=S
 *   space=FREE/TOTAL  transfer=up:PATH:DONE:SIZE  held=GUARD:COUNT:MESSAGE  problem=PATH:MESSAGE
 *   event=ACTION:PATH:BYTES  many=N  ask=password|passphrase|prompt:ATTEMPT  key=new|changed
 *   close=MILLISECONDS that ending it takes */
void fake_session_tell (const char *pair, const char *text);

G_END_DECLS
