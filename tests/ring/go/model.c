// SPDX-License-Identifier: GPL-2.0
#include "model.h"

#define LIMIT	(1 << 28)

const char *const coverage_names[COVERAGE_SIZE] = {
#define X(name) #name,
	COVERAGE(X)
#undef X
};

static uint64_t round_up(int64_t least)
{
	uint64_t power = 1;

	while ((int64_t)power < least)
		power *= 2;
	return power;
}

static void begin(struct model *m)
{
	m->overflow = 0;
	m->closed = false;
	m->saw_eof = false;
	m->sleeping = false;
	m->woken = false;
}

bool model_new(struct model *m, int64_t header, int64_t words, int64_t tags, uint32_t data_count,
	       uint32_t tag_count)
{
	int64_t least = FIXED_WORDS + header + OVERFLOW_STACK;

	m->nil = false;
	if (words < least) {
		words = least;
		cover(m, COVERED_words_raised);
	}
	if (words >= LIMIT || tags >= LIMIT) {
		cover(m, COVERED_too_large);
		return false;
	}
	m->header = header;
	m->words = round_up(words);
	m->tags = round_up(tags);
	m->w = (struct position){ data_count, tag_count };
	m->r = m->w;
	m->next = m->w;
	begin(m);

	if (!header)
		cover(m, COVERED_header_of_none);
	cover(m, (int64_t)m->words == words ? COVERED_words_power : COVERED_words_rounded);
	if (tags < 1)
		cover(m, COVERED_tags_raised);
	else if ((int64_t)m->tags != tags)
		cover(m, COVERED_tags_rounded);
	if (data_count || tag_count)
		cover(m, COVERED_start_offsets);
	return true;
}

void model_new_nil(struct model *m)
{
	m->nil = true;
	begin(m);
	cover(m, COVERED_nil);
}

static uint64_t record_words(const struct model *m, uint64_t stack)
{
	return FIXED_WORDS + m->header + stack;
}

/* Takes a record of @words from the room. False: it is not there. */
static bool take(const struct model *m, struct room *room, int64_t words)
{
	if (words > room->to_end) {
		room->words -= room->to_end;
		room->to_end = m->words;
	}
	room->words -= words;
	room->to_end -= words;
	if (!room->to_end)
		room->to_end = m->words;
	room->tags--;
	return room->words >= 0 && room->tags >= 0;
}

static struct room free_room(const struct model *m)
{
	return (struct room){
		.words = m->words - (m->w.data - m->r.data),
		.to_end = m->words - m->w.data % m->words,
		.tags = m->tags - (m->w.tag - m->r.tag),
	};
}

struct room model_room(const struct model *m)
{
	struct room room = free_room(m);

	if (m->overflow)
		take(m, &room, record_words(m, OVERFLOW_STACK));
	return room;
}

static void store(struct model *m, uint64_t words)
{
	uint64_t to_end = m->words - m->w.data % m->words;
	struct position old = m->w;

	if (words > to_end) {
		cover(m, COVERED_rewind);
		if (to_end == 1)
			cover(m, COVERED_rewind_of_one_word);
		m->w.data += to_end;
	} else if (words == to_end) {
		cover(m, COVERED_ends_at_end);
	} else if (to_end == m->words && m->w.tag != m->next.tag) {
		cover(m, COVERED_starts_at_start);
	}
	m->record[m->w.tag % m->tags] = (struct record){ m->w.data, words };
	m->w.data += words;
	m->w.tag++;
	if (old.data >> 32 != m->w.data >> 32)
		cover(m, COVERED_data_count_wraps);
	if (old.tag >> 30 != m->w.tag >> 30)
		cover(m, COVERED_tag_count_wraps);
}

/* A wakeup, if the reader's flag asks for one. */
static void wake(struct model *m, bool clear)
{
	if (m->sleeping)
		m->woken = true;
	if (clear)
		m->sleeping = false;
}

static void discard(struct model *m)
{
	if (m->overflow == UINT32_MAX) {
		cover(m, COVERED_overflow_sticks);
	} else {
		cover(m, m->overflow ? COVERED_overflow_counts : COVERED_overflow_starts);
		m->overflow++;
	}
	wake(m, false);
}

static void cover_discard(struct model *m, int64_t words)
{
	struct room room = free_room(m);
	int64_t to_end = room.to_end;
	bool behind_entry = m->overflow;
	bool empty = room.words == (int64_t)m->words;

	if (words > (int64_t)m->words)
		cover(m, COVERED_oversize);
	else if (2 * words > (int64_t)m->words && empty && !behind_entry)
		cover(m, COVERED_over_half_lost);
	if (behind_entry) {
		struct room alone = room;

		if (take(m, &alone, words))
			cover(m, COVERED_record_alone_would_fit);
		if (take(m, &room, record_words(m, OVERFLOW_STACK)))
			cover(m, COVERED_entry_alone_would_fit);
		take(m, &room, words);
		if (room.words == -1 && room.tags >= 0)
			cover(m, COVERED_pair_one_word_short);
		if (room.words >= 0 && room.tags == -1)
			cover(m, COVERED_pair_one_tag_short);
		return;
	}
	take(m, &room, words);
	if (room.words >= 0 && room.tags < 0)
		cover(m, COVERED_tags_exhausted);
	if (room.words == -1 && room.tags >= 0)
		cover(m, words > to_end ? COVERED_one_word_short_behind_rewind :
					  COVERED_one_word_short);
}

static void cover_store(struct model *m, int64_t words)
{
	struct room room = free_room(m);
	int64_t entry = record_words(m, OVERFLOW_STACK);
	int64_t to_end = room.to_end;

	if (m->overflow) {
		cover(m, COVERED_emitted);
		take(m, &room, entry);
		if (entry > to_end)
			cover(m, COVERED_emitted_entry_rewinds);
		if (entry == to_end)
			cover(m, COVERED_emitted_entry_ends_at_end);
		if (words > room.to_end)
			cover(m, COVERED_emitted_record_rewinds);
		take(m, &room, words);
		if (!room.words)
			cover(m, COVERED_emitted_fills_exactly);
		if (!room.tags)
			cover(m, COVERED_emitted_last_tags);
		return;
	}
	cover(m, COVERED_stored);
	if (2 * words > (int64_t)m->words)
		cover(m, COVERED_over_half_stored);
	take(m, &room, words);
	if (!room.words)
		cover(m, words > to_end ? COVERED_fills_exactly_behind_rewind :
					  COVERED_fills_exactly);
	if (!room.tags)
		cover(m, COVERED_last_tag);
}

enum outcome model_write(struct model *m, uint64_t header, uint64_t stack)
{
	uint64_t words = record_words(m, stack);
	struct room room;
	bool fits;

	if (m->nil)
		return DISCARDED;
	room = model_room(m);
	fits = take(m, &room, words);
	if (header > m->header) {
		cover(m, fits ? COVERED_misuse : COVERED_misuse_without_room);
		return MISUSED;
	}
	if (header < m->header)
		cover(m, header ? COVERED_short_header : COVERED_no_header);
	if (!stack)
		cover(m, COVERED_no_stack);
	if (m->closed)
		cover(m, COVERED_written_after_close);

	if (!fits) {
		cover_discard(m, words);
		discard(m);
		return DISCARDED;
	}
	cover_store(m, words);
	if (m->overflow) {
		m->overflow = 0;
		store(m, record_words(m, OVERFLOW_STACK));
		wake(m, true);
	}
	store(m, words);
	wake(m, true);
	return STORED;
}

bool model_close(struct model *m)
{
	if (m->closed) {
		cover(m, COVERED_closed_twice);
		return false;
	}
	cover(m, COVERED_closed);
	if (m->next.tag != m->w.tag)
		cover(m, COVERED_close_before_data);
	if (m->overflow)
		cover(m, COVERED_close_before_overflow);
	m->closed = true;
	wake(m, false);
	return true;
}

void model_set_overflow(struct model *m, uint32_t count)
{
	cover(m, m->overflow && count ? COVERED_ovf : COVERED_ovf_without_entry);
	if (m->overflow && count)
		m->overflow = count;
}

static void commit(struct model *m)
{
	if (m->r.tag != m->next.tag && m->next.tag == m->w.tag && !m->overflow && !m->closed)
		cover(m, COVERED_read_only_commits);
	m->r = m->next;
}

/* Moves next behind the records that one read returns, which there are. */
static void read_records(struct model *m)
{
	uint64_t slots = m->tags - m->next.tag % m->tags;
	const struct record *record = &m->record[m->next.tag % m->tags];
	unsigned int records = 0;

	if (record->start != m->next.data)
		cover(m, COVERED_read_rewinds);
	for (;;) {
		m->next.data = record->start + record->words;
		m->next.tag++;
		records++;
		if (m->next.tag == m->w.tag)
			break;
		record = &m->record[m->next.tag % m->tags];
		if (m->next.data % m->words == 0) {
			cover(m, COVERED_read_stops_at_end);
			break;
		}
		if (record->start != m->next.data) {
			cover(m, COVERED_read_stops_at_marker);
			break;
		}
		if (records == slots) {
			cover(m, COVERED_read_stops_at_tag_end);
			break;
		}
	}
	cover(m, records == 1 ? COVERED_read_one : COVERED_read_many);
	if (m->saw_eof)
		cover(m, COVERED_data_after_eof);
}

bool model_read(struct model *m)
{
	if (m->nil)
		return false;
	commit(m);
	if (m->next.tag != m->w.tag) {
		read_records(m);
		return true;
	}
	if (m->overflow) {
		cover(m, COVERED_synthesized);
		if (m->closed)
			cover(m, COVERED_synthesized_after_close);
		if (m->saw_eof)
			cover(m, COVERED_overflow_after_eof);
		m->overflow = 0;
		return true;
	}
	if (m->closed) {
		cover(m, m->saw_eof ? COVERED_eof_again : COVERED_eof);
		m->saw_eof = true;
		return false;
	}
	cover(m, COVERED_read_nothing);
	return false;
}

bool model_bread(struct model *m)
{
	if (m->nil) {
		cover(m, COVERED_bread_nil);
		return false;
	}
	commit(m);
	if (m->next.tag != m->w.tag) {
		cover(m, COVERED_bread_with_data);
	} else if (m->overflow) {
		cover(m, COVERED_bread_with_overflow);
	} else if (m->closed) {
		cover(m, COVERED_bread_at_eof);
	} else {
		if (m->woken)
			cover(m, COVERED_sleep_after_stale_wakeup);
		m->woken = false;
		m->sleeping = true;
		return true;
	}
	model_read(m);
	return false;
}

void model_join(struct model *m)
{
	m->woken = false;
	model_read(m);
}

bool model_may_wake(const struct model *m)
{
	return !m->sleeping || !m->woken;
}
