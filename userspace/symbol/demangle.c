// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <string.h>

#include <libiberty/demangle.h>

#include "demangle.h"

struct output {
	char *buffer;
	size_t size;
	size_t length;
	jmp_buf full;
};

/*
 * A short name can be made to decode to one of gigabytes, by references to parts of
 * itself, and a callback cannot ask the decoder to stop. It can be jumped out of: with
 * a callback it takes all of its memory from the stack, except for the letters of
 * one identifier in punycode.
 */
static void append(const char *piece, size_t length, void *data)
{
	struct output *output = data;

	if (length >= output->size - output->length)
		longjmp(output->full, 1);
	memcpy(output->buffer + output->length, piece, length);
	output->length += length;
}

bool demangle(const char *name, bool parameters, char *buffer, size_t size)
{
	int options = parameters ? DMGL_PARAMS | DMGL_ANSI | DMGL_VERBOSE : DMGL_NO_OPTS;
	struct output output = { .buffer = buffer, .size = size };

	if (name[0] != '_')
		return false;
	if (setjmp(output.full))
		return false;

	/* Rust first: its older scheme is valid C++ with a hash for the last name. */
	if (!rust_demangle_callback(name, options, append, &output)) {
		output.length = 0;
		if (!cplus_demangle_v3_callback(name, options & ~DMGL_VERBOSE, append, &output))
			return false;
	}
	buffer[output.length] = '\0';
	return output.length;
}
