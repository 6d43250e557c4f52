// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "terminal.h"
#include "util/message.h"

/* What a shell returns where a command cannot be executed or is not there; more: a signal. */
enum {
	NOT_EXECUTABLE = 126,
	NOT_FOUND = 127,
	SIGNALLED = 128,
};

static pid_t pager;
static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

/**
 * terminal__color - are colours wanted?
 *
 * Return: true if standard output is a terminal that has them, and NO_COLOR is not set.
 */
bool terminal__color(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (!no_color || !*no_color) && term && strcmp(term, "dumb");
}

/**
 * terminal__page - show standard output through a pager, if it is a terminal
 *
 * PROFBUF_PAGER, else PAGER, else less; "" or cat: none. What does not fill a screen goes
 * by without one.
 */
void terminal__page(void)
{
	const char *program = getenv("PROFBUF_PAGER");
	int pipes[2];

	if (!program)
		program = getenv("PAGER");
	/* A small machine may have none. */
	if (!program)
		program = "if command -v less >/dev/null; then exec less; else exec cat; fi";
	if (!isatty(STDOUT_FILENO) || !*program || !strcmp(program, "cat"))
		return;
	if (pipe(pipes))
		return;
	fflush(stdout);
	pager = fork();
	if (pager < 0) {
		pager = 0;
		close(pipes[0]);
		close(pipes[1]);
		return;
	}
	if (!pager) {
		dup2(pipes[0], STDIN_FILENO);
		close(pipes[0]);
		close(pipes[1]);
		signal(SIGPIPE, SIG_DFL);
		setenv("LESS", "FRSX", 0);
		execl("/bin/sh", "sh", "-c", program, (char *)NULL);
		_exit(NOT_FOUND);
	}
	/* It is the pager's to be interrupted, and to say what that means. */
	signal(SIGINT, note_interrupt);
	dup2(pipes[1], STDOUT_FILENO);
	close(pipes[0]);
	close(pipes[1]);
}

/* Whoever ends a pager by a signal has seen enough, and so has who leaves it early. */
static int wait_for_pager(void)
{
	int status = 0;

	waitpid(pager, &status, 0);
	if (!WIFEXITED(status) || !WEXITSTATUS(status) || WEXITSTATUS(status) > SIGNALLED ||
	    interrupted)
		return 0;
	switch (WEXITSTATUS(status)) {
	case NOT_FOUND:
		error("the pager was not found");
		break;
	case NOT_EXECUTABLE:
		error("the pager could not be executed");
		break;
	default:
		error("the pager failed (exit status %d)", WEXITSTATUS(status));
	}
	hint("set PAGER to another one, or use --no-pager");
	return -ECHILD;
}

/* A write that has failed does not always tell this any more. */
static bool nobody_reads(void)
{
	struct pollfd end = { .fd = STDOUT_FILENO };

	return poll(&end, 1, 0) == 1 && end.revents & POLLERR;
}

static int close_stdout(int err)
{
	if (!err && ferror(stdout))
		err = -EIO;
	errno = 0;
	if (fflush(stdout) && errno)
		err = -errno;
	if (err == -EIO && pager && nobody_reads())
		err = -EPIPE;
	if (close(STDOUT_FILENO) && !err)
		err = -errno;
	return err;
}

/**
 * terminal__finish - end the output
 * @err: what printing it has returned
 *
 * Who closes a pipe early has seen enough: then the command ends as if by SIGPIPE.
 *
 * Return: 0, or a negative errno after a message.
 */
int terminal__finish(int err)
{
	int failed = 0;

	err = close_stdout(err);
	if (pager) {
		failed = wait_for_pager();
		if (err == -EPIPE)
			err = 0;
	}
	if (err == -EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	if (err == -ENOMEM)
		error("out of memory");
	else if (err)
		error("cannot write the result: %s", strerror(-err));
	return err ? err : failed;
}

/**
 * result__open - open what a result is written to
 * @path: the file; NULL or "-": standard output
 * @binary: nothing for a terminal
 *
 * Return: the file, or NULL after a message.
 */
FILE *result__open(const char *path, bool binary)
{
	FILE *file;

	if (path && strcmp(path, "-")) {
		file = fopen(path, "we");
		if (!file)
			error("cannot write %s: %s", path, strerror(errno));
		return file;
	}
	if (binary && isatty(STDOUT_FILENO)) {
		error("this format is nothing for a terminal");
		hint("name a file with -o");
		return NULL;
	}
	return stdout;
}

/**
 * result__close - close what a result was written to
 * @file: what result__open() gave
 * @path: and for what. What is not whole is removed
 * @err: what writing it has returned
 *
 * Return: 0, or a negative errno after a message.
 */
int result__close(FILE *file, const char *path, int err)
{
	struct stat status;
	bool regular;

	if (file == stdout)
		return terminal__finish(err);
	/* Not a device, whatever it is that fails. */
	regular = !fstat(fileno(file), &status) && S_ISREG(status.st_mode);
	if (!err && ferror(file))
		err = -EIO;
	errno = 0;
	if (fclose(file) && !err)
		err = errno ? -errno : -EIO;
	if (err) {
		error("cannot write %s: %s", path, strerror(-err));
		if (regular)
			unlink(path);
	}
	return err;
}
