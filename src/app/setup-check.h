/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may be typed in the setup assistant. No widgets; pure, but for ps_setup_look_local () and
 * ps_setup_new_file (). */
#pragma once

#include "engine/config.h"

G_BEGIN_DECLS

/* Each returns (transfer full) (nullable): a translated sentence that says what is wrong or
 * missing, NULL where the text can be used. */
char *ps_setup_check_host (const char *text);
char *ps_setup_check_port (const char *text);
char *ps_setup_check_user (const char *text);
char *ps_setup_check_remote (const char *text);
char *ps_setup_check_local (const char *text);

/* The same of a local folder that passed the check, after a look at it and at the other pairs.
 * @file: the ini of the pair that is to keep it. Blocks for as long as the disk does. */
char *ps_setup_look_local (const char *text, const char *file);

/* Checks @text and puts it into @config, as the ini would have it. */
gboolean ps_setup_set (PsConfig *config, const char *group, const char *key, const char *text);

/* Returns: (transfer full): the file in @dir for a new pair that keeps @local_base: pisync.ini, and
 * where that is taken one called like the folder. */
char *ps_setup_new_file (const char *dir, const char *local_base);

G_END_DECLS
