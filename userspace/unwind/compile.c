// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gelf.h>

#include "code.h"
#include "compile.h"
#include "eh_frame.h"
#include "go.h"
#include "rows.h"
#include "sframe.h"
#include "symbol/guard.h"
#include "symbol/image.h"

/* Older C libraries' headers do not have it. */
#ifndef PT_GNU_SFRAME
#define PT_GNU_SFRAME	0x6474e554
#endif

/* zlib packs no better than this. */
#define UNPACKED_RATIO	1032

/**
 * struct compiler - a file, and what is known of it so far
 * @image: the file
 * @header: its header
 * @code: its executable parts
 * @rows: what is known of them
 * @table: made of that
 * @summary: what it was made of
 * @err: why there is none
 */
struct compiler {
	struct image image;
	GElf_Ehdr header;
	struct code code;
	struct unwind_rows rows;
	struct profbuf_unwind_table *table;
	struct unwind_summary summary;
	int err;
};

/* The first of that name, or NULL. */
static Elf_Scn *find_section(struct compiler *compiler, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(compiler->image.elf, &names))
		return NULL;
	while ((section = elf_nextscn(compiler->image.elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, header) || header->sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(compiler->image.elf, names, header->sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}

/* Are so many bytes of the file there? */
static bool is_inside(const struct compiler *compiler, uint64_t offset, uint64_t size)
{
	return offset <= compiler->image.size && size <= compiler->image.size - offset;
}

static const uint8_t *bytes_at(const struct compiler *compiler, uint64_t offset)
{
	return (const uint8_t *)compiler->image.memory + offset;
}

static int read_frame(struct compiler *compiler, const struct eh_frame *frame)
{
	struct eh_frame_result result = { 0 };
	int err = eh_frame__read(frame, &compiler->code, &compiler->rows, &result);

	compiler->summary.source_size += result.bytes;
	compiler->summary.functions += result.functions;
	compiler->summary.damaged += result.damaged;
	return err;
}

/* The part of the file that is loaded at @address, up to the end of the segment. */
static bool find_loaded(const struct compiler *compiler, uint64_t address, struct eh_frame *frame)
{
	size_t i;

	for (i = 0; i < compiler->image.nsegments; i++) {
		const struct image_segment *segment = &compiler->image.segments[i];
		uint64_t inside = address - segment->address;

		if (address < segment->address || inside >= segment->size ||
		    !is_inside(compiler, segment->offset, segment->size))
			continue;
		frame->address = address;
		frame->data = bytes_at(compiler, segment->offset + inside);
		frame->size = segment->size - inside;
		return true;
	}
	return false;
}

/* The first program header of that type. */
static bool find_program_header(struct compiler *compiler, uint32_t type, GElf_Phdr *header)
{
	size_t i, n;

	if (elf_getphdrnum(compiler->image.elf, &n))
		return false;
	for (i = 0; i < n; i++)
		if (gelf_getphdr(compiler->image.elf, i, header) &&
		    header->p_type == type &&
		    is_inside(compiler, header->p_offset, header->p_filesz))
			return true;
	return false;
}

/* What loaders know of: a header of .eh_frame, which has its address, but not its size. */
static bool find_by_header(struct compiler *compiler, const GElf_Phdr *header,
			   struct eh_frame *frame)
{
	struct bytes bytes = {
		.next = bytes_at(compiler, header->p_offset),
		.end = bytes_at(compiler, header->p_offset + header->p_filesz),
	};
	uint8_t version = bytes__u8(&bytes), encoding = bytes__u8(&bytes);
	uint64_t address;

	/* The encodings of what is behind the address. */
	bytes__take(&bytes, 2);
	if (version != 1 || !eh_frame__address(&bytes, encoding, header->p_vaddr + 4, &address))
		return false;
	frame->open = true;
	return find_loaded(compiler, address, frame);
}

static int read_eh_frame(struct compiler *compiler)
{
	struct eh_frame frame = { 0 };
	bool has_header, found = false;
	GElf_Phdr frame_header;
	GElf_Shdr header;

	has_header = find_program_header(compiler, PT_GNU_EH_FRAME, &frame_header);
	if (find_section(compiler, ".eh_frame", &header)) {
		found = is_inside(compiler, header.sh_offset, header.sh_size);
		if (found) {
			frame.data = bytes_at(compiler, header.sh_offset);
			frame.size = header.sh_size;
			frame.address = header.sh_addr;
		}
	} else if (has_header) {
		found = find_by_header(compiler, &frame_header, &frame);
	}
	if (!found)
		return 0;
	if (has_header)
		compiler->summary.source_size += frame_header.p_filesz;
	return read_frame(compiler, &frame);
}

/* Unpack it, if that is not more than can be. */
static bool unpack(Elf_Scn *section, const GElf_Shdr *header)
{
	GElf_Chdr packed;

	guard__limit_memory();
	return gelf_getchdr(section, &packed) &&
	       packed.ch_size / UNPACKED_RATIO <= header->sh_size &&
	       elf_compress(section, 0, 0) >= 0;
}

static int read_debug_frame(struct compiler *compiler)
{
	struct eh_frame frame = { .debug = true };
	Elf_Scn *section;
	GElf_Shdr header;
	Elf_Data *data;

	section = find_section(compiler, ".debug_frame", &header);
	if (!section || (header.sh_flags & SHF_COMPRESSED && !unpack(section, &header)))
		return 0;
	data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf)
		return 0;
	frame.data = data->d_buf;
	frame.size = data->d_size;
	return read_frame(compiler, &frame);
}

static int read_go(struct compiler *compiler)
{
	struct go_result result = { 0 };
	int err = go__read(&compiler->image, &compiler->code, &compiler->rows, &result);

	compiler->summary.source_size += result.bytes;
	compiler->summary.functions += result.functions;
	compiler->summary.damaged += result.damaged;
	return err;
}

static int read_init(struct compiler *compiler)
{
	static const char *const names[] = { ".init", ".fini" };
	GElf_Shdr header;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(names) / sizeof(*names); i++)
		if (find_section(compiler, names[i], &header))
			err = code__add_init(&compiler->code, header.sh_addr, header.sh_size,
					     &compiler->rows);
	return err;
}

/* Linkers give libraries an entry, too, at which nothing begins. */
static bool is_program(struct compiler *compiler)
{
	GElf_Phdr header;
	size_t i, n;

	if (compiler->header.e_type == ET_EXEC)
		return true;
	if (elf_getphdrnum(compiler->image.elf, &n))
		return false;
	for (i = 0; i < n; i++)
		if (gelf_getphdr(compiler->image.elf, i, &header) && header.p_type == PT_INTERP)
			return true;
	return false;
}

static bool find_sframe(struct compiler *compiler, struct sframe *sframe)
{
	GElf_Phdr program_header;
	GElf_Shdr header;
	uint64_t offset;

	if (find_section(compiler, ".sframe", &header)) {
		offset = header.sh_offset;
		sframe->size = header.sh_size;
		sframe->address = header.sh_addr;
	} else if (find_program_header(compiler, PT_GNU_SFRAME, &program_header)) {
		offset = program_header.p_offset;
		sframe->size = program_header.p_filesz;
		sframe->address = program_header.p_vaddr;
	} else {
		return false;
	}
	if (!is_inside(compiler, offset, sframe->size))
		return false;
	sframe->data = bytes_at(compiler, offset);
	return true;
}

static int read_sframe(struct compiler *compiler)
{
	struct sframe_result result = { 0 };
	struct unwind_rows entry = { 0 };
	struct sframe sframe;
	int err;

	if (!find_sframe(compiler, &sframe))
		return 0;
	/* Nothing calls what a program begins with, which version 1 cannot say. */
	err = code__add_entry(&compiler->code, compiler->header.e_entry, is_program(compiler),
			      &entry);
	if (!err)
		err = unwind_rows__add_all(&compiler->rows, &entry);
	unwind_rows__free(&entry);
	if (!err)
		err = sframe__read(&sframe, &compiler->code, &compiler->rows, &result);
	compiler->summary.source_size += result.bytes;
	compiler->summary.functions += result.functions;
	compiler->summary.damaged += result.damaged;
	return err;
}

/*
 * What is added first holds, and what is only recognised gives way to all else: of that as much as
 * possible comes before the rest, so that rows are sorted once.
 */
static int read_all(struct compiler *compiler)
{
	int err = read_go(compiler);

	if (!err)
		err = read_init(compiler);
	if (!err)
		err = code__add_entry(&compiler->code, compiler->header.e_entry,
				      is_program(compiler), &compiler->rows);
	if (!err)
		err = read_eh_frame(compiler);
	if (!err)
		err = code__add_system_calls(&compiler->code, &compiler->rows);
	if (!err)
		err = read_debug_frame(compiler);
	/* It tells less than both. */
	if (!err)
		err = read_sframe(compiler);
	return err;
}

static int compile(struct compiler *compiler)
{
	uint32_t i;
	int err;

	if (!gelf_getehdr(compiler->image.elf, &compiler->header))
		return -EBADMSG;
	if (compiler->header.e_machine != EM_X86_64 ||
	    compiler->header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    (compiler->header.e_type != ET_EXEC && compiler->header.e_type != ET_DYN))
		return -EOPNOTSUPP;
	err = code__init(&compiler->code, &compiler->image);
	for (i = 0; i < compiler->code.nr_segments; i++)
		compiler->summary.code_size += compiler->code.segments[i].size;
	if (!err)
		err = read_all(compiler);
	if (!err)
		err = unwind_rows__fill_padding(&compiler->rows, code__is_padding,
						&compiler->code);
	if (!err)
		err = unwind_rows__make_table(&compiler->rows, &compiler->table);
	return err;
}

static void compile_guarded(void *argument)
{
	struct compiler *compiler = argument;

	compiler->err = compile(compiler);
}

/* Of an image that is open. */
static int run(struct compiler *compiler, struct profbuf_unwind_table **table,
	       struct unwind_summary *summary)
{
	int err = guard__run(compile_guarded, compiler);

	if (err) {
		image__abandon(&compiler->image);
	} else {
		err = compiler->err;
		image__close(&compiler->image);
	}
	code__free(&compiler->code);
	unwind_rows__free(&compiler->rows);
	*table = compiler->table;
	*summary = compiler->summary;
	return err;
}

int unwind__compile(int fd, struct profbuf_unwind_table **table, struct unwind_summary *summary)
{
	struct compiler compiler = { 0 };
	int err = image__open(&compiler.image, fd);

	return err ? err : run(&compiler, table, summary);
}

int unwind__compile_memory(void *memory, size_t size, struct profbuf_unwind_table **table,
			   struct unwind_summary *summary)
{
	struct compiler compiler = { 0 };
	int err = image__open_memory(&compiler.image, memory, size);

	return err ? err : run(&compiler, table, summary);
}
