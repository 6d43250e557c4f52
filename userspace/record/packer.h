/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packs the records of a SAMPLES frame: what a record has in common with the one before it is not
 * said again, nor is a stack that has been said.
 */
#ifndef PROFBUF_RECORD_PACKER_H
#define PROFBUF_RECORD_PACKER_H

#include <stdbool.h>

#include <profbuf/recording.h>

#include "writer.h"

/* Of what is not kept to be said again: a loss, a copy of a stack. */
#define PACKER_NO_STACK UINT32_MAX

/**
 * struct packer - the frame that is being packed
 * @packed: its numbers
 * @reset: forget all stacks
 * @ids: of each stack, PACKER_NO_STACK: it has none yet
 * @max_ids: room for so many
 * @nr_stacks: stacks that have an ID
 * @stack_words: words of these
 * @time: of the last record
 * @header: of the last record
 * @tag: of the last record
 * @buffer: the bytes
 * @capacity: room for so many
 * @used: their number
 */
struct packer {
	struct profbuf_packed packed;
	bool reset;
	uint32_t *ids;
	uint32_t max_ids;
	uint32_t nr_stacks;
	uint64_t stack_words;
	uint64_t time;
	uint64_t header[PROFBUF_HDRSIZE_MAX];
	uint64_t tag;
	unsigned char *buffer;
	size_t capacity;
	size_t used;
};

void packer__begin(struct packer *packer);
int packer__add(struct packer *packer, const uint64_t *record, uint32_t hdrsize, uint64_t tag,
		uint32_t stack);
int packer__end(struct packer *packer, struct writer *writer, const struct profbuf_frame *frame,
		uint64_t sequence);
void packer__reset(struct packer *packer);
void packer__exit(struct packer *packer);

#endif /* PROFBUF_RECORD_PACKER_H */
