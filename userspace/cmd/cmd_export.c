// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "export.h"
#include "load_options.h"
#include "options.h"
#include "util/message.h"

enum {
	OPTION_FORMAT = 'f',
	OPTION_OUTPUT = 'o',
};

static const struct command_option options_export[] = {
	{ OPTION_FORMAT, "format", "FORMAT", "pprof, folded, perf-script, speedscope, json, flamegraph or raw",
	  "pprof folded perf-script speedscope json flamegraph raw" },
	{ OPTION_OUTPUT, "output", "FILE", "write to FILE; its suffix tells the format", "FILE" },
	FILTER_OPTIONS,
	{ 0 }
};

static void list_suffixes(const struct export_format *format)
{
	hint("%-12s %s", format->name, format->suffixes);
}

static int unknown_suffix(const struct command *command, const char *output)
{
	const struct export_format *format;
	const char *slash = strrchr(output, '/');
	const char *name = slash ? slash + 1 : output;
	const char *suffix = strrchr(name, '.');

	if (suffix && suffix != name)
		error("the suffix %s tells no format; -f does, or one of these:", suffix);
	else
		error("%s has no suffix that tells the format; -f does, or one of these:", output);
	for (format = export_formats; format->name; format++)
		list_suffixes(format);
	list_suffixes(&export_raw);
	hint("'profbuf %s --help' lists the options", command->name);
	return EXIT_USAGE;
}

static int run_export(const struct command *command, int argc, char **argv)
{
	struct options options = { .command = command, .argc = argc, .argv = argv };
	const struct export_format *format = NULL;
	const char *output = NULL;
	struct load load = { 0 };
	const char *path;
	int option, err;

	while ((option = options__next(&options)) >= 0) {
		switch (option) {
		case OPTION_FORMAT:
			if (options__choice(&options, option, "format") < 0)
				return options.status;
			format = export__by_name(options.argument);
			break;
		case OPTION_OUTPUT:
			output = options.argument;
			break;
		default:
			if (options__filter(&options, option, &load.filter))
				return options.status;
		}
	}
	if (option == OPTIONS_DONE)
		return options.status;
	if (!format && output)
		format = export__by_suffix(output);
	if (!format && output && strcmp(output, "-"))
		return unknown_suffix(command, output);
	if (!format) {
		options__fail(&options, "which format? (-f)");
		return options.status;
	}
	if (format == &export_raw && (load.filter.nr_pids || load.filter.comm)) {
		options__fail(&options, "the raw stream cannot be filtered");
		return options.status;
	}
	path = options__recording(&options);
	if (!path)
		return options.status;
	err = export__run(path, output, format, &load);
	load__exit(&load);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_export = {
	.name = "export",
	.operands = "[FILE]",
	.completes = "FILE",
	.summary = "turn a recording into what other programs read",
	.description =
		"Turn FILE (profbuf.data), standard input (-) or what a device is sampled for into the format\n"
		"of another program: pprof, folded stacks for flame graph scripts, the text of perf script,\n"
		"speedscope, JSON, or the kernel's stream as it came.",
	.options = options_export,
	.run = run_export,
};
