# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole private desktop for tests of the real program: see tests/desktop/README.md."""
