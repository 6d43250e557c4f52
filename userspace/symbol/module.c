// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gelf.h>

#include "debug_file.h"
#include "debuginfod.h"
#include "demangle.h"
#include "dwarf.h"
#include "elf_symbols.h"
#include "guard.h"
#include "module.h"
#include "perf_map.h"
#include "plt.h"

/* No compiler makes longer names. */
#define NAME_SIZE	65536

#define NO_MEMORY	"the debugging information takes too much memory"

/* Bytes of what ends .eh_frame, which may be all that it has. */
#define EH_FRAME_END	4

/* Deeper than any compiler inlines. */
#define FRAMES_MAX	256

static bool has_dwarf(const struct image *image)
{
	size_t size;

	return image__section(image, ".debug_info", &size) ||
	       image__section(image, ".zdebug_info", &size);
}

static void set_stripped(struct module *module, struct context *context, int found)
{
	const char *reason = found & ELF_SYMBOLS_EXPORTED ?
			     "stripped: only what it exports has names" :
			     "stripped: it has no symbols";

	if (context->options.no_separate)
		module__set_problem(module, context, SYMBOL_STRIPPED,
				    "let separate debug files be looked for", "%s", reason);
	else if (!module->build_id_size)
		module__set_problem(module, context, SYMBOL_STRIPPED,
				    "link it with -Wl,--build-id and without -s, or do not strip it",
				    "%s, and no build-id to find them by", reason);
	else if (context->debuginfod_error)
		module__set_problem(module, context, SYMBOL_STRIPPED,
				    "install the -dbgsym or -debuginfo package of its package",
				    "%s; debuginfod: %s", reason,
				    context->debuginfod_error == -ENOSYS ?
				    "libdebuginfod1 is not installed" :
				    strerror(-context->debuginfod_error));
	else if (debuginfod__configured() && !context->options.no_debuginfod)
		module__set_problem(module, context, SYMBOL_STRIPPED,
				    "install the -dbgsym or -debuginfo package of its package",
				    "%s, and no server of DEBUGINFOD_URLS has them", reason);
	else
		module__set_problem(module, context, SYMBOL_STRIPPED,
				    "install the -dbgsym or -debuginfo package of its package, or set DEBUGINFOD_URLS",
				    "%s", reason);
}

/* A symbol table may be damaged from some place on: what comes before it is used. */
static int read_symbols(struct module *module, struct context *context,
			const struct image *image)
{
	int found = elf_symbols__read(&module->symtab, image);

	if (found == -EBADMSG)
		module__set_error(module, context, found);
	return found < 0 ? 0 : found;
}

static void load_dwarf(struct module *module, struct context *context)
{
	const struct image *image = has_dwarf(&module->image) ? &module->image : &module->debug;
	int error;

	if (context->options.no_dwarf || !image->elf)
		return;
	error = dwarf__open(&module->dwarf, image, &module->alternate);
	if (!error || error == -ENOENT || module->public.problem != SYMBOL_OK)
		return;
	if (error == -ENOLINK)
		module__set_problem(module, context, SYMBOL_STRIPPED, NULL,
				    "inlined functions and lines are not known: the file that .gnu_debugaltlink names is missing");
	else
		module__set_problem(module, context, SYMBOL_FILE_BAD, NULL,
				    "inlined functions and lines are not known: %s",
				    error == -ENOMEM ? NO_MEMORY :
				    "the debugging information is damaged");
}

/* What loaders know of is there in files that have lost their sections, too. */
static bool has_frame_header(const struct image *image)
{
	size_t i, n, sections;
	GElf_Phdr header;

	if (elf_getshdrnum(image->elf, &sections) || sections || elf_getphdrnum(image->elf, &n))
		return false;
	for (i = 0; i < n; i++)
		if (gelf_getphdr(image->elf, i, &header) && header.p_type == PT_GNU_EH_FRAME)
			return true;
	return false;
}

static enum symbol_unwind look_for_unwinding(const struct image *image)
{
	static const char *const sections[] = {
		".eh_frame", ".debug_frame", ".sframe", ".gopclntab", ".data.rel.ro.gopclntab",
	};
	size_t i;

	if (gelf_getclass(image->elf) != ELFCLASS64)
		return SYMBOL_UNWIND_32BIT;
	for (i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		if (image__has_section(image, sections[i], EH_FRAME_END))
			return SYMBOL_UNWIND_TOLD;
	return has_frame_header(image) ? SYMBOL_UNWIND_TOLD : SYMBOL_UNWIND_NONE;
}

static void load_file(struct module *module, struct context *context)
{
	int found = read_symbols(module, context, &module->image);
	bool lacks = !(found & ELF_SYMBOLS_ALL) ||
		     (!context->options.no_dwarf && !has_dwarf(&module->image));

	module->public.unwind = look_for_unwinding(&module->image);
	if (!context->options.no_separate)
		module__open_debug(module, context, lacks);
	if (module->debug.elf)
		found |= read_symbols(module, context, &module->debug);
	if (!(found & ELF_SYMBOLS_ALL) &&
	    !debug_file__unpack_mini(&module->mini, &module->image))
		found |= read_symbols(module, context, &module->mini);
	plt__read(&module->symtab, &module->image, context->strings);
	if (!(found & ELF_SYMBOLS_ALL) && module->public.problem == SYMBOL_OK)
		set_stripped(module, context, found);
	load_dwarf(module, context);
}

static void load_jit(struct module *module, struct context *context)
{
	int result;

	if (!module->has_perf_map)
		return;
	result = process__open_perf_map(&module->perf_map);
	if (result >= 0)
		result = perf_map__read(result, &module->symtab, &module->text);
	if (!result)
		module__set_problem(module, context, SYMBOL_ANONYMOUS, NULL,
				    "code in no file, and not all of it is in /tmp/perf-%u.map",
				    module->perf_map.pid);
	else if (result == -EPERM || result == -ENODEV)
		module__set_problem(module, context, SYMBOL_ANONYMOUS,
				    "it must be a regular file of the user of the process or of root",
				    "/tmp/perf-%u.map is not used: %s", module->perf_map.pid,
				    result == -EPERM ? "it belongs to somebody else" :
				    "it is no regular file");
	else if (result != -ENOENT)
		module__set_problem(module, context, SYMBOL_ANONYMOUS, NULL,
				    "/tmp/perf-%u.map cannot be read: %s",
				    module->perf_map.pid, strerror(-result));
}

static void load(struct module *module, struct context *context)
{
	if (module->loaded)
		return;
	module->loaded = true;
	if (module->kind == MODULE_FILE)
		load_file(module, context);
	else if (module->kind == MODULE_JIT)
		load_jit(module, context);
}

static const char *intern(struct context *context, const char *string)
{
	return strings__intern(context->strings, string, strlen(string));
}

static int set_name(struct context *context, struct symbol_frame *frame, const char *name,
		    size_t room)
{
	static char buffer[NAME_SIZE];
	size_t length = strnlen(name, room < NAME_SIZE ? room : NAME_SIZE - 1);

	frame->system_name = strings__intern(context->strings, name, length);
	if (!frame->system_name)
		return -ENOMEM;
	frame->name = frame->system_name;
	if (demangle(frame->system_name, context->options.parameters, buffer, sizeof(buffer)))
		frame->name = intern(context, buffer);
	return frame->name ? 0 : -ENOMEM;
}

static int new_frames(struct context *context, struct module_names *names, uint32_t n)
{
	names->frames = objalloc_alloc(context->memory, n * sizeof(*names->frames));
	if (!names->frames)
		return -ENOMEM;
	memset(names->frames, 0, n * sizeof(*names->frames));
	names->nframes = n;
	return 0;
}

int module__name_symbol(struct context *context, const struct symtab_symbol *symbol,
			struct module_names *names)
{
	int error = new_frames(context, names, 1);

	if (!error)
		error = set_name(context, names->frames, symbol->name, symbol->name_size);
	names->symbol_start = symbol->start;
	names->symbol_size = symbol->end - symbol->start;
	return error;
}

static int name_from_dwarf(struct context *context, const struct symtab_symbol *symbol,
			   const struct dwarf_frame *frames, size_t n,
			   struct module_names *names)
{
	size_t i;
	int error;

	error = new_frames(context, names, n);
	for (i = 0; !error && i < n; i++) {
		struct symbol_frame *frame = &names->frames[i];
		bool last = i == n - 1;

		frame->inlined = !last;
		frame->line = frames[i].line;
		if (frames[i].file) {
			frame->file = intern(context, frames[i].file);
			if (!frame->file)
				return -ENOMEM;
		}
		/* The symbol tells a clone, "f.constprop.0", from the function it is of. */
		if (last && symbol)
			error = set_name(context, frame, symbol->name, symbol->name_size);
		else
			error = set_name(context, frame, frames[i].name ?: "??", SIZE_MAX);
	}
	return error;
}

static int name_address(struct module *module, struct context *context,
			struct module_names *names)
{
	struct dwarf_frame frames[FRAMES_MAX];
	const struct symtab_symbol *symbol;
	uint64_t start, end;
	size_t n = 0;
	int error;

	load(module, context);
	symbol = symtab__find(&module->symtab, names->address);
	if (module->dwarf)
		n = dwarf__find(module->dwarf, names->address, frames, FRAMES_MAX, &start, &end);
	if (!n)
		return symbol ? module__name_symbol(context, symbol, names) : 0;
	if (!symbol && !frames[n - 1].name)
		return 0;
	error = name_from_dwarf(context, symbol, frames, n, names);
	names->symbol_start = symbol ? symbol->start : start;
	names->symbol_size = symbol ? symbol->end - symbol->start : end - start;
	return error;
}

struct name_call {
	struct module *module;
	struct context *context;
	struct module_names *names;
	int result;
};

static void name_guarded(void *argument)
{
	struct name_call *call = argument;

	call->result = name_address(call->module, call->context, call->names);
}

int module__name(struct module *module, struct context *context, struct module_names *names)
{
	struct name_call call = { module, context, names, 0 };
	int error = guard__run(name_guarded, &call);

	if (!error && call.result != -ENOMEM)
		return call.result;
	names->nframes = 0;
	names->symbol_size = 0;

	if (error == -EFAULT) {
		symtab__free(&module->symtab);
		image__abandon(&module->image);
		image__abandon(&module->debug);
		image__abandon(&module->alternate);
		image__abandon(&module->mini);
		module->dwarf = NULL;
		module->kind = MODULE_NONE;
		module__set_problem(module, context, SYMBOL_FILE_BAD, "try again",
				    "the file was truncated while it was read");
		return 0;
	}
	if (!module->dwarf)
		return -ENOMEM;

	/* Names alone take less. */
	dwarf__close(module->dwarf);
	module->dwarf = NULL;
	module__set_problem(module, context, SYMBOL_FILE_BAD, NULL,
			    "inlined functions and lines are not known: " NO_MEMORY);
	return module__name(module, context, names);
}

bool module__file_address(const struct module *module, const struct symbol_mapping *mapping,
			  uint64_t address, uint64_t *file_address)
{
	*file_address = address;
	return module->kind != MODULE_FILE ||
	       image__address(&module->image, address - mapping->start + mapping->offset,
			      file_address);
}

void module__free(struct module *module)
{
	dwarf__close(module->dwarf);
	image__close(&module->image);
	image__close(&module->debug);
	image__close(&module->alternate);
	image__close(&module->mini);
	symtab__free(&module->symtab);
	if (module->has_perf_map)
		close(module->perf_map.root);
	free(module->text);
	free(module);
}
