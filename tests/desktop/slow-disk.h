/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slow disk, for the whole program that this is linked to: where $PISYNC_TEST_SLOW_DIR names a
 * folder, each fsync () and access () of what is in it takes $PISYNC_TEST_SLOW_MS. */
#pragma once

#define SLOW_DIR "PISYNC_TEST_SLOW_DIR"
#define SLOW_MS "PISYNC_TEST_SLOW_MS"
