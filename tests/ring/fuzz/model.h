/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the ring must do, as a list of records in unbounded memory. It is written from the
 * description of the ring's behaviour and shares nothing with the ring's code.
 */
#ifndef PROFBUF_FUZZ_MODEL_H
#define PROFBUF_FUZZ_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_RECORDS	4096
#define MODEL_HEADER	4

/* One record: its contents, and where it lies in the stream of all words. */
struct model_record {
	uint64_t time;
	uint64_t tag;
	uint64_t header[MODEL_HEADER];
	uint32_t header_words;
	uint32_t stack_words;
	uint64_t stack_seed;		/* see model_stack_word() */
	bool overflow;			/* then stack_seed is the count */
	uint64_t start;			/* count of words before it, those skipped included */
	uint64_t skipped;		/* words left over at the end of the ring before it */
};

struct model {
	uint32_t header_words;
	uint64_t length;
	uint64_t slots;
	uint64_t watermark;

	struct model_record records[MODEL_RECORDS];
	uint64_t first;			/* records given back */
	uint64_t read;			/* records read */
	uint64_t stored;		/* records stored */
	uint64_t words_stored;
	uint64_t words_freed;
	uint64_t words_read;

	uint64_t pending;
	uint64_t pending_time;
	bool undelivered;
	struct model_record synthesized;
	bool last_was_synthesized;
	bool closed;

	bool armed;
	uint64_t armed_at;
	bool unpromised;		/* who armed last has been promised no wakeup yet */

	uint64_t refused;
	uint64_t refused_time;
	bool refused_wake;

	uint64_t written, lost, nested, filtered;
};

/* What a read must return: records [from, from + count), or the one made up. */
struct model_batch {
	const struct model_record *records;
	uint32_t count;
	uint64_t words;
};

uint64_t model_stack_word(uint64_t seed, uint32_t i);
uint64_t model_record_words(const struct model *model, uint32_t stack_words);

struct model_result {
	int stored;
	bool wake;
	bool first;
};

struct model_result model_write(struct model *model, uint64_t now, uint64_t tag,
				const uint64_t *header, uint32_t header_words, uint64_t seed,
				uint32_t stack_words);
void model_filter(struct model *model);
void model_refuse(struct model *model, uint64_t now);
bool model_exit(struct model *model);
bool model_close(struct model *model);
bool model_arm(struct model *model);
void model_commit(struct model *model);
void model_unread(struct model *model);
int model_read(struct model *model, uint64_t room, struct model_batch *batch);

#endif /* PROFBUF_FUZZ_MODEL_H */
