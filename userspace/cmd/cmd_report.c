// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "load.h"
#include "message.h"
#include "options.h"
#include "terminal.h"
#include "view/report.h"
#include "view/tree.h"

#define DEFAULT_LIMIT		40
#define DEFAULT_THRESHOLD	5 /* thousandths */

enum {
	OPTION_BY = 'b',
	OPTION_SORT = 's',
	OPTION_LIMIT = 'n',
	OPTION_JSON = 'j',
	OPTION_TREE = 't',
	OPTION_MIN = 'm',
	OPTION_NO_PAGER = OPTION_LONG,
};

static const struct command_option options_report[] = {
	{ OPTION_BY, "by", "WHAT", "a row for each function, module, process, thread or cpu",
	  "function module process thread cpu" },
	{ OPTION_SORT, "sort", "KEY", "sort by self, total or name", "self total name" },
	{ OPTION_LIMIT, "limit", "N", "print N rows (40; 0: all)" },
	{ OPTION_TREE, "tree", "WHICH", "a tree of callees from the roots, or of callers from the interrupted functions",
	  "callees callers" },
	{ OPTION_MIN, "min", "PERCENT", "leave out branches with less of all samples (0.5)" },
	FILTER_OPTIONS,
	{ OPTION_JSON, "json", NULL, "print JSON, for programs" },
	{ OPTION_NO_PAGER, "no-pager", NULL, "do not page on a terminal" },
	{ 0 }
};

struct report {
	struct load load;
	struct report_options view;
	struct tree_options tree;
	bool as_tree;
	bool pager;
};

static int choose(struct options *options, const char *what, const char *const *words)
{
	int i;

	for (i = 0; words[i]; i++)
		if (!strcmp(words[i], options->argument))
			return i;
	return options__fail(options, "no %s '%s'", what, options->argument);
}

/* Returns 0 or OPTIONS_DONE. */
static int parse(struct options *options, struct report *report)
{
	static const char *const by[] = { "function", "module", "process", "thread", "cpu", NULL };
	static const char *const sort[] = { "self", "total", "name", NULL };
	static const char *const trees[] = { "callees", "callers", NULL };
	uint64_t number;
	double percent;
	int option, n;

	while ((option = options__next(options)) >= 0) {
		switch (option) {
		case OPTION_BY:
			n = choose(options, "rows by", by);
			if (n < 0)
				return n;
			report->view.by = n;
			break;
		case OPTION_SORT:
			n = choose(options, "order by", sort);
			if (n < 0)
				return n;
			report->view.sort = n;
			break;
		case OPTION_LIMIT:
			if (options__number(options, "the limit", 0, UINT32_MAX, &number))
				return OPTIONS_DONE;
			report->view.limit = number;
			break;
		case OPTION_TREE:
			n = choose(options, "tree of", trees);
			if (n < 0)
				return n;
			report->tree.direction = n;
			report->as_tree = true;
			break;
		case OPTION_MIN:
			if (options__real(options, "the least share", 0, 100, &percent))
				return OPTIONS_DONE;
			report->tree.threshold = percent * 10 + 0.5;
			break;
		case OPTION_JSON:
			report->view.json = true;
			break;
		case OPTION_NO_PAGER:
			report->pager = false;
			break;
		default:
			if (filter__option(&report->load.filter, options, option))
				return OPTIONS_DONE;
		}
	}
	return option == OPTIONS_DONE ? option : 0;
}

static int print(struct report *report)
{
	report->view.origin = report->load.names.origin;
	report->view.color = terminal__color();
	if (report->pager && !report->view.json)
		terminal__page();
	if (!report->as_tree)
		return view__report(report->load.profile, stdout, &report->view);
	report->tree.origin = report->view.origin;
	report->tree.color = report->view.color;
	report->tree.json = report->view.json;
	return view__tree(report->load.profile, stdout, &report->tree);
}

static int run_report(const struct command *command, int argc, char **argv)
{
	struct options options = { .command = command, .argc = argc, .argv = argv };
	struct report report = {
		.pager = true,
		.view.limit = DEFAULT_LIMIT,
		.tree.threshold = DEFAULT_THRESHOLD,
	};
	const char *path;
	int err;

	if (parse(&options, &report) < 0)
		return options.status;
	path = load__operand(&options);
	if (!path)
		return options.status;
	err = load__run(&report.load, path);
	if (!err)
		err = terminal__finish(print(&report));
	load__exit(&report.load);
	return err || report.load.damaged ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_report = {
	.name = "report",
	.operands = "[FILE]",
	.completes = "FILE",
	.summary = "print the functions that take the most time",
	.description =
		"Print a table of where the time of a recording went. FILE is what 'profbuf record' wrote\n"
		"(profbuf.data), or what was read from /dev/profbuf; - is standard input; the device itself\n"
		"is sampled until interrupted.",
	.options = options_report,
	.run = run_report,
};
