/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/glob.h"

#include <string.h>

/* A byte that is no UTF-8 counts as a character beyond all others. */
#define RAW_BYTE 0x200000

typedef enum
{
  TOKEN_CHARACTER,
  TOKEN_ANY,  /* ? */
  TOKEN_STAR, /* * */
  TOKEN_SET   /* [...] */
} TokenKind;

typedef struct
{
  gunichar first, last;
} Range;

typedef struct
{
  TokenKind kind;
  gunichar character; /* TOKEN_CHARACTER */
  GArray *ranges;     /* (element-type Range) (nullable) TOKEN_SET */
  bool negated;       /* TOKEN_SET */
} Token;

struct PsGlob
{
  GArray *tokens;   /* (element-type Token) */
  GString *literal; /* where the pattern is plain text, perhaps after one '*': that text */
  bool plain;       /* it is: most patterns are, and compare fast */
  bool after_star;
};

typedef struct
{
  const char *name;
  const char *ranges; /* pairs of first and last character */
  gsize length;
} NamedSet;

/* clang-format off */
#define SET(name, ranges) { name, ranges, sizeof (ranges) - 1 }
static const NamedSet named_sets[] = {
  SET ("alnum", "09AZaz"),  SET ("alpha", "AZaz"),    SET ("blank", "  \t\t"),
  SET ("cntrl", "\0\x1f\x7f\x7f"), SET ("digit", "09"), SET ("graph", "!~"),
  SET ("lower", "az"),      SET ("print", " ~"),      SET ("punct", "!/:@[`{~"),
  SET ("space", "\t\r  "),  SET ("upper", "AZ"),      SET ("xdigit", "09AFaf"),
};
#undef SET
/* clang-format on */

/* Reads the character at *@text, which must not be the end, and moves on. */
static gunichar
take_character (const char **text, const char *end)
{
  gunichar c = (guchar) * *text;

  if (c < 0x80)
    {
      (*text)++;
      return c;
    }
  c = g_utf8_get_char_validated (*text, end - *text);
  if (c == (gunichar)-1 || c == (gunichar)-2)
    return RAW_BYTE + (guchar) * (*text)++;
  *text = g_utf8_next_char (*text);
  return c;
}

/* Reads a character of a set that may have a '\' before it. FALSE at the end. */
static bool
take_member (const char **text, const char *end, gunichar *c)
{
  if (*text < end && **text == '\\')
    (*text)++;
  if (*text >= end)
    return false;
  *c = take_character (text, end);
  return true;
}

static void
add_range (GArray *ranges, gunichar first, gunichar last)
{
  const Range range = { first, last };

  g_array_append_val (ranges, range);
}

/* Reads "[:name:]" at *@text. FALSE when there is no such set. */
static bool
take_named_set (const char **text, const char *end, GArray *ranges)
{
  const char *close = g_strstr_len (*text + 2, end - *text - 2, ":]");

  for (gsize i = 0; close != NULL && i < G_N_ELEMENTS (named_sets); i++)
    {
      const NamedSet *set = &named_sets[i];

      if (strlen (set->name) != (gsize)(close - *text - 2)
          || strncmp (set->name, *text + 2, close - *text - 2) != 0)
        continue;
      for (gsize j = 0; j < set->length; j += 2)
        add_range (ranges, (guchar)set->ranges[j], (guchar)set->ranges[j + 1]);
      *text = close + 2;
      return true;
    }
  return false;
}

/* Reads one character or a range a-b of a set. */
static bool
take_range (const char **text, const char *end, GArray *ranges)
{
  gunichar first, last;

  if (!take_member (text, end, &first))
    return false;
  last = first;
  if (end - *text >= 2 && (*text)[0] == '-' && (*text)[1] != ']')
    {
      (*text)++;
      if (!take_member (text, end, &last))
        return false;
    }
  add_range (ranges, first, last);
  return true;
}

/* Reads the set whose '[' lies before *@text. FALSE when it is not closed or names an unknown one.
 */
static bool
take_set (const char **text, const char *end, Token *token)
{
  token->kind = TOKEN_SET;
  token->ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  if (*text < end && (**text == '!' || **text == '^'))
    {
      token->negated = true;
      (*text)++;
    }
  do /* a ']' right at the beginning is a member */
    {
      bool named = end - *text >= 2 && (*text)[0] == '[' && (*text)[1] == ':';

      if (!(named ? take_named_set : take_range) (text, end, token->ranges))
        return false;
      if (*text >= end)
        return false;
    }
  while (**text != ']');
  (*text)++;
  return true;
}

gsize
ps_glob_bracket_length (const char *pattern, gsize length)
{
  Token token = { 0 };
  const char *p = pattern + 1;
  bool closed = take_set (&p, pattern + length, &token);

  g_array_unref (token.ranges);
  return closed ? (gsize)(p - pattern) : 0;
}

static void
clear_token (gpointer data)
{
  Token *token = data;

  g_clear_pointer (&token->ranges, g_array_unref);
}

/* Reads the next token. FALSE when the pattern is broken. */
static bool
take_token (const char **text, const char *end, Token *token)
{
  switch (*(*text)++)
    {
    case '*':
      token->kind = TOKEN_STAR;
      return true;
    case '?':
      token->kind = TOKEN_ANY;
      return true;
    case '[':
      return take_set (text, end, token);
    default:
      (*text)--;
      return take_member (text, end, &token->character);
    }
}

PsGlob *
ps_glob_new (const char *pattern, gsize length)
{
  g_autoptr (PsGlob) self = g_new0 (PsGlob, 1);
  const char *end = pattern + length;

  self->tokens = g_array_new (FALSE, FALSE, sizeof (Token));
  g_array_set_clear_func (self->tokens, clear_token);
  self->literal = g_string_new (NULL);
  self->plain = true;
  while (pattern < end)
    {
      Token token = { 0 };
      const char *begin = pattern;
      bool sound = take_token (&pattern, end, &token);

      g_array_append_val (self->tokens, token);
      if (!sound)
        return NULL;
      if (token.kind == TOKEN_CHARACTER)
        g_string_append_len (self->literal, begin + (*begin == '\\'),
                             pattern - begin - (*begin == '\\'));
      else if (token.kind == TOKEN_STAR && self->tokens->len == 1)
        self->after_star = true;
      else
        self->plain = false;
    }
  return g_steal_pointer (&self);
}

void
ps_glob_free (PsGlob *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->tokens);
  g_string_free (self->literal, TRUE);
  g_free (self);
}

static bool
token_matches (const Token *token, gunichar c)
{
  bool found = false;

  if (token->kind != TOKEN_SET)
    return token->kind == TOKEN_ANY || token->character == c;
  for (guint i = 0; i < token->ranges->len && !found; i++)
    {
      const Range *range = &g_array_index (token->ranges, Range, i);

      found = range->first <= c && c <= range->last;
    }
  return found != token->negated;
}

/* Only the last star that was met needs ever be tried again: what lies before it has matched
 * already as early as it can. */
static bool
match_tokens (const PsGlob *self, const char *name, const char *end)
{
  const Token *tokens = (const Token *)(gpointer)self->tokens->data;
  guint n_tokens = self->tokens->len, at = 0, after_star = 0;
  const char *retry = NULL;

  while (name < end)
    {
      const char *next = name;
      gunichar c = take_character (&next, end);

      if (at < n_tokens && tokens[at].kind == TOKEN_STAR)
        {
          after_star = ++at;
          retry = name;
        }
      else if (at < n_tokens && token_matches (&tokens[at], c))
        {
          at++;
          name = next;
        }
      else if (retry != NULL)
        {
          take_character (&retry, end);
          name = retry;
          at = after_star;
        }
      else
        return false;
    }
  while (at < n_tokens && tokens[at].kind == TOKEN_STAR)
    at++;
  return at == n_tokens;
}

bool
ps_glob_match (const PsGlob *self, const char *name, gsize length)
{
  gsize literal = self->literal->len;

  if (!self->plain)
    return match_tokens (self, name, name + length);
  if (self->after_star ? length < literal : length != literal)
    return false;
  return memcmp (name + length - literal, self->literal->str, literal) == 0;
}
