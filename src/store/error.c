/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

G_DEFINE_QUARK (ps_store_error_quark, ps_store_error)
