/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/config.h"
#include "engine/run.h"

G_DEFINE_QUARK (ps_config_error_quark, ps_config_error)
G_DEFINE_QUARK (ps_engine_error_quark, ps_engine_error)
