/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The strong sum is BLAKE2b (RFC 7693) with a digest of 32 bytes. One block keeps a processor
 * waiting for itself: four that do not depend on each other are summed side by side, a lane of a
 * vector each. The weak sum is that of Rabin and Karp: a polynomial of the bytes, whose terms are
 * added up in lanes, too. */
#include "delta/sums.h"

#include <string.h>

#define LANES PS_SUMS_AT_ONCE
#define CHUNK 128 /* bytes that BLAKE2b takes at a time */
#define DIGEST 32
#define PARAMETERS (0x01010000 | DIGEST) /* no key, one leaf */

#define WEAK_LANES 8 /* of four bytes */
#define WEAK_PARTS 2 /* vectors of them: no multiplication waits for the last */
#define WEAK_SEED 1
#define WEAK_FACTOR 0x08104225u

/* The functions below are compiled for several processors, so they have to be part of those that
 * call them. No vector is handed over but by its address: how is a matter of the processor, too. */
#define PART_OF_CALLER static G_ALWAYS_INLINE inline

typedef uint64_t Lanes __attribute__ ((vector_size (LANES * sizeof (uint64_t))));
typedef uint32_t WeakLanes __attribute__ ((vector_size (WEAK_LANES * sizeof (uint32_t))));

#define IN_ALL_LANES(value)                                                                        \
  {                                                                                                \
    value, value, value, value                                                                     \
  }
static const Lanes initial[8] = {
  IN_ALL_LANES (0x6a09e667f3bcc908), IN_ALL_LANES (0xbb67ae8584caa73b),
  IN_ALL_LANES (0x3c6ef372fe94f82b), IN_ALL_LANES (0xa54ff53a5f1d36f1),
  IN_ALL_LANES (0x510e527fade682d1), IN_ALL_LANES (0x9b05688c2b3e6c1f),
  IN_ALL_LANES (0x1f83d9abfb41bd6b), IN_ALL_LANES (0x5be0cd19137e2179),
};

/* In which order each round takes the words of a chunk. */
static const uint8_t order[12][16] = {
  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
  { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
  { 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
  { 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
  { 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
  { 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
  { 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
  { 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
  { 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
  { 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
  { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
};

static uint64_t
word (const uint8_t *bytes)
{
  uint64_t value;

  memcpy (&value, bytes, sizeof value);
  return GUINT64_FROM_LE (value);
}

/* Turned right by whole bytes, which is one instruction of vector units. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
typedef uint8_t LaneBytes __attribute__ ((vector_size (sizeof (Lanes))));
#define TURNED(lane, n)                                                                            \
  8 * lane + (n) % 8, 8 * lane + (1 + n) % 8, 8 * lane + (2 + n) % 8, 8 * lane + (3 + n) % 8,      \
      8 * lane + (4 + n) % 8, 8 * lane + (5 + n) % 8, 8 * lane + (6 + n) % 8,                      \
      8 * lane + (7 + n) % 8
#define TURN(lanes, n)                                                                             \
  ((Lanes)__builtin_shufflevector ((LaneBytes)(lanes), (LaneBytes)(lanes), TURNED (0, n),          \
                                   TURNED (1, n), TURNED (2, n), TURNED (3, n)))
#else
#define TURN(lanes, n) ((lanes) >> 8 * (n) | (lanes) << (64 - 8 * (n)))
#endif

PART_OF_CALLER void
mix (Lanes *a, Lanes *b, Lanes *c, Lanes *d, const Lanes *x, const Lanes *y)
{
  *a += *b + *x;
  *d ^= *a;
  *d = TURN (*d, 4);
  *c += *d;
  *b ^= *c;
  *b = TURN (*b, 3);
  *a += *b + *y;
  *d ^= *a;
  *d = TURN (*d, 2);
  *c += *d;
  *b ^= *c;
  *b = *b >> 63 | *b << 1;
}

/* Takes a chunk of each block. @upto: bytes of the blocks, with this chunk. */
PART_OF_CALLER void
compress (Lanes hash[8], const uint8_t *const chunks[LANES], uint64_t upto, gboolean last)
{
  Lanes m[16], v[16];

  for (guint i = 0; i < 16; i++)
    m[i] = (Lanes){ word (chunks[0] + 8 * i), word (chunks[1] + 8 * i), word (chunks[2] + 8 * i),
                    word (chunks[3] + 8 * i) };
  memcpy (v, hash, 8 * sizeof *v);
  memcpy (v + 8, initial, 8 * sizeof *v);
  v[12] ^= upto;
  if (last)
    v[14] = ~v[14];
  for (guint round = 0; round < G_N_ELEMENTS (order); round++)
    {
      const uint8_t *at = order[round];

      mix (&v[0], &v[4], &v[8], &v[12], &m[at[0]], &m[at[1]]);
      mix (&v[1], &v[5], &v[9], &v[13], &m[at[2]], &m[at[3]]);
      mix (&v[2], &v[6], &v[10], &v[14], &m[at[4]], &m[at[5]]);
      mix (&v[3], &v[7], &v[11], &v[15], &m[at[6]], &m[at[7]]);
      mix (&v[0], &v[5], &v[10], &v[15], &m[at[8]], &m[at[9]]);
      mix (&v[1], &v[6], &v[11], &v[12], &m[at[10]], &m[at[11]]);
      mix (&v[2], &v[7], &v[8], &v[13], &m[at[12]], &m[at[13]]);
      mix (&v[3], &v[4], &v[9], &v[14], &m[at[14]], &m[at[15]]);
    }
  for (guint i = 0; i < 8; i++)
    hash[i] ^= v[i] ^ v[8 + i];
}

/* @length: of each of the blocks. */
PART_OF_CALLER void
sum_strong (const uint8_t *const blocks[LANES], gsize length, uint8_t digests[LANES][DIGEST])
{
  Lanes hash[8];
  gsize done = 0, rest;
  uint8_t tails[LANES][CHUNK] = { 0 };
  const uint8_t *chunks[LANES];

  memcpy (hash, initial, sizeof hash);
  hash[0] ^= PARAMETERS;
  for (; length - done > CHUNK; done += CHUNK)
    {
      for (guint lane = 0; lane < LANES; lane++)
        chunks[lane] = blocks[lane] + done;
      compress (hash, chunks, done + CHUNK, FALSE);
    }
  rest = length - done;
  for (guint lane = 0; lane < LANES; lane++)
    chunks[lane] = memcpy (tails[lane], blocks[lane] + done, rest);
  compress (hash, chunks, length, TRUE);
  for (guint lane = 0; lane < LANES; lane++)
    for (guint i = 0; i < DIGEST / 8; i++)
      {
        uint64_t value = GUINT64_TO_LE (hash[i][lane]);

        memcpy (digests[lane] + 8 * i, &value, sizeof value);
      }
}

/* Every lane of the sums adds up the bytes in one place of each step; they are put together at the
 * end, and what is left over is added byte by byte. */
PART_OF_CALLER uint32_t
sum_weak (const uint8_t *block, gsize length)
{
  const gsize part = sizeof (WeakLanes), step = WEAK_PARTS * part;
  WeakLanes sums[WEAK_PARTS][4] = { { { 0 } } }, bytes;
  uint32_t sum = WEAK_SEED, far = 1, factor = 1;
  gsize done = 0;

  for (gsize i = 0; i < step; i++)
    far *= WEAK_FACTOR;
  for (; length - done >= step; done += step)
    {
      for (guint p = 0; p < WEAK_PARTS; p++)
        {
          memcpy (&bytes, block + done + p * part, part);
          for (guint i = 0; i < 4; i++)
            sums[p][i] = sums[p][i] * far
                         + (bytes >> (G_BYTE_ORDER == G_LITTLE_ENDIAN ? 8 * i : 24 - 8 * i) & 0xff);
        }
      sum *= far;
    }
  for (gsize i = step; i-- > 0; factor *= WEAK_FACTOR)
    sum += sums[i / part][i % 4][i % part / 4] * factor;
  for (; done < length; done++)
    sum = sum * WEAK_FACTOR + block[done];
  return sum;
}

/* Up to LANES blocks of @length bytes each, one behind the other. */
PART_OF_CALLER void
sum_group (const uint8_t *data, gsize length, gsize n, gsize strong_length, uint8_t *records)
{
  const uint8_t *blocks[LANES];
  uint8_t digests[LANES][DIGEST];

  for (guint lane = 0; lane < LANES; lane++)
    blocks[lane] = data + MIN (lane, n - 1) * length;
  sum_strong (blocks, length, digests);
  for (gsize i = 0; i < n; i++)
    {
      uint8_t *record = records + i * (4 + strong_length);
      uint32_t weak = GUINT32_TO_BE (sum_weak (blocks[i], length));

      memcpy (record, &weak, sizeof weak);
      memcpy (record + sizeof weak, digests[i], strong_length);
    }
}

PART_OF_CALLER void
sum_all (const uint8_t *data, gsize length, gsize block_length, gsize strong_length,
         uint8_t *records)
{
  while (length > 0)
    {
      gsize whole = MIN (length / block_length, LANES), n = MAX (whole, 1);
      gsize each = MIN (block_length, length);

      sum_group (data, each, n, strong_length, records);
      data += n * each;
      length -= n * each;
      records += n * (4 + strong_length);
    }
}

void
ps_sums_records_plain (const uint8_t *data, gsize length, gsize block_length, gsize strong_length,
                       uint8_t *records)
{
  g_assert (strong_length <= DIGEST);
  sum_all (data, length, block_length, strong_length, records);
}

#ifdef __x86_64__
static __attribute__ ((target ("avx2"))) void
sum_all_avx2 (const uint8_t *data, gsize length, gsize block_length, gsize strong_length,
              uint8_t *records)
{
  sum_all (data, length, block_length, strong_length, records);
}
#endif

void
ps_sums_records (const uint8_t *data, gsize length, gsize block_length, gsize strong_length,
                 uint8_t *records)
{
#ifdef __x86_64__
  if (__builtin_cpu_supports ("avx2"))
    {
      g_assert (strong_length <= DIGEST);
      sum_all_avx2 (data, length, block_length, strong_length, records);
      return;
    }
#endif
  ps_sums_records_plain (data, length, block_length, strong_length, records);
}
