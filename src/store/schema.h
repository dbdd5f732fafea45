/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of the base and how an older base becomes one of today. Internal to store/. */
#pragma once

#include "store/store.h"

#include <sqlite3.h>

G_BEGIN_DECLS

/* "PiSy": tells a base of ours from any other SQLite file. */
#define PS_STORE_APPLICATION_ID 0x50695379

/* The version that ps_store_migrate () brings a base to; kept in its user_version. */
int ps_store_schema_version (void);

/* Brings @db from @version (0 = an empty file) to today's in one transaction. Returns an SQLite
 * code. */
int ps_store_migrate (sqlite3 *db, int version);

G_END_DECLS
