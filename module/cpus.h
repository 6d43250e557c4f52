/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_CPUS_H
#define PROFBUF_CPUS_H

#include <linux/cpumask.h>

struct profbuf_session;

int profbuf_cpus_setup(void);
void profbuf_cpus_cleanup(void);
void profbuf_cpus_default(struct cpumask *cpus);

int profbuf_cpus_make(struct profbuf_session *session);
void profbuf_cpus_free(struct profbuf_session *session);
int profbuf_cpus_start(struct profbuf_session *session);
void profbuf_cpus_stop(struct profbuf_session *session);

#endif /* PROFBUF_CPUS_H */
