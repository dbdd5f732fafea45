/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "delta/delta.h"

G_DEFINE_QUARK (ps_delta_error_quark, ps_delta_error)
