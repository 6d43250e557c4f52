// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"
#include "util/message.h"
#include "util/session.h"

/* Also without the module, which makes its node. */
static bool is_device(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return !strcmp(path, PROFBUF_DEVICE);
	return S_ISCHR(status.st_mode);
}

static int input__open_device(struct input *input, const char *device)
{
	struct profbuf_session_opts opts = { .size = sizeof(opts), .device = device };
	int err;

	input->session = session__open(&opts);
	if (!input->session)
		return -ENODEV;
	err = session__start(input->session);
	if (!err) {
		session__stop_on_signals(input->session);
		err = profbuf_stream__open_session(&input->stream, input->session, NULL);
	}
	if (err)
		input__close(input);
	return err;
}

/**
 * input__open - open what a command reads, or say why not
 * @input: the input
 * @path: a file or a device; "-": standard input; NULL: the usual device
 *
 * Return: 0, or a negative errno after a message.
 */
int input__open(struct input *input, const char *path)
{
	int err;

	*input = (struct input){ 0 };
	if (!path || is_device(path))
		return input__open_device(input, path);
	err = profbuf_stream__open(&input->stream, path, NULL);
	if (err)
		error("cannot open %s: %s", path, strerror(-err));
	return err;
}

/**
 * input__is_overwritten - would what is written take the place of what is read?
 * @path: what is read, as input__open() takes it
 * @output: what is written; NULL or "-": standard output
 *
 * Return: true after a message.
 */
bool input__is_overwritten(const char *path, const char *output)
{
	struct stat in, out;

	if (!path || !output || !strcmp(output, "-") || stat(output, &out))
		return false;
	if (strcmp(path, "-") ? stat(path, &in) : fstat(STDIN_FILENO, &in))
		return false;
	if (!S_ISREG(out.st_mode) || in.st_dev != out.st_dev || in.st_ino != out.st_ino)
		return false;
	error("%s is the recording itself", output);
	hint("name another file with -o");
	return true;
}

/**
 * input__is_damaged - is it what is read that is wrong?
 * @input: the input
 * @err: what reading it has returned
 *
 * Return: true if so, false if @err has another reason.
 */
bool input__is_damaged(const struct input *input, int err)
{
	return profbuf_stream__failed(input->stream) || err == -EBADMSG;
}

static void warn_of_unknown(const struct input *input, const struct profbuf_counts *counts)
{
	if (!counts->unknown)
		return;
	warning("%s: frames of unknown types were not understood: %llu, the first (type %u) at byte %llu",
		profbuf_stream__name(input->stream), (unsigned long long)counts->unknown,
		counts->unknown_type, (unsigned long long)counts->unknown_offset);
	hint("a newer profbuf may know them, or they are damaged");
}

/**
 * input__explain - say what is wrong with what is read
 * @input: the input
 */
void input__explain(const struct input *input)
{
	struct profbuf_counts counts = { .size = sizeof(counts) };

	profbuf_stream__counts(input->stream, &counts);
	warn_of_unknown(input, &counts);
	if (profbuf_stream__failed(input->stream))
		error("%s", profbuf_stream__error(input->stream));
	else
		error("%s: at byte %llu: a damaged frame of a recorder",
		      profbuf_stream__name(input->stream),
		      (unsigned long long)profbuf_stream__offset(input->stream));
}

/**
 * input__end - say what is missing from what was read to its end
 * @input: the input
 *
 * Return: 0, also after a warning; -EBADMSG after a message if there is nothing of a kernel.
 */
int input__end(const struct input *input)
{
	struct profbuf_counts counts = { .size = sizeof(counts) };

	profbuf_stream__counts(input->stream, &counts);
	if (!(counts.infos + counts.samples + counts.hosts + counts.ends + counts.others)) {
		error("%s: no frame of it is known: it is no recording of profbuf, or one of a newer version",
		      profbuf_stream__name(input->stream));
		return -EBADMSG;
	}
	warn_of_unknown(input, &counts);
	if (!counts.infos && !counts.samples) {
		error("%s: it ends before the first frame of the kernel",
		      profbuf_stream__name(input->stream));
		return -EBADMSG;
	}
	if (counts.hosts && !counts.ends)
		warning("the recording has no end: 'profbuf record' was killed, or could not write, and names may be missing");
	return 0;
}

/**
 * input__close - close it
 * @input: the input
 */
void input__close(struct input *input)
{
	profbuf_stream__close(input->stream);
	profbuf_session__close(input->session);
	*input = (struct input){ 0 };
}
