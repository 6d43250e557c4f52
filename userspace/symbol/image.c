// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <gelf.h>

#include "guard.h"
#include "image.h"

/* Linkers make a handful, and the kernel loads no file with more than 64 KiB of them. */
#define SEGMENTS_MAX	(65536 / sizeof(Elf32_Phdr))

static int read_segments(struct image *image)
{
	size_t i, n;

	if (elf_getphdrnum(image->elf, &n))
		return -EBADMSG;
	if (n > SEGMENTS_MAX)
		return -EBADMSG;
	image->segments = calloc(n + 1, sizeof(*image->segments));
	if (!image->segments)
		return -ENOMEM;

	for (i = 0; i < n; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(image->elf, i, &header))
			return -EBADMSG;
		if (header.p_type != PT_LOAD)
			continue;
		image->segments[image->nsegments++] = (struct image_segment){
			.offset = header.p_offset,
			.address = header.p_vaddr,
			.size = header.p_filesz,
			.memory_size = header.p_memsz,
			.executable = header.p_flags & PF_X,
		};
	}
	return 0;
}

static void read_build_id(struct image *image)
{
	const void *build_id;
	ssize_t size;

	size = dwelf_elf_gnu_build_id(image->elf, &build_id);
	if (size <= 0 || size > BUILD_ID_MAX)
		return;
	memcpy(image->build_id, build_id, size);
	image->build_id_size = size;
}

/* libelf says that there are no sections if their headers are beyond the end of the file. */
static int count_sections(struct image *image, const GElf_Ehdr *header, size_t *n)
{
	*n = 0;
	if (!header->e_shoff)
		return 0;
	if (elf_getshdrnum(image->elf, n) || !*n || !header->e_shentsize ||
	    header->e_shoff >= image->size ||
	    *n > (image->size - header->e_shoff) / header->e_shentsize)
		return -EBADMSG;
	return 0;
}

/*
 * libelf unpacks compressed sections and notes that in the section headers, in place.
 * All of the file as writable would count as data of this process.
 */
static int allow_unpacking(struct image *image, const GElf_Ehdr *header, size_t nsections)
{
	uint64_t page = sysconf(_SC_PAGESIZE), start, end;

	if (!image->mapped || !nsections)
		return 0;
	start = header->e_shoff & ~(page - 1);
	end = header->e_shoff + nsections * header->e_shentsize;
	if (mprotect((char *)image->memory + start, end - start, PROT_READ | PROT_WRITE))
		return -errno;
	return 0;
}

static int parse(struct image *image)
{
	size_t nsections;
	GElf_Ehdr header;
	int error;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOEXEC;
	if (image->size < SELFMAG || memcmp(image->memory, ELFMAG, SELFMAG))
		return -ENOEXEC;
	image->elf = elf_memory(image->memory, image->size);
	if (!image->elf || elf_kind(image->elf) != ELF_K_ELF ||
	    !gelf_getehdr(image->elf, &header))
		return -EBADMSG;
	error = count_sections(image, &header, &nsections);
	if (!error)
		error = allow_unpacking(image, &header, nsections);
	if (error)
		return error;
	read_build_id(image);
	return read_segments(image);
}

struct parse_call {
	struct image *image;
	int result;
};

static void parse_guarded(void *argument)
{
	struct parse_call *call = argument;

	call->result = parse(call->image);
}

static int open_parsed(struct image *image)
{
	struct parse_call call = { .image = image };

	if (guard__run(parse_guarded, &call)) {
		image__abandon(image);
		return -EBADMSG;
	}
	if (call.result)
		image__close(image);
	return call.result;
}

int image__open(struct image *image, int fd)
{
	struct stat stat;
	int error = 0;

	*image = (struct image){ .mapped = true };
	if (fstat(fd, &stat))
		error = -errno;
	else if (!S_ISREG(stat.st_mode))
		error = S_ISDIR(stat.st_mode) ? -EISDIR : -ENODEV;
	else if (!stat.st_size)
		error = -ENOEXEC;
	else if ((uint64_t)stat.st_size > PTRDIFF_MAX)
		error = -EFBIG;
	if (!error) {
		image->size = stat.st_size;
		image->memory = mmap(NULL, image->size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (image->memory == MAP_FAILED)
			error = -errno;
	}
	close(fd);
	if (error) {
		*image = (struct image){ 0 };
		return error;
	}
	return open_parsed(image);
}

int image__open_memory(struct image *image, void *memory, size_t size)
{
	*image = (struct image){ .memory = memory, .size = size };
	return open_parsed(image);
}

void image__close(struct image *image)
{
	if (image->elf)
		elf_end(image->elf);
	free(image->segments);
	if (image->mapped)
		munmap(image->memory, image->size);
	else
		free(image->memory);
	*image = (struct image){ 0 };
}

void image__abandon(struct image *image)
{
	/* The handle is lost: who knows in what state the fault left it. */
	if (image->mapped)
		munmap(image->memory, image->size);
	*image = (struct image){ 0 };
}

bool image__address(const struct image *image, uint64_t offset, uint64_t *address)
{
	const struct image_segment *segment, *found = NULL;
	size_t i;

	/* Pages at the seam of two segments are in both: the executable one is meant. */
	for (i = 0; i < image->nsegments; i++) {
		segment = &image->segments[i];
		if (offset < segment->offset || offset - segment->offset >= segment->size)
			continue;
		if (!found || segment->executable)
			found = segment;
	}
	if (!found)
		return false;
	*address = offset - found->offset + found->address;
	return true;
}

size_t image__room(const struct image *image, const void *pointer)
{
	uintptr_t start = (uintptr_t)image->memory, place = (uintptr_t)pointer;

	if (place < start || place - start >= image->size)
		return 0;
	return image->size - (place - start);
}

/* The next section of that name after @section, which is NULL for the first one. */
static Elf_Scn *next_section(const struct image *image, Elf_Scn *section, const char *name,
			     GElf_Shdr *header)
{
	size_t names;

	if (elf_getshdrstrndx(image->elf, &names))
		return NULL;
	while ((section = elf_nextscn(image->elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, header))
			continue;
		found = elf_strptr(image->elf, names, header->sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}

const void *image__section(const struct image *image, const char *name, size_t *size)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf_Data *data;

	while ((section = next_section(image, section, name, &header))) {
		if (header.sh_type == SHT_NOBITS)
			continue;
		data = elf_rawdata(section, NULL);
		if (!data || !data->d_buf)
			return NULL;
		*size = data->d_size;
		return data->d_buf;
	}
	return NULL;
}

bool image__has_section(const struct image *image, const char *name, uint64_t size)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = next_section(image, section, name, &header)))
		if (header.sh_size > size)
			return true;
	return false;
}
