// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.h"

/* As the shell has it. */
#define EXIT_NOT_FOUND		127
#define EXIT_NOT_EXECUTABLE	126

static void run_child(char **argv, const struct cgroup *cgroup, const sigset_t *signals, int go,
		      int report)
{
	char byte;
	int err = 0;

	cgroup__join(cgroup);
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(EXIT_FAILURE);
	/* The end without a byte: there will be no recording. */
	if (read(go, &byte, 1) != 1)
		_exit(EXIT_FAILURE);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, signals, NULL);
	execvp(*argv, argv);
	err = errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(EXIT_FAILURE);
	_exit(err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/**
 * workload__prepare - make the process of a command
 * @workload: the workload
 * @argv: the command
 * @cgroup: what it joins, if there is one
 * @signals: its signal mask
 *
 * Return: 0 or a negative errno.
 */
int workload__prepare(struct workload *workload, char **argv, const struct cgroup *cgroup,
		      const sigset_t *signals)
{
	int go[2], report[2], ready;

	*workload = (struct workload){ .go = -1, .report = -1 };
	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(report, O_CLOEXEC)) {
		close(go[0]);
		close(go[1]);
		return -errno;
	}
	/* Its orphans become our children, so that it can be told whose they are. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	workload->pid = fork();
	if (!workload->pid) {
		close(go[1]);
		close(report[0]);
		run_child(argv, cgroup, signals, go[0], report[1]);
	}
	close(go[0]);
	close(report[1]);
	if (workload->pid < 0) {
		close(go[1]);
		close(report[0]);
		workload->pid = 0;
		return -errno;
	}
	workload->go = go[1];
	workload->report = report[0];
	/* What it does before it has joined its control group would be nobody's. */
	return read(report[0], &ready, sizeof(ready)) == sizeof(ready) ? 0 : -EIO;
}

/**
 * workload__begin - let it execute the command
 * @workload: the workload
 *
 * Return: 0, or a negative errno if it could not be executed.
 */
int workload__begin(struct workload *workload)
{
	int err = 0;

	if (write(workload->go, "", 1) != 1)
		err = -errno;
	close(workload->go);
	workload->go = -1;
	/* exec() closes the other end. */
	if (!err && read(workload->report, &err, sizeof(err)) == sizeof(err)) {
		workload->failed = err;
		err = -err;
	}
	close(workload->report);
	workload->report = -1;
	return err;
}

/**
 * workload__poll - bury the dead
 * @workload: the workload
 *
 * Return: true if the command has ended.
 */
bool workload__poll(struct workload *workload)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != workload->pid)
			continue;
		workload->ended = true;
		workload->status = status;
	}
	return workload->ended;
}

/**
 * workload__wait - wait until the command has ended
 * @workload: the workload
 */
void workload__wait(struct workload *workload)
{
	if (!workload->pid)
		return;
	if (workload->go >= 0)
		close(workload->go);
	if (workload->report >= 0)
		close(workload->report);
	workload->go = -1;
	workload->report = -1;
	while (!workload->ended) {
		if (waitpid(workload->pid, &workload->status, 0) == workload->pid)
			workload->ended = true;
		else if (errno != EINTR)
			return;
	}
}

/**
 * workload__exit_status - end as the command has ended
 * @workload: the workload
 *
 * Return: its exit status. If a signal ended it, the same one ends this process.
 */
int workload__exit_status(const struct workload *workload)
{
	sigset_t one;
	int number;

	if (workload->failed)
		return workload->failed == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	if (!workload->ended)
		return EXIT_SUCCESS;
	if (!WIFSIGNALED(workload->status))
		return WEXITSTATUS(workload->status);
	number = WTERMSIG(workload->status);
	/* Without a core of ours. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	signal(number, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	raise(number);
	return 128 + number;
}
