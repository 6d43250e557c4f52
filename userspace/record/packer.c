// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packer.h"

/* The longest that a number can be. */
#define NUMBER_BYTES 10

/**
 * packer__begin - begin a frame
 * @packer: the packer, all zero at first
 */
void packer__begin(struct packer *packer)
{
	packer->packed = (struct profbuf_packed){ .size = sizeof(packer->packed) };
	packer->time = 0;
	packer->tag = 0;
	packer->used = 0;
	memset(packer->header, 0, sizeof(packer->header));
}

static unsigned char *put_number(unsigned char *at, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*at++ = number | 0x80;
	*at++ = number;
	return at;
}

static unsigned char *put_words(unsigned char *at, const uint64_t *words, size_t n)
{
	memcpy(at, words, n * sizeof(*words));
	return at + n * sizeof(*words);
}

static unsigned char *put_header(unsigned char *at, struct packer *packer, const uint64_t *header,
				 uint32_t hdrsize)
{
	uint64_t mask = 0;
	uint32_t n;

	for (n = 0; n < hdrsize; n++)
		mask |= (uint64_t)(header[n] != packer->header[n]) << n;
	at = put_number(at, mask);
	for (; mask; mask &= mask - 1) {
		n = __builtin_ctzll(mask);
		at = put_words(at, &header[n], 1);
		packer->header[n] = header[n];
	}
	return at;
}

/* Where the ID of a stack is kept, or NULL if there is no memory. */
static uint32_t *id_of(struct packer *packer, uint32_t stack)
{
	if (stack >= packer->max_ids) {
		uint32_t max = stack < 512 ? 1024 : stack * 2;
		uint32_t *larger = realloc(packer->ids, max * sizeof(*larger));

		if (!larger)
			return NULL;
		memset(larger + packer->max_ids, 0xff,
		       (max - packer->max_ids) * sizeof(*larger));
		packer->ids = larger;
		packer->max_ids = max;
	}
	return &packer->ids[stack];
}

static unsigned char *put_stack(unsigned char *at, const uint64_t *stack, uint32_t depth,
				bool has_id, bool new_tag)
{
	at = put_number(at, !has_id << 1 | new_tag);
	at = put_number(at, depth);
	return put_words(at, stack, depth);
}

/**
 * packer__add - add a record
 * @packer: the packer
 * @record: its words, which say how many they are
 * @hdrsize: words of its header
 * @tag: its tag
 * @stack: a number that stands for its stack until packer__reset(), or PACKER_NO_STACK
 *
 * Numbers need not come in order, nor all of them: a stack gets its ID when it comes for the first
 * time, as readers give it.
 *
 * Return: 0 or a negative errno.
 */
int packer__add(struct packer *packer, const uint64_t *record, uint32_t hdrsize, uint64_t tag,
		uint32_t stack)
{
	uint32_t depth = record[0] - PROFBUF_RECORD_FIXED - hdrsize;
	size_t most = packer->used + 4 * NUMBER_BYTES + (record[0] + 1) * sizeof(*record);
	int64_t elapsed = record[1] - packer->time;
	const uint64_t *words = record + PROFBUF_RECORD_FIXED + hdrsize;
	bool new_tag = tag != packer->tag;
	unsigned char *at;
	uint32_t *id;

	if (most > packer->capacity) {
		at = realloc(packer->buffer, most * 2);
		if (!at)
			return -ENOMEM;
		packer->buffer = at;
		packer->capacity = most * 2;
	}
	at = packer->buffer + packer->used;
	if (stack == PACKER_NO_STACK) {
		at = put_stack(at, words, depth, false, new_tag);
	} else {
		id = id_of(packer, stack);
		if (!id)
			return -ENOMEM;
		if (*id != PACKER_NO_STACK) {
			at = put_number(at, ((uint64_t)*id + 2) << 1 | new_tag);
		} else {
			*id = packer->nr_stacks++;
			packer->stack_words += depth;
			at = put_stack(at, words, depth, true, new_tag);
		}
	}
	at = put_number(at, elapsed < 0 ? -((uint64_t)elapsed + 1) * 2 + 1 : (uint64_t)elapsed * 2);
	at = put_header(at, packer, record + PROFBUF_RECORD_FIXED, hdrsize);
	if (new_tag)
		at = put_words(at, &tag, 1);
	packer->time = record[1];
	packer->tag = tag;
	packer->used = at - packer->buffer;
	packer->packed.records++;
	packer->packed.words += record[0];
	return 0;
}

/**
 * packer__end - write the frame
 * @packer: the packer
 * @writer: where to
 * @frame: the SAMPLES frame that it stands for
 * @sequence: its sequence number
 *
 * Return: 0 or a negative errno.
 */
int packer__end(struct packer *packer, struct writer *writer, const struct profbuf_frame *frame,
		uint64_t sequence)
{
	size_t size = sizeof(*frame) + sizeof(packer->packed) + packer->used;
	size_t padded = (size + 7) / 8 * 8;
	struct profbuf_frame *packed;
	void *place;
	int err;

	err = writer__reserve(writer, padded, &place);
	if (err)
		return err;
	if (packer->reset)
		packer->packed.flags |= PROFBUF_PACKED_RESET;
	packer->reset = false;
	packer->packed.bytes = packer->used;
	packed = place;
	*packed = (struct profbuf_frame){
		.magic = PROFBUF_MAGIC,
		.type = PROFBUF_FRAME_PACKED,
		.hdrsize = frame->hdrsize,
		.size = padded,
		.cpu = frame->cpu,
		.sequence = sequence,
	};
	memcpy(packed + 1, &packer->packed, sizeof(packer->packed));
	if (packer->used)
		memcpy((char *)(packed + 1) + sizeof(packer->packed), packer->buffer, packer->used);
	memset((char *)place + size, 0, padded - size);
	writer->used += padded;
	return 0;
}

/**
 * packer__reset - begin with new IDs
 * @packer: the packer, between two frames
 */
void packer__reset(struct packer *packer)
{
	packer->reset = true;
	if (packer->max_ids)
		memset(packer->ids, 0xff, packer->max_ids * sizeof(*packer->ids));
	packer->nr_stacks = 0;
	packer->stack_words = 0;
}

/**
 * packer__exit - give back what a packer holds
 * @packer: the packer
 */
void packer__exit(struct packer *packer)
{
	free(packer->ids);
	free(packer->buffer);
}
