// SPDX-License-Identifier: GPL-2.0
/*
 * The build-id of an ELF file, from what is in the page cache: to wait for a network, or for
 * a process that serves a file system, could be for ever.
 */
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "build_id.h"

/* Kind of the note of "GNU" that holds the build-id; in no header of the kernel's. */
#define NOTE_BUILD_ID	3

/* Notes longer than that are not looked through. */
#define NOTES_MAX	PAGE_SIZE

/* Nor more segments than that. */
#define SEGMENTS_MAX	64

/*
 * Copies what is in memory of a file. Whoever may write to it may do so meanwhile: what was
 * copied is checked, not what is there.
 */
static bool cached_read(struct file *file, void *to, size_t size, u64 offset)
{
	struct folio *folio;
	const char *from;
	size_t part;

	for (; size; size -= part, offset += part, to += part) {
		part = min_t(size_t, size, PAGE_SIZE - offset_in_page(offset));
		folio = filemap_get_folio(file->f_mapping, offset >> PAGE_SHIFT);
		/* Which of the two it is depends on the kernel. */
		if (IS_ERR_OR_NULL(folio))
			return false;
		if (!folio_test_uptodate(folio)) {
			folio_put(folio);
			return false;
		}
		from = kmap_local_folio(folio, offset_in_folio(folio, offset));
		memcpy(to, from, part);
		kunmap_local(from);
		folio_put(folio);
	}
	return true;
}

static size_t find_note(const u8 *notes, size_t size, u8 *id)
{
	const struct elf64_note *note;
	size_t name, description;

	/* Numbers in notes have 32 bits in either class. */
	while (size >= sizeof(*note)) {
		note = (const void *)notes;
		name = ALIGN((size_t)note->n_namesz, 4);
		description = ALIGN((size_t)note->n_descsz, 4);
		if (name > size - sizeof(*note) ||
		    description > size - sizeof(*note) - name)
			return 0;
		notes += sizeof(*note);
		if (note->n_type == NOTE_BUILD_ID && note->n_namesz == sizeof("GNU") &&
		    !memcmp(notes, "GNU", sizeof("GNU"))) {
			if (!note->n_descsz || note->n_descsz > BUILD_ID_MAX)
				return 0;
			memcpy(id, notes + name, note->n_descsz);
			return note->n_descsz;
		}
		notes += name + description;
		size -= sizeof(*note) + name + description;
	}
	return 0;
}

static size_t read_notes(struct file *file, u64 offset, u64 size, u8 *id)
{
	size_t found = 0;
	u8 *notes;

	if (!size || size > NOTES_MAX)
		return 0;
	notes = kmalloc(size, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	if (notes && cached_read(file, notes, size, offset))
		found = find_note(notes, size, id);
	kfree(notes);
	return found;
}

/* What there is of segments, in either class. */
struct segments {
	u64 offset;
	u16 size;
	u16 count;
};

static bool read_header(struct file *file, bool wide, struct segments *segments)
{
	struct elf64_hdr header64;
	struct elf32_hdr header32;

	if (wide) {
		if (!cached_read(file, &header64, sizeof(header64), 0))
			return false;
		*segments = (struct segments){ header64.e_phoff, header64.e_phentsize,
					       header64.e_phnum };
		return segments->size == sizeof(struct elf64_phdr);
	}
	if (!cached_read(file, &header32, sizeof(header32), 0))
		return false;
	*segments = (struct segments){ header32.e_phoff, header32.e_phentsize, header32.e_phnum };
	return segments->size == sizeof(struct elf32_phdr);
}

/* Of a segment of 32 bits what is looked at is put where it is in one of 64. */
static bool read_segment(struct file *file, bool wide, u64 offset, struct elf64_phdr *segment)
{
	struct elf32_phdr segment32;

	if (wide)
		return cached_read(file, segment, sizeof(*segment), offset);
	if (!cached_read(file, &segment32, sizeof(segment32), offset))
		return false;
	segment->p_type = segment32.p_type;
	segment->p_offset = segment32.p_offset;
	segment->p_filesz = segment32.p_filesz;
	return true;
}

static size_t find_build_id(struct file *file, bool wide, u8 *id)
{
	struct segments segments;
	struct elf64_phdr segment;
	size_t size = 0;
	u16 i;

	if (!read_header(file, wide, &segments))
		return 0;
	for (i = 0; i < min_t(u16, segments.count, SEGMENTS_MAX) && !size; i++) {
		if (!read_segment(file, wide, segments.offset + i * segments.size, &segment))
			return 0;
		if (segment.p_type == PT_NOTE)
			size = read_notes(file, segment.p_offset, segment.p_filesz, id);
	}
	return size;
}

/**
 * profbuf_build_id - read a file's build-id
 * @file: the file
 * @id: where to put it, BUILD_ID_MAX bytes
 *
 * Context: process; sleeps, but not for the file.
 * Return: its size; 0 if the file has none or what tells is not in memory.
 */
size_t profbuf_build_id(struct file *file, u8 *id)
{
	u8 ident[EI_NIDENT];

	if (!S_ISREG(file_inode(file)->i_mode) || !cached_read(file, ident, sizeof(ident), 0) ||
	    memcmp(ident, ELFMAG, SELFMAG))
		return 0;
	switch (ident[EI_CLASS]) {
	case ELFCLASS64:
		return find_build_id(file, true, id);
	case ELFCLASS32:
		return find_build_id(file, false, id);
	default:
		return 0;
	}
}
