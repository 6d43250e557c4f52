// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gelf.h>

#include "elf_symbols.h"

/* The end of each section that holds code, 0 for the others. */
struct sections {
	uint64_t *code_end;
	size_t n;
};

static int read_sections(struct sections *sections, Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t n;

	if (elf_getshdrnum(elf, &n))
		return -EBADMSG;
	sections->code_end = calloc(n + 1, sizeof(*sections->code_end));
	if (!sections->code_end)
		return -ENOMEM;
	sections->n = n;
	while ((section = elf_nextscn(elf, section))) {
		size_t index = elf_ndxscn(section);
		GElf_Shdr header;

		if (index >= n || !gelf_getshdr(section, &header))
			continue;
		if ((header.sh_flags & SHF_EXECINSTR) &&
		    header.sh_addr + header.sh_size > header.sh_addr)
			sections->code_end[index] = header.sh_addr + header.sh_size;
	}
	return 0;
}

/* "$x" and the like, which tell code from data on arm64. */
static bool is_mapping_symbol(const char *name)
{
	return name[0] == '$' && name[1] && (!name[2] || name[2] == '.');
}

static unsigned int rank_of(const GElf_Sym *symbol, const char *name)
{
	switch (GELF_ST_BIND(symbol->st_info)) {
	case STB_GLOBAL:
		return symtab__rank_name(name);
	case STB_WEAK:
		return 4 + symtab__rank_name(name);
	default:
		return 8 + symtab__rank_name(name);
	}
}

/*
 * "name@VERSION" and "name@@VERSION" are in .symtab what in .dynsym is "name". Where such a name
 * ends, its length and no NUL tells.
 */
static size_t name_length(const char *name)
{
	return 1 + strcspn(name + 1, "@");
}

static int add_symbol(struct symtab *symtab, const struct sections *sections,
		      const GElf_Sym *symbol, const char *name, size_t room)
{
	unsigned int type = GELF_ST_TYPE(symbol->st_info);
	struct symtab_symbol added = {
		.start = symbol->st_value,
		.end = symbol->st_value + symbol->st_size,
		.name = name,
		.name_size = room > UINT32_MAX ? UINT32_MAX : room,
	};
	uint64_t code_end = 0;

	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return 0;
	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS || !*name)
		return 0;
	if (symbol->st_shndx < sections->n)
		code_end = sections->code_end[symbol->st_shndx];
	if (type == STT_NOTYPE && (!code_end || is_mapping_symbol(name)))
		return 0;

	/* Without a size, as from assembly. */
	if (added.end <= added.start) {
		if (code_end <= added.start)
			return 0;
		added.end = code_end;
		added.open = true;
	}
	if (added.name_size > name_length(name))
		added.name_size = name_length(name);
	added.rank = rank_of(symbol, name);
	return symtab__add(symtab, &added);
}

static int read_table(struct symtab *symtab, const struct sections *sections, Elf *elf,
		      Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *symbols, *names;
	Elf_Scn *name_section;
	const char *last_nul;
	size_t i, n, size;

	symbols = elf_getdata(section, NULL);
	name_section = elf_getscn(elf, header->sh_link);
	names = name_section ? elf_rawdata(name_section, NULL) : NULL;
	if (!symbols || !names || !names->d_buf)
		return -EBADMSG;
	last_nul = memrchr(names->d_buf, '\0', names->d_size);
	if (!last_nul)
		return -EBADMSG;
	size = last_nul + 1 - (const char *)names->d_buf;

	n = symbols->d_size / gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	for (i = 0; i < n; i++) {
		GElf_Sym symbol;
		int error;

		if (!gelf_getsym(symbols, i, &symbol))
			return -EBADMSG;
		if (symbol.st_name >= size)
			continue;
		error = add_symbol(symtab, sections, &symbol,
				   (const char *)names->d_buf + symbol.st_name,
				   size - symbol.st_name);
		if (error)
			return error;
	}
	return 0;
}

int elf_symbols__read(struct symtab *symtab, const struct image *image)
{
	struct sections sections = { 0 };
	Elf_Scn *section = NULL;
	unsigned int found = 0;
	int error;

	error = read_sections(&sections, image->elf);
	while (!error && (section = elf_nextscn(image->elf, section))) {
		unsigned int kind;
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header)) {
			error = -EBADMSG;
			break;
		}
		if (header.sh_type == SHT_SYMTAB)
			kind = ELF_SYMBOLS_ALL;
		else if (header.sh_type == SHT_DYNSYM)
			kind = ELF_SYMBOLS_EXPORTED;
		else
			continue;
		/* A second table of a kind would let a small file fill much memory. */
		if (found & kind)
			continue;
		found |= kind;
		error = read_table(symtab, &sections, image->elf, section, &header);
	}
	free(sections.code_end);
	return error ? error : (int)found;
}
