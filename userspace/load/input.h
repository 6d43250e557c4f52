/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a command reads: the device, a file, or standard input.
 */
#ifndef PROFBUF_LOAD_INPUT_H
#define PROFBUF_LOAD_INPUT_H

#include <stdbool.h>

#include <profbuf/profbuf.h>

/**
 * struct input - an open stream
 * @stream: the stream
 * @session: if it is the device; interrupts end it, and what is left is read
 */
struct input {
	struct profbuf_stream *stream;
	struct profbuf_session *session;
};

int input__open(struct input *input, const char *path);
void input__close(struct input *input);
bool input__is_damaged(const struct input *input, int err);
bool input__is_overwritten(const char *path, const char *output);
void input__explain(const struct input *input);
int input__end(const struct input *input);

#endif /* PROFBUF_LOAD_INPUT_H */
