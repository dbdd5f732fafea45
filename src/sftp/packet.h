/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The codec of SFTP version 3: packets put together and taken apart, without any input or output.
 *
 * A packet is u32 length, u8 type, u32 request id, body. Everything read has a declared maximum: a
 * length beyond it, or beyond what is left of the packet, makes the reader bad, and stays so. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/entry.h"

G_BEGIN_DECLS

#define PS_PACKET_HEAD 4               /* the length itself */
#define PS_PACKET_MAX (256 * 1024)     /* a packet's length, both ways */
#define PS_PACKET_HANDLE_MAX 256       /* bytes of a handle */
#define PS_PACKET_PATH_MAX (32 * 1024) /* bytes of a path in a NAME reply */
#define PS_PACKET_TEXT_MAX (32 * 1024) /* bytes of any other string but data */
#define PS_PACKET_DATA_MAX (255 * 1024)

enum
{
  PS_FXP_INIT = 1,
  PS_FXP_VERSION = 2,
  PS_FXP_OPEN = 3,
  PS_FXP_CLOSE = 4,
  PS_FXP_READ = 5,
  PS_FXP_WRITE = 6,
  PS_FXP_LSTAT = 7,
  PS_FXP_FSTAT = 8,
  PS_FXP_SETSTAT = 9,
  PS_FXP_FSETSTAT = 10,
  PS_FXP_OPENDIR = 11,
  PS_FXP_READDIR = 12,
  PS_FXP_REMOVE = 13,
  PS_FXP_MKDIR = 14,
  PS_FXP_RMDIR = 15,
  PS_FXP_REALPATH = 16,
  PS_FXP_STAT = 17,
  PS_FXP_RENAME = 18,
  PS_FXP_READLINK = 19,
  PS_FXP_SYMLINK = 20,
  PS_FXP_STATUS = 101,
  PS_FXP_HANDLE = 102,
  PS_FXP_DATA = 103,
  PS_FXP_NAME = 104,
  PS_FXP_ATTRS = 105,
  PS_FXP_EXTENDED = 200,
  PS_FXP_EXTENDED_REPLY = 201
};

enum
{
  PS_FX_OK = 0,
  PS_FX_EOF = 1,
  PS_FX_NO_SUCH_FILE = 2,
  PS_FX_PERMISSION_DENIED = 3,
  PS_FX_FAILURE = 4,
  PS_FX_BAD_MESSAGE = 5,
  PS_FX_NO_CONNECTION = 6,
  PS_FX_CONNECTION_LOST = 7,
  PS_FX_OP_UNSUPPORTED = 8
};

enum
{
  PS_OPEN_READ = 0x01,
  PS_OPEN_WRITE = 0x02,
  PS_OPEN_CREATE = 0x08,
  PS_OPEN_TRUNCATE = 0x10,
  PS_OPEN_EXCLUSIVE = 0x20
};

enum
{
  PS_ATTR_SIZE = 0x01,
  PS_ATTR_OWNER = 0x02,
  PS_ATTR_PERMISSIONS = 0x04,
  PS_ATTR_TIMES = 0x08
};

typedef struct
{
  uint32_t flags; /* PS_ATTR_*: which of the following are there */
  uint64_t size;
  uint32_t permissions; /* with the file type bits of stat(2) */
  uint32_t atime;
  uint32_t mtime;
} PsAttrs;

/* Whether @attrs say all that an entry needs: kind, size, time. */
bool ps_attrs_complete (const PsAttrs *attrs);

/* What @attrs describe, as an entry; a missing member counts as 0, a missing kind as special. */
PsEntry ps_attrs_to_entry (const PsAttrs *attrs);

/* Returns: @mtime, nanoseconds, as far as the protocol can say it: seconds from 1970 to 2106. */
uint32_t ps_attrs_time (int64_t mtime);

/* Returns: @permissions with execution for those who may read, or for nobody. */
uint32_t ps_attrs_mode (uint32_t permissions, bool executable);

/* --- Putting together: everything is appended to @out. --- */

/* Returns: where the packet begins, for ps_packet_end (). */
gsize ps_packet_begin (GByteArray *out, uint8_t type, uint32_t id);
void ps_packet_u32 (GByteArray *out, uint32_t value);
void ps_packet_u64 (GByteArray *out, uint64_t value);
void ps_packet_bytes (GByteArray *out, const void *data, gsize length); /* with its length */
void ps_packet_string (GByteArray *out, const char *string);
void ps_packet_attrs (GByteArray *out, const PsAttrs *attrs);

/* Fills in the packet's length; returns the size of the whole packet. */
gsize ps_packet_end (GByteArray *out, gsize begin);

/* --- Taking apart --- */

typedef struct
{
  const uint8_t *data; /* borrowed */
  gsize left;
  bool bad; /* something read lay beyond its bounds: nothing read is worth anything */
} PsReader;

void ps_reader_init (PsReader *self, const void *data, gsize length);
uint8_t ps_reader_u8 (PsReader *self);
uint32_t ps_reader_u32 (PsReader *self);
uint64_t ps_reader_u64 (PsReader *self);

/* Returns: (transfer none): a string of at most @max bytes inside the packet, not terminated; NULL
 * when bad. */
const char *ps_reader_bytes (PsReader *self, gsize max, gsize *length);
void ps_reader_attrs (PsReader *self, PsAttrs *attrs);

/* What may be known about the next packet of a stream. */
typedef enum
{
  PS_PACKET_WANTING, /* more bytes are needed */
  PS_PACKET_WHOLE,
  PS_PACKET_NONSENSE /* its length is out of bounds */
} PsPacketState;

/* Looks at the beginning of a stream; @size: (out) of the whole packet with its head, if WHOLE. */
PsPacketState ps_packet_peek (const uint8_t *data, gsize length, gsize *size);

/* A server's answer to one request, borrowed from the packet. */
typedef struct
{
  uint8_t type; /* PS_FXP_STATUS, … */
  uint32_t id;
  uint32_t status;  /* STATUS; PS_FX_OK for all other types */
  const char *text; /* STATUS: the server's words, HANDLE: the handle, DATA: the data */
  gsize length;     /* of @text */
  PsAttrs attrs;    /* ATTRS */
  uint32_t count;   /* NAME: how many names follow */
  PsReader body;    /* NAME: the names, EXTENDED_REPLY: all of it */
  gsize wire;       /* bytes of request and answer; filled in by the client */
} PsReply;

/* Takes an answer apart (@packet with its head, whole); FALSE: nonsense. */
bool ps_reply_parse (PsReply *self, const uint8_t *packet, gsize size);

/* Takes the next of the names of a NAME reply; FALSE: nonsense. */
bool ps_reply_next_name (PsReply *self, const char **name, gsize *length, PsAttrs *attrs);

/* Whether the answer is STATUS with @status. */
bool ps_reply_is (const PsReply *self, uint32_t status);

G_END_DECLS
