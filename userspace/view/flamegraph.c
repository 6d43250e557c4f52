// SPDX-License-Identifier: GPL-2.0
/*
 * The flame graph: an SVG file that needs nothing else. It can be read as it is; its script,
 * where one runs, adds zoom, search and details, and finds what it needs in the elements:
 * see flamegraph.js.
 */
#include "flamegraph.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flamegraph_assets.h"
#include "output.h"
#include "stacktree.h"
#include "summary.h"
#include "units.h"

/* All in pixels. */
#define MARGIN		10
#define PITCH		18	/* from one row of frames to the next */
#define ROW		17	/* height of a frame */
#define LETTER		7.25	/* width of a letter in a frame, a little more than it is */
#define LEGEND_LETTER	7	/* width of a letter in the legend, at most */
#define TEXT_LEFT	3	/* from the edge of a frame to its text */
#define LINE		18	/* from one line of the head to the next */
#define TITLE_LINE	28	/* the first one */

#define MIN_LETTERS	3	/* less is no help */
#define MAX_LETTERS	512

#define SHADES		8	/* of each colour in flamegraph.css */

/* Positions are in hundredths of a pixel: numbers that every locale writes alike. */
#define UNIT		100

#define TEXT_SIDES	(2 * TEXT_LEFT * UNIT)

/* What a colour stands for: its letter in flamegraph.css, and its name. */
struct kind {
	char letter;
	const char *name;
};

enum kind_number {
	KIND_ROOT,
	KIND_PROCESS,
	KIND_USER,
	KIND_INLINED,
	KIND_KERNEL,
	KIND_UNNAMED,
	KIND_LATE,
	KIND_LOST,
	NR_KINDS,
};

static const struct kind kinds[] = {
	[KIND_ROOT] = { 'r', NULL },
	[KIND_PROCESS] = { 'p', "process" },
	[KIND_USER] = { 'u', "user" },
	[KIND_INLINED] = { 'i', "inlined" },
	[KIND_KERNEL] = { 'k', "kernel" },
	[KIND_UNNAMED] = { 'n', "without name" },
	[KIND_LATE] = { 't', "late timers" },
	[KIND_LOST] = { 'l', "lost samples" },
};

struct flamegraph {
	struct output out;
	const struct stacktree *tree;
	const struct flamegraph_options *options;
	const struct summary *summary;
	uint32_t width;
	uint32_t height;
	uint32_t top; /* where frames begin */
	uint32_t depth; /* rows of frames */
	uint64_t nr_pruned;
	uint64_t pruned; /* periods of these */
	bool drawn[NR_KINDS];
};

static enum kind_number node_kind(const struct flamegraph *graph,
				  const struct stacktree_node *node)
{
	const struct function *function;

	if (node->function == UINT32_MAX)
		return KIND_ROOT;
	function = &graph->tree->functions.list[node->function];
	if (function->flags & FUNCTION_LOST)
		return KIND_LOST;
	if (function->flags & FUNCTION_LATE)
		return KIND_LATE;
	if (function->flags & FUNCTION_PROCESS)
		return KIND_PROCESS;
	if (function->flags & FUNCTION_UNNAMED)
		return KIND_UNNAMED;
	if (function->flags & FUNCTION_KERNEL)
		return KIND_KERNEL;
	return function->flags & FUNCTION_INLINED ? KIND_INLINED : KIND_USER;
}

static bool has_shades(enum kind_number kind)
{
	return kind != KIND_ROOT && kind != KIND_LATE && kind != KIND_LOST;
}

/* The same name has the same shade in every flame graph. */
static unsigned int shade(const char *label)
{
	uint32_t hash = 2166136261u;

	while (*label)
		hash = (hash ^ (unsigned char)*label++) * 16777619u;
	return (hash ^ hash >> 15) % SHADES;
}

static uint64_t scaled(const struct flamegraph *graph, uint64_t periods)
{
	uint64_t room = (uint64_t)(graph->width - 2 * MARGIN) * UNIT;
	uint64_t whole = graph->tree->nodes[0].total.periods;

	return ((__uint128_t)periods * room + whole / 2) / whole;
}

/* Lost samples are never left out. */
static bool too_narrow(const struct flamegraph *graph, const struct stacktree_node *node)
{
	uint64_t room = (uint64_t)(graph->width - 2 * MARGIN) * UNIT;

	return node_kind(graph, node) != KIND_LOST &&
	       (__uint128_t)node->total.periods * room <
		       (__uint128_t)graph->options->min_width * graph->tree->nodes[0].total.periods;
}

static void attribute(struct output *out, const char *name, uint64_t hundredths)
{
	output__char(out, ' ');
	output__string(out, name);
	output__string(out, "=\"");
	output__fixed(out, hundredths, 2);
	output__char(out, '"');
}

static void write_label(struct output *out, const char *label, size_t letters)
{
	char part[MAX_LETTERS * 4 + 1];
	const char *end = label;
	const char *last = label; /* room for an ellipsis from here on */
	size_t n;

	if (letters > MAX_LETTERS)
		letters = MAX_LETTERS;
	for (n = 0; *end && n < letters; n++) {
		size_t length = utf8_length(end);

		last = end;
		end += length ? length : 1;
	}
	if (!*end) {
		output__xml(out, label);
		return;
	}
	memcpy(part, label, last - label);
	part[last - label] = '\0';
	output__xml(out, part);
	output__string(out, "\xe2\x80\xa6");
}

static void write_title(struct flamegraph *graph, const struct stacktree_node *node,
			const struct function *function, const char *label)
{
	struct output *out = &graph->out;
	uint64_t whole = graph->tree->nodes[0].total.periods;

	output__string(out, "<title>");
	output__xml(out, label);
	output__char(out, '\n');
	if (!function)
		output__string(out, "everything");
	else if (function->flags & FUNCTION_LOST)
		output__string(out, "samples that there was no room for");
	else if (function->flags & FUNCTION_PROCESS)
		output__string(out, "process");
	else if (function->flags & FUNCTION_LATE)
		output__string(out, "time in which something else kept the CPU");
	else
		output__xml(out, function->module ? function->module : "[unknown]");
	if (function && function->flags & FUNCTION_INLINED)
		output__string(out, ", inlined");
	output__char(out, '\n');
	if (node->total.samples || !node->total.periods) {
		output__string(out, units_exact(node->total.samples).text);
		output__string(out, node->total.samples == 1 ? " sample, " : " samples, ");
	}
	output__xml(out, units_share(node->total.periods, whole).text);
	if (node->total.nanoseconds) {
		output__string(out, ", ");
		output__string(out, units_time(node->total.nanoseconds).text);
	}
	if (node->self.periods && node->self.periods < node->total.periods) {
		output__string(out, "; itself ");
		output__xml(out, units_share(node->self.periods, whole).text);
	}
	output__string(out, "</title>");
}

/* @start: periods to the left of it. */
static void write_frame(struct flamegraph *graph, const struct stacktree_node *node, uint64_t start)
{
	const struct function *function = NULL;
	struct output *out = &graph->out;
	enum kind_number kind = node_kind(graph, node);
	char class[3] = { kinds[kind].letter };
	const char *label = "all";
	uint64_t left, width, letters;
	uint32_t y;

	if (kind != KIND_ROOT) {
		function = &graph->tree->functions.list[node->function];
		label = function->label;
		if (has_shades(kind))
			class[1] = '0' + shade(label);
	}
	y = graph->options->icicle ? graph->top + node->depth * PITCH :
				     graph->height - MARGIN - (node->depth + 1) * PITCH;
	left = scaled(graph, start);
	width = scaled(graph, start + node->total.periods) - left;
	left += MARGIN * UNIT;
	letters = width > TEXT_SIDES ? (width - TEXT_SIDES) / (LETTER * UNIT) : 0;

	output__string(out, "<g class=\"");
	output__string(out, class);
	output__string(out, "\" data-x=\"");
	output__number(out, start);
	output__string(out, "\" data-n=\"");
	output__number(out, node->total.periods);
	if (node->total.samples != node->total.periods) {
		output__string(out, "\" data-samples=\"");
		output__number(out, node->total.samples);
	}
	output__string(out, "\">");
	write_title(graph, node, function, label);
	output__string(out, "<rect");
	attribute(out, "x", left);
	attribute(out, "y", (uint64_t)y * UNIT);
	/* Half a pixel between neighbours, where they are wide enough to miss it. */
	attribute(out, "width", width > 3 * UNIT ? width - UNIT / 2 : width);
	attribute(out, "height", ROW * UNIT);
	output__string(out, "/>");
	if (letters >= MIN_LETTERS) {
		output__string(out, "<text");
		attribute(out, "x", left + TEXT_LEFT * UNIT);
		attribute(out, "y", (uint64_t)(y + PITCH - 5) * UNIT);
		output__char(out, '>');
		write_label(out, label, letters);
		output__string(out, "</text>");
	}
	output__string(out, "</g>\n");
}

/* Find out what will be drawn. */
static void prune(struct flamegraph *graph)
{
	const struct stacktree *tree = graph->tree;
	uint32_t i = 0;

	while (i < tree->nr) {
		const struct stacktree_node *node = &tree->nodes[i];

		if (too_narrow(graph, node)) {
			graph->nr_pruned += node->end - i;
			graph->pruned += node->total.periods;
			i = node->end;
			continue;
		}
		if (node->depth + 1 > graph->depth)
			graph->depth = node->depth + 1;
		graph->drawn[node_kind(graph, node)] = true;
		i++;
	}
}

/*
 * Callees lie side by side, the first one at the left edge of its caller. @left: for each depth,
 * where the next one begins.
 */
static void write_frames(struct flamegraph *graph, uint64_t *left)
{
	const struct stacktree *tree = graph->tree;
	uint32_t i = 0;

	output__string(&graph->out, "<g class=\"frames\">\n");
	left[0] = 0;
	while (i < tree->nr) {
		const struct stacktree_node *node = &tree->nodes[i];
		uint64_t start = left[node->depth];

		left[node->depth] += node->total.periods;
		if (too_narrow(graph, node)) {
			i = node->end;
			continue;
		}
		left[node->depth + 1] = start;
		write_frame(graph, node, start);
		i++;
	}
	output__string(&graph->out, "</g>\n");
}

static void write_legend(struct flamegraph *graph, uint32_t y)
{
	struct output *out = &graph->out;
	uint32_t x = MARGIN;
	int kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		const char *name = kinds[kind].name;

		if (!name || !graph->drawn[kind])
			continue;
		output__printf(out, "<g class=\"%c%s\">", kinds[kind].letter,
			       has_shades(kind) ? "1" : "");
		output__printf(out, "<rect x=\"%u\" y=\"%u\"", x, y - 10);
		output__string(out, " width=\"12\" height=\"12\" rx=\"2\"/>");
		output__printf(out, "<text x=\"%u\" y=\"%u\">%s</text></g>\n", x + 17, y, name);
		x += 17 + strlen(name) * LEGEND_LETTER + 16;
	}
}

static void write_line(struct flamegraph *graph, uint32_t *y, const char *class, const char *text)
{
	output__printf(&graph->out, "<text class=\"%s\" x=\"%u\" y=\"%u\">", class, MARGIN, *y);
	output__xml(&graph->out, text);
	output__string(&graph->out, "</text>\n");
	*y += LINE;
}

static void write_samples(struct flamegraph *graph, uint32_t *y, const struct summary *summary)
{
	struct output *out = &graph->out;
	bool losses = summary->totals->lost || summary->totals->missing;

	output__printf(out, "<text x=\"%u\" y=\"%u\">", MARGIN, *y);
	output__xml(out, summary->samples);
	output__printf(out, "; <tspan%s>", losses ? " class=\"loss\"" : "");
	output__xml(out, summary->losses);
	output__string(out, "</tspan></text>\n");
	*y += LINE;
}

static void write_pruned(struct flamegraph *graph, uint32_t *y)
{
	uint64_t whole = graph->tree->nodes[0].total.periods;
	struct output *out = &graph->out;

	output__printf(out, "<text class=\"origin\" x=\"%u\" y=\"%u\">", MARGIN, *y);
	output__printf(out, "Not drawn: %s frame%s narrower than ",
		       units_exact(graph->nr_pruned).text, graph->nr_pruned == 1 ? "" : "s");
	output__fixed(out, graph->options->min_width, 2);
	output__string(out, " pixels, ");
	output__xml(out, units_share(graph->pruned, whole).text);
	output__string(out, " of the width</text>\n");
	*y += LINE;
}

/* The line of the legend and of what the script adds. */
static uint32_t controls_line(const struct flamegraph *graph)
{
	unsigned int lines = 3 + !!graph->options->origin + !!graph->nr_pruned +
			     graph->summary->nr_remarks + graph->summary->nr_advice;

	return TITLE_LINE + lines * LINE + LINE / 2;
}

/* The head stays where it is when the rest is scrolled, thus it comes last, on top of it. */
static void write_head(struct flamegraph *graph)
{
	const struct flamegraph_options *options = graph->options;
	const struct summary *summary = graph->summary;
	struct output *out = &graph->out;
	uint32_t y = TITLE_LINE;
	uint32_t i;

	output__string(out, "<g class=\"head\">\n");
	output__printf(out, "<rect class=\"ground\" width=\"100%%\" height=\"%u\"/>\n",
		       graph->top);
	write_line(graph, &y, "title", options->title ? options->title : "Flame graph");
	if (options->origin)
		write_line(graph, &y, "origin", options->origin);
	write_samples(graph, &y, summary);
	for (i = 0; i < summary->nr_remarks; i++)
		write_line(graph, &y, "remark", summary->remarks[i]);
	write_line(graph, &y, "completeness", summary->completeness);
	for (i = 0; i < summary->nr_advice; i++)
		write_line(graph, &y, "advice", summary->advice[i]);
	if (graph->nr_pruned)
		write_pruned(graph, &y);
	write_legend(graph, controls_line(graph));
	y = controls_line(graph) + LINE + LINE / 4;
	write_line(graph, &y, "details",
		   graph->tree->nodes[0].total.samples ? "" : "There are no samples.");
	output__string(out, "</g>\n");
}

/* Stripes: colour alone does not tell lost samples from others. */
static void write_pattern(struct output *out)
{
	output__string(out, "<defs><pattern id=\"profbuf-lost\" width=\"8\" height=\"8\"");
	output__string(out, " patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">");
	output__string(out, "<rect width=\"8\" height=\"8\" fill=\"#ffd9d6\"/>");
	output__string(out, "<rect width=\"4\" height=\"8\" fill=\"#f59a94\"/>");
	output__string(out, "</pattern></defs>\n");
}

static void write_document(struct flamegraph *graph, uint64_t *left)
{
	const struct flamegraph_options *options = graph->options;
	struct output *out = &graph->out;

	output__string(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	output__string(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\"");
	output__printf(out, " class=\"profbuf\" width=\"%u\" height=\"%u\"", graph->width,
		       graph->height);
	output__printf(out, " viewBox=\"0 0 %u %u\"", graph->width, graph->height);
	output__printf(out, " data-total=\"%" PRIu64 "\" data-margin=\"%u\" data-pitch=\"%u\"",
		       graph->tree->nodes[0].total.periods, MARGIN, PITCH);
	output__printf(out, " data-controls=\"%u\"", controls_line(graph));
	attribute(out, "data-letter", LETTER * UNIT);
	if (options->icicle)
		output__string(out, " data-icicle=\"\"");
	output__string(out, ">\n<title>");
	output__xml(out, options->title ? options->title : "Flame graph");
	output__string(out, "</title>\n<style>\n");
	output__string(out, flamegraph_css);
	output__string(out, "</style>\n");
	write_pattern(out);
	output__string(out, "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n");
	if (graph->tree->nodes[0].total.periods)
		write_frames(graph, left);
	write_head(graph);
	output__string(out, "<script><![CDATA[\n");
	output__string(out, flamegraph_js);
	output__string(out, "]]></script>\n</svg>\n");
}

/**
 * flamegraph__write - draw a flame graph
 * @profile: after symbolization
 * @file: where to
 * @options: how
 *
 * Return: 0 or a negative errno.
 */
int flamegraph__write(const struct profile *profile, FILE *file,
		      const struct flamegraph_options *options)
{
	struct summary summary;
	struct flamegraph graph = { .options = options, .summary = &summary };
	struct stacktree tree;
	uint64_t *left;
	int err;

	err = summary__init(&summary, profile);
	if (err)
		return err;
	err = stacktree__init(&tree, profile, false);
	if (err)
		goto out_summary;
	output__init(&graph.out, file);
	graph.tree = &tree;
	graph.width = options->width ? options->width : FLAMEGRAPH_WIDTH;
	if (tree.nodes[0].total.periods)
		prune(&graph);
	graph.top = controls_line(&graph) + 2 * LINE;
	graph.height = graph.top + graph.depth * PITCH + MARGIN;
	left = malloc((tree.max_depth + 2UL) * sizeof(*left));
	if (left)
		write_document(&graph, left);
	err = left ? output__finish(&graph.out) : -ENOMEM;
	free(left);
	stacktree__exit(&tree);
out_summary:
	summary__exit(&summary);
	return err;
}
