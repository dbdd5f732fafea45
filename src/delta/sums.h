/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sums of blocks as librsync makes them (RS_RK_BLAKE2_SIG_MAGIC), of several blocks at once and
 * so several times as fast. Inside delta/ only. */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

#define PS_SUMS_AT_ONCE 4 /* so many blocks take no longer than one */

/**
 * ps_sums_records:
 * @data: blocks of @block_length bytes; the last one ends where @data does
 * @strong_length: bytes of a strong sum, 32 at the most
 * @records: (out): for every block the weak sum, big-endian, and the strong one
 */
void ps_sums_records (const uint8_t *data, gsize length, gsize block_length, gsize strong_length,
                      uint8_t *records);

/* The same with what every processor can. */
void ps_sums_records_plain (const uint8_t *data, gsize length, gsize block_length,
                            gsize strong_length, uint8_t *records);

G_END_DECLS
