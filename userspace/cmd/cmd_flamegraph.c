// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "load/load.h"
#include "load_options.h"
#include "options.h"
#include "terminal.h"
#include "util/message.h"
#include "view/flamegraph.h"

#define DEFAULT_OUTPUT "profbuf.svg"

enum {
	OPTION_OUTPUT = 'o',
	OPTION_ICICLE = 'i',
	OPTION_THREADS = 't',
	OPTION_TITLE = OPTION_LONG,
	OPTION_WIDTH,
	OPTION_MIN_WIDTH,
};

static const struct command_option options_flamegraph[] = {
	{ OPTION_OUTPUT, "output", "FILE",
	  "write to FILE (profbuf.svg), - is standard output", "FILE" },
	{ OPTION_ICICLE, "icicle", NULL, "roots at the top" },
	{ OPTION_THREADS, "threads", NULL, "a root for each name of a thread, not of a process" },
	{ OPTION_TITLE, "title", "TEXT", "title of the graph" },
	{ OPTION_WIDTH, "width", "PIXELS", "width of the graph (1200)" },
	{ OPTION_MIN_WIDTH, "min-width", "PIXELS", "leave out what is narrower (0.1)" },
	FILTER_OPTIONS,
	{ 0 }
};

static int parse(struct options *options, struct load *load, struct flamegraph_options *graph,
		 const char **output)
{
	uint64_t number;
	double pixels;
	int option;

	while ((option = options__next(options)) >= 0) {
		switch (option) {
		case OPTION_OUTPUT:
			*output = options->argument;
			break;
		case OPTION_ICICLE:
			graph->icicle = true;
			break;
		case OPTION_THREADS:
			load->by_thread = true;
			break;
		case OPTION_TITLE:
			graph->title = options->argument;
			break;
		case OPTION_WIDTH:
			if (options__number(options, "the width", FLAMEGRAPH_WIDTH_MIN,
					    FLAMEGRAPH_WIDTH_MAX, &number))
				return OPTIONS_DONE;
			graph->width = number;
			break;
		case OPTION_MIN_WIDTH:
			if (options__real(options, "the least width", 0, 100, &pixels))
				return OPTIONS_DONE;
			graph->min_width = pixels * 100;
			break;
		default:
			if (options__filter(options, option, &load->filter))
				return OPTIONS_DONE;
		}
	}
	return option == OPTIONS_DONE ? option : 0;
}

static int run_flamegraph(const struct command *command, int argc, char **argv)
{
	struct options options = { .command = command, .argc = argc, .argv = argv };
	struct flamegraph_options graph = { .min_width = FLAMEGRAPH_MIN_WIDTH };
	const char *output = DEFAULT_OUTPUT;
	struct load load = { 0 };
	const char *path;
	int err;

	if (parse(&options, &load, &graph, &output) < 0)
		return options.status;
	path = options__recording(&options);
	if (!path)
		return options.status;
	if (input__is_overwritten(path, output))
		return EXIT_FAILURE;
	err = load__run(&load, path);
	if (!err) {
		FILE *file = result__open(output, false);

		graph.origin = load.names.origin;
		err = -EIO;
		if (file)
			err = result__close(file, output,
					    flamegraph__write(load.profile, file, &graph));
		if (!err && strcmp(output, "-"))
			note("%s is for a browser", output);
	}
	load__exit(&load);
	return err || load.damaged ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_flamegraph = {
	.name = "flamegraph",
	.operands = "[FILE]",
	.completes = "FILE",
	.summary = "draw where the time went, as one SVG file",
	.description =
		"Draw a flame graph of FILE (profbuf.data), of standard input (-) or of what a device is\n"
		"sampled for: one SVG file that needs nothing else, and can be searched and zoomed in a\n"
		"browser.",
	.options = options_flamegraph,
	.run = run_flamegraph,
};
