/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tells the sessions about the network (GNetworkMonitor) and about sleep (logind), so that a link
 * is dropped and opened again at once. */
#pragma once

#include "app/pairs.h"

G_BEGIN_DECLS

#define PS_TYPE_NETWORK (ps_network_get_type ())
G_DECLARE_FINAL_TYPE (PsNetwork, ps_network, PS, NETWORK, GObject)

PsNetwork *ps_network_new (PsPairs *pairs);

G_END_DECLS
