// SPDX-License-Identifier: GPL-2.0
/* The ring for modules other than profbuf.ko, which exports nothing. */
#include "../../module/ring.c"
