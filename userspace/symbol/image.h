/* SPDX-License-Identifier: GPL-2.0 */
/*
 * image: an ELF file in memory.
 *
 * Whatever follows a pointer from here reads memory of a file that may shrink: it has
 * to run under guard__run().
 */
#ifndef PROFBUF_SYMBOL_IMAGE_H
#define PROFBUF_SYMBOL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libelf.h>

#define BUILD_ID_MAX	64

/**
 * struct image_segment - a loaded part of the file
 * @offset: in the file
 * @address: in the file's own numbering of addresses
 * @size: bytes that come from the file
 * @memory_size: bytes in memory
 * @executable: may be executed
 */
struct image_segment {
	uint64_t offset;
	uint64_t address;
	uint64_t size;
	uint64_t memory_size;
	bool executable;
};

/**
 * struct image - an ELF file
 * @memory: all of it
 * @size: bytes
 * @mapped: @memory is a mapping, otherwise it is from malloc()
 * @elf: its handle
 * @segments: loaded parts
 * @nsegments: how many
 * @build_id: what identifies it
 * @build_id_size: bytes; 0: it has none
 */
struct image {
	void *memory;
	size_t size;
	bool mapped;
	Elf *elf;
	struct image_segment *segments;
	size_t nsegments;
	uint8_t build_id[BUILD_ID_MAX];
	size_t build_id_size;
};

/*
 * Both take what they are given, @fd or @memory from malloc(), also if they fail.
 * -ENOEXEC: not an ELF file; -EBADMSG: a damaged one; -EISDIR, -ENODEV: no regular file.
 */
int image__open(struct image *image, int fd);
int image__open_memory(struct image *image, void *memory, size_t size);

void image__close(struct image *image);

/* Forget it without looking at it: after a fault. */
void image__abandon(struct image *image);

/* Where the byte of the file at @offset is in the file's own numbering of addresses. */
bool image__address(const struct image *image, uint64_t offset, uint64_t *address);

/* Bytes of the image from @pointer on; 0: it does not point there. */
size_t image__room(const struct image *image, const void *pointer);

/* What the section holds, not decompressed, in bounds. NULL: there is no such section. */
const void *image__section(const struct image *image, const char *name, size_t *size);

/* Is there such a section, of more than @size bytes? What it holds may have been stripped. */
bool image__has_section(const struct image *image, const char *name, uint64_t size);

#endif /* PROFBUF_SYMBOL_IMAGE_H */
