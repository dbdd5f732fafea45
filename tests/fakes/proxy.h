/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts tests/fakes/slowlink between a test and a server. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct PsTestProxy PsTestProxy;

/* @options: of slowlink beside -l and -c, separated by spaces, "" for none: "-d 10 -X 64k -n 1".
 *
 * Returns: (transfer full): a running proxy to 127.0.0.1:@port */
PsTestProxy *ps_test_proxy_new (int port, const char *options);
void ps_test_proxy_free (PsTestProxy *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsTestProxy, ps_test_proxy_free)

int ps_test_proxy_port (const PsTestProxy *self);

/* Cuts all connections, and refuses new ones until called again. */
void ps_test_proxy_toggle (PsTestProxy *self);

/* From now on nothing gets through, and nobody is told. */
void ps_test_proxy_freeze (PsTestProxy *self);

G_END_DECLS
