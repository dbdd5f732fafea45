/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rule is a list of patterns, one for each name of a path; "**" stands for any number of names. A
 * rule without a slash looks at the last name alone. */
#include "core/ignore.h"

#include "core/glob.h"

#include <string.h>

typedef struct
{
  GPtrArray *globs; /* (element-type PsGlob) one a name; NULL = "**" */
  bool keep;        /* '!': takes back what an earlier rule ignores */
  bool only_dirs;   /* '/' at the end */
  bool anchored;    /* a '/' elsewhere: matched from the rule file's directory on */
} Rule;

struct PsIgnore
{
  GPtrArray *defaults; /* (element-type Rule) */
  GHashTable *by_dir;  /* (element-type utf8 GPtrArray of Rule) */
};

typedef enum
{
  VERDICT_NONE,
  VERDICT_IGNORE,
  VERDICT_KEEP
} Verdict;

/* Locks, autosaves and half-written files of programs, what file managers and file systems leave
 * about; and what is ours in the folder of another pair that lies in this one. */
static const char defaults[] = ".~lock.*#\n"
                               "~$*\n"
                               "~*.tmp\n"
                               "*.swp\n"
                               "*.swo\n"
                               "*.kate-swp\n"
                               ".#*\n"
                               "\\#*#\n"
                               ".goutputstream-*\n"
                               "*.crdownload\n"
                               ".fuse_hidden*\n"
                               ".nfs[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]*\n"
                               ".DS_Store\n"
                               "Thumbs.db\n"
                               "ehthumbs.db\n"
                               ".pisync/\n"
                               "desktop.ini\n"
                               ".Trash-*/\n"
                               "/.Trashes/\n"
                               "/.fseventsd/\n"
                               "/.Spotlight-V100/\n"
                               "/System Volume Information/\n"
                               "/$RECYCLE.BIN/\n"
                               "/lost+found/\n";

static void
rule_free (gpointer data)
{
  Rule *rule = data;

  g_ptr_array_unref (rule->globs);
  g_free (rule);
}

static void
free_glob (gpointer data)
{
  ps_glob_free (data);
}

/* Returns: @length without the spaces at the end that no '\' protects. */
static gsize
trim_spaces (const char *line, gsize length)
{
  gsize end = 0;

  for (gsize i = 0; i < length; i++)
    {
      if (line[i] == '\\' && i + 1 < length)
        i++;
      else if (line[i] == ' ')
        continue;
      end = i + 1;
    }
  return end;
}

/* Returns: where the name that begins at @pattern ends: at a '/' outside of brackets, escaped or
 * not. *@next: behind it. FALSE: a bracket is not closed. */
static bool
find_name_end (const char *pattern, const char *end, const char **name_end, const char **next)
{
  const char *p = pattern;

  while (p < end && *p != '/')
    {
      if (*p == '[')
        {
          gsize length = ps_glob_bracket_length (p, end - p);

          if (length == 0)
            return false;
          p += length;
        }
      else if (*p == '\\' && p + 1 < end)
        {
          if (p[1] == '/')
            break;
          p += 2;
        }
      else
        p++;
    }
  *name_end = p;
  *next = p < end && *p == '\\' ? p + 2 : p + 1;
  return true;
}

static bool
is_any_depth (const char *name, gsize length)
{
  return length >= 2 && strspn (name, "*") >= length;
}

/* Takes @pattern apart into names. FALSE when it can never match. */
static bool
add_names (Rule *rule, const char *pattern, const char *end)
{
  while (pattern <= end)
    {
      const char *name_end, *next;
      PsGlob *glob = NULL;

      if (!find_name_end (pattern, end, &name_end, &next))
        return false;
      if (!is_any_depth (pattern, name_end - pattern))
        {
          glob = ps_glob_new (pattern, name_end - pattern);
          if (glob == NULL)
            return false;
        }
      g_ptr_array_add (rule->globs, glob);
      pattern = next;
    }
  return true;
}

/* Reads one line. Returns: (nullable): NULL for an empty line, a comment, a rule that cannot match.
 */
static Rule *
parse_line (const char *line, gsize length)
{
  Rule *rule;
  const char *end;

  if (length > 0 && line[length - 1] == '\r')
    length--;
  if (length == 0 || *line == '#')
    return NULL;
  end = line + trim_spaces (line, length);
  rule = g_new0 (Rule, 1);
  rule->globs = g_ptr_array_new_with_free_func (free_glob);
  rule->keep = line < end && *line == '!';
  line += rule->keep;
  rule->only_dirs = line < end && end[-1] == '/';
  end -= rule->only_dirs;
  rule->anchored = memchr (line, '/', end - line) != NULL;
  line += line < end && *line == '/';
  if (line < end && add_names (rule, line, end))
    return rule;
  rule_free (rule);
  return NULL;
}

static GPtrArray *
parse_rules (const char *text, gsize length)
{
  GPtrArray *rules = g_ptr_array_new_with_free_func (rule_free);
  const char *end = text + length;

  if (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0) /* as some editors begin a file */
    text += 3;
  while (text < end)
    {
      const char *newline = memchr (text, '\n', end - text);
      const char *line_end = newline != NULL ? newline : end;
      Rule *rule = parse_line (text, line_end - text);

      if (rule != NULL)
        g_ptr_array_add (rules, rule);
      text = line_end + 1;
    }
  return rules;
}

/* Matches the names of @path one by one. Like with the stars within a name, only the last "**" need
 * be tried again. */
static bool
match_names (const GPtrArray *globs, const char *path)
{
  guint at = 0, after_any = 0;
  const char *retry = NULL;

  while (*path != '\0')
    {
      gsize length = strcspn (path, "/");
      const char *next = path + length + (path[length] == '/');

      if (at < globs->len && globs->pdata[at] == NULL)
        {
          if (++at == globs->len) /* at the end it stands for all that lies within */
            return true;
          after_any = at;
          retry = path;
        }
      else if (at < globs->len && ps_glob_match (globs->pdata[at], path, length))
        {
          at++;
          path = next;
        }
      else if (retry != NULL)
        {
          retry += strcspn (retry, "/");
          retry += *retry == '/';
          path = retry;
          at = after_any;
        }
      else
        return false;
    }
  return at == globs->len;
}

/* What the last rule that matches says. @path: from the rules' directory on; @name: its last name.
 */
static Verdict
judge (const GPtrArray *rules, const char *path, const char *name, bool is_dir)
{
  for (guint i = rules->len; i > 0; i--)
    {
      const Rule *rule = rules->pdata[i - 1];

      if (rule->only_dirs && !is_dir)
        continue;
      if (match_names (rule->globs, rule->anchored ? path : name))
        return rule->keep ? VERDICT_KEEP : VERDICT_IGNORE;
    }
  return VERDICT_NONE;
}

static void
free_rules (gpointer data)
{
  g_ptr_array_unref (data);
}

PsIgnore *
ps_ignore_new (void)
{
  PsIgnore *self = g_new0 (PsIgnore, 1);

  self->defaults = parse_rules (defaults, strlen (defaults));
  self->by_dir = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_rules);
  return self;
}

void
ps_ignore_free (PsIgnore *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->defaults);
  g_hash_table_unref (self->by_dir);
  g_free (self);
}

void
ps_ignore_set (PsIgnore *self, const char *dir, const char *text, gsize length)
{
  GPtrArray *rules = parse_rules (text, length);

  if (rules->len > 0)
    {
      g_hash_table_replace (self->by_dir, g_strdup (dir), rules);
      return;
    }
  g_ptr_array_unref (rules);
  g_hash_table_remove (self->by_dir, dir);
}

/* The nearest rule file that says anything, from @path's directory upwards. */
static Verdict
judge_by_files (const PsIgnore *self, const char *path, const char *name, bool is_dir)
{
  g_autofree char *dir = g_strdup (path);
  char *slash;

  do
    {
      const GPtrArray *rules;
      Verdict verdict;

      slash = strrchr (dir, '/');
      *(slash != NULL ? slash : dir) = '\0';
      rules = g_hash_table_lookup (self->by_dir, dir);
      if (rules == NULL)
        continue;
      verdict = judge (rules, slash != NULL ? path + (slash - dir) + 1 : path, name, is_dir);
      if (verdict != VERDICT_NONE)
        return verdict;
    }
  while (slash != NULL);
  return VERDICT_NONE;
}

bool
ps_ignore_match (const PsIgnore *self, const char *path, bool is_dir)
{
  const char *slash = strrchr (path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  Verdict verdict = VERDICT_NONE;

  if (g_hash_table_size (self->by_dir) > 0)
    verdict = judge_by_files (self, path, name, is_dir);
  if (verdict == VERDICT_NONE)
    verdict = judge (self->defaults, path, name, is_dir);
  return verdict == VERDICT_IGNORE;
}

const char *
ps_ignore_defaults (void)
{
  return defaults;
}
