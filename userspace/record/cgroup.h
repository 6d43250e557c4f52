/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control group that a command and its descendants are in.
 */
#ifndef PROFBUF_RECORD_CGROUP_H
#define PROFBUF_RECORD_CGROUP_H

#include <stdint.h>

/**
 * struct cgroup - a control group
 * @path: its directory; NULL: there is none
 * @id: its ID, as records have it
 */
struct cgroup {
	char *path;
	uint64_t id;
};

void cgroup__make(struct cgroup *cgroup);
int cgroup__join(const struct cgroup *cgroup);
void cgroup__leave(struct cgroup *cgroup);

#endif /* PROFBUF_RECORD_CGROUP_H */
