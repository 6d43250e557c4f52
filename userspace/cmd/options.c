// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "terminal.h"
#include "util/message.h"

#define MAX_OPTIONS 64

enum {
	OPTION_HELP = 'h',
	OPTION_QUIET = 'q',
};

const struct command_option common_options[] = {
	{ 'q', "quiet", NULL, "print neither progress nor notes" },
	{ 'h', "help", NULL, "print this help" },
	{ 0 }
};

static const char *nth_option(const void *context, int n)
{
	const struct command *command = context;
	const struct command_option *option;

	for (option = command->options; option->name; option++)
		if (!n--)
			return option->name;
	for (option = common_options; option->name; option++)
		if (!n--)
			return option->name;
	return NULL;
}

static int unknown_option(struct options *options)
{
	const char *word = options->argv[optind - 1];
	const char *like;

	/* What it knows it does not call unknown: then it is about the argument. */
	if (optopt && !strncmp(word, "--", 2))
		return options__fail(options, "option %s takes no argument", word);
	if (!strncmp(word, "--", 2)) {
		size_t length = strcspn(word + 2, "=");
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)length, word + 2);
		like = suggest(name, nth_option, options->command);
		return options__fail(options, "no option --%s%s%s%s", name,
				     like ? "; did you mean --" : "", like ? like : "",
				     like ? "?" : "");
	}
	return options__fail(options, "no option -%c", optopt);
}

static void add_options(const struct command_option *option, struct option *longs, int *n,
			char *letters)
{
	for (; option->name && *n < MAX_OPTIONS; option++) {
		longs[(*n)++] = (struct option){
			.name = option->name,
			.has_arg = option->argument ? required_argument : no_argument,
			.val = option->id,
		};
		if (option->id < OPTION_LONG) {
			letters += strlen(letters);
			*letters++ = option->id;
			if (option->argument)
				*letters++ = ':';
			*letters = 0;
		}
	}
}

/**
 * options__next - the next option
 * @options: the parser; all zero save for the command and the arguments at first
 *
 * Return: the option's number, OPTIONS_END where the operands begin, or OPTIONS_DONE if there
 *	is nothing more to do than to exit with @options->status.
 */
int options__next(struct options *options)
{
	struct option longs[MAX_OPTIONS + 1] = { 0 };
	char letters[2 * MAX_OPTIONS + 3];
	int n = 0;
	int c;

	/* The options behind a command are its own. */
	strcpy(letters, command__runs_another(options->command) ? "+:" : ":");

	add_options(options->command->options, longs, &n, letters);
	add_options(common_options, longs, &n, letters);

	opterr = 0;
	c = getopt_long(options->argc, options->argv, letters, longs, NULL);
	options->argument = optarg;
	switch (c) {
	case -1:
		options->operand = optind;
		return OPTIONS_END;
	case '?':
		return unknown_option(options);
	case ':':
		return options__fail(options, "option %s needs an argument",
				     options->argv[optind - 1]);
	case OPTION_HELP:
		command__help(options->command, stdout);
		options->status = terminal__finish(0) ? EXIT_FAILURE : EXIT_SUCCESS;
		return OPTIONS_DONE;
	case OPTION_QUIET:
		message_quiet = true;
		return options__next(options);
	default:
		return c;
	}
}

/**
 * options__fail - refuse what was asked for
 * @options: the parser
 * @format: why
 *
 * Return: OPTIONS_DONE; the status is EXIT_USAGE.
 */
int options__fail(struct options *options, const char *format, ...)
{
	char why[256];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	error("%s", why);
	hint("'profbuf %s --help' lists the options", options->command->name);
	options->status = EXIT_USAGE;
	return OPTIONS_DONE;
}

static const struct command_option *option_of(const struct command *command, int id)
{
	const struct command_option *option;

	for (option = command->options; option->id != id; option++)
		;
	return option;
}

/**
 * options__choice - read the option's argument as one of the words that complete it
 * @options: the parser
 * @id: the option
 * @what: what is chosen, for the message
 *
 * Return: the number of the word, from 0, or OPTIONS_DONE after a message.
 */
int options__choice(struct options *options, int id, const char *what)
{
	const char *words = option_of(options->command, id)->values;
	size_t length = strlen(options->argument);
	const char *word = words;
	int n;

	for (n = 0; *word; n++) {
		size_t end = strcspn(word, " ");

		if (end == length && !strncmp(word, options->argument, length))
			return n;
		word += end + strspn(word + end, " ");
	}
	return options__fail(options, "no %s '%s'; there are: %s", what, options->argument, words);
}

/**
 * options__number - read the option's argument as a number
 * @options: the parser
 * @what: what is numbered, for the message
 * @least: the least that is taken
 * @most: the most that is taken
 * @number: where it goes. K, M and G stand for powers of 1024
 *
 * Return: 0, or OPTIONS_DONE after a message.
 */
int options__number(struct options *options, const char *what, uint64_t least, uint64_t most,
		    uint64_t *number)
{
	const char *text = options->argument;
	unsigned long long value;
	char *end;
	int shift = 0;

	errno = 0;
	value = strtoull(text, &end, 10);
	switch (*end) {
	case 'G':
	case 'g':
		shift += 10;
		/* fall through */
	case 'M':
	case 'm':
		shift += 10;
		/* fall through */
	case 'K':
	case 'k':
		shift += 10;
		end++;
		break;
	}
	if (errno || end == text || *end || strchr(text, '-') || value > UINT64_MAX >> shift ||
	    value << shift < least || value << shift > most)
		return options__fail(options, "%s must be a number from %llu to %llu, not '%s'",
				     what, (unsigned long long)least, (unsigned long long)most,
				     text);
	*number = value << shift;
	return 0;
}

/**
 * options__real - read the option's argument as a number with a fraction
 * @options: the parser
 * @what: what is measured, for the message
 * @least: the least that is taken
 * @most: the most that is taken
 * @number: where it goes
 *
 * Return: 0, or OPTIONS_DONE after a message.
 */
int options__real(struct options *options, const char *what, double least, double most,
		  double *number)
{
	char *end;

	*number = strtod(options->argument, &end);
	if (end == options->argument || *end || !(*number >= least && *number <= most))
		return options__fail(options, "%s must be a number from %g to %g, not '%s'", what,
				     least, most, options->argument);
	return 0;
}
