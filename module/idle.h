/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_IDLE_H
#define PROFBUF_IDLE_H

struct profbuf_cpu;

int profbuf_idle_watch(void);
void profbuf_idle_cleanup(void);
void profbuf_idle_add(struct profbuf_cpu *pc);
void profbuf_idle_remove(struct profbuf_cpu *pc);

#endif /* PROFBUF_IDLE_H */
