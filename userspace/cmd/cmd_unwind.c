// SPDX-License-Identifier: GPL-2.0
/*
 * What a file tells of how its frames are left.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "terminal.h"
#include "unwind/compile.h"
#include "unwind/rule.h"
#include "unwind/table.h"
#include "util/message.h"
#include "view/units.h"

enum {
	OPTION_ROWS = 'r',
	OPTION_AT = 'a',
	OPTION_OUTPUT = 'o',
};

static const struct command_option options_unwind[] = {
	{ OPTION_ROWS, "rows", NULL, "print each row" },
	{ OPTION_AT, "at", "OFFSET", "print the rule of the code there in the file" },
	{ OPTION_OUTPUT, "output", "FILE", "write the table", "FILE" },
	{ 0 }
};

#define KINDS (PROFBUF_UNWIND_FRAME_POINTER + 1)

/**
 * struct tally - how much of a kind there is
 * @rows: so many rows
 * @bytes: of so much code
 */
struct tally {
	uint64_t rows;
	uint64_t bytes;
};

static void print_tally(const char *what, const struct tally *tally, uint64_t rows)
{
	if (tally->rows)
		printf("  %-48s %10" PRIu64 " rows %8s %10s of code\n", what, tally->rows,
		       units_share(tally->rows, rows).text, units_bytes(tally->bytes).text);
}

static void print_tallies(const struct profbuf_unwind_table *table)
{
	static const char *const names[KINDS] = {
		[PROFBUF_UNWIND_NONE] = "nothing is told (none)",
		[PROFBUF_UNWIND_ROOT] = "no caller (root)",
		[PROFBUF_UNWIND_UNKNOWN] = "told, but no rule can say it (unknown)",
		[PROFBUF_UNWIND_SP] = "from sp",
		[PROFBUF_UNWIND_BP] = "from bp",
		[PROFBUF_UNWIND_REGISTER] = "from another register",
		[PROFBUF_UNWIND_SP_POINTER] = "from a pointer on the stack, by sp",
		[PROFBUF_UNWIND_BP_POINTER] = "from a pointer on the stack, by bp",
		[PROFBUF_UNWIND_PLT] = "entries of a PLT",
		[PROFBUF_UNWIND_SIGNAL] = "return from a signal handler",
		[PROFBUF_UNWIND_FRAME_POINTER] = "by frame pointer",
	};
	struct tally tallies[KINDS] = { 0 }, lost = { 0 };
	struct unwind_table_row row = { 0 };
	unsigned int kind;

	while (unwind_table__next(table, &row)) {
		struct tally *tally = &tallies[row.rule->cfa];

		tally->rows++;
		tally->bytes += row.end - row.start;
		if (row.rule->bp == PROFBUF_UNWIND_BP_LOST) {
			lost.rows++;
			lost.bytes += row.end - row.start;
		}
	}
	for (kind = 0; kind < KINDS; kind++)
		print_tally(names[kind], &tallies[kind], table->nr_rows);
	print_tally("bp is lost", &lost, table->nr_rows);
}

static void print_summary(const struct profbuf_unwind_table *table,
			  const struct unwind_summary *summary)
{
	printf("%s rows, %s rules in %s: %.2f bytes a row", units_exact(table->nr_rows).text,
	       units_exact(table->nr_rules).text, units_bytes(table->size).text,
	       (double)table->size / table->nr_rows);
	if (summary->source_size)
		printf(", %s of what they are made of (%s)",
		       units_share(table->size, summary->source_size).text,
		       units_bytes(summary->source_size).text);
	printf("\n%s functions in %s of code, from %#" PRIx64 " up to %#" PRIx64 ", in blocks of %u bytes\n",
	       units_exact(summary->functions).text, units_bytes(summary->code_size).text,
	       (uint64_t)table->start, (uint64_t)table->end, 1U << table->block_shift);
	print_tallies(table);
	if (summary->damaged)
		printf("  %" PRIu32 " entries could not be read, or not to their end\n",
		       summary->damaged);
}

static void print_rule(const struct profbuf_unwind_rule *rule)
{
	static const struct profbuf_unwind_rule none = { .cfa = PROFBUF_UNWIND_NONE };
	char text[UNWIND_RULE_TEXT];

	unwind_rule__format(rule ? rule : &none, text);
	puts(text);
}

static void print_rows(const struct profbuf_unwind_table *table)
{
	struct unwind_table_row row = { 0 };

	while (unwind_table__next(table, &row)) {
		printf("%#" PRIx64 "-%#" PRIx64 " ", row.start, row.end);
		print_rule(row.rule);
	}
}

static int write_table(const char *path, const struct profbuf_unwind_table *table)
{
	FILE *file = result__open(path, true);
	int err = 0;

	if (!file)
		return -EIO;
	if (fwrite(table, table->size, 1, file) != 1)
		err = -errno;
	return result__close(file, path, err);
}

static void explain(const char *path, int err)
{
	switch (err) {
	case -ENODATA:
		error("%s: it tells nothing of how its frames are left", path);
		hint("stacks can be followed by frame pointers: build it with -fno-omit-frame-pointer, or with -fasynchronous-unwind-tables");
		break;
	case -ENOEXEC:
		error("%s: not an ELF file", path);
		break;
	case -EOPNOTSUPP:
		error("%s: not a program or library of x86-64", path);
		break;
	case -EBADMSG:
		error("%s: the file is damaged", path);
		break;
	case -EFAULT:
		error("%s: the file was truncated while it was read; try again", path);
		break;
	case -E2BIG:
		error("%s: it tells more than any real file", path);
		break;
	case -ENODEV:
		error("%s: not a regular file", path);
		break;
	default:
		error("%s: %s", path, strerror(-err));
	}
}

static int compile(const char *path, struct profbuf_unwind_table **table,
		   struct unwind_summary *summary)
{
	/* Opening a FIFO waits for who writes to it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err = fd < 0 ? -errno : unwind__compile(fd, table, summary);

	if (err)
		explain(path, err);
	return err;
}

/* 0x at the front is for hexadecimal numbers, as the rows have them. */
static int parse_offset(struct options *options, uint64_t *offset)
{
	char *end;

	errno = 0;
	*offset = strtoull(options->argument, &end, 0);
	if (errno || end == options->argument || *end || strchr(options->argument, '-'))
		return options__fail(options, "the offset must be a number, not '%s'",
				     options->argument);
	return 0;
}

static int run_unwind(const struct command *command, int argc, char **argv)
{
	struct options options = { .command = command, .argc = argc, .argv = argv };
	struct profbuf_unwind_table *table;
	struct unwind_summary summary;
	const char *output = NULL;
	bool rows = false, at = false;
	uint64_t offset = 0;
	int option, err;

	while ((option = options__next(&options)) >= 0) {
		switch (option) {
		case OPTION_ROWS:
			rows = true;
			break;
		case OPTION_AT:
			if (parse_offset(&options, &offset))
				return options.status;
			at = true;
			break;
		case OPTION_OUTPUT:
			output = options.argument;
			break;
		}
	}
	if (option == OPTIONS_DONE)
		return options.status;
	if (argc - options.operand != 1) {
		options__fail(&options, "one program or library must be named");
		return options.status;
	}
	if (rows + at + !!output > 1) {
		options__fail(&options, "--rows, --at and --output exclude each other");
		return options.status;
	}
	if (compile(argv[options.operand], &table, &summary))
		return EXIT_FAILURE;
	err = 0;
	if (output) {
		err = write_table(output, table);
	} else {
		if (rows)
			print_rows(table);
		else if (at)
			print_rule(unwind_table__find(table, offset));
		else
			print_summary(table, &summary);
		err = terminal__finish(0);
	}
	free(table);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_unwind = {
	.name = "unwind",
	.operands = "FILE",
	.completes = "FILE",
	.summary = "show what a program tells of how its frames are left",
	.description =
		"Make the unwind table of FILE, a program or library of x86-64, out of its .eh_frame,\n"
		".debug_frame, .sframe and, of Go programs, .gopclntab, and print a summary: by such\n"
		"tables user stacks are followed where there are no frame pointers.",
	.options = options_unwind,
	.run = run_unwind,
};
