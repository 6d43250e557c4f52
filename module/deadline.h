/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_DEADLINE_H
#define PROFBUF_DEADLINE_H

#include <linux/types.h>

struct profbuf_session;

void profbuf_deadline_init(struct profbuf_session *session);
void profbuf_deadline_begin(struct profbuf_session *session, u64 now);
void profbuf_deadline_stop(struct profbuf_session *session);

#endif /* PROFBUF_DEADLINE_H */
