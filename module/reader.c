// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of a session's rings: makes frames of what is in them, and waits for more.
 */
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>

#include "overload.h"
#include "percpu.h"
#include "reader.h"
#include "session.h"
#include "space.h"
#include "space_frame.h"

/* Copies a piece of a frame; either all of it or nothing counts. */
static bool reader_copy(const void *from, size_t size, struct iov_iter *to)
{
	return copy_to_iter(from, size, to) == size;
}

/* Takes back the pieces of a frame that could not be copied whole to the @space at @to. */
static int reader_take_back(struct profbuf_session *session, size_t space, struct iov_iter *to)
{
	iov_iter_revert(to, space - iov_iter_count(to));
	/* Whoever polled meanwhile may have seen nothing to read. */
	profbuf_session_wake(session);
	return -EFAULT;
}

/* Changes when the wall clock is set, and when the machine was suspended. */
static ktime_t reader_wall_offset(void)
{
	return ktime_mono_to_real(0);
}

static enum profbuf_word reader_word(u32 position)
{
	/* The header words are numbered in the order in which they stand. */
	return position < PROFBUF_WORDS ? PROFBUF_WORD_COUNT + position : PROFBUF_WORD_ZERO;
}

/* Returns the bytes of the INFO frame that was put to @to, or a negative errno. */
static ssize_t reader_put_info(struct profbuf_session *session, struct iov_iter *to)
{
	const struct profbuf_config *config = &session->running;
	/* The module depends on 64 bits, so the mask's words are those of the frame. */
	size_t mask_size = BITS_TO_LONGS(nr_cpu_ids) * sizeof(long);
	size_t words_size = ALIGN(config->hdrsize * sizeof(u32), sizeof(u64));
	size_t space = iov_iter_count(to);
	u32 words[PROFBUF_HDRSIZE_MAX] = {};
	struct profbuf_frame frame = {};
	struct profbuf_info info = {};
	u32 i;

	frame.magic = PROFBUF_MAGIC;
	frame.type = PROFBUF_FRAME_INFO;
	frame.hdrsize = config->hdrsize;
	frame.size = sizeof(frame) + sizeof(info) + words_size + mask_size;
	frame.cpu = PROFBUF_CPU_NONE;
	frame.sequence = session->info_sequence;
	if (space < frame.size)
		return -EMSGSIZE;

	/* Pairs with the release after a change of the mask: what is due shows below. */
	(void)xchg_acquire(&session->info_due, 0);
	session->info_wall_offset = reader_wall_offset();

	info.size = sizeof(info);
	info.version = PROFBUF_VERSION;
	info.source = config->source;
	info.flags = config->flags;
	info.period_ns = config->period_ns;
	info.monotonic_ns = ktime_get_ns();
	info.realtime_ns = info.monotonic_ns + ktime_to_ns(session->info_wall_offset);
	info.stack_depth = config->stack_depth;
	info.nr_words = config->hdrsize;
	info.nr_cpus = nr_cpu_ids;
	info.stack_copy = config->stack_copy;
	for (i = 0; i < config->hdrsize; i++)
		words[i] = reader_word(i);

	if (!reader_copy(&frame, sizeof(frame), to) || !reader_copy(&info, sizeof(info), to) ||
	    !reader_copy(words, words_size, to) ||
	    !reader_copy(cpumask_bits(session->sampled), mask_size, to)) {
		WRITE_ONCE(session->info_due, 1);
		return reader_take_back(session, space, to);
	}
	session->info_sequence++;
	return frame.size;
}

/*
 * Puts SPACE frames to @to, as many as fit. Returns their bytes; -EMSGSIZE if there is no room
 * for the first one, or another negative errno.
 */
static ssize_t reader_put_spaces(struct profbuf_session *session, struct iov_iter *to)
{
	const struct profbuf_frame *frame;
	size_t space = iov_iter_count(to);
	ssize_t total = 0;

	while ((frame = profbuf_frames_first(session->spaces))) {
		if (iov_iter_count(to) < frame->size)
			return total ?: -EMSGSIZE;
		if (!reader_copy(frame, frame->size, to)) {
			if (total) {
				iov_iter_revert(to, space - total - iov_iter_count(to));
				return total;
			}
			return reader_take_back(session, space, to);
		}
		total += frame->size;
		profbuf_spaces_read(session->spaces);
	}
	return total;
}

/* Returns the bytes of the LIMIT frame that was put to @to, or a negative errno. */
static ssize_t reader_put_limit(struct profbuf_cpu *pc, struct iov_iter *to)
{
	struct profbuf_overload *overload = &pc->overload;
	size_t space = iov_iter_count(to);
	struct profbuf_frame frame = {};
	struct profbuf_limit limit = {};
	u64 told;

	frame.magic = PROFBUF_MAGIC;
	frame.type = PROFBUF_FRAME_LIMIT;
	frame.hdrsize = pc->session->running.hdrsize;
	frame.size = sizeof(frame) + sizeof(limit);
	frame.cpu = pc->cpu;
	frame.sequence = overload->frames;
	if (space < frame.size)
		return -EMSGSIZE;

	told = profbuf_overload_read(pc, &limit);
	if (!reader_copy(&frame, sizeof(frame), to) || !reader_copy(&limit, sizeof(limit), to))
		return reader_take_back(pc->session, space, to);
	WRITE_ONCE(overload->told, told);
	overload->frames++;
	return frame.size;
}

static u64 reader_count_lost(const struct profbuf_ring_batch *batch, u32 hdrsize)
{
	const u64 *record = batch->data;
	const u64 *end = record + batch->words;
	u64 lost = 0;

	for (; record < end; record += record[0]) {
		/* A record without periods is an overflow entry. */
		if (!record[PROFBUF_RECORD_FIXED])
			lost += record[PROFBUF_RECORD_FIXED + hdrsize];
	}
	return lost;
}

/*
 * Returns the bytes of the SAMPLES frame that was put to @to, 0 at the end of the CPU's
 * records, or a negative errno: -EAGAIN if there are none, -EMSGSIZE if there is no
 * room for the next one.
 */
static ssize_t reader_put_samples(struct profbuf_cpu *pc, struct iov_iter *to)
{
	u32 hdrsize = pc->session->running.hdrsize;
	size_t space = iov_iter_count(to);
	struct profbuf_frame frame = {};
	struct profbuf_ring_batch batch;
	int records;

	records = profbuf_ring_read(&pc->ring, &batch,
				    space < sizeof(frame) ? 0 :
				    (space - sizeof(frame)) / sizeof(u64));
	if (records <= 0)
		return records;

	frame.magic = PROFBUF_MAGIC;
	frame.type = PROFBUF_FRAME_SAMPLES;
	frame.hdrsize = hdrsize;
	frame.size = sizeof(frame) + (batch.words + batch.records) * sizeof(u64);
	frame.cpu = pc->cpu;
	frame.records = batch.records;
	frame.words = batch.words;
	frame.sequence = pc->records_read;

	if (!reader_copy(&frame, sizeof(frame), to) ||
	    !reader_copy(batch.data, batch.words * sizeof(u64), to) ||
	    !reader_copy(batch.tags, batch.records * sizeof(u64), to)) {
		profbuf_ring_unread(&pc->ring);
		return reader_take_back(pc->session, space, to);
	}

	WRITE_ONCE(pc->records_read, pc->records_read + batch.records);
	WRITE_ONCE(pc->lost_read, pc->lost_read + reader_count_lost(&batch, hdrsize));
	profbuf_ring_commit(&pc->ring);
	return frame.size;
}

/* The next frame of a CPU; returns as reader_put_samples() does. */
static ssize_t reader_put_cpu(struct profbuf_cpu *pc, struct iov_iter *to)
{
	return profbuf_overload_news(pc) ? reader_put_limit(pc, to) : reader_put_samples(pc, to);
}

/* Everything was read. Returns 0, or -EAGAIN if it would have to wait for the lock. */
static int reader_end(struct profbuf_session *session, bool wait)
{
	if (wait)
		mutex_lock(&session->lock);
	else if (!mutex_trylock(&session->lock))
		return -EAGAIN;
	profbuf_session_set_state(session, PROFBUF_STATE_ENDED);
	mutex_unlock(&session->lock);

	wake_up_interruptible_poll(&session->wait, EPOLLHUP);
	return 0;
}

/*
 * Puts as many frames to @to as there are and fit. Each round takes one batch of every
 * CPU, beginning with the one that did not fit last time. Returns bytes, 0 at the end,
 * -EAGAIN if there is nothing, or another negative errno if there is nothing else to
 * return. The caller holds the reader mutex.
 */
static ssize_t reader_fill(struct profbuf_session *session, struct iov_iter *to, bool wait)
{
	enum profbuf_state state = profbuf_session_state(session);
	/*
	 * Asked before the rest is looked at. Of a session that was still sampling there may
	 * be a CPU whose place was empty when it was passed, but that came, took samples and
	 * was stopped with the others before the last of them was found at its end.
	 */
	bool ended = state == PROFBUF_STATE_STOPPED;
	unsigned int i, cpu;
	ssize_t result, spaces;
	ssize_t total = 0;
	bool progress;

	if (state == PROFBUF_STATE_ENDED)
		return 0;

	if (READ_ONCE(session->info_due) || session->info_wall_offset != reader_wall_offset()) {
		result = reader_put_info(session, to);
		if (result < 0)
			return result;
		total = result;
	}
	/* Where there is no room for one, there may be for records. */
	spaces = reader_put_spaces(session, to);
	if (spaces < 0 && spaces != -EMSGSIZE)
		return total ?: spaces;
	if (spaces > 0)
		total += spaces;

	do {
		progress = false;
		for (i = 0, cpu = session->next_cpu; i < nr_cpu_ids; i++, cpu++) {
			struct profbuf_cpu *pc;

			if (cpu >= nr_cpu_ids)
				cpu = 0;
			pc = profbuf_session_cpu(session, cpu);
			if (!pc)
				continue;

			result = reader_put_cpu(pc, to);
			if (result == 0)
				continue;
			ended = false;
			if (result == -EAGAIN)
				continue;
			if (result < 0) {
				session->next_cpu = cpu;
				/*
				 * A loss that did not fit was in nobody's sight for a moment.
				 * Whoever polled then is to look again.
				 */
				if (result == -EMSGSIZE)
					profbuf_session_wake(session);
				return total ?: result;
			}
			total += result;
			progress = true;
		}
	} while (progress);

	if (total)
		return total;
	if (spaces)
		return spaces;
	if (!ended)
		return -EAGAIN;
	return reader_end(session, wait);
}

/*
 * Asks all CPUs for a wakeup. Returns whether there is something to read, the end
 * included, or an idle session to start. A CPU that comes later wakes by itself, having
 * something to tell. The caller holds one of the session's mutexes.
 */
static bool reader_arm(struct profbuf_session *session)
{
	enum profbuf_state state = profbuf_session_state(session);
	bool readable = false;
	struct profbuf_cpu *pc;
	unsigned int cpu;

	/* Of a failed start there are buffers only while its lock is held. */
	if (state == PROFBUF_STATE_IDLE)
		return true;
	for_each_possible_cpu(cpu) {
		pc = profbuf_session_cpu(session, cpu);
		if (!pc)
			continue;
		if (profbuf_ring_arm(&pc->ring))
			readable = true;
		if (profbuf_overload_news(pc))
			readable = true;
	}
	if (session->spaces && profbuf_frames_first(session->spaces))
		readable = true;
	return readable || READ_ONCE(session->info_due) || state == PROFBUF_STATE_STOPPED ||
	       state == PROFBUF_STATE_ENDED;
}

static bool reader_arm_waiting(struct profbuf_session *session)
{
	bool readable;

	mutex_lock(&session->lock);
	readable = reader_arm(session);
	mutex_unlock(&session->lock);
	return readable;
}

/*
 * Is there something to read after all, where a reader that does not wait found
 * nothing? Others may wait who asked for a wakeup once and take each for the next one,
 * without asking anew, as a multishot poll of io_uring does: so this one asks.
 */
static bool reader_rearm(struct profbuf_session *session)
{
	return wq_has_sleeper(&session->wait) &&
	       profbuf_session_state(session) != PROFBUF_STATE_IDLE && reader_arm(session);
}

static int reader_wait(struct profbuf_session *session)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int error = 0;

	/* Arming takes a mutex, so the task must not be marked as sleeping before. */
	add_wait_queue(&session->wait, &wait);
	while (!reader_arm_waiting(session)) {
		if (signal_pending(current)) {
			error = -ERESTARTSYS;
			break;
		}
		wait_woken(&wait, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(&session->wait, &wait);
	return error;
}

/**
 * profbuf_reader_read - read frames
 * @session: the session, which is started if it is idle
 * @file: its file
 * @to: where to put them
 * @nonblock: do not wait, neither for records nor for others that use the session
 * @nowait: nor for anything else; an idle session is then left as it is
 *
 * Context: process; sleeps unless @nowait.
 * Return: bytes, 0 at the end, or a negative errno, as the uapi header says.
 */
ssize_t profbuf_reader_read(struct profbuf_session *session, struct file *file,
			    struct iov_iter *to, bool nonblock, bool nowait)
{
	bool wait = !nonblock && !nowait;
	ssize_t result;

	if (!iov_iter_count(to))
		return 0;

	for (;;) {
		result = profbuf_session_lock_reader(session, wait);
		if (result)
			return result;
		if (profbuf_session_state(session) == PROFBUF_STATE_IDLE)
			result = nowait ? -EAGAIN : profbuf_session_start_idle(session, file, wait);
		if (!result)
			result = reader_fill(session, to, wait);
		if (result == -EAGAIN && !wait && reader_rearm(session))
			result = reader_fill(session, to, wait);
		profbuf_session_unlock_reader(session);

		if (result == -EMSGSIZE)
			return -EINVAL;
		if (result != -EAGAIN || !wait)
			return result;
		result = reader_wait(session);
		if (result)
			return result;
	}
}

/**
 * profbuf_reader_poll - is there something to read?
 * @session: the session
 * @file: its file
 * @table: of the caller of poll
 *
 * Asks for a wakeup even if there is, for edge-triggered epoll: it takes the answer as
 * the edge, and waits for the next one when it has read all. A session that is idle is readable,
 * and stays idle: to start it would keep all that the caller polls waiting.
 *
 * Context: process; sleeps.
 * Return: EPOLLIN | EPOLLRDNORM if a read would not wait, EPOLLHUP in addition after the end.
 */
__poll_t profbuf_reader_poll(struct profbuf_session *session, struct file *file,
			     poll_table *table)
{
	__poll_t events = 0;

	poll_wait(file, &session->wait, table);
	if (reader_arm_waiting(session))
		events |= EPOLLIN | EPOLLRDNORM;
	if (profbuf_session_state(session) == PROFBUF_STATE_ENDED)
		events |= EPOLLHUP;
	return events;
}
