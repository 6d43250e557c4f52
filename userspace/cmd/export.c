// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export.h"
#include "terminal.h"
#include "util/message.h"
#include "view/export.h"
#include "view/flamegraph.h"
#include "view/perf_script.h"
#include "view/raw.h"

static struct export_opts export_opts(const struct load *load)
{
	return (struct export_opts){ .origin = load->names.origin };
}

static int write_pprof(struct load *load, FILE *file)
{
	struct export_opts opts = export_opts(load);

	return pprof__write(load->profile, file, &opts);
}

static int write_folded(struct load *load, FILE *file)
{
	struct export_opts opts = export_opts(load);

	return folded__write(load->profile, file, &opts);
}

static int write_speedscope(struct load *load, FILE *file)
{
	struct export_opts opts = export_opts(load);

	return speedscope__write(load->profile, file, &opts);
}

static int write_json(struct load *load, FILE *file)
{
	struct export_opts opts = export_opts(load);

	return json__write(load->profile, file, &opts);
}

static int write_flamegraph(struct load *load, FILE *file)
{
	struct flamegraph_options options = {
		.origin = load->names.origin,
		.min_width = FLAMEGRAPH_MIN_WIDTH,
	};

	return flamegraph__write(load->profile, file, &options);
}

static const struct symbol_location *resolve(void *context, uint64_t owner, uint64_t address,
					     bool exact)
{
	return symbols__resolve(context, owner, address, exact);
}

static int write_perf_script(struct load *load, FILE *file)
{
	return perf_script__write(load->records, file, load->profile, load->names.origin, resolve,
				  load->names.symbols);
}

const struct export_format export_raw = { .name = "raw", .suffixes = ".raw", .binary = true };

const struct export_format export_formats[] = {
	{
		.name = "pprof",
		.suffixes = ".pb.gz .pprof",
		.binary = true,
		.by_thread = true,
		.write = write_pprof,
	},
	/* By thread, as the text of perf script is. */
	{
		.name = "folded",
		.suffixes = ".folded .collapsed",
		.by_thread = true,
		.write = write_folded,
	},
	{
		.name = "perf-script",
		.suffixes = ".perf .script",
		.records = true,
		.write = write_perf_script,
	},
	{
		.name = "speedscope",
		.suffixes = ".speedscope.json .speedscope",
		.write = write_speedscope,
	},
	{ .name = "json", .suffixes = ".json", .by_thread = true, .write = write_json },
	{ .name = "flamegraph", .suffixes = ".svg", .write = write_flamegraph },
	{ 0 }
};

/**
 * export__by_name - find a format
 * @name: its name
 *
 * Return: the format, or NULL.
 */
const struct export_format *export__by_name(const char *name)
{
	const struct export_format *format;

	for (format = export_formats; format->name; format++)
		if (!strcmp(format->name, name))
			return format;
	return strcmp(name, export_raw.name) ? NULL : &export_raw;
}

static bool has_suffix(const char *path, const char *suffixes)
{
	while (*suffixes) {
		size_t length = strcspn(suffixes, " ");

		if (strlen(path) > length &&
		    !strncmp(path + strlen(path) - length, suffixes, length))
			return true;
		suffixes += length;
		suffixes += strspn(suffixes, " ");
	}
	return false;
}

/**
 * export__by_suffix - find the format that the name of a file asks for
 * @path: the name
 *
 * Return: the format, or NULL.
 */
const struct export_format *export__by_suffix(const char *path)
{
	const struct export_format *format;

	for (format = export_formats; format->name; format++)
		if (has_suffix(path, format->suffixes))
			return format;
	return has_suffix(path, export_raw.suffixes) ? &export_raw : NULL;
}

/* What is written to is opened when there is something to write: it may hold something better. */
static int write_stream(struct input *input, const char *output)
{
	const struct profbuf_frame *frame;
	FILE *file;
	int err;

	err = raw__next(input->stream, &frame);
	if (!err)
		return input__end(input);
	if (err < 0) {
		if (input__is_damaged(input, err))
			input__explain(input);
		else
			error("%s", strerror(-err));
		return err;
	}
	file = result__open(output, true);
	if (!file)
		return -EINVAL;
	err = raw__write(input->stream, frame, file);
	if (!input__is_damaged(input, err)) {
		err = result__close(file, output, err);
		return err ? err : input__end(input);
	}
	input__explain(input);
	if (!result__close(file, output, 0))
		hint("what comes before it was written");
	return err;
}

static int export_stream(const char *input_path, const char *output)
{
	struct input input;
	int err;

	err = input__open(&input, input_path);
	if (err)
		return err;
	err = write_stream(&input, output);
	input__close(&input);
	return err;
}

/**
 * export__run - turn a recording into another format
 * @input: the recording
 * @output: file to write to; NULL or "-": standard output
 * @format: the format
 * @load: which of its records; gets the profile. load__exit() is the caller's
 *
 * Return: 0, or a negative errno after a message.
 */
int export__run(const char *input, const char *output, const struct export_format *format,
		struct load *load)
{
	FILE *file;
	int err;

	if (input__is_overwritten(input, output))
		return -EINVAL;
	if (format == &export_raw)
		return export_stream(input, output);
	load->by_thread = format->by_thread;
	if (format->records) {
		load->records = perf_script__new();
		if (!load->records) {
			error("out of memory");
			return -ENOMEM;
		}
	}
	err = load__run(load, input);
	if (err)
		return err;
	file = result__open(output, format->binary);
	if (!file)
		return -EINVAL;
	err = result__close(file, output, format->write(load, file));
	return err ? err : load->damaged ? -EBADMSG : 0;
}
