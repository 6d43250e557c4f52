/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_CMD_OPTIONS_H
#define PROFBUF_CMD_OPTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "command.h"

/* What options__next() returns besides the numbers of options. */
#define OPTIONS_END	(-1)
#define OPTIONS_DONE	(-2)

/* Options that all commands have. */
extern const struct command_option common_options[];

/**
 * struct options - where the parser is
 * @command: the command
 * @argc: number of arguments
 * @argv: the arguments
 * @argument: argument of the option that was returned last
 * @operand: index of the first operand, after OPTIONS_END
 * @status: exit status, after OPTIONS_DONE
 */
struct options {
	const struct command *command;
	int argc;
	char **argv;
	const char *argument;
	int operand;
	int status;
};

int options__next(struct options *options);
int options__fail(struct options *options, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int options__choice(struct options *options, int id, const char *what);
int options__number(struct options *options, const char *what, uint64_t least, uint64_t most,
		    uint64_t *number);
int options__real(struct options *options, const char *what, double least, double most,
		  double *number);

void command__usage(const struct command *command, FILE *file);
void command__help(const struct command *command, FILE *file);
const char *suggest(const char *word, const char *(*candidate)(const void *context, int n),
		    const void *context);

#endif /* PROFBUF_CMD_OPTIONS_H */
