/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guards: checks that hold back what could be a catastrophe, before anything is changed. Pure.
 */
#pragma once

#include "core/entry.h"

G_BEGIN_DECLS

typedef enum
{
  PS_GUARD_NONE,
  PS_GUARD_ROOT,            /* "root" */
  PS_GUARD_RESTORED_SERVER, /* "restored-server" */
  PS_GUARD_MASS_DELETE,     /* "mass-delete" */
  PS_GUARD_MASS_EMPTIED,    /* "mass-emptied" */
  PS_GUARD_INCOMPLETE,      /* "incomplete-listing" */
  PS_GUARD_ROOM,            /* "room" */
  PS_N_GUARDS
} PsGuard;

/* The name as it stands in --json, static. */
const char *ps_guard_name (PsGuard guard);

/* The marker of a root, .pisync/root. */
typedef enum
{
  PS_MARKER_PRESENT,
  PS_MARKER_MISSING,       /* the root is there, the marker is not */
  PS_MARKER_NO_ROOT,       /* the root itself is not there */
  PS_MARKER_UNKNOWN_FORMAT /* of a newer PiSync, or damaged */
} PsMarkerState;

typedef struct
{
  PsMarkerState state;
  char id[64]; /* where present */
  uint64_t generation;
} PsMarker;

#define PS_MARKER_FORMAT 1
#define PS_MARKER_MAX 4096 /* bytes; a longer file is damaged */

/* Reads the text of a marker: a key file without group, lines "format=1", "id=…", "generation=…";
 * unknown keys are left alone. */
void ps_marker_parse (PsMarker *self, const char *text, gsize length);

/* Returns: (transfer full): the text. */
char *ps_marker_to_text (const PsMarker *self);

typedef enum
{
  PS_ROOTS_OK,
  PS_ROOTS_MAKE,         /* first run: make an id, write both markers */
  PS_ROOTS_ADOPT_REMOTE, /* first run: take the server's id, write the local marker */
  PS_ROOTS_HELD          /* the root guard trips: nothing at all is done */
} PsRootsVerdict;

/**
 * ps_guard_roots:
 * @base_id: (nullable): the pair's id as the base knows it; NULL = no base (first run, lost or
 * forgotten state)
 * @reason: (out) (nullable): (transfer none) static sentence: which side and what to do, where held
 */
PsRootsVerdict ps_guard_roots (const char *base_id, const PsMarker *local, const PsMarker *remote,
                               const char **reason);

/* Returns: whether a server with @now must have been restored from a backup, when @last_seen was
 * seen before. */
bool ps_guard_restored (uint64_t last_seen, uint64_t now);

G_END_DECLS
