/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints the name of every fault point, one a line: test_crash.py loops over them. */
#include "util/fault.h"

int
main (void)
{
  for (gsize i = 0; ps_fault_points[i] != NULL; i++)
    g_print ("%s\n", ps_fault_points[i]);
  return 0;
}
