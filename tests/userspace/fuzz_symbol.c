// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: files that a profiled process may have made. What begins like an ELF
 * file is taken for one, anything else for a perf map and for a kallsyms.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbol/debug_file.h"
#include "symbol/demangle.h"
#include "symbol/dwarf.h"
#include "symbol/elf_symbols.h"
#include "symbol/guard.h"
#include "symbol/kallsyms.h"
#include "symbol/perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES		8
#define ADDRESSES_MAX	256

static void read_string(const char *string)
{
	static char buffer[4096];

	if (string)
		demangle(string, strlen(string) & 1, buffer, sizeof(buffer));
}

static void find(struct symtab *symtab, struct dwarf *dwarf, uint64_t address)
{
	const struct symtab_symbol *symbol = symtab__find(symtab, address);
	struct dwarf_frame frames[FRAMES];
	uint64_t start, end;
	size_t i, n;

	if (symbol && strnlen(symbol->name, symbol->name_size) < symbol->name_size)
		read_string(symbol->name);
	n = dwarf ? dwarf__find(dwarf, address, frames, FRAMES, &start, &end) : 0;
	if (n > FRAMES)
		abort();
	for (i = 0; i < n; i++) {
		read_string(frames[i].name);
		read_string(frames[i].file);
	}
}

struct elf {
	struct image image;
	struct image mini;
	struct symtab symtab;
	struct dwarf *dwarf;
};

static void read_elf(void *argument)
{
	struct elf *elf = argument;
	size_t i, n, step;

	elf_symbols__read(&elf->symtab, &elf->image);
	if (!debug_file__unpack_mini(&elf->mini, &elf->image))
		elf_symbols__read(&elf->symtab, &elf->mini);
	dwarf__open(&elf->dwarf, &elf->image, NULL);

	symtab__find(&elf->symtab, 0);
	n = elf->symtab.nsymbols;
	step = n / ADDRESSES_MAX + 1;
	for (i = 0; i < n; i += step) {
		find(&elf->symtab, elf->dwarf, elf->symtab.symbols[i].start);
		find(&elf->symtab, elf->dwarf, elf->symtab.symbols[i].end - 1);
	}
	for (i = 0; i < elf->image.nsegments && i < ADDRESSES_MAX; i++) {
		uint64_t address;

		if (image__address(&elf->image, elf->image.segments[i].offset, &address))
			find(&elf->symtab, elf->dwarf, address);
	}
	for (i = 0; i < ADDRESSES_MAX; i++)
		find(&elf->symtab, elf->dwarf, 0x1000 + i * 7);
}

static void fuzz_elf(const uint8_t *data, size_t size)
{
	struct elf elf = { 0 };
	void *copy = malloc(size);

	if (!copy)
		return;
	memcpy(copy, data, size);
	if (image__open_memory(&elf.image, copy, size))
		return;
	if (guard__run(read_elf, &elf) == -EFAULT)
		abort();
	dwarf__close(elf.dwarf);
	symtab__free(&elf.symtab);
	image__close(&elf.mini);
	image__close(&elf.image);
}

static int add_symbol(const struct kallsyms_symbol *symbol, void *symtab)
{
	struct symtab_symbol added = {
		.start = symbol->address,
		.end = UINT64_MAX,
		.name = "",
		.name_size = 1,
		.owner = (void *)(uintptr_t)(symbol->module ? symbol->module[0] : 0),
		.rank = symbol->rank,
		.open = true,
	};

	read_string(symbol->name);
	return symtab__add(symtab, &added);
}

static void fuzz_text(const uint8_t *data, size_t size)
{
	int file = memfd_create("fuzz", MFD_CLOEXEC);
	struct symtab symtab = { 0 };
	char *text = NULL, path[32];
	size_t i;

	if (file < 0 || write(file, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	kallsyms__read(path, add_symbol, &symtab);
	for (i = 0; i < 16; i++)
		find(&symtab, NULL, i << 60);
	symtab__free(&symtab);

	lseek(file, 0, SEEK_SET);
	perf_map__read(file, &symtab, &text);
	for (i = 0; i < 256; i++)
		find(&symtab, NULL, i << 4);
	symtab__free(&symtab);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= 4 && !memcmp(data, "\177ELF", 4))
		fuzz_elf(data, size);
	else
		fuzz_text(data, size);
	return 0;
}
