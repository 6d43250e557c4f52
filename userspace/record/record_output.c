// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record_output.h"
#include "util/message.h"

static int open_scratch(struct record_output *output)
{
	char path[4096];

	output->scratch = getenv("TMPDIR");
	if (!output->scratch || !*output->scratch)
		output->scratch = "/tmp";
	snprintf(path, sizeof(path), "%s/profbuf-XXXXXX", output->scratch);
	output->fd = mkostemp(path, O_CLOEXEC);
	if (output->fd < 0) {
		int err = -errno;

		error("cannot write to %s: %s", output->scratch, strerror(-err));
		hint("TMPDIR names another directory for the recording");
		return err;
	}
	unlink(path);
	return 0;
}

/* Opened also if it is written to only in the end: that it cannot be is better said now. */
static int open_path(struct record_output *output)
{
	mode_t mode = output->converted ? 0666 : 0600;
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC;

	output->fd = open(output->path, flags | O_EXCL, mode);
	output->created = output->fd >= 0;
	/* What is there is kept until there is something better. */
	if (output->fd < 0 && errno == EEXIST)
		output->fd = open(output->path, flags, mode);
	if (output->fd < 0) {
		int err = -errno;

		error("cannot write %s: %s", output->path, strerror(-err));
		return err;
	}
	return 0;
}

/**
 * record_output__open - open it
 * @output: the output, with a path, and whether it is converted; -1 as file
 *
 * What is in the file stays there until record_output__truncate().
 *
 * Return: 0 or a negative errno, after saying why.
 */
int record_output__open(struct record_output *output)
{
	int err;

	if (!strcmp(output->path, "-")) {
		if (isatty(STDOUT_FILENO)) {
			error("a recording is nothing for a terminal");
			hint("name a file with -o, or pipe it to 'profbuf report -'");
			return -EINVAL;
		}
		output->fd = STDOUT_FILENO;
		return 0;
	}
	err = open_path(output);
	if (err || !output->converted)
		return err;
	close(output->fd);
	return open_scratch(output);
}

/**
 * record_output__truncate - let the file end where the recording does
 * @output: the output; a device or a pipe has no end
 * @size: bytes
 *
 * Return: 0 or a negative errno.
 */
int record_output__truncate(const struct record_output *output, uint64_t size)
{
	if (output->fd == STDOUT_FILENO || !ftruncate(output->fd, size) || errno == EINVAL)
		return 0;
	return -errno;
}

/**
 * record_output__sync - see to it that all is on the disk
 * @output: the output
 *
 * Return: 0 or a negative errno.
 */
int record_output__sync(const struct record_output *output)
{
	if (output->fd == STDOUT_FILENO || !fsync(output->fd) || errno == EINVAL ||
	    errno == EROFS)
		return 0;
	return -errno;
}

/**
 * record_output__name - what to call it
 * @output: the output
 *
 * Return: the name.
 */
const char *record_output__name(const struct record_output *output)
{
	return strcmp(output->path, "-") ? output->path : "standard output";
}

/**
 * record_output__say_failed - say that it could not be written
 * @output: the output
 * @err: negative errno
 */
void record_output__say_failed(const struct record_output *output, int err)
{
	if (output->scratch) {
		error("cannot write to %s: %s", output->scratch, strerror(-err));
		hint("TMPDIR names another directory for the recording");
	} else {
		error("cannot write %s: %s", record_output__name(output), strerror(-err));
	}
}

/**
 * record_output__cut - take off what could not be written whole, and so is no frame
 * @output: the output
 * @whole: bytes of whole frames that were written
 *
 * Standard output is somebody else's: it may hold more than the recording, which need not begin
 * where it does.
 *
 * Return: true if the file is a recording now.
 */
bool record_output__cut(const struct record_output *output, uint64_t whole)
{
	struct stat status;

	if (output->fd == STDOUT_FILENO || fstat(output->fd, &status) || !S_ISREG(status.st_mode))
		return false;
	if (ftruncate(output->fd, whole)) {
		warning("%s does not end with a whole frame", output->path);
		return false;
	}
	return whole;
}

/**
 * record_output__remove_empty - remove the file if it is empty, and was not there before
 * @output: the output
 */
void record_output__remove_empty(const struct record_output *output)
{
	struct stat status;

	if (output->created && !stat(output->path, &status) && !status.st_size)
		unlink(output->path);
}
