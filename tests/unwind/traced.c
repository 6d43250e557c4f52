// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "traced.h"

#define OPTIONS	(PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE)

static void die(const char *what)
{
	fprintf(stderr, "compare: %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct traced_thread *find(struct traced *traced, pid_t tid)
{
	size_t i;

	for (i = 0; i < traced->nr_threads; i++)
		if (traced->threads[i].tid == tid)
			return &traced->threads[i];
	return NULL;
}

static struct traced_thread *add(struct traced *traced, pid_t tid)
{
	struct traced_thread *thread = find(traced, tid);

	if (thread)
		return thread;
	if (traced->nr_threads == TRACED_THREADS_MAX) {
		fprintf(stderr, "compare: more than %d threads\n", TRACED_THREADS_MAX);
		exit(2);
	}
	thread = &traced->threads[traced->nr_threads++];
	*thread = (struct traced_thread){ .tid = tid, .begins = true };
	return thread;
}

static void drop(struct traced *traced, pid_t tid)
{
	struct traced_thread *thread = find(traced, tid);

	if (thread)
		*thread = traced->threads[--traced->nr_threads];
}

void traced__start(struct traced *traced, char **command)
{
	int status, null;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		raise(SIGSTOP);
		execvp(command[0], command);
		_exit(127);
	}
	if (waitpid(pid, &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
		die("waitpid");
	if (ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS))
		die("ptrace");
	kill(pid, SIGCONT);
	/* Up to its execve(). */
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
	       status >> 8 != (SIGTRAP | PTRACE_EVENT_EXEC << 8))
		ptrace(PTRACE_CONT, pid, NULL, 0);
	if (!WIFSTOPPED(status)) {
		fprintf(stderr, "compare: %s does not run\n", command[0]);
		exit(2);
	}
	traced->pid = pid;
	traced->nr_threads = 0;
	add(traced, pid)->begins = false;
	ptrace(PTRACE_CONT, pid, NULL, 0);
}

static bool all_stopped(const struct traced *traced)
{
	size_t i;

	for (i = 0; i < traced->nr_threads; i++)
		if (!traced->threads[i].stopped)
			return false;
	return true;
}

/* What a thread has stopped for: to be stopped, or for something that it goes on after. */
static void take_stop(struct traced *traced, pid_t tid, int status)
{
	struct traced_thread *thread = add(traced, tid);
	unsigned long created;

	if (status >> 16 == PTRACE_EVENT_STOP) {
		thread->stopped = true;
		return;
	}
	if (status >> 16 == PTRACE_EVENT_CLONE &&
	    !ptrace(PTRACE_GETEVENTMSG, tid, NULL, &created))
		add(traced, created);
	ptrace(PTRACE_CONT, tid, NULL, status >> 16 ? 0 : WSTOPSIG(status));
}

static void read_registers(struct traced_thread *thread)
{
	struct user_regs_struct before = thread->regs;

	/* It may have been killed. */
	thread->moved = !ptrace(PTRACE_GETREGS, thread->tid, NULL, &thread->regs) &&
			!thread->begins && memcmp(&before, &thread->regs, sizeof(before));
	thread->begins = false;
}

bool traced__stop(struct traced *traced)
{
	int status;
	pid_t tid;
	size_t i;

	for (i = 0; i < traced->nr_threads; i++)
		ptrace(PTRACE_INTERRUPT, traced->threads[i].tid, NULL, NULL);
	while (!all_stopped(traced)) {
		tid = waitpid(-1, &status, __WALL);
		if (tid < 0)
			die("waitpid");
		if (WIFSTOPPED(status)) {
			take_stop(traced, tid, status);
			continue;
		}
		/* The process itself is the last one of its threads that is said to be over. */
		if (tid == traced->pid)
			return false;
		drop(traced, tid);
	}
	for (i = 0; i < traced->nr_threads; i++)
		read_registers(&traced->threads[i]);
	return true;
}

void traced__go_on(struct traced *traced)
{
	size_t i;

	for (i = 0; i < traced->nr_threads; i++) {
		traced->threads[i].stopped = false;
		ptrace(PTRACE_CONT, traced->threads[i].tid, NULL, NULL);
	}
}

void traced__kill(struct traced *traced)
{
	int status;
	pid_t tid;

	kill(traced->pid, SIGKILL);
	do {
		tid = waitpid(-1, &status, __WALL);
	} while (tid >= 0 && (tid != traced->pid || WIFSTOPPED(status)));
}
