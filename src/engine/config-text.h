/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the texts in a configuration may be: checks of the values that are not numbers or choices.
 * Each returns the value as it is kept, or NULL with *@allowed (transfer none), for the person:
 * what it must be. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *ps_config_text_host (const char *value, const char **allowed);
char *ps_config_text_user (const char *value, const char **allowed);
char *ps_config_text_file (const char *value, const char **allowed);
char *ps_config_text_local_base (const char *value, const char **allowed);
char *ps_config_text_remote_base (const char *value, const char **allowed);
char *ps_config_text_device (const char *value, const char **allowed);

/* Returns: (transfer full): the host name of this machine, made fit for a device name. */
char *ps_config_default_device (void);

G_END_DECLS
