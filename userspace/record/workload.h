/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A command that is run to be watched. It is started in two steps, so that sampling can begin
 * between them and miss nothing of it.
 */
#ifndef PROFBUF_RECORD_WORKLOAD_H
#define PROFBUF_RECORD_WORKLOAD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "cgroup.h"

/**
 * struct workload - the command
 * @pid: process ID, 0: there is none
 * @go: written to when it may begin
 * @report: what it says if it cannot
 * @ended: it was waited for
 * @status: what wait() said
 * @failed: errno of exec(), 0: it could be executed
 */
struct workload {
	pid_t pid;
	int go;
	int report;
	bool ended;
	int status;
	int failed;
};

int workload__prepare(struct workload *workload, char **argv, const struct cgroup *cgroup,
		      const sigset_t *signals);
int workload__begin(struct workload *workload);
bool workload__poll(struct workload *workload);
void workload__wait(struct workload *workload);
int workload__exit_status(const struct workload *workload);

#endif /* PROFBUF_RECORD_WORKLOAD_H */
