/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must come out of a ring, kept beside it: every sample offered, in the order
 * in which they must be told, and how far along the reader is.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "ring.h"

typedef uint8_t u8;
typedef uint16_t u16;

#define LEDGER_SAMPLES	16
#define LEDGER_HELD	20

enum fate { UNDECIDED, STORED, LOST };

/* Small, for it is copied with each state. */
struct sample {
	u16 time;
	u8 nstack;
	u8 fate;
	u8 writer;
	u8 interrupted;
	u8 outermost;
	bool refused;
	bool must_store;
};

/* What a reader that looks for something knows to be there. */
struct look {
	u32 settled;
	u32 offered;
	u32 inside;
	u64 overflow;
};

struct ledger {
	struct sample samples[LEDGER_SAMPLES];
	u32 admitted;
	u32 offered;
	u32 filtered;

	/* Who is inside, a number for each, and 0 if nobody is. */
	u8 writer;
	u8 writers;

	/* Samples whose writers have all left the ring. */
	u32 settled;
	u32 inside;

	/* The stream ends behind what was there then. */
	bool closing, closed;
	struct look at_close;

	/* How many samples the reader has been told: up to the last record, and as lost. */
	struct told {
		u32 records_to;
		u32 lost;
	} told, told_before_batch;

	const u64 *held_data, *held_tags;
	u64 held_r;
	u32 held_words, held_records;
	u64 held[LEDGER_HELD];

	/* How often SLEEPING was set and no wakeup sent for it; whether one is due. */
	u32 asked;
	bool sleeping;
	bool wake_owed;

	/* How often somebody asked, and was not told of a first record. */
	u32 firsts_left;
	bool deadline_begun;

	/* Who asks for wakeups: the reader, and who polls beside it. */
	struct asker {
		bool asked;
		bool asleep;
		bool promised;
		bool woken;
		u32 data_count;
	} reader, poller;
};

u64 ledger_header_word(u64 time, u32 i);
u64 ledger_stack_word(u64 time, u32 i);
u64 ledger_tag(u64 time);

/* A writer comes, which is to be restored when it has left. It is refused, or admitted. */
u8 ledger_enter(void);
void ledger_refused(u64 time, u8 interrupted);
u32 ledger_admitted(const struct profbuf_ring *ring, u64 time, u32 nstack);

/* What became of the sample that ledger_admitted() returned. */
void ledger_settle(u32 index, u32 records);
void ledger_leave(const struct profbuf_ring *ring, u8 interrupted);

struct look ledger_look(const struct profbuf_ring *ring);
void ledger_delivered(const struct profbuf_ring *ring, const struct profbuf_ring_batch *batch);
void ledger_begin_read(const struct profbuf_ring *ring);
void ledger_unread(void);
void ledger_nothing_to_read(const struct profbuf_ring *ring, const char *what, struct look before);

/* Somebody asks for a wakeup, and has; what follows may be told before the latter. */
void ledger_ask(struct asker *asker);
void ledger_asked(const struct profbuf_ring *ring, struct asker *asker, bool readable);
/* What a writer does whose result tells it to; and what it has begun comes to its end. */
void ledger_wake(const struct profbuf_ring *ring);
void ledger_begin_deadline(void);
bool ledger_deadline(void);

/* In every state, and in the last one when all has been read. */
void ledger_check(const struct profbuf_ring *ring);
void ledger_final(const struct profbuf_ring *ring);

/* Would a reader that sleeps now have to be woken? */
bool ledger_wake_due(const struct profbuf_ring *ring);

extern struct ledger *ledger;

#endif /* LEDGER_H */
