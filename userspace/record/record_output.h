/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a recording goes: to a file, to standard output, or to a file without a name from which
 * what was asked for is made in the end.
 */
#ifndef PROFBUF_RECORD_RECORD_OUTPUT_H
#define PROFBUF_RECORD_RECORD_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct record_output - the output
 * @path: file to write to, "-": standard output
 * @converted: something else is made of the recording in the end, and written to @path
 * @scratch: directory of a recording that is turned into something else; NULL: it is not
 * @created: @path was not there before
 * @fd: what the recording is written to
 */
struct record_output {
	const char *path;
	bool converted;
	const char *scratch;
	bool created;
	int fd;
};

int record_output__open(struct record_output *output);
int record_output__truncate(const struct record_output *output, uint64_t size);
int record_output__sync(const struct record_output *output);
void record_output__say_failed(const struct record_output *output, int err);
bool record_output__cut(const struct record_output *output, uint64_t whole);
void record_output__remove_empty(const struct record_output *output);
const char *record_output__name(const struct record_output *output);

#endif /* PROFBUF_RECORD_RECORD_OUTPUT_H */
