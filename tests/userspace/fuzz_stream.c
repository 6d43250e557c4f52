// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a stream, for libFuzzer: all that is delivered is touched, and names and a profile
 * are made of it, as the commands do.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <profbuf/recording.h>

#include "builder.h"
#include "load/names.h"
#include "profile/profile.h"
#include "symbol/resolver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* So many addresses of records are looked up in their spaces. */
#define ADDRESSES_MAX 512

struct address {
	uint64_t space;
	uint64_t address;
};

struct reading {
	struct names names;
	struct address addresses[ADDRESSES_MAX];
	uint32_t nr_addresses;
	struct profile *profile;
	volatile uint64_t sink;
};

static int on_info(void *context, const struct profbuf_info *info)
{
	struct reading *c = context;

	return profile__add_info(c->profile, info);
}

static int on_record(void *context, const struct profbuf_record *record)
{
	struct reading *c = context;
	uint32_t i;

	for (i = 0; i < record->depth; i++) {
		c->sink ^= record->stack[i];
		if (c->nr_addresses < ADDRESSES_MAX)
			c->addresses[c->nr_addresses++] =
				(struct address){ record->space, record->stack[i] };
	}
	for (i = 0; i < record->hdrsize; i++)
		c->sink ^= record->header[i];
	return profile__add(c->profile, record);
}

static int on_loss(void *context, const struct profbuf_loss *loss)
{
	struct reading *c = context;

	return profile__add_loss(c->profile, loss);
}

static int on_gap(void *context, const struct profbuf_gap *gap)
{
	struct reading *c = context;

	return profile__add_gap(c->profile, gap);
}

static int on_limit(void *context, uint32_t cpu, const struct profbuf_limit *limit)
{
	struct reading *c = context;

	return profile__add_limit(c->profile, cpu, limit);
}

static int on_space(void *context, const struct profbuf_space_info *info,
		    const struct profbuf_space_mapping *mappings)
{
	struct reading *c = context;
	uint32_t i, n;

	for (i = 0; i < info->nr_mappings; i++) {
		c->sink ^= strlen(mappings[i].path);
		for (n = 0; n < mappings[i].fixed.build_id_size; n++)
			c->sink ^= mappings[i].build_id[n];
		if (c->nr_addresses < ADDRESSES_MAX)
			c->addresses[c->nr_addresses++] =
				(struct address){ info->space, mappings[i].fixed.start };
	}
	return names__space(&c->names, info, mappings);
}

static int on_frame(void *context, const struct profbuf_frame *frame)
{
	struct reading *c = context;

	return names__frame(&c->names, frame);
}

static const struct profbuf_handler handler = {
	.size = sizeof(handler),
	.info = on_info,
	.record = on_record,
	.loss = on_loss,
	.gap = on_gap,
	.frame = on_frame,
	.limit = on_limit,
	.space = on_space,
};

static void look_up(struct reading *c)
{
	const struct symbol_mapping *mapping;
	struct module *module;
	uint32_t i;

	for (i = 0; i < c->nr_addresses; i++) {
		const struct address *a = &c->addresses[i];

		if (symbols__find_in_space(c->names.symbols, a->space, a->address, &mapping,
					   &module))
			abort();
		c->sink ^= strlen(module->public.path);
		if (mapping && (a->address < mapping->start || a->address >= mapping->end))
			abort();
		if (!mapping && symbols__has_space(c->names.symbols, a->space))
			c->sink++;
	}
}

static void read_stream(const void *data, size_t size)
{
	struct profbuf_stream *stream;
	struct reading c = { .profile = profile__new(NULL) };

	if (!c.profile || names__init(&c.names) ||
	    profbuf_stream__open_memory(&stream, data, size, NULL))
		abort();
	profbuf_stream__read(stream, &handler, &c);
	if (profbuf_stream__failed(stream))
		c.sink ^= *profbuf_stream__error(stream);
	look_up(&c);
	/* Naming opens files, and those are other tests' business. */
	if (profile__finish(c.profile))
		abort();
	profbuf_stream__close(stream);
	profile__delete(c.profile);
	names__exit(&c.names);
}

/* As it is, and once more without the checksums: they let nothing pass that was changed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	size_t stripped;

	if (!copy)
		abort();
	read_stream(data, size);
	memcpy(copy, data, size);
	stripped = strip_checksums(copy, size);
	if (stripped != size)
		read_stream(copy, stripped);
	free(copy);
	return 0;
}
