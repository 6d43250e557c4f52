// SPDX-License-Identifier: GPL-2.0
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gelf.h>

#include "ld_cache.h"
#include "needed.h"
#include "symbol/guard.h"
#include "symbol/image.h"
#include "symbol/process.h"
#include "util/array.h"

/* More than any program has. */
#define OBJECTS_MAX	2000
#define NAMES_MAX	1000

#define MULTIARCH	"x86_64-linux-gnu"

/* The dynamic linkers of distributions know more or fewer of them. */
static const char default_path[] = "/lib/" MULTIARCH ":/usr/lib/" MULTIARCH
	":/lib64:/usr/lib64:/lib:/usr/lib:/usr/local/lib";

/* Below each directory, for processors that can more. */
static const char *const better[] = {
	"glibc-hwcaps/x86-64-v4/", "glibc-hwcaps/x86-64-v3/", "glibc-hwcaps/x86-64-v2/", "",
};

/**
 * struct object - a program or a library
 * @path: its path
 * @device: of the file
 * @inode: of the file
 * @parent: who needs it; the first is the program, which is its own
 * @names: whom it needs
 * @nr_names: how many
 * @max_names: room for so many
 * @rpath: where it, and whom it needs, look first; NULL: nowhere
 * @runpath: where it looks later; @rpath is not looked at then
 * @soname: what it calls itself, or NULL
 * @interpreter: the dynamic linker that it asks for, or NULL
 */
struct object {
	char *path;
	dev_t device;
	ino_t inode;
	uint32_t parent;
	char **names;
	uint32_t nr_names;
	uint32_t max_names;
	char *rpath;
	char *runpath;
	char *soname;
	char *interpreter;
};

/**
 * struct needed - what is known so far
 * @places: where to look
 * @cache: what the dynamic linker has found
 * @function: who is told
 * @context: for @function
 * @objects: what was found
 * @nr_objects: how many
 * @max_objects: room for so many
 * @parent: for whom is searched
 * @found: something was found
 */
struct needed {
	const struct needed_places *places;
	struct ld_cache cache;
	int (*function)(void *context, const char *path);
	void *context;
	struct object *objects;
	uint32_t nr_objects;
	uint32_t max_objects;
	uint32_t parent;
	bool found;
};

/**
 * struct reading - a file that is read
 * @image: the file
 * @object: what is known of it
 * @err: what has failed
 */
struct reading {
	struct image image;
	struct object *object;
	int err;
};

void needed__get_places(struct needed_places *places)
{
	*places = (struct needed_places){
		.ld_library_path = getenv("LD_LIBRARY_PATH"),
		.preload = getenv("LD_PRELOAD"),
		.preload_file = "/etc/ld.so.preload",
		.cache = "/etc/ld.so.cache",
	};
}

/* The string of the file at @offset; NULL: it does not end there. */
static const char *string_at(const struct image *image, uint64_t offset)
{
	const char *string;

	if (offset >= image->size)
		return NULL;
	string = (const char *)image->memory + offset;
	return memchr(string, 0, image->size - offset) ? string : NULL;
}

static bool offset_of(const struct image *image, uint64_t address, uint64_t *offset)
{
	size_t i;

	for (i = 0; i < image->nsegments; i++) {
		const struct image_segment *segment = &image->segments[i];

		if (address < segment->address || address - segment->address >= segment->size)
			continue;
		*offset = segment->offset + (address - segment->address);
		return true;
	}
	return false;
}

static int set_string(char **to, const char *from)
{
	if (!from || *to)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static int add_name(struct object *object, const char *name)
{
	if (!name || !*name || object->nr_names == NAMES_MAX)
		return 0;
	if (array__reserve(&object->names, object->nr_names, &object->max_names,
			   sizeof(*object->names)))
		return -ENOMEM;
	object->names[object->nr_names] = strdup(name);
	return object->names[object->nr_names++] ? 0 : -ENOMEM;
}

/* The entry @i of what is at @header. */
static bool dynamic_entry(const struct image *image, const GElf_Phdr *header, size_t i,
			  Elf64_Dyn *entry)
{
	uint64_t offset = header->p_offset + i * sizeof(*entry);

	if (header->p_offset > image->size || (i + 1) * sizeof(*entry) > header->p_filesz ||
	    (i + 1) * sizeof(*entry) > image->size - header->p_offset)
		return false;
	memcpy(entry, (const char *)image->memory + offset, sizeof(*entry));
	return entry->d_tag != DT_NULL;
}

static int read_dynamic(struct reading *reading, const GElf_Phdr *header)
{
	struct object *object = reading->object;
	struct image *image = &reading->image;
	uint64_t strings = 0;
	Elf64_Dyn entry;
	size_t i;
	int err = 0;

	for (i = 0; dynamic_entry(image, header, i, &entry); i++)
		if (entry.d_tag == DT_STRTAB && !offset_of(image, entry.d_un.d_ptr, &strings))
			return 0;
	for (i = 0; !err && strings && dynamic_entry(image, header, i, &entry); i++) {
		const char *string = entry.d_un.d_val > image->size || strings > image->size ?
			NULL : string_at(image, strings + entry.d_un.d_val);

		if (entry.d_tag == DT_NEEDED)
			err = add_name(object, string);
		else if (entry.d_tag == DT_RPATH)
			err = set_string(&object->rpath, string);
		else if (entry.d_tag == DT_RUNPATH)
			err = set_string(&object->runpath, string);
		else if (entry.d_tag == DT_SONAME)
			err = set_string(&object->soname, string);
	}
	return err;
}

static int read_object(struct reading *reading)
{
	GElf_Phdr header;
	size_t i, n;
	int err = 0;

	if (elf_getphdrnum(reading->image.elf, &n))
		return 0;
	for (i = 0; !err && i < n; i++) {
		if (!gelf_getphdr(reading->image.elf, i, &header))
			break;
		if (header.p_type == PT_DYNAMIC)
			err = read_dynamic(reading, &header);
		else if (header.p_type == PT_INTERP)
			err = set_string(&reading->object->interpreter,
					 string_at(&reading->image, header.p_offset));
	}
	return err;
}

static void read_guarded(void *argument)
{
	struct reading *reading = argument;

	reading->err = read_object(reading);
}

/* Only what the dynamic linker of a 64-bit program would take. */
static bool is_for_us(const struct image *image)
{
	GElf_Ehdr header;

	return gelf_getehdr(image->elf, &header) && header.e_machine == EM_X86_64 &&
	       header.e_ident[EI_CLASS] == ELFCLASS64 &&
	       header.e_ident[EI_DATA] == ELFDATA2LSB;
}

/* Returns 1 if it is there, 0 if not, or -ENOMEM. */
static int read_file(const char *path, struct object *object)
{
	struct reading reading = { .object = object };
	int fd = process__open_file(AT_FDCWD, path), err;
	struct stat stat;

	if (fd < 0)
		return 0;
	if (fstat(fd, &stat)) {
		close(fd);
		return 0;
	}
	object->device = stat.st_dev;
	object->inode = stat.st_ino;
	if (image__open(&reading.image, fd))
		return 0;
	if (!is_for_us(&reading.image)) {
		image__close(&reading.image);
		return 0;
	}
	err = guard__run(read_guarded, &reading);
	if (err) {
		image__abandon(&reading.image);
		return 0;
	}
	image__close(&reading.image);
	return reading.err ? reading.err : 1;
}

static void free_object(struct object *object)
{
	while (object->nr_names)
		free(object->names[--object->nr_names]);
	free(object->names);
	free(object->path);
	free(object->rpath);
	free(object->runpath);
	free(object->soname);
	free(object->interpreter);
}

static bool is_known(const struct needed *needed, const struct object *object)
{
	uint32_t i;

	for (i = 0; i < needed->nr_objects; i++)
		if (needed->objects[i].inode == object->inode &&
		    needed->objects[i].device == object->device)
			return true;
	return false;
}

/* Whether it is there is noted in @needed->found. */
static int try_path(void *context, const char *path)
{
	struct needed *needed = context;
	struct object object = { .parent = needed->parent };
	int err = read_file(path, &object);

	if (err > 0) {
		needed->found = true;
		err = 0;
		if (!is_known(needed, &object) && needed->nr_objects < OBJECTS_MAX) {
			err = set_string(&object.path, path);
			if (!err)
				err = array__reserve(&needed->objects, needed->nr_objects,
						     &needed->max_objects, sizeof(object));
			if (!err) {
				needed->objects[needed->nr_objects++] = object;
				return needed->function(needed->context, path);
			}
		}
	}
	free_object(&object);
	return err;
}

/* $ORIGIN is the directory of the file that says so. Returns its length, or 0: it is too long. */
static size_t expand(char *to, size_t size, const char *from, size_t length, const char *origin)
{
	static const char *const words[] = { "$ORIGIN", "${ORIGIN}" };
	size_t n = 0, i, word;

	while (length && n < size) {
		for (i = 0, word = 0; i < sizeof(words) / sizeof(*words); i++)
			if (length >= strlen(words[i]) &&
			    !strncmp(from, words[i], strlen(words[i])))
				word = strlen(words[i]);
		if (word) {
			const char *slash = strrchr(origin, '/');
			size_t directory = slash ? slash - origin : 0;

			if (directory >= size - n)
				return 0;
			memcpy(to + n, origin, directory);
			n += directory;
		} else {
			to[n++] = *from;
			word = 1;
		}
		from += word;
		length -= word;
	}
	return n < size ? n : 0;
}

/* In each directory of a list until it is found. @origin: the file that has the list. */
static int search_list(struct needed *needed, const char *list, const char *origin,
		       const char *name)
{
	char path[PATH_MAX];
	size_t length, n, i;
	int err = 0;

	while (list && !err && !needed->found) {
		length = strcspn(list, ":;");
		n = length ? expand(path, sizeof(path), list, length, origin) : 0;
		if (!length)
			path[n++] = '.';
		for (i = 0; n && !err && i < sizeof(better) / sizeof(*better); i++)
			if (snprintf(path + n, sizeof(path) - n, "/%s%s", better[i], name) <
			    (int)(sizeof(path) - n))
				err = try_path(needed, path);
		list = list[length] ? list + length + 1 : NULL;
	}
	return err;
}

/* What who needs it says, and who needs that. */
static int search_rpaths(struct needed *needed, const char *name)
{
	uint32_t i = needed->parent, n = 0;
	int err = 0;

	if (needed->objects[i].runpath)
		return 0;
	/* try_path() may move the objects, but only when it has found one. */
	while (!err && !needed->found && n++ < needed->nr_objects) {
		if (!needed->objects[i].runpath)
			err = search_list(needed, needed->objects[i].rpath,
					  needed->objects[i].path, name);
		if (!i)
			break;
		i = needed->objects[i].parent;
	}
	return err;
}

/* What has been found is not looked for again, wherever it was. */
static bool is_there(const struct needed *needed, const char *name)
{
	uint32_t i;

	for (i = 0; i < needed->nr_objects; i++)
		if (needed->objects[i].soname && !strcmp(needed->objects[i].soname, name))
			return true;
	return false;
}

/* In the order in which the dynamic linker looks. */
static int search(struct needed *needed, uint32_t parent, const char *name)
{
	char path[PATH_MAX];
	size_t n;
	int err;

	needed->parent = parent;
	needed->found = false;
	if (strchr(name, '/')) {
		n = expand(path, sizeof(path), name, strlen(name), needed->objects[parent].path);
		path[n] = 0;
		return try_path(needed, path);
	}
	if (is_there(needed, name))
		return 0;
	err = search_rpaths(needed, name);
	if (!err && !needed->found)
		err = search_list(needed, needed->places->ld_library_path, "", name);
	if (!err && !needed->found)
		err = search_list(needed, needed->objects[parent].runpath,
				  needed->objects[parent].path, name);
	if (!err && !needed->found)
		err = ld_cache__find(&needed->cache, name, try_path, needed);
	if (!err && !needed->found)
		err = search_list(needed, default_path, "", name);
	return err;
}

static int search_all(struct needed *needed, const char *names)
{
	static const char separators[] = ": \t\n";
	char name[PATH_MAX];
	size_t length;
	int err = 0;

	while (names && !err && *(names += strspn(names, separators))) {
		length = strcspn(names, separators);
		if (length < sizeof(name)) {
			memcpy(name, names, length);
			name[length] = 0;
			err = search(needed, 0, name);
		}
		names += length;
	}
	return err;
}

static int search_preloaded(struct needed *needed)
{
	int err = search_all(needed, needed->places->preload), fd;
	char text[PATH_MAX] = "";

	fd = process__open_file(AT_FDCWD, needed->places->preload_file);
	if (fd >= 0) {
		if (!err && read(fd, text, sizeof(text) - 1) > 0)
			err = search_all(needed, text);
		close(fd);
	}
	return err;
}

/* @i may be added to, and move, meanwhile. */
static int search_needed(struct needed *needed, uint32_t i)
{
	uint32_t n;
	int err = 0;

	for (n = 0; !err && n < needed->objects[i].nr_names; n++)
		err = search(needed, i, needed->objects[i].names[n]);
	return err;
}

int needed__find(const struct needed_places *places, const char *path,
		 int (*function)(void *context, const char *path), void *context)
{
	struct needed needed = { .places = places, .function = function, .context = context };
	char *real = realpath(path, NULL);
	uint32_t i;
	int err;

	if (!real)
		return 0;
	err = try_path(&needed, real);
	free(real);
	/* Without a dynamic linker it has all that it needs. */
	if (!err && needed.nr_objects && needed.objects[0].interpreter) {
		ld_cache__open(&needed.cache, places->cache);
		err = try_path(&needed, needed.objects[0].interpreter);
		if (!err)
			err = search_preloaded(&needed);
		for (i = 0; !err && i < needed.nr_objects; i++)
			err = search_needed(&needed, i);
		ld_cache__close(&needed.cache);
	}
	for (i = 0; i < needed.nr_objects; i++)
		free_object(&needed.objects[i]);
	free(needed.objects);
	return err;
}
