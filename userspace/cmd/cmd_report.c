// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "load/load.h"
#include "load_options.h"
#include "options.h"
#include "terminal.h"
#include "util/message.h"
#include "view/report.h"
#include "view/tree.h"

#define DEFAULT_LIMIT		40
#define DEFAULT_THRESHOLD	(TREE_THRESHOLD_ALL / 200)

enum {
	OPTION_BY = 'b',
	OPTION_SORT = 's',
	OPTION_LIMIT = 'n',
	OPTION_JSON = 'j',
	OPTION_TREE = 't',
	OPTION_MIN = 'm',
	OPTION_NO_PAGER = OPTION_LONG,
};

/* Choices are in the order of the enums that they stand for. */
static const struct command_option options_report[] = {
	{ OPTION_BY, "by", "WHAT", "a row for each function, module, process, thread or cpu",
	  "function module process thread cpu" },
	{ OPTION_SORT, "sort", "KEY", "sort by self, total or name", "self total name" },
	{ OPTION_LIMIT, "limit", "N", "print N rows (40; 0: all)" },
	{ OPTION_TREE, "tree", "WHICH", "a tree of callees from the roots, or of callers from the interrupted functions",
	  "callees callers" },
	{ OPTION_MIN, "min", "PERCENT", "leave out branches with less of the time (0.5)" },
	FILTER_OPTIONS,
	{ OPTION_JSON, "json", NULL, "print JSON, for programs" },
	{ OPTION_NO_PAGER, "no-pager", NULL, "do not page on a terminal" },
	{ 0 }
};

/**
 * struct report - what was asked for
 * @load: of what
 * @view: how a table looks
 * @tree: how a tree looks
 * @as_tree: a tree, no table
 * @pager: on a terminal
 * @of_table: an option that only tables have
 * @of_tree: an option that only trees have
 */
struct report {
	struct load load;
	struct report_options view;
	struct tree_options tree;
	bool as_tree;
	bool pager;
	const char *of_table;
	const char *of_tree;
};

/* Returns 0 or OPTIONS_DONE. */
static int parse(struct options *options, struct report *report)
{
	uint64_t number;
	double percent;
	int option, n;

	while ((option = options__next(options)) >= 0) {
		switch (option) {
		case OPTION_BY:
			n = options__choice(options, option, "rows by");
			if (n < 0)
				return n;
			report->view.by = n;
			report->of_table = "by";
			break;
		case OPTION_SORT:
			n = options__choice(options, option, "order by");
			if (n < 0)
				return n;
			report->view.sort = n;
			report->of_table = "sort";
			break;
		case OPTION_LIMIT:
			if (options__number(options, "the limit", 0, UINT32_MAX, &number))
				return OPTIONS_DONE;
			report->view.limit = number;
			report->of_table = "limit";
			break;
		case OPTION_TREE:
			n = options__choice(options, option, "tree of");
			if (n < 0)
				return n;
			report->tree.direction = n;
			report->as_tree = true;
			break;
		case OPTION_MIN:
			if (options__real(options, "the least share", 0, 100, &percent))
				return OPTIONS_DONE;
			report->tree.threshold = percent * (TREE_THRESHOLD_ALL / 100);
			report->of_tree = "min";
			break;
		case OPTION_JSON:
			report->view.json = true;
			break;
		case OPTION_NO_PAGER:
			report->pager = false;
			break;
		default:
			if (options__filter(options, option, &report->load.filter))
				return OPTIONS_DONE;
		}
	}
	if (option == OPTIONS_DONE)
		return option;
	if (report->as_tree && report->of_table)
		return options__fail(options, "a tree has no --%s; what it leaves out is up to --min",
				     report->of_table);
	if (!report->as_tree && report->of_tree)
		return options__fail(options, "--%s is for a --tree; rows are left out by --limit",
				     report->of_tree);
	return 0;
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
	path = options__recording(&options);
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
