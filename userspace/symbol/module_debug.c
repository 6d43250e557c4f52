// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "debug_file.h"
#include "debuginfod.h"
#include "module.h"

#define DEBUG_DIRECTORIES	"/usr/lib/debug"

/* Where separate debug files are: first where the process would look, then here. */
static void start_search(const struct module *module, const struct context *context,
			 struct debug_file_search *search)
{
	int root = -1;

	*search = (struct debug_file_search){
		.image = &module->image,
		.path = module->public.path,
		.build_id = module->build_id,
		.build_id_size = module->build_id_size,
		.directories = context->options.debug_dirs ?: DEBUG_DIRECTORIES,
	};
	if (module->live)
		root = process__open_root(module->pid);
	else if (context->options.root)
		root = open(context->options.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0)
		search->roots[search->nroots++] = root;
	search->roots[search->nroots++] = AT_FDCWD;
}

static void end_search(struct debug_file_search *search)
{
	if (search->nroots > 1)
		close(search->roots[0]);
	free(search->found_path);
}

static int download_debug_file(struct module *module, struct context *context)
{
	int fd;

	if (!module->build_id_size || context->options.no_debuginfod ||
	    context->debuginfod_error || !debuginfod__configured())
		return -ENOENT;
	fd = debuginfod__fetch(module->build_id, module->build_id_size, DEBUGINFOD_DEBUGINFO);
	if (fd < 0) {
		if (fd != -ENOENT)
			context->debuginfod_error = fd;
		return fd;
	}
	return image__open(&module->debug, fd);
}

void module__open_debug(struct module *module, struct context *context, bool lacks)
{
	struct debug_file_search search;

	start_search(module, context, &search);
	if (!lacks)
		debug_file__find_alternate(&module->alternate, &module->image, &search);
	else if (!debug_file__find(&module->debug, &search) ||
		 !download_debug_file(module, context))
		debug_file__find_alternate(&module->alternate, &module->debug, &search);
	end_search(&search);
}

/*
 * Separate debug files tell of the segments where they are in memory, but not where they
 * were in the file. If only one is executable, and is as large as the mapping, they are
 * the same.
 */
static bool place_segment(struct image *image, const struct symbol_mapping *mapping)
{
	uint64_t page = sysconf(_SC_PAGESIZE), start, end;
	struct image_segment *segment = NULL;
	size_t i;

	for (i = 0; i < image->nsegments; i++) {
		if (!image->segments[i].executable)
			continue;
		if (segment)
			return false;
		segment = &image->segments[i];
	}
	if (!segment)
		return false;
	start = segment->address & ~(page - 1);
	end = (segment->address + segment->memory_size + page - 1) & ~(page - 1);
	if (end - start != mapping->end - mapping->start)
		return false;
	image->segments[0] = (struct image_segment){
		.offset = mapping->offset,
		.address = start,
		.size = end - start,
		.memory_size = end - start,
		.executable = true,
	};
	image->nsegments = 1;
	return true;
}

bool module__open_debug_only(struct module *module, struct context *context,
			     const struct symbol_mapping *mapping)
{
	struct debug_file_search search;
	bool found;

	if (!module->build_id_size || context->options.no_separate)
		return false;
	start_search(module, context, &search);
	search.image = NULL;
	found = !debug_file__find(&module->image, &search);
	if (found && !place_segment(&module->image, mapping)) {
		image__close(&module->image);
		found = false;
	}
	end_search(&search);
	return found;
}
