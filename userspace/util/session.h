/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sessions that say what stands in their way, and what to do about it.
 */
#ifndef PROFBUF_UTIL_SESSION_H
#define PROFBUF_UTIL_SESSION_H

#include <profbuf/profbuf.h>

struct profbuf_session *session__open(const struct profbuf_session_opts *opts);
int session__start(struct profbuf_session *session);
void session__stop_on_signals(struct profbuf_session *session);

#endif /* PROFBUF_UTIL_SESSION_H */
