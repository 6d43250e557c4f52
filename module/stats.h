/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_STATS_H
#define PROFBUF_STATS_H

#include <linux/profbuf.h>

struct profbuf_session;

int profbuf_session_stats(struct profbuf_session *session, struct profbuf_stats *stats);

#endif /* PROFBUF_STATS_H */
