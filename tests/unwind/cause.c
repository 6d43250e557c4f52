// SPDX-License-Identifier: GPL-2.0
#include <gelf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cause.h"

#define CAUSES_MAX	1000
#define NAME_MAX_SIZE	160

/* The longest call is of 7 bytes. */
#define CALL_MAX	8

/* A function at which a program begins is not longer. */
#define ENTRY_MAX	64

struct cause {
	char name[NAME_MAX_SIZE];
	const char *right;
	unsigned long count;
};

static struct cause causes[CAUSES_MAX];
static size_t nr_causes;

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *module_name(Dwfl_Module *module)
{
	return base_name(dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
}

/* Does a call end there, in one of its forms: of a relative address, or what a register tells? */
static bool is_behind_call(cause_read_fn read, u64 address)
{
	u8 bytes[CALL_MAX];
	size_t size;

	if (!read(address - CALL_MAX, bytes, sizeof(bytes)))
		return false;
	if (bytes[CALL_MAX - 5] == 0xe8)
		return true;
	for (size = 2; size < CALL_MAX; size++)
		if (bytes[CALL_MAX - size] == 0xff && (bytes[CALL_MAX - size + 1] & 0x38) == 0x10)
			return true;
	return false;
}

/* Is it what a handler of a signal returns to: mov $15, %rax (rt_sigreturn); syscall? */
static bool is_restorer(cause_read_fn read, u64 address)
{
	static const u8 restorer[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };
	u8 bytes[sizeof(restorer)];

	return read(address, bytes, sizeof(bytes)) && !memcmp(bytes, restorer, sizeof(bytes));
}

/* Was the frame interrupted, so that its address is that of the next instruction? */
static bool is_interrupted(cause_read_fn read, const struct walk_stack *stack, size_t n)
{
	return !n || is_restorer(read, stack->frames[n - 1]);
}

static u64 code_of(cause_read_fn read, const struct walk_stack *stack, size_t n)
{
	return stack->frames[n] - !is_interrupted(read, stack, n);
}

static bool is_entry(Dwfl_Module *module, u64 code)
{
	GElf_Addr bias;
	GElf_Ehdr header;
	Elf *elf = dwfl_module_getelf(module, &bias);

	return elf && gelf_getehdr(elf, &header) && header.e_entry &&
	       code - (header.e_entry + bias) < ENTRY_MAX;
}

/* Does a program or a thread begin there? */
static bool is_root(Dwfl *dwfl, u64 code)
{
	static const char *const names[] = { "_start", "clone", "__clone", "clone3", "__clone3" };
	Dwfl_Module *module = dwfl_addrmodule(dwfl, code);
	const char *name = module ? dwfl_module_addrname(module, code) : NULL;
	size_t i;

	for (i = 0; name && i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return module && is_entry(module, code);
}

static bool is_plausible(Dwfl *dwfl, cause_read_fn read, const struct walk_stack *stack)
{
	size_t i;

	if (!stack->count || !is_root(dwfl, code_of(read, stack, stack->count - 1)))
		return false;
	for (i = 0; i < stack->count; i++)
		if (!is_interrupted(read, stack, i) && !is_restorer(read, stack->frames[i]) &&
		    !is_behind_call(read, stack->frames[i]))
			return false;
	return true;
}

static const char *who_is_right(Dwfl *dwfl, cause_read_fn read, const struct walk_stack *ours,
				const struct walk_stack *theirs)
{
	bool our = is_plausible(dwfl, read, ours), their = is_plausible(dwfl, read, theirs);

	if (our && their && ours->count != theirs->count)
		our = !(their = theirs->count > ours->count);
	return our && their ? "undecided" : our ? "ours" : their ? "elfutils" : "neither";
}

static const char *section_name(Dwfl_Module *module, u64 code)
{
	Dwarf_Addr address = code, bias;
	Elf_Scn *section = dwfl_module_address_section(module, &address, &bias);
	GElf_Shdr header;
	size_t strings;
	Elf *elf = dwfl_module_getelf(module, &bias);

	if (!section || !elf || !gelf_getshdr(section, &header) || elf_getshdrstrndx(elf, &strings))
		return NULL;
	return elf_strptr(elf, strings, header.sh_name);
}

/* The function, or the section of what has no names, such as linkage tables. */
static void name_place(Dwfl *dwfl, u64 code, char *to, size_t size)
{
	Dwfl_Module *module = dwfl_addrmodule(dwfl, code);
	const char *section, *function;
	GElf_Off offset;
	GElf_Sym symbol;

	if (!module) {
		snprintf(to, size, "memory without a file");
		return;
	}
	section = section_name(module, code);
	function = dwfl_module_addrinfo(module, code, &offset, &symbol, NULL, NULL, NULL);
	if (section && strcmp(section, ".text"))
		function = section;
	if (is_entry(module, code))
		function = "_start";
	/* Else it is of the last function before it that has a name. */
	else if (function != section && (!function || offset >= symbol.st_size))
		function = "without a name";
	snprintf(to, size, "%s: %s", module_name(module), function);
}

static size_t common_frames(const struct walk_stack *ours, const struct walk_stack *theirs)
{
	size_t n = 0;

	while (n < ours->count && n < theirs->count && ours->frames[n] == theirs->frames[n])
		n++;
	return n;
}

static struct cause *find(const char *name, const char *right)
{
	size_t i;

	for (i = 0; i < nr_causes; i++)
		if (!strcmp(causes[i].name, name) && causes[i].right == right)
			return &causes[i];
	if (nr_causes == CAUSES_MAX) {
		fprintf(stderr, "compare: more than %d causes\n", CAUSES_MAX);
		exit(2);
	}
	snprintf(causes[i].name, sizeof(causes[i].name), "%s", name);
	causes[i].right = right;
	return &causes[nr_causes++];
}

const char *cause__add(Dwfl *dwfl, cause_read_fn read, const struct walk_stack *ours,
		       const struct walk_stack *theirs)
{
	char place[NAME_MAX_SIZE / 2], name[NAME_MAX_SIZE];
	size_t n = common_frames(ours, theirs);
	struct cause *cause;
	const char *how;

	name_place(dwfl, code_of(read, ours, n ? n - 1 : 0), place, sizeof(place));
	if (n == theirs->count && n == ours->count)
		how = "both stop";
	else if (n == theirs->count)
		how = "elfutils stops";
	else if (n == ours->count && ours->end == WALK_ROOT)
		how = "elfutils goes beyond the root";
	else if (n == ours->count)
		how = "ours stops";
	else
		how = "different callers";
	snprintf(name, sizeof(name), "%s, %s", place, how);
	cause = find(name, who_is_right(dwfl, read, ours, theirs));
	cause->count++;
	return cause->name;
}

void cause__print(void)
{
	size_t i;

	for (i = 0; i < nr_causes; i++)
		printf("! %lu\t%s\t%s\n", causes[i].count, causes[i].name, causes[i].right);
}
