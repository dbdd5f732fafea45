/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "local/local.h"

G_DEFINE_QUARK (ps_local_error_quark, ps_local_error)
