// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gelf.h>

#include "gopclntab.h"

/* Far more than any program has. */
#define FUNCTIONS_MAX	(1U << 24)

#define MAGIC_1_16	0xfffffffaU
#define MAGIC_1_18	0xfffffff0U
#define MAGIC_1_20	0xfffffff1U

/* Linkers align it to 32 bytes, but put it into other sections. */
#define ALIGNMENT	8
#define MAGIC_SIZE	8

/* Where the rest of a function's description is, from its position on. */
#define NAME_OFFSET	0
#define STACK_OFFSET	12
#define FLAGS_1_16	33
#define FLAGS_1_20	37
#define DESCRIPTION_MAX	48

/* Functions that are looked at to find out if the code is where it should be. */
#define PROBES		64

/* Tables that look like one, in a file whose sections do not tell where it is. */
#define TRIES_MAX	16

/* Places in the code that look like what is looked for. */
#define MATCHES_MAX	1000

#define CODE_ALIGNMENT	16
#define GOEXIT_SIZE	7

/**
 * struct gopclntab_relocation - a word that has its value only when the file is loaded
 * @address: of the word
 * @value: of it, if the file is loaded where it is numbered from
 */
struct gopclntab_relocation {
	uint64_t address;
	uint64_t value;
};

/* A number of the table, at @offset. It is known to be there. */
static uint64_t word(const struct gopclntab *table, size_t offset)
{
	uint64_t value;

	memcpy(&value, table->data + offset, sizeof(value));
	return value;
}

/* What lies from the offset on that the header has as its @index-th word. */
static bool find_part(const struct gopclntab *table, unsigned int index, struct bytes *part)
{
	uint64_t offset = word(table, MAGIC_SIZE + index * sizeof(uint64_t));

	if (offset > table->size)
		return false;
	*part = (struct bytes){ .next = table->data + offset, .end = table->data + table->size };
	return true;
}

static size_t header_size(const struct gopclntab *table)
{
	return MAGIC_SIZE + (table->version == GOPCLNTAB_1_16 ? 7 : 8) * sizeof(uint64_t);
}

/* Of an entry of the index. */
static size_t index_size(const struct gopclntab *table)
{
	return table->version == GOPCLNTAB_1_16 ? sizeof(uint64_t) : sizeof(uint32_t);
}

static bool read_magic(struct gopclntab *table)
{
	/* Steps of one byte, words of eight: x86-64. */
	static const uint8_t rest[] = { 0, 0, 1, 8 };
	uint32_t magic;

	if (table->size < MAGIC_SIZE)
		return false;
	memcpy(&magic, table->data, sizeof(magic));
	if (magic == MAGIC_1_16)
		table->version = GOPCLNTAB_1_16;
	else if (magic == MAGIC_1_18)
		table->version = GOPCLNTAB_1_18;
	else if (magic == MAGIC_1_20)
		table->version = GOPCLNTAB_1_20;
	else
		return false;
	return !memcmp(table->data + sizeof(magic), rest, sizeof(rest));
}

static bool read_header(struct gopclntab *table)
{
	unsigned int offsets = 2;
	uint64_t n;

	if (!read_magic(table) || table->size < header_size(table))
		return false;
	n = word(table, MAGIC_SIZE);
	if (table->version != GOPCLNTAB_1_16)
		table->text = word(table, MAGIC_SIZE + offsets++ * sizeof(uint64_t));
	/* Between them: compilation units, files. */
	if (!n || n > FUNCTIONS_MAX || !find_part(table, offsets, &table->names) ||
	    !find_part(table, offsets + 3, &table->stacks) ||
	    !find_part(table, offsets + 4, &table->functions))
		return false;
	table->nr_functions = n;
	/* Two words each, and the end of the last. */
	return bytes__left(&table->functions) / index_size(table) > 2 * n;
}

static int compare_relocations(const void *left, const void *right)
{
	const struct gopclntab_relocation *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

/* @size bytes that are loaded at @address, in the file. */
static const uint8_t *find_loaded(const struct image *image, uint64_t address, uint64_t size)
{
	size_t i;

	for (i = 0; i < image->nsegments; i++) {
		const struct image_segment *segment = &image->segments[i];
		uint64_t inside = address - segment->address;

		if (address < segment->address || inside >= segment->size ||
		    size > segment->size - inside || segment->offset > image->size ||
		    inside > image->size - segment->offset ||
		    size > image->size - segment->offset - inside)
			continue;
		return (const uint8_t *)image->memory + segment->offset + inside;
	}
	return NULL;
}

/* What the dynamic linker is told of relocations. */
static const uint8_t *find_relocations(const struct image *image, uint64_t *size)
{
	uint64_t address = 0, position;
	const uint8_t *dynamic = NULL;
	GElf_Phdr header;
	size_t i, n;

	*size = 0;
	if (elf_getphdrnum(image->elf, &n))
		return NULL;
	for (i = 0; i < n && !dynamic; i++)
		if (gelf_getphdr(image->elf, i, &header) && header.p_type == PT_DYNAMIC)
			dynamic = find_loaded(image, header.p_vaddr, header.p_filesz);
	if (!dynamic)
		return NULL;
	for (position = 0; header.p_filesz - position >= sizeof(Elf64_Dyn);
	     position += sizeof(Elf64_Dyn)) {
		Elf64_Dyn entry;

		memcpy(&entry, dynamic + position, sizeof(entry));
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_RELA)
			address = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_RELASZ)
			*size = entry.d_un.d_val;
	}
	return find_loaded(image, address, *size);
}

/* Those of the table's words. Without them, it has to do with what is there. */
static int read_relocations(struct gopclntab *table, const struct image *image)
{
	uint64_t size, i, n;
	const uint8_t *data = find_relocations(image, &size);

	if (!data)
		return 0;
	n = size / sizeof(Elf64_Rela);
	table->relocations = calloc(n + 1, sizeof(*table->relocations));
	if (!table->relocations)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		Elf64_Rela relocation;

		memcpy(&relocation, data + i * sizeof(relocation), sizeof(relocation));
		if (ELF64_R_TYPE(relocation.r_info) != R_X86_64_RELATIVE ||
		    relocation.r_offset < table->address ||
		    relocation.r_offset - table->address >= table->size)
			continue;
		table->relocations[table->nr_relocations++] = (struct gopclntab_relocation){
			.address = relocation.r_offset,
			.value = relocation.r_addend,
		};
	}
	qsort(table->relocations, table->nr_relocations, sizeof(*table->relocations),
	      compare_relocations);
	return 0;
}

/* The @value that lies there in the file; another one, if it is to be relocated. */
static uint64_t relocate(const struct gopclntab *table, const uint8_t *place, uint64_t value)
{
	struct gopclntab_relocation key = { .address = table->address + (place - table->data) };
	const struct gopclntab_relocation *found = NULL;

	if (table->nr_relocations)
		found = bsearch(&key, table->relocations, table->nr_relocations,
				sizeof(key), compare_relocations);
	return found ? found->value : value;
}

/* The @n-th number of the index: by turns the positions of functions and of what describes them. */
static uint64_t index_number(const struct gopclntab *table, uint32_t n)
{
	size_t size = index_size(table);
	const uint8_t *place = table->functions.next + n * size;
	struct bytes bytes = { .next = place, .end = place + size };
	uint64_t value = bytes__fixed(&bytes, size);

	if (n & 1)
		return value;
	return table->version == GOPCLNTAB_1_16 ? relocate(table, place, value) :
						  table->text + value;
}

/* From @offset on, up to the end of the @part. */
static bool take_rest(struct bytes *part, uint64_t offset, struct bytes *rest)
{
	*rest = *part;
	bytes__take(rest, offset);
	return !rest->bad;
}

bool gopclntab__function(const struct gopclntab *table, uint32_t number,
			 struct gopclntab_function *function)
{
	struct bytes functions = table->functions, names = table->names, stacks = table->stacks;
	uint64_t offset = index_number(table, 2 * number + 1);
	struct bytes description, rest;
	uint32_t name_offset, stack_offset;

	*function = (struct gopclntab_function){
		.start = index_number(table, 2 * number),
		.end = index_number(table, 2 * number + 2),
	};
	if (function->start >= function->end || !take_rest(&functions, offset, &description))
		return false;
	/* It begins with the position again. */
	bytes__take(&description, index_size(table));
	rest = description;
	name_offset = bytes__fixed(&rest, sizeof(name_offset));
	rest = description;
	bytes__take(&rest, STACK_OFFSET);
	stack_offset = bytes__fixed(&rest, sizeof(stack_offset));
	bytes__take(&description, table->version == GOPCLNTAB_1_20 ? FLAGS_1_20 : FLAGS_1_16);
	function->flags = bytes__u8(&description);
	if (rest.bad || description.bad || !take_rest(&names, name_offset, &function->name))
		return false;
	/* 0: there is none. */
	return !stack_offset || take_rest(&stacks, stack_offset, &function->stack);
}

bool gopclntab__is_named(const struct gopclntab_function *function, const char *name)
{
	size_t size = strlen(name) + 1;

	return bytes__left(&function->name) >= size && !memcmp(function->name.next, name, size);
}

bool gopclntab__next_stack(struct gopclntab_function *function, struct gopclntab_stack *stack)
{
	bool first = stack->end == function->start;
	uint64_t change, size;

	if (!bytes__left(&function->stack))
		return false;
	change = bytes__uleb(&function->stack);
	size = bytes__uleb(&function->stack);
	/* No change is the end, but not at first. */
	if (function->stack.bad || (!change && !first) || change > UINT32_MAX || !size ||
	    size > function->end - stack->end)
		return false;
	stack->start = stack->end;
	stack->end += size;
	stack->size += (int64_t)(change >> 1) ^ -(int64_t)(change & 1);
	return stack->size == (int32_t)stack->size;
}

/* Is the code of functions there, all of them one after the other? */
static bool is_in_code(const struct gopclntab *table, struct code *code)
{
	uint32_t i, step = table->nr_functions / PROBES + 1;

	for (i = 0; i < table->nr_functions; i += step) {
		struct gopclntab_function function;

		if (!gopclntab__function(table, i, &function) ||
		    !code__find(code, function.start) || !code__find(code, function.end - 1))
			return false;
	}
	return true;
}

static bool is_goexit(const uint8_t *bytes)
{
	return bytes && bytes[0] == 0x90 && bytes[1] == 0xe8 && bytes[GOEXIT_SIZE - 1] == 0x90;
}

/* The code at @address, of which @size bytes are there, or NULL. */
static const uint8_t *find_code(struct code *code, uint64_t address, size_t size)
{
	const struct code_segment *segment = code__find(code, address);
	uint64_t inside;

	if (!segment)
		return NULL;
	inside = address - segment->address;
	return segment->size - inside < size ? NULL : code->bytes + segment->offset + inside;
}

/* Where is the function, from the beginning of all code on? */
static bool find_function(const struct gopclntab *table, const char *name, uint64_t *position)
{
	struct gopclntab_function function;
	uint32_t i;

	for (i = 0; i < table->nr_functions; i++) {
		if (gopclntab__function(table, i, &function) &&
		    gopclntab__is_named(&function, name)) {
			*position = function.start - table->text;
			return true;
		}
	}
	return false;
}

/*
 * From Go 1.26 on the header does not tell where the code is. What starts the program does, unless
 * a linker has it start with C. What ends each goroutine is the same in all versions: nop, a call,
 * and a nop to return to.
 */
static bool find_text(struct gopclntab *table, const struct image *image, struct code *code)
{
	unsigned int matches = 0;
	uint64_t start, end;
	GElf_Ehdr header;
	uint32_t i;

	if (!gelf_getehdr(image->elf, &header) || !find_function(table, "runtime.goexit", &end))
		return false;
	if (find_function(table, "_rt0_amd64_linux", &start)) {
		table->text = header.e_entry - start;
		if (is_goexit(find_code(code, table->text + end, GOEXIT_SIZE)) &&
		    is_in_code(table, code))
			return true;
	}
	for (i = 0; i < code->nr_segments; i++) {
		const struct code_segment *segment = &code->segments[i];
		const uint8_t *bytes = code->bytes + segment->offset;
		uint64_t position = -segment->address & (CODE_ALIGNMENT - 1);

		/* Functions are aligned. */
		for (; position + GOEXIT_SIZE <= segment->size; position += CODE_ALIGNMENT) {
			if (!is_goexit(bytes + position))
				continue;
			if (++matches > MATCHES_MAX)
				return false;
			table->text = segment->address + position - end;
			if (is_in_code(table, code))
				return true;
		}
	}
	return false;
}

static int open_table(struct gopclntab *table, const struct image *image, struct code *code)
{
	int err;

	if (!read_header(table))
		return -ENODATA;
	err = read_relocations(table, image);
	if (err)
		return err;
	if (table->version != GOPCLNTAB_1_16)
		table->text = relocate(table, table->data + MAGIC_SIZE + 2 * sizeof(uint64_t),
				       table->text);
	if (is_in_code(table, code) ||
	    (table->version != GOPCLNTAB_1_16 && find_text(table, image, code)))
		return 0;
	gopclntab__free(table);
	return -ENODATA;
}

static bool find_section(struct gopclntab *table, const struct image *image, const char *name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(image->elf, &names))
		return false;
	while ((section = elf_nextscn(image->elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS ||
		    header.sh_offset > image->size ||
		    header.sh_size > image->size - header.sh_offset)
			continue;
		found = elf_strptr(image->elf, names, header.sh_name);
		if (!found || strcmp(found, name))
			continue;
		*table = (struct gopclntab){
			.data = (const uint8_t *)image->memory + header.sh_offset,
			.size = header.sh_size,
			.address = header.sh_addr,
		};
		return true;
	}
	return false;
}

/* Its sections are gone, or an external linker has put it into another one. */
static bool may_be_hidden(const struct image *image)
{
	size_t n, size;

	return elf_getshdrnum(image->elf, &n) || !n ||
	       image__section(image, ".go.buildinfo", &size) ||
	       image__section(image, ".note.go.buildid", &size);
}

static int search_segment(struct gopclntab *table, const struct image *image, struct code *code,
			  const struct image_segment *segment, unsigned int *tries)
{
	const uint8_t *data = (const uint8_t *)image->memory + segment->offset;
	uint64_t position = -segment->address & (ALIGNMENT - 1), size = segment->size;
	int err;

	for (; position < size && size - position >= MAGIC_SIZE; position += ALIGNMENT) {
		/* All magics have these three bytes. */
		if (data[position + 1] != 0xff || data[position + 2] != 0xff ||
		    data[position + 3] != 0xff)
			continue;
		*table = (struct gopclntab){
			.data = data + position,
			.size = size - position,
			.address = segment->address + position,
		};
		if (!read_magic(table))
			continue;
		if (++*tries > TRIES_MAX)
			break;
		err = open_table(table, image, code);
		if (err != -ENODATA)
			return err;
	}
	return -ENODATA;
}

static int search(struct gopclntab *table, const struct image *image, struct code *code)
{
	unsigned int tries = 0;
	int err = -ENODATA;
	size_t i;

	for (i = 0; err == -ENODATA && i < image->nsegments; i++) {
		struct image_segment segment = image->segments[i];

		if (segment.executable || segment.offset >= image->size)
			continue;
		if (segment.size > image->size - segment.offset)
			segment.size = image->size - segment.offset;
		err = search_segment(table, image, code, &segment, &tries);
	}
	return err;
}

int gopclntab__find(struct gopclntab *table, const struct image *image, struct code *code)
{
	static const char *const names[] = { ".gopclntab", ".data.rel.ro.gopclntab" };
	size_t i;
	int err;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!find_section(table, image, names[i]))
			continue;
		err = open_table(table, image, code);
		if (err != -ENODATA)
			return err;
	}
	return may_be_hidden(image) ? search(table, image, code) : -ENODATA;
}

void gopclntab__free(struct gopclntab *table)
{
	free(table->relocations);
	*table = (struct gopclntab){ 0 };
}
