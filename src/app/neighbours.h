/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Servers of the local network: what Avahi, where it runs, hears announcing SSH or SFTP, and
 * raspberrypi.local if there is one. Nothing blocks; where nobody listens nothing is found, and
 * nothing is said about it. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PS_SSH_PORT 22

/* One server. */
#define PS_TYPE_NEIGHBOUR (ps_neighbour_get_type ())
G_DECLARE_FINAL_TYPE (PsNeighbour, ps_neighbour, PS, NEIGHBOUR, GObject)

const char *ps_neighbour_get_name (PsNeighbour *self); /* what it calls itself */
const char *ps_neighbour_get_host (PsNeighbour *self); /* the name to connect to, or the address */
guint ps_neighbour_get_port (PsNeighbour *self);

#define PS_TYPE_NEIGHBOURS (ps_neighbours_get_type ())
G_DECLARE_FINAL_TYPE (PsNeighbours, ps_neighbours, PS, NEIGHBOURS, GObject)

/* Begins to look. */
PsNeighbours *ps_neighbours_new (void);

/* Returns: (transfer none): a list of PsNeighbour that follows what comes and goes. */
GListModel *ps_neighbours_get_list (PsNeighbours *self);

/* Ends the look; the list stays as it is. To be called before the last reference is dropped, since
 * every question under way holds one. */
void ps_neighbours_stop (PsNeighbours *self);

G_END_DECLS
