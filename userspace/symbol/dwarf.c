// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <gelf.h>

#include "dwarf.h"
#include "guard.h"
#include "util/array.h"

/* Scopes within scopes: what is deeper is not looked at. */
#define DEPTH_MAX	256

/*
 * A short file can have very many ranges, by using the same list again and again. The
 * largest programs have some millions, all units together.
 */
#define RANGES_MAX	(16 << 20)

/* Ranges that overlap are a compiler's mistake: so many are looked at for an address. */
#define OVERLAP_MAX	64

/**
 * struct range - addresses of a unit, a function or an inlined function
 * @low: the first one
 * @high: the one behind the last
 * @reach: the largest @high of this range and those before it
 * @index: which unit or function
 */
struct range {
	uint64_t low;
	uint64_t high;
	uint64_t reach;
	uint32_t index;
};

struct ranges {
	struct range *ranges;
	uint32_t n;
	uint32_t allocated;
};

/**
 * struct inlined - an inlined function
 * @die: its entry
 * @depth: how many it is inlined within
 */
struct inlined {
	Dwarf_Die die;
	uint32_t depth;
};

/**
 * struct function - a function
 * @die: its entry
 * @read: what is inlined into it was read
 * @ranges: of the inlined functions
 * @inlined: inlined functions
 * @n: how many
 * @allocated: room for so many
 */
struct function {
	Dwarf_Die die;
	bool read;
	struct ranges ranges;
	struct inlined *inlined;
	uint32_t n;
	uint32_t allocated;
};

/**
 * struct unit - a compilation unit
 * @die: its entry
 * @read: its functions were read
 * @read_nested: those that are within others, too
 * @lines_bad: there are no lines, or they cannot be read
 * @ranges: of the functions
 * @functions: functions
 * @n: how many
 * @allocated: room for so many
 */
struct unit {
	Dwarf_Die die;
	bool read;
	bool read_nested;
	bool lines_bad;
	struct ranges ranges;
	struct function *functions;
	uint32_t n;
	uint32_t allocated;
};

struct section {
	const char *start;
	const char *end;
};

/**
 * struct dwarf - the debugging information of a file
 * @dwarf: libdw's
 * @alternate: libdw's, of the file that several have in common
 * @sections: where strings may be
 * @nsections: how many
 * @nread: ranges read, wherever
 * @ranges: of the units
 * @units: units
 * @n: how many
 * @allocated: room for so many
 */
struct dwarf {
	Dwarf *dwarf;
	Dwarf *alternate;
	struct section *sections;
	size_t nsections;
	size_t nread;
	struct ranges ranges;
	struct unit *units;
	uint32_t n;
	uint32_t allocated;
};

/*
 * Ranges
 */

static int add_range(struct ranges *ranges, uint64_t low, uint64_t high, uint32_t index)
{
	/* Linkers leave those of what they dropped at the lowest addresses. */
	if (!low || high <= low)
		return 0;
	if (array__reserve(&ranges->ranges, ranges->n, &ranges->allocated, sizeof(*ranges->ranges)))
		return -ENOMEM;
	ranges->ranges[ranges->n++] = (struct range){ .low = low, .high = high, .index = index };
	return 0;
}

static int add_ranges(struct dwarf *dwarf, struct ranges *ranges, Dwarf_Die *die, uint32_t index)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;

	while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0)
		if (++dwarf->nread > RANGES_MAX || add_range(ranges, low, high, index))
			return -ENOMEM;
	return 0;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high > b->high ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static void sort_ranges(struct ranges *ranges)
{
	uint64_t reach = 0;
	size_t i;

	if (ranges->n)
		qsort(ranges->ranges, ranges->n, sizeof(*ranges->ranges), compare_ranges);
	for (i = 0; i < ranges->n; i++) {
		if (reach < ranges->ranges[i].high)
			reach = ranges->ranges[i].high;
		ranges->ranges[i].reach = reach;
	}
}

/* The range behind the last one that starts at or below the address. */
static size_t find_last(const struct ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->ranges[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The one that starts closest below. NULL: none has it. */
static const struct range *find_range(const struct ranges *ranges, uint64_t address)
{
	size_t i = find_last(ranges, address), tries;

	for (tries = 0; i-- && tries < OVERLAP_MAX; tries++) {
		const struct range *range = &ranges->ranges[i];

		if (range->high > address)
			return range;
		if (range->reach <= address)
			break;
	}
	return NULL;
}

/*
 * Walking
 */

/* What to do after an entry. */
enum visit {
	VISIT_NEXT,	/* leave out what is within it */
	VISIT_WITHIN,
	VISIT_STOP,
};

/**
 * struct walk - a walk of everything within an entry
 * @dwarf: the file
 * @unit: the unit
 * @function: the function; NULL: the unit is walked
 * @depth: inlined functions around the entry
 * @error: why it stopped
 */
struct walk {
	struct dwarf *dwarf;
	struct unit *unit;
	struct function *function;
	uint32_t depth;
	int error;
};

static void walk_entries(struct walk *walk, Dwarf_Die *top,
			 enum visit (*visit)(struct walk *walk, Dwarf_Die *die))
{
	/* Per level: the entry, and how many inlined functions are around it. */
	Dwarf_Die dies[DEPTH_MAX];
	uint32_t depths[DEPTH_MAX];
	Dwarf_Off last = dwarf_dieoffset(top);
	int level = 0;

	if (dwarf_child(top, &dies[0]))
		return;
	depths[0] = 0;
	for (;;) {
		enum visit result;

		/* Damaged references could lead back, and the walk around for ever. */
		if (dwarf_dieoffset(&dies[level]) <= last)
			return;
		last = dwarf_dieoffset(&dies[level]);

		walk->depth = depths[level];
		result = visit(walk, &dies[level]);
		if (result == VISIT_STOP)
			return;
		if (result == VISIT_WITHIN && level + 1 < DEPTH_MAX &&
		    !dwarf_child(&dies[level], &dies[level + 1])) {
			depths[++level] = walk->depth;
			continue;
		}
		while (dwarf_siblingof(&dies[level], &dies[level]))
			if (!level--)
				return;
	}
}

static enum visit stop(struct walk *walk, int error)
{
	walk->error = error;
	return VISIT_STOP;
}

static enum visit visit_for_functions(struct walk *walk, Dwarf_Die *die)
{
	struct unit *unit = walk->unit;
	size_t before = unit->ranges.n;

	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
		if (add_ranges(walk->dwarf, &unit->ranges, die, unit->n))
			return stop(walk, -ENOMEM);
		/* A declaration, or one that is only there to be inlined. */
		if (unit->ranges.n == before)
			return unit->read_nested ? VISIT_WITHIN : VISIT_NEXT;
		if (array__reserve(&unit->functions, unit->n, &unit->allocated,
				   sizeof(*unit->functions)))
			return stop(walk, -ENOMEM);
		unit->functions[unit->n++] = (struct function){ .die = *die };
		return unit->read_nested ? VISIT_WITHIN : VISIT_NEXT;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type:
		return VISIT_WITHIN;
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
		return unit->read_nested ? VISIT_WITHIN : VISIT_NEXT;
	default:
		return VISIT_NEXT;
	}
}

static enum visit visit_for_inlined(struct walk *walk, Dwarf_Die *die)
{
	struct function *function = walk->function;

	switch (dwarf_tag(die)) {
	case DW_TAG_inlined_subroutine:
		if (add_ranges(walk->dwarf, &function->ranges, die, function->n) ||
		    array__reserve(&function->inlined, function->n, &function->allocated,
				   sizeof(*function->inlined)))
			return stop(walk, -ENOMEM);
		function->inlined[function->n++] = (struct inlined){
			.die = *die,
			.depth = walk->depth++,
		};
		return VISIT_WITHIN;
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
	case DW_TAG_common_block:
		return VISIT_WITHIN;
	default:
		return VISIT_NEXT;
	}
}

static void free_functions(struct unit *unit)
{
	size_t i;

	for (i = 0; i < unit->n; i++) {
		free(unit->functions[i].ranges.ranges);
		free(unit->functions[i].inlined);
	}
	free(unit->functions);
	free(unit->ranges.ranges);
	unit->functions = NULL;
	unit->ranges = (struct ranges){ 0 };
	unit->n = 0;
	unit->allocated = 0;
}

static void read_functions(struct dwarf *dwarf, struct unit *unit)
{
	struct walk walk = { .dwarf = dwarf, .unit = unit };

	unit->read = true;
	walk_entries(&walk, &unit->die, visit_for_functions);
	sort_ranges(&unit->ranges);
	if (walk.error)
		guard__out_of_memory();
}

static struct function *find_function(struct dwarf *dwarf, struct unit *unit, uint64_t address,
				      uint64_t *start, uint64_t *end)
{
	const struct range *range;

	if (!unit->read)
		read_functions(dwarf, unit);
	range = find_range(&unit->ranges, address);
	if (!range && !unit->read_nested) {
		/* Few languages have functions within functions: first it goes without. */
		free_functions(unit);
		unit->read_nested = true;
		read_functions(dwarf, unit);
		range = find_range(&unit->ranges, address);
	}
	if (!range)
		return NULL;
	*start = range->low;
	*end = range->high;
	return &unit->functions[range->index];
}

static void read_inlined(struct dwarf *dwarf, struct function *function)
{
	struct walk walk = { .dwarf = dwarf, .function = function };

	function->read = true;
	walk_entries(&walk, &function->die, visit_for_inlined);
	sort_ranges(&function->ranges);
	if (walk.error)
		guard__out_of_memory();
}

/*
 * Which inlined functions have the address, by depth: chain[0] is inlined into the
 * function itself. Gaps are closed. Returns how many.
 */
static size_t find_inlined(struct dwarf *dwarf, struct function *function, uint64_t address,
			   Dwarf_Die **chain)
{
	size_t i, n = 0;

	if (!function->read)
		read_inlined(dwarf, function);
	memset(chain, 0, DEPTH_MAX * sizeof(*chain));
	for (i = find_last(&function->ranges, address); i--;) {
		const struct range *range = &function->ranges.ranges[i];
		struct inlined *inlined = &function->inlined[range->index];

		if (range->reach <= address)
			break;
		if (range->high > address && !chain[inlined->depth])
			chain[inlined->depth] = &inlined->die;
	}
	for (i = 0; i < DEPTH_MAX; i++)
		if (chain[i])
			chain[n++] = chain[i];
	return n;
}

/*
 * Names and lines
 */

/* libdw takes it on trust that what is within a unit ends there. */
static const char *check_string(const struct dwarf *dwarf, const char *string)
{
	size_t i;

	for (i = 0; string && i < dwarf->nsections; i++) {
		const struct section *section = &dwarf->sections[i];

		if (string >= section->start && string < section->end)
			return memchr(string, '\0', section->end - string) ? string : NULL;
	}
	return NULL;
}

static const char *read_name(const struct dwarf *dwarf, Dwarf_Die *die)
{
	static const unsigned int attributes[] = {
		DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name,
	};
	size_t i;

	for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		Dwarf_Attribute attribute;
		const char *name;

		if (!dwarf_attr_integrate(die, attributes[i], &attribute))
			continue;
		name = check_string(dwarf, dwarf_formstring(&attribute));
		if (name && *name)
			return name;
	}
	return NULL;
}

static bool has_lines(struct dwarf *dwarf, struct unit *unit)
{
	Dwarf_Attribute attribute;
	Dwarf_Lines *lines;
	size_t n;

	if (unit->lines_bad)
		return false;
	if ((dwarf_attr(&unit->die, DW_AT_comp_dir, &attribute) &&
	     !check_string(dwarf, dwarf_formstring(&attribute))) ||
	    dwarf_getsrclines(&unit->die, &lines, &n)) {
		unit->lines_bad = true;
		return false;
	}
	return true;
}

static void read_line(struct dwarf *dwarf, struct unit *unit, uint64_t address,
		      struct dwarf_frame *frame)
{
	Dwarf_Line *line;
	int number;

	if (!has_lines(dwarf, unit))
		return;
	line = dwarf_getsrc_die(&unit->die, address);
	if (!line)
		return;
	frame->file = dwarf_linesrc(line, NULL, NULL);
	if (frame->file && !dwarf_lineno(line, &number) && number > 0)
		frame->line = number;
}

/* Where an inlined function was called. */
static void read_call(struct dwarf *dwarf, struct unit *unit, Dwarf_Die *inlined,
		      struct dwarf_frame *frame)
{
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Word value;
	size_t n;

	if (!has_lines(dwarf, unit) ||
	    !dwarf_attr(inlined, DW_AT_call_file, &attribute) ||
	    dwarf_formudata(&attribute, &value) ||
	    dwarf_getsrcfiles(&unit->die, &files, &n))
		return;
	frame->file = dwarf_filesrc(files, value, NULL, NULL);
	if (frame->file && dwarf_attr(inlined, DW_AT_call_line, &attribute) &&
	    !dwarf_formudata(&attribute, &value) && value <= INT32_MAX)
		frame->line = value;
}

size_t dwarf__find(struct dwarf *dwarf, uint64_t address, struct dwarf_frame *frames, size_t max,
		   uint64_t *start, uint64_t *end)
{
	const struct range *range = find_range(&dwarf->ranges, address);
	Dwarf_Die *chain[DEPTH_MAX];
	struct function *function;
	struct unit *unit;
	size_t n = 0, nframes;

	*start = 0;
	*end = 0;
	if (!range)
		return 0;
	guard__limit_memory();
	unit = &dwarf->units[range->index];
	function = find_function(dwarf, unit, address, start, end);
	if (function)
		n = find_inlined(dwarf, function, address, chain);

	memset(frames, 0, max * sizeof(*frames));
	read_line(dwarf, unit, address, &frames[0]);
	for (nframes = 1; n; n--) {
		Dwarf_Die *inlined = chain[n - 1];

		if (nframes < max) {
			frames[nframes - 1].name = read_name(dwarf, inlined);
			nframes++;
		}
		read_call(dwarf, unit, inlined, &frames[nframes - 1]);
	}
	if (function)
		frames[nframes - 1].name = read_name(dwarf, &function->die);
	if (nframes == 1 && !frames[0].name && !frames[0].file)
		return 0;
	return nframes;
}

/*
 * Opening
 */

/* What follows ".debug_", or ".zdebug_" where it was packed. */
static const char *debug_name(const char *section)
{
	if (section && !strncmp(section, ".debug_", 7))
		return section + 7;
	if (section && !strncmp(section, ".zdebug_", 8))
		return section + 8;
	return NULL;
}

/*
 * Note where the sections are, unpacked by now. Those of strings must end with one, so
 * that no string runs out of them.
 */
static int read_sections(struct dwarf *dwarf, Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t n, names;

	if (elf_getshdrnum(elf, &n) || elf_getshdrstrndx(elf, &names))
		return -EBADMSG;
	dwarf->sections = reallocarray(dwarf->sections, dwarf->nsections + n,
				       sizeof(*dwarf->sections));
	if (!dwarf->sections)
		return -ENOMEM;
	while ((section = elf_nextscn(elf, section))) {
		const char *name, *start;
		GElf_Shdr header;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = debug_name(elf_strptr(elf, names, header.sh_name));
		if (!name)
			continue;
		data = elf_getdata(section, NULL);
		if (!data || !data->d_buf || !data->d_size)
			continue;
		start = data->d_buf;
		if ((!strcmp(name, "str") || !strcmp(name, "line_str")) &&
		    start[data->d_size - 1])
			return -EBADMSG;
		if (elf_ndxscn(section) < n)
			dwarf->sections[dwarf->nsections++] =
				(struct section){ start, start + data->d_size };
	}
	return 0;
}

static int read_units(struct dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	uint8_t type;
	Dwarf_Die die;

	while (!dwarf_get_units(dwarf->dwarf, unit, &unit, NULL, &type, &die, NULL)) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		if (array__reserve(&dwarf->units, dwarf->n, &dwarf->allocated,
				   sizeof(*dwarf->units)) ||
		    add_ranges(dwarf, &dwarf->ranges, &die, dwarf->n))
			return -ENOMEM;
		dwarf->units[dwarf->n++] = (struct unit){ .die = die };
	}
	sort_ranges(&dwarf->ranges);
	return 0;
}

static int open_alternate(struct dwarf *dwarf, const struct image *alternate)
{
	const void *build_id;
	const char *name;
	ssize_t size = dwelf_dwarf_gnu_debugaltlink(dwarf->dwarf, &name, &build_id);

	if (size == 0)
		return 0;
	/* Without it libdw would go and open whatever file the name is of. */
	if (size < 0 || !alternate)
		return -ENOLINK;
	if (alternate->build_id_size != (size_t)size ||
	    memcmp(alternate->build_id, build_id, size))
		return -ENOLINK;
	dwarf->alternate = dwarf_begin_elf(alternate->elf, DWARF_C_READ, NULL);
	if (!dwarf->alternate)
		return -EBADMSG;
	dwarf_new_oom_handler(dwarf->alternate, guard__out_of_memory);
	dwarf_setalt(dwarf->dwarf, dwarf->alternate);
	return read_sections(dwarf, alternate->elf);
}

int dwarf__open(struct dwarf **result, const struct image *image, const struct image *alternate)
{
	struct dwarf *dwarf;
	int error;

	guard__limit_memory();
	dwarf = calloc(1, sizeof(*dwarf));
	if (!dwarf)
		return -ENOMEM;
	dwarf->dwarf = dwarf_begin_elf(image->elf, DWARF_C_READ, NULL);
	if (!dwarf->dwarf) {
		free(dwarf);
		return -ENOENT;
	}
	dwarf_new_oom_handler(dwarf->dwarf, guard__out_of_memory);
	*result = dwarf;
	error = read_sections(dwarf, image->elf);
	if (!error)
		error = open_alternate(dwarf, alternate);
	if (!error)
		error = read_units(dwarf);
	if (error) {
		dwarf__close(dwarf);
		*result = NULL;
	}
	return error;
}

void dwarf__close(struct dwarf *dwarf)
{
	size_t i;

	if (!dwarf)
		return;
	for (i = 0; i < dwarf->n; i++)
		free_functions(&dwarf->units[i]);
	free(dwarf->units);
	free(dwarf->ranges.ranges);
	free(dwarf->sections);
	dwarf_end(dwarf->dwarf);
	if (dwarf->alternate)
		dwarf_end(dwarf->alternate);
	free(dwarf);
}
