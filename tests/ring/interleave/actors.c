// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "actors.h"
#include "ledger.h"

#define MOST_WORDS	16
#define MOST_TAGS	4
#define MOST_HEADER	2
#define MOST_STACK	16

enum actor { READER, CPU, OTHER_CPU, INTERRUPT, ACTORS = INTERRUPT + SCENARIO_INTERRUPTS };

static const char *const actor_names[ACTORS] = {
	"reader", "writer", "other cpu", "interrupt", "interrupt 2",
};

/* All that changes. An access to what surrounds the rings is an access outside of them. */
static struct world {
	struct profbuf_ring ring;
	u64 data[MOST_WORDS];
	u64 tags[MOST_TAGS];
	u64 overflow_record[3 + MOST_HEADER];
	struct ledger ledger;
	u64 clock;
	bool armed_alone;
} world;

unsigned int actors_events;

static const struct scenario *scenario;
static struct profbuf_ring *const ring = &world.ring;

static bool is_inside(const volatile void *address, size_t size, const volatile void *object,
		      size_t object_size)
{
	uintptr_t offset = (uintptr_t)address - (uintptr_t)object;

	return offset < object_size && offset + size <= object_size;
}

/* How far word number @place of a ring of @length is ahead of @count. */
static u32 ahead_of(u32 count, u32 place, u32 length)
{
	return (place - count) & (length - 1);
}

/*
 * The words of both rings from r up to w belong to the reader, the others to the writer.
 * What belongs to one, the other does not take away: each moves only its own end, and
 * only to give. So an access by the owner is of no interest to anybody else.
 */
static void check_owner(int actor, enum explore_access access, u32 place, u32 length, u32 r, u32 w)
{
	u32 readable = (w - r) & (2 * length - 1);

	if (actor == READER && access != EXPLORE_READ)
		explore_fail("the reader writes to the ring");
	if (actor == READER && ahead_of(r, place, length) >= readable)
		explore_fail("the reader looks at place %u, which is the writer's", place);
	if (actor != READER && ahead_of(w, place, length) >= length - readable)
		explore_fail("the writer uses place %u, which is the reader's", place);
}

#define IS_MEMBER(member) is_inside(address, size, &ring->member, sizeof(ring->member))

static enum explore_scope scope(int actor, enum explore_access access,
				const volatile void *address, size_t size)
{
	u64 r = ring->r.counter;
	u64 w = ring->w.counter;

	if (is_inside(address, size, world.data, ring->data_len * sizeof(u64))) {
		check_owner(actor, access, (const volatile u64 *)address - world.data,
			    ring->data_len, r, w);
		return scenario->word_by_word ? EXPLORE_ALL : EXPLORE_ACTOR;
	}
	if (is_inside(address, size, world.tags, ring->tag_len * sizeof(u64))) {
		check_owner(actor, access, (const volatile u64 *)address - world.tags,
			    ring->tag_len, r >> 34, w >> 34);
		return scenario->word_by_word ? EXPLORE_ALL : EXPLORE_ACTOR;
	}
	if (is_inside(address, size, world.overflow_record, sizeof(world.overflow_record))) {
		if (actor != READER)
			explore_fail("the writer uses the reader's buffer");
		return EXPLORE_ACTOR;
	}
	if (!is_inside(address, size, ring, sizeof(*ring)))
		explore_fail("an access outside of the ring");

	if ((uintptr_t)address < (uintptr_t)&ring->r) {
		if (access != EXPLORE_READ)
			explore_fail("a constant is written");
		return EXPLORE_ACTOR;
	}
	if ((uintptr_t)address >= (uintptr_t)&ring->busy)
		return EXPLORE_GROUP;
	if (IS_MEMBER(r_next) || IS_MEMBER(overflow_tag) || IS_MEMBER(overflow_undelivered))
		return scenario->other_cpu ? EXPLORE_ALL : EXPLORE_ACTOR;
	return EXPLORE_ALL;
}

#define FIELD(name) { #name, offsetof(struct profbuf_ring, name) }

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	FIELD(r),
	FIELD(r_next),
	FIELD(overflow_undelivered),
	FIELD(armed_at),
	FIELD(w),
	FIELD(overflow),
	FIELD(overflow_time),
	FIELD(eof),
	FIELD(first_due),
	FIELD(busy),
	FIELD(nested),
	FIELD(nested_time),
	FIELD(folding_result),
	FIELD(w_counts),
	FIELD(totals.written),
	FIELD(totals.lost),
	FIELD(totals.nested),
	FIELD(totals.filtered),
};

static const char *describe(const volatile void *address)
{
	uintptr_t place = (uintptr_t)address;
	static char text[32];
	size_t i;

	if (is_inside(address, 1, world.data, sizeof(world.data))) {
		snprintf(text, sizeof(text), "data[%zu]",
			 (place - (uintptr_t)world.data) / sizeof(u64));
		return text;
	}
	if (is_inside(address, 1, world.tags, sizeof(world.tags))) {
		snprintf(text, sizeof(text), "tags[%zu]",
			 (place - (uintptr_t)world.tags) / sizeof(u64));
		return text;
	}
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (place - (uintptr_t)ring == fields[i].offset)
			return fields[i].name;
	return "?";
}

/*
 * A reader that sleeps when a sample is offered, and asked when nobody was writing, shows
 * exactly what wakes it, and of which record it must be told.
 */
struct expectation {
	bool exact;
	bool promised;
	u32 interrupts_before;
};

static u32 interrupts_begun(void)
{
	u32 n = 0;
	int i;

	for (i = 0; i < SCENARIO_INTERRUPTS; i++)
		n += explore_begun(INTERRUPT + i);
	return n;
}

static struct expectation expect(void)
{
	return (struct expectation){
		.exact = world.ledger.reader.asleep && !world.ledger.reader.woken &&
			 world.armed_alone && world.ledger.inside == 1 && !scenario->other_cpu,
		.promised = world.ledger.reader.promised,
		.interrupts_before = interrupts_begun(),
	};
}

struct offer {
	u64 time;
	u8 interrupted;
	struct expectation expectation;
};

/* A sample is taken in the step that enters the ring: what interrupts it, is later. */
static struct offer begin_sample(void)
{
	explore_pause(EXPLORE_GROUP, "takes a sample");
	explore_join_next();
	return (struct offer){
		.time = ++world.clock,
		.interrupted = ledger_enter(),
		.expectation = expect(),
	};
}

static void sample_refused(const struct offer *offer)
{
	actors_events |= EVENT_NESTED;
	ledger_refused(offer->time, offer->interrupted);
	ledger_leave(ring, offer->interrupted);
}

static void sample_done(const struct offer *offer, int result)
{
	const struct expectation *expectation = &offer->expectation;
	bool wake = result & PROFBUF_RING_WAKE;
	bool first = result & PROFBUF_RING_FIRST;

	if (expectation->exact && expectation->interrupts_before == interrupts_begun()) {
		if (wake != ledger_wake_due(ring))
			explore_fail(wake ? "woken ahead of the watermark" :
					    "not woken by a sample that should");
		if (first != (result & PROFBUF_RING_STORED && !wake && !expectation->promised))
			explore_fail(first ? "told of a record that is not the first" :
					     "not told of the first record");
	}
	if (wake) {
		actors_events |= EVENT_WOKEN;
		ledger_wake(ring);
	} else if (first) {
		actors_events |= EVENT_FIRST;
		ledger_begin_deadline();
	}
	ledger_leave(ring, offer->interrupted);
}

static void write_sample(u32 nstack)
{
	u64 hdr[MOST_HEADER], stack[MOST_STACK];
	struct offer offer = begin_sample();
	u32 index, i;
	int result;

	if (!profbuf_ring_enter(ring, offer.time)) {
		sample_refused(&offer);
		return;
	}
	if (scenario->late_time) {
		explore_pause(EXPLORE_GROUP, "takes the time");
		offer.time = ++world.clock;
	}
	index = ledger_admitted(ring, offer.time, nstack);

	for (i = 0; i < ring->hdrsize; i++)
		hdr[i] = ledger_header_word(offer.time, i);
	for (i = 0; i < nstack; i++)
		stack[i] = ledger_stack_word(offer.time, i);
	result = profbuf_ring_write(ring, offer.time, ledger_tag(offer.time), hdr, ring->hdrsize,
				    stack, nstack);
	if (result < 0)
		explore_fail("profbuf_ring_write() returned %d", result);
	ledger_settle(index, result & PROFBUF_RING_STORED);
	if (!(result & PROFBUF_RING_STORED))
		actors_events |= EVENT_LOST;
	if ((result & PROFBUF_RING_STORED) == 2)
		actors_events |= EVENT_EMITTED;

	sample_done(&offer, result | profbuf_ring_exit(ring));
}

static void filter_sample(void)
{
	struct offer offer = begin_sample();

	if (!profbuf_ring_enter(ring, offer.time)) {
		sample_refused(&offer);
		return;
	}
	profbuf_ring_filter(ring);
	world.ledger.filtered++;
	sample_done(&offer, profbuf_ring_exit(ring));
}

static void end_stream(void)
{
	int result;

	explore_pause(EXPLORE_ALL, "closes");
	explore_join_next();
	world.ledger.closing = true;
	world.ledger.at_close = ledger_look(ring);
	result = profbuf_ring_close(ring);
	if (result < 0)
		explore_fail("profbuf_ring_close() returned %d", result);
	world.ledger.closed = true;
	if (result & PROFBUF_RING_WAKE)
		ledger_wake(ring);
}

static void run_writer(const char *script)
{
	for (; *script; script++) {
		switch (*script) {
		case 'f':
			filter_sample();
			break;
		case 'd':
			explore_pause(EXPLORE_ALL, "reaches the deadline");
			if (ledger_deadline())
				actors_events |= EVENT_DEADLINE;
			break;
		case 'x':
			end_stream();
			break;
		case 'a':
			explore_pause(EXPLORE_ALL, "polls");
			ledger_ask(&world.ledger.poller);
			ledger_asked(ring, &world.ledger.poller, profbuf_ring_arm(ring));
			break;
		default:
			write_sample(*script - '0');
			break;
		}
	}
}

/* Returns what profbuf_ring_read() does. */
static int read_ring(void)
{
	struct look before = ledger_look(ring);
	bool closed_before = world.ledger.closed;
	struct profbuf_ring_batch batch;
	int n;

	ledger_begin_read(ring);
	n = profbuf_ring_read(ring, &batch, scenario->room ? scenario->room : U64_MAX);
	if (n > 0) {
		if (batch.records != (u32)n)
			explore_fail("%d records read, the batch has %u", n, batch.records);
		ledger_delivered(ring, &batch);
		if (batch.data == world.overflow_record)
			actors_events |= EVENT_MADE_UP;
		if (n > 1)
			actors_events |= EVENT_MANY;
	} else if (n == 0) {
		actors_events |= EVENT_END;
		if (!world.ledger.closing)
			explore_fail("the end, though nobody closed the ring");
		ledger_nothing_to_read(ring, "the end", world.ledger.at_close);
		ledger_nothing_to_read(ring, "the end", before);
	} else if (n == -EAGAIN) {
		if (closed_before)
			explore_fail("nothing to read, instead of the end");
		ledger_nothing_to_read(ring, "nothing to read", before);
	} else {
		explore_fail("profbuf_ring_read() returned %d", n);
	}
	return n;
}

/* As wait_event() does: prepare, look, sleep until woken, look again. */
static int read_waiting(void)
{
	struct look before;
	int n;

	while ((n = read_ring()) == -EAGAIN) {
		for (;;) {
			world.armed_alone = !world.ledger.inside;
			before = ledger_look(ring);
			ledger_ask(&world.ledger.reader);
			ledger_asked(ring, &world.ledger.reader, profbuf_ring_arm(ring));
			if (!world.ledger.reader.asleep)
				break;
			ledger_nothing_to_read(ring, "no need to stay awake", before);
			actors_events |= EVENT_SLEPT;
			explore_pause(EXPLORE_ALL, "wakes up");
			world.ledger.reader.asleep = false;
		}
	}
	return n;
}

static void run_reader(const char *script)
{
	int n = 0;

	for (; *script; script++) {
		switch (*script) {
		case 'r':
			n = read_ring();
			break;
		case 'b':
			n = read_waiting();
			break;
		case 'B':
			do {
				n = read_waiting();
			} while (n);
			break;
		case 'c':
			profbuf_ring_commit(ring);
			break;
		case 'u':
			if (n > 0) {
				profbuf_ring_unread(ring);
				ledger_unread();
			}
			break;
		default:
			explore_fail("no such letter: %c", *script);
		}
	}
}

static void body(int actor)
{
	switch (actor) {
	case READER:
		run_reader(scenario->reader);
		break;
	case CPU:
		run_writer(scenario->cpu);
		break;
	case OTHER_CPU:
		run_writer(scenario->other_cpu);
		break;
	default:
		run_writer(scenario->interrupts[actor - INTERRUPT]);
		break;
	}
}

/* On the writer's CPU what was begun last goes on until it ends. */
static bool runnable(int actor)
{
	int other;

	if (actor == READER)
		return !world.ledger.reader.asleep || world.ledger.reader.woken;
	if (actor == OTHER_CPU)
		return scenario->other_cpu;
	if (actor >= INTERRUPT && !scenario->interrupts[actor - INTERRUPT])
		return false;

	if (actor >= INTERRUPT && !explore_begun(actor)) {
		/* It may come at any time; one of them is the first. */
		return actor == INTERRUPT || explore_begun(actor - 1);
	}
	for (other = actor == CPU ? INTERRUPT : actor + 1; other < ACTORS; other++)
		if (explore_begun(other) && !explore_ended(other))
			return false;
	return true;
}

static int group(int actor)
{
	return actor >= INTERRUPT ? CPU : actor;
}

static void check(void)
{
	ledger_check(ring);
}

static void finish(void)
{
	int n;

	while ((n = read_ring()) > 0)
		;
	ledger_final(ring);
}

static const char *actor_name(int actor)
{
	return actor_names[actor];
}

const struct explore_system *actors_prepare(const struct scenario *s)
{
	static const struct explore_system system = {
		.memory = &world,
		.size = sizeof(world),
		.actors = ACTORS,
		.body = body,
		.runnable = runnable,
		.group = group,
		.scope = scope,
		.check = check,
		.finish = finish,
		.actor_name = actor_name,
		.describe = describe,
	};
	struct profbuf_ring_layout layout;

	scenario = s;
	actors_events = 0;
	memset(&world, 0, sizeof(world));
	ledger = &world.ledger;
	if (s->hdrsize > MOST_HEADER ||
	    profbuf_ring_layout(&layout, s->hdrsize, s->words, s->tags) ||
	    layout.data_len > MOST_WORDS || layout.tag_len > MOST_TAGS)
		return NULL;
	profbuf_ring_init(ring, &layout, world.data, world.tags, world.overflow_record);

	if (s->watermark)
		ring->watermark = s->watermark;
	ring->w_counts = (u64)s->tag_count << 34 | s->data_count;
	ring->r_next = ring->w_counts;
	atomic64_set(&ring->w, ring->w_counts);
	atomic64_set(&ring->r, ring->w_counts);
	ring->armed_at = s->data_count;
	return &system;
}
