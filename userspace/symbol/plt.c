// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gelf.h>

#include "plt.h"
#include "util/array.h"

/* Functions with longer names are called by stubs without a name. */
#define NAME_SIZE	1024

/**
 * struct slot - a word that the dynamic linker sets to the address of a function
 * @address: of the word
 * @name: of the function
 */
struct slot {
	uint64_t address;
	const char *name;
};

struct slots {
	struct slot *slots;
	uint32_t n;
	uint32_t allocated;
};

/**
 * struct stub - what a machine's stub looks like
 * @size: its bytes
 * @slot: address of the word that it jumps through
 */
struct stub {
	uint32_t size;
	uint64_t slot;
};

static bool is_slot(GElf_Half machine, GElf_Word type)
{
	if (machine == EM_X86_64)
		return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT;
	return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT;
}

static int add_slot(struct slots *slots, uint64_t address, const char *name)
{
	if (array__reserve(&slots->slots, slots->n, &slots->allocated, sizeof(*slots->slots)))
		return -ENOMEM;
	slots->slots[slots->n++] = (struct slot){ address, name };
	return 0;
}

static int read_relocations(struct slots *slots, Elf *elf, GElf_Half machine, Elf_Scn *section,
			    const GElf_Shdr *header)
{
	Elf_Scn *symbol_section = elf_getscn(elf, header->sh_link);
	Elf_Data *relocations, *symbols;
	GElf_Shdr symbol_header;
	size_t i, n;

	if (!symbol_section || !gelf_getshdr(symbol_section, &symbol_header) ||
	    symbol_header.sh_type != SHT_DYNSYM)
		return 0;
	relocations = elf_getdata(section, NULL);
	symbols = elf_getdata(symbol_section, NULL);
	if (!relocations || !symbols)
		return 0;

	n = relocations->d_size / gelf_fsize(elf, ELF_T_RELA, 1, EV_CURRENT);
	for (i = 0; i < n; i++) {
		GElf_Rela relocation;
		const char *name;
		GElf_Sym symbol;
		int error;

		if (!gelf_getrela(relocations, i, &relocation) ||
		    !is_slot(machine, GELF_R_TYPE(relocation.r_info)) ||
		    !gelf_getsym(symbols, GELF_R_SYM(relocation.r_info), &symbol))
			continue;
		name = elf_strptr(elf, symbol_header.sh_link, symbol.st_name);
		if (!name || !*name)
			continue;
		error = add_slot(slots, relocation.r_offset, name);
		if (error)
			return error;
	}
	return 0;
}

static int compare_slots(const void *left, const void *right)
{
	const struct slot *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static const char *find_name(const struct slots *slots, uint64_t address)
{
	struct slot key = { .address = address }, *found;

	found = bsearch(&key, slots->slots, slots->n, sizeof(key), compare_slots);
	return found ? found->name : NULL;
}

static uint32_t read_word(const uint8_t *code)
{
	return code[0] | code[1] << 8 | code[2] << 16 | (uint32_t)code[3] << 24;
}

/* [endbr64] [bnd] jmp *slot(%rip), filled up to 16 bytes, in .plt.got sometimes to 8. */
static bool decode_x86(const uint8_t *code, size_t size, uint64_t address, struct stub *stub)
{
	size_t i = 0;

	stub->size = size < 16 ? size : 16;
	if (size < 6)
		return false;
	if (read_word(code) == 0xfa1e0ff3)
		i = 4;
	if (i < size && code[i] == 0xf2)
		i++;
	if (i + 6 > size || code[i] != 0xff || code[i + 1] != 0x25)
		return false;
	stub->slot = address + i + 6 + (int32_t)read_word(code + i + 2);
	return true;
}

/* [bti c]; adrp x16, page; ldr x17, [x16, slot]; add x16, x16, slot; br x17 */
static bool decode_arm64(const uint8_t *code, size_t size, uint64_t address, struct stub *stub)
{
	uint32_t adrp, ldr;
	int64_t pages;
	size_t i = 0;

	stub->size = 4;
	if (size >= 4 && read_word(code) == 0xd503245f)
		i = 4;
	if (i + 16 > size)
		return false;
	adrp = read_word(code + i);
	ldr = read_word(code + i + 4);
	if ((adrp & 0x9f00001f) != 0x90000010 || (ldr & 0xffc003ff) != 0xf9400211 ||
	    read_word(code + i + 12) != 0xd61f0220)
		return false;
	stub->size = i + 16;
	pages = ((adrp >> 5 & 0x7ffff) << 2 | (adrp >> 29 & 3));
	if (pages & 0x100000)
		pages -= 0x200000;
	stub->slot = ((address + i) & ~0xfffULL) + pages * 4096 + (ldr >> 10 & 0xfff) * 8;
	return true;
}

static int read_stubs(struct symtab *symtab, const struct slots *slots, struct strings *strings,
		      GElf_Half machine, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_rawdata(section, NULL);
	uint64_t offset;
	struct stub stub;

	if (!data || !data->d_buf)
		return 0;
	for (offset = 0; offset < data->d_size; offset += stub.size) {
		const uint8_t *code = (const uint8_t *)data->d_buf + offset;
		uint64_t address = header->sh_addr + offset;
		size_t room = data->d_size - offset;
		struct symtab_symbol symbol = { .start = address };
		char name[NAME_SIZE];
		const char *called;
		bool found;
		int length, error;

		if (machine == EM_X86_64) {
			if (header->sh_entsize == 8 && room > 8)
				room = 8;
			found = decode_x86(code, room, address, &stub);
		} else {
			found = decode_arm64(code, room, address, &stub);
		}
		called = found ? find_name(slots, stub.slot) : NULL;
		if (!called || strnlen(called, NAME_SIZE) == NAME_SIZE)
			continue;
		length = snprintf(name, sizeof(name), "%s@plt", called);
		if (length >= (int)sizeof(name))
			continue;
		symbol.end = address + stub.size;
		symbol.name = strings__intern(strings, name, length);
		symbol.name_size = length + 1;
		symbol.rank = UINT8_MAX;
		error = symbol.name ? symtab__add(symtab, &symbol) : -ENOMEM;
		if (error)
			return error;
	}
	return 0;
}

static bool is_plt(Elf *elf, size_t names, const GElf_Shdr *header)
{
	const char *name = elf_strptr(elf, names, header->sh_name);

	return header->sh_type == SHT_PROGBITS && (header->sh_flags & SHF_EXECINSTR) && name &&
	       !strncmp(name, ".plt", 4);
}

int plt__read(struct symtab *symtab, const struct image *image, struct strings *strings)
{
	struct slots slots = { 0 };
	Elf_Scn *section = NULL;
	Elf *elf = image->elf;
	GElf_Ehdr elf_header;
	GElf_Shdr header;
	size_t names, tables = 0;
	int error = 0;

	if (!gelf_getehdr(elf, &elf_header) || elf_getshdrstrndx(elf, &names) ||
	    (elf_header.e_machine != EM_X86_64 && elf_header.e_machine != EM_AARCH64) ||
	    elf_header.e_ident[EI_CLASS] != ELFCLASS64)
		return 0;

	/* .rela.dyn and .rela.plt; more would let a small file fill much memory. */
	while (!error && tables < 2 && (section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA ||
		    !(header.sh_flags & SHF_ALLOC))
			continue;
		error = read_relocations(&slots, elf, elf_header.e_machine, section, &header);
		tables++;
	}
	if (slots.n)
		qsort(slots.slots, slots.n, sizeof(*slots.slots), compare_slots);

	tables = 0;
	section = NULL;
	while (!error && slots.n && tables < 4 && (section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || !is_plt(elf, names, &header))
			continue;
		error = read_stubs(symtab, &slots, strings, elf_header.e_machine, section,
				   &header);
		tables++;
	}
	free(slots.slots);
	return error;
}
