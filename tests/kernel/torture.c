// SPDX-License-Identifier: GPL-2.0
/*
 * Torture of the ring, inside the kernel: one ring for each CPU is written from tasks,
 * softirqs, hard interrupts and NMIs, which interrupt each other, while readers come and
 * go, lag, sleep, and put back what they read. Every record's content is checked, and
 * that each sample offered was delivered or counted as lost where it is missing. Now
 * and then a ring becomes quiet while its reader sleeps: it must be woken all the same.
 *
 * Loading the module runs the test. Loading fails if the test does, or cannot be run;
 * otherwise the module may be removed right away. The figures are in the log.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nmi.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>
#include <asm/local64.h>
#include <asm/msr.h>
#include <asm/nmi.h>

#include "compat.h"
#include "ring.h"

static unsigned long records = 200000;
module_param(records, ulong, 0444);
MODULE_PARM_DESC(records, "records to be read before the test ends");

static unsigned long nmis = 2000;
module_param(nmis, ulong, 0444);
MODULE_PARM_DESC(nmis, "NMIs to be handled before the test ends");

static unsigned int words = 2048;
module_param(words, uint, 0444);
MODULE_PARM_DESC(words, "words of each data ring");

static unsigned int watermark = 256;
module_param(watermark, uint, 0444);
MODULE_PARM_DESC(watermark, "words that wake a reader");

static unsigned int seconds = 600;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "the test fails if it is not done by then");

#define TORTURE_HDRSIZE		3
#define TORTURE_STACK_MAX	40
/* Now and then a record that may not fit even an empty ring. */
#define TORTURE_OVERSIZE	4096
#define TORTURE_READERS		2
#define TORTURE_IRQ_NS		(137 * NSEC_PER_USEC)
#define TORTURE_SOFTIRQ_NS	(211 * NSEC_PER_USEC)
#define TORTURE_DEADLINE_NS	(1 * NSEC_PER_MSEC)
#define TORTURE_WAKEUP_SECONDS	30

enum torture_context {
	TORTURE_TASK,
	TORTURE_SOFTIRQ,
	TORTURE_IRQ,
	TORTURE_NMI,
	TORTURE_CONTEXTS,
};

static const char * const context_names[] = { "task", "softirq", "irq", "nmi" };

/* Everything about one ring. */
struct torture_cpu {
	struct profbuf_ring ring;
	unsigned int cpu;
	bool writing;			/* sources are set up */

	/* The writer. Only who is let into the ring touches the sequence and the stack. */
	u64 sequence;
	u64 stack[TORTURE_OVERSIZE];
	local64_t offered[TORTURE_CONTEXTS];
	local64_t refused[TORTURE_CONTEXTS];
	atomic_t nmis_sent;
	atomic_t samples_left;		/* to be offered before it is quiet; negative: any number */
	atomic64_t wakes;
	atomic64_t firsts;
	struct hrtimer irq_timer;
	struct hrtimer softirq_timer;
	struct task_struct *writer;
	struct irq_work wake;
	struct irq_work start_deadline;
	struct hrtimer deadline;
	u64 deadlines;

	/* The reader, one at a time. */
	struct mutex reading;
	wait_queue_head_t wait;
	struct task_struct *readers[TORTURE_READERS];
	u64 expected;			/* sequence of the next record if none is lost */
	u64 missing_allowed;		/* samples lost since the last record */
	u64 last_time;
	u64 records_read;
	u64 lost_read;
	u64 entries_read;
	u64 put_back;
	atomic64_t armed;
	bool ended;
};

static struct torture_cpu **cpus;
static atomic_t violations;
static bool stopping;

/* The first violation is told in full, and ends the test. */
static __printf(1, 2) void torture_violation(const char *format, ...)
{
	struct va_format text;
	va_list arguments;

	if (atomic_inc_return(&violations) > 1)
		return;
	va_start(arguments, format);
	text.fmt = format;
	text.va = &arguments;
	pr_alert("violation: %pV\n", &text);
	va_end(arguments);
}

/* Word @i of record @sequence: nothing that another record has at the same place. */
static __always_inline u64 torture_word(u64 sequence, u32 i)
{
	return hash_64_generic(sequence * TORTURE_OVERSIZE + i, 64);
}

static __always_inline u32 torture_size(u64 sequence)
{
	u64 random = hash_64_generic(sequence ^ 0x5bd1e995, 64);

	if (random % 1024 == 0)
		return words + random / 1024 % (TORTURE_OVERSIZE - words);
	return random / 1024 % (TORTURE_STACK_MAX + 1);
}

/* Unlike the fast monotonic clock, this one never steps back, even in an NMI. */
static __always_inline u64 torture_clock(void)
{
	return rdtsc_ordered();
}

static __always_inline bool torture_is_quiet(struct torture_cpu *tc)
{
	return atomic_read(&tc->samples_left) >= 0 && atomic_dec_if_positive(&tc->samples_left) < 0;
}

/* Offers one sample, in whatever context. The caller has seen to it that it does not migrate. */
static void torture_offer(struct torture_cpu *tc, enum torture_context context)
{
	u64 header[TORTURE_HDRSIZE];
	u64 sequence;
	u64 now;
	int result;
	u32 size;
	u32 i;

	if (torture_is_quiet(tc))
		return;
	local64_inc(&tc->offered[context]);
	if (!profbuf_ring_enter(&tc->ring, torture_clock())) {
		local64_inc(&tc->refused[context]);
		return;
	}

	/* Before it was let in, an interrupt could still write, at a later time. */
	now = torture_clock();
	sequence = tc->sequence++;
	size = torture_size(sequence);
	for (i = 0; i < size; i++)
		tc->stack[i] = torture_word(sequence, i);
	/* A shorter header is filled up with zeroes. */
	header[0] = sequence + 1;
	header[1] = context;
	header[2] = ~sequence;
	result = profbuf_ring_write(&tc->ring, now, ~sequence, header,
				    sequence % 7 ? TORTURE_HDRSIZE : 2, tc->stack, size);
	if (result < 0)
		torture_violation("CPU %u: a write returns %d", tc->cpu, result);
	else
		result |= profbuf_ring_exit(&tc->ring);

	if (result > 0 && result & PROFBUF_RING_WAKE) {
		atomic64_inc(&tc->wakes);
		irq_work_queue(&tc->wake);
	}
	/* In an NMI no timer can be started. */
	if (result > 0 && result & PROFBUF_RING_FIRST) {
		atomic64_inc(&tc->firsts);
		irq_work_queue(&tc->start_deadline);
	}
}

static enum hrtimer_restart torture_irq(struct hrtimer *timer)
{
	struct torture_cpu *tc = container_of(timer, struct torture_cpu, irq_timer);

	torture_offer(tc, TORTURE_IRQ);
	hrtimer_forward_now(timer, ns_to_ktime(TORTURE_IRQ_NS));
	return READ_ONCE(stopping) ? HRTIMER_NORESTART : HRTIMER_RESTART;
}

static enum hrtimer_restart torture_softirq(struct hrtimer *timer)
{
	struct torture_cpu *tc = container_of(timer, struct torture_cpu, softirq_timer);

	/* On PREEMPT_RT a thread, which the writing task could preempt. */
	preempt_disable();
	torture_offer(tc, TORTURE_SOFTIRQ);
	preempt_enable();
	hrtimer_forward_now(timer, ns_to_ktime(TORTURE_SOFTIRQ_NS));
	return READ_ONCE(stopping) ? HRTIMER_NORESTART : HRTIMER_RESTART;
}

static int torture_nmi(unsigned int type, struct pt_regs *regs)
{
	struct torture_cpu *tc = cpus[raw_smp_processor_id()];

	/* Ours, unless more came than were sent: those are somebody else's. */
	if (!tc || atomic_dec_if_positive(&tc->nmis_sent) < 0)
		return NMI_DONE;
	torture_offer(tc, TORTURE_NMI);
	return NMI_HANDLED;
}

static void torture_send_nmi(struct torture_cpu *tc)
{
	/* One at a time: a second one would be merged with the first. */
	if (atomic_cmpxchg(&tc->nmis_sent, 0, 1) == 0)
		apic->send_IPI_mask(cpumask_of(tc->cpu), NMI_VECTOR);
}

static int torture_writer(void *argument)
{
	struct torture_cpu *tc = argument;
	u64 turn = 0;
	unsigned int i;

	while (!kthread_should_stop()) {
		/* Own NMIs hit right after they are sent, those of others anywhere. */
		if (hash_64_generic(++turn, 1))
			torture_send_nmi(tc);
		for_each_online_cpu(i) {
			if (i != tc->cpu && cpus[i])
				torture_send_nmi(cpus[i]);
		}
		/* Mostly what a ring holds, at times more than readers can keep up with. */
		for (i = 0; i < (turn % 64 ? words / 40 : words); i++) {
			preempt_disable();
			torture_offer(tc, TORTURE_TASK);
			preempt_enable();
		}
		usleep_range(10, 100);
	}
	return 0;
}

static void torture_wake(struct irq_work *work)
{
	wake_up(&container_of(work, struct torture_cpu, wake)->wait);
}

static void torture_start_deadline(struct irq_work *work)
{
	struct torture_cpu *tc = container_of(work, struct torture_cpu, start_deadline);

	/* One that is running now may have woken all too early for this record. */
	if (!hrtimer_is_queued(&tc->deadline))
		hrtimer_start(&tc->deadline, ns_to_ktime(TORTURE_DEADLINE_NS),
			      HRTIMER_MODE_REL_PINNED_SOFT);
}

static enum hrtimer_restart torture_deadline(struct hrtimer *timer)
{
	struct torture_cpu *tc = container_of(timer, struct torture_cpu, deadline);

	tc->deadlines++;
	wake_up(&tc->wait);
	return HRTIMER_NORESTART;
}

static void torture_check_overflow(struct torture_cpu *tc, const u64 *record)
{
	if (record[0] != PROFBUF_RING_RECORD_FIXED + TORTURE_HDRSIZE + 1 ||
	    record[3] || record[4] || !record[5])
		torture_violation("CPU %u: overflow entry of %llu words", tc->cpu, record[0]);
	tc->missing_allowed += record[5];
	tc->lost_read += record[5];
	tc->entries_read++;
}

static void torture_check_record(struct torture_cpu *tc, const u64 *record, u64 tag)
{
	u64 sequence = record[2] - 1;
	u32 size = record[0] - PROFBUF_RING_RECORD_FIXED - TORTURE_HDRSIZE;
	const u64 *stack = record + PROFBUF_RING_RECORD_FIXED + TORTURE_HDRSIZE;
	u32 i;

	if (sequence < tc->expected)
		torture_violation("CPU %u: record %llu comes after %llu", tc->cpu, sequence,
				  tc->expected - 1);
	/* Refused samples have no sequence number, so there may be more lost than missing. */
	if (sequence - tc->expected > tc->missing_allowed)
		torture_violation("CPU %u: records %llu to %llu are missing, %llu told", tc->cpu,
				  tc->expected, sequence - 1, tc->missing_allowed);
	tc->expected = sequence + 1;
	tc->missing_allowed = 0;

	if (tag != ~sequence)
		torture_violation("CPU %u: record %llu has tag %llx", tc->cpu, sequence, tag);
	if (record[3] >= TORTURE_CONTEXTS || record[4] != (sequence % 7 ? ~sequence : 0))
		torture_violation("CPU %u: header of record %llu", tc->cpu, sequence);
	if (size != torture_size(sequence))
		torture_violation("CPU %u: record %llu has %u words", tc->cpu, sequence, size);
	for (i = 0; i < size && !atomic_read(&violations); i++) {
		if (stack[i] != torture_word(sequence, i))
			torture_violation("CPU %u: word %u of record %llu is %llx", tc->cpu, i,
					  sequence, stack[i]);
	}
}

static void torture_check_batch(struct torture_cpu *tc, const struct profbuf_ring_batch *batch)
{
	const u64 *record = batch->data;
	u32 i;

	for (i = 0; i < batch->records; i++, record += record[0]) {
		if (!record[0] || record[0] > batch->data + batch->words - record) {
			torture_violation("CPU %u: record of %llu words", tc->cpu, record[0]);
			return;
		}
		if (record[1] < tc->last_time)
			torture_violation("CPU %u: time runs backwards", tc->cpu);
		tc->last_time = record[1];
		if (record[2])
			torture_check_record(tc, record, batch->tags[i]);
		else
			torture_check_overflow(tc, record);
	}
	if (record != batch->data + batch->words)
		torture_violation("CPU %u: batch of %u words", tc->cpu, batch->words);
	tc->records_read += batch->records;
}

/* One read, perhaps put back and done again; returns what profbuf_ring_read() does. */
static int torture_read(struct torture_cpu *tc, u64 random)
{
	struct profbuf_ring_batch batch;
	u64 room = random % 4 ? U64_MAX : random / 4 % words;
	int result;

	result = profbuf_ring_read(&tc->ring, &batch, room);
	if (result > 0 && random % 16 == 1) {
		profbuf_ring_unread(&tc->ring);
		tc->put_back++;
		result = profbuf_ring_read(&tc->ring, &batch, U64_MAX);
		if (result <= 0)
			torture_violation("CPU %u: what was put back is gone: %d", tc->cpu,
					  result);
	}
	if (result > 0)
		torture_check_batch(tc, &batch);
	else if (result == 0)
		tc->ended = true;
	else if (result != -EAGAIN && !(result == -EMSGSIZE && room != U64_MAX))
		torture_violation("CPU %u: a read returns %d", tc->cpu, result);
	if (random % 8 == 3)
		profbuf_ring_commit(&tc->ring);
	return result;
}

static bool torture_arm(struct torture_cpu *tc)
{
	atomic64_inc(&tc->armed);
	return profbuf_ring_arm(&tc->ring);
}

/*
 * Waits for what the writer promises to wake for; the other readers stay away meanwhile. Where
 * only a few more samples come, most of them stay below the watermark.
 */
static void torture_sleep(struct torture_cpu *tc, u64 random)
{
	if (random % 16 == 0)
		atomic_set(&tc->samples_left, 1 + random / 16 % 4);
	if (!wait_event_timeout(tc->wait, torture_arm(tc) || READ_ONCE(stopping),
				TORTURE_WAKEUP_SECONDS * HZ))
		torture_violation("CPU %u: nobody has woken the reader for %u s", tc->cpu,
				  TORTURE_WAKEUP_SECONDS);
	atomic_set(&tc->samples_left, -1);
}

static int torture_reader(void *argument)
{
	struct torture_cpu *tc = argument;
	u64 random = (unsigned long)current;

	while (!kthread_should_stop()) {
		int result = 0;
		unsigned int i;

		random = hash_64_generic(random + 1, 64);
		mutex_lock(&tc->reading);
		for (i = 0; i < 1 + random % 64 && !tc->ended; i++) {
			result = torture_read(tc, hash_64_generic(random + i, 64));
			if (result == -EAGAIN && !READ_ONCE(stopping))
				torture_sleep(tc, hash_64_generic(random - i, 64));
			cond_resched();
		}
		mutex_unlock(&tc->reading);
		/* Gone for a while, often long enough for the ring to run over. */
		if (random % 32 == 0)
			msleep(20 + random / 32 % 20);
		else if (tc->ended)
			msleep(20);
		cond_resched();
	}
	return 0;
}

static u64 torture_sum(local64_t *counts)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < TORTURE_CONTEXTS; i++)
		sum += local64_read(&counts[i]);
	return sum;
}

static u64 torture_records_read(void)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += cpus[cpu] ? READ_ONCE(cpus[cpu]->records_read) : 0;
	return sum;
}

static u64 torture_nmis(void)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += cpus[cpu] ? local64_read(&cpus[cpu]->offered[TORTURE_NMI]) : 0;
	return sum;
}

/* Everybody is gone: what was offered must be what was read and what was lost. */
static void torture_check_account(struct torture_cpu *tc)
{
	struct profbuf_ring_totals totals;
	u64 offered = torture_sum(tc->offered);
	u64 refused = torture_sum(tc->refused);
	int i;

	profbuf_ring_totals(&tc->ring, &totals);
	if (totals.written + totals.lost != offered)
		torture_violation("CPU %u: %llu offered, %llu written and %llu lost", tc->cpu,
				  offered, totals.written, totals.lost);
	if (totals.nested != refused)
		torture_violation("CPU %u: %llu refused, %llu nested", tc->cpu, refused,
				  totals.nested);
	if (tc->records_read - tc->entries_read != totals.written)
		torture_violation("CPU %u: %llu written, %llu read", tc->cpu, totals.written,
				  tc->records_read - tc->entries_read);
	if (tc->lost_read != totals.lost)
		torture_violation("CPU %u: %llu lost, %llu told", tc->cpu, totals.lost,
				  tc->lost_read);
	if (atomic64_read(&tc->wakes) > atomic64_read(&tc->armed))
		torture_violation("CPU %u: %llu wakeups, %llu asked for", tc->cpu,
				  (u64)atomic64_read(&tc->wakes),
				  (u64)atomic64_read(&tc->armed));
	if (atomic64_read(&tc->firsts) > atomic64_read(&tc->armed))
		torture_violation("CPU %u: %llu deadlines begun, %llu wakeups asked for", tc->cpu,
				  (u64)atomic64_read(&tc->firsts),
				  (u64)atomic64_read(&tc->armed));
	if (!tc->deadlines)
		torture_violation("CPU %u: no deadline was ever reached", tc->cpu);
	for (i = 0; i < TORTURE_CONTEXTS; i++)
		pr_info("CPU %u: %s: %lld offered, %lld refused\n", tc->cpu, context_names[i],
			(s64)local64_read(&tc->offered[i]), (s64)local64_read(&tc->refused[i]));
	pr_info("CPU %u: %llu written, %llu lost in %llu entries, %llu put back, %llu wakeups of %llu asked for, %llu deadlines reached of %llu begun\n",
		tc->cpu, totals.written, totals.lost, tc->entries_read, tc->put_back,
		(u64)atomic64_read(&tc->wakes), (u64)atomic64_read(&tc->armed),
		tc->deadlines, (u64)atomic64_read(&tc->firsts));
}

static void torture_cpu_free(struct torture_cpu *tc)
{
	if (!tc)
		return;
	kvfree(tc->ring.data);
	kvfree(tc->ring.tags);
	kvfree(tc->ring.overflow_record);
	kvfree(tc);
}

static struct torture_cpu *torture_cpu_new(unsigned int cpu)
{
	struct profbuf_ring_layout layout;
	u64 *data, *tags, *overflow_record;
	struct torture_cpu *tc;

	if (profbuf_ring_layout(&layout, TORTURE_HDRSIZE, words, words / 16))
		return NULL;
	tc = kvzalloc(sizeof(*tc), GFP_KERNEL);
	if (!tc)
		return NULL;
	data = kvcalloc(layout.data_len, sizeof(u64), GFP_KERNEL);
	tags = kvcalloc(layout.tag_len, sizeof(u64), GFP_KERNEL);
	overflow_record = kvcalloc(profbuf_ring_overflow_words(&layout), sizeof(u64), GFP_KERNEL);
	profbuf_ring_init(&tc->ring, &layout, data, tags, overflow_record);
	if (!data || !tags || !overflow_record) {
		torture_cpu_free(tc);
		return NULL;
	}
	tc->ring.watermark = watermark;
	tc->cpu = cpu;
	mutex_init(&tc->reading);
	init_waitqueue_head(&tc->wait);
	init_irq_work(&tc->wake, torture_wake);
	init_irq_work(&tc->start_deadline, torture_start_deadline);
	atomic_set(&tc->samples_left, -1);
	hrtimer_setup(&tc->deadline, torture_deadline, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_SOFT);
	hrtimer_setup(&tc->irq_timer, torture_irq, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_setup(&tc->softirq_timer, torture_softirq, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_SOFT);
	return tc;
}

/* Runs on the CPU, so that the pinned timers stay on it. */
static long torture_start_timers(void *argument)
{
	struct torture_cpu *tc = argument;

	hrtimer_start(&tc->irq_timer, ns_to_ktime(TORTURE_IRQ_NS), HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_start(&tc->softirq_timer, ns_to_ktime(TORTURE_SOFTIRQ_NS),
		      HRTIMER_MODE_REL_PINNED_SOFT);
	tc->writing = true;
	return 0;
}

static int torture_start(struct torture_cpu *tc)
{
	struct task_struct *task;
	int i;

	for (i = 0; i < TORTURE_READERS; i++) {
		task = kthread_run(torture_reader, tc, "torture_read/%u", tc->cpu);
		if (IS_ERR(task))
			return PTR_ERR(task);
		tc->readers[i] = task;
	}
	task = kthread_create(torture_writer, tc, "torture_write/%u", tc->cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, tc->cpu);
	tc->writer = task;
	wake_up_process(task);
	return work_on_cpu(tc->cpu, torture_start_timers, tc);
}

/* Writers first; then the end is announced, and readers read up to it. */
static void torture_stop_writers(void)
{
	unsigned int cpu;

	WRITE_ONCE(stopping, true);
	for_each_possible_cpu(cpu) {
		if (cpus[cpu] && cpus[cpu]->writer)
			kthread_stop(cpus[cpu]->writer);
	}
	for_each_possible_cpu(cpu) {
		struct torture_cpu *tc = cpus[cpu];

		if (!tc)
			continue;
		if (tc->writing) {
			hrtimer_cancel(&tc->irq_timer);
			hrtimer_cancel(&tc->softirq_timer);
		}
		/* An NMI that was sent comes. */
		while (atomic_read(&tc->nmis_sent))
			cpu_relax();
		irq_work_sync(&tc->wake);
		irq_work_sync(&tc->start_deadline);
		hrtimer_cancel(&tc->deadline);
		wake_up(&tc->wait);
	}
}

static void torture_stop_readers(void)
{
	unsigned int cpu;
	int i;

	for_each_possible_cpu(cpu) {
		struct torture_cpu *tc = cpus[cpu];

		for (i = 0; tc && i < TORTURE_READERS; i++) {
			if (tc->readers[i])
				kthread_stop(tc->readers[i]);
		}
	}
}

static void torture_drain(struct torture_cpu *tc)
{
	int result;

	if (profbuf_ring_close(&tc->ring) < 0 || profbuf_ring_close(&tc->ring) != -EALREADY)
		torture_violation("CPU %u: the ring cannot be closed once", tc->cpu);
	do {
		result = torture_read(tc, 1);
	} while (result > 0);
	if (!tc->ended)
		torture_violation("CPU %u: the end does not come: %d", tc->cpu, result);
}

static void torture_wait(void)
{
	unsigned long end = jiffies + seconds * HZ;

	while (torture_records_read() < records || torture_nmis() < nmis) {
		if (atomic_read(&violations))
			return;
		if (time_after(jiffies, end)) {
			torture_violation("only %llu records and %llu NMIs in %u s",
					  torture_records_read(), torture_nmis(), seconds);
			return;
		}
		msleep(50);
	}
}

static int torture_run(void)
{
	unsigned int cpu;
	int error = 0;

	for_each_online_cpu(cpu) {
		cpus[cpu] = torture_cpu_new(cpu);
		if (!cpus[cpu])
			return -ENOMEM;
	}
	error = register_nmi_handler(NMI_LOCAL, torture_nmi, 0, KBUILD_MODNAME);
	if (error)
		return error;
	for_each_online_cpu(cpu) {
		error = torture_start(cpus[cpu]);
		if (error)
			break;
	}

	if (!error)
		torture_wait();
	torture_stop_writers();
	torture_stop_readers();
	unregister_nmi_handler(NMI_LOCAL, KBUILD_MODNAME);
	if (error)
		return error;

	for_each_online_cpu(cpu) {
		torture_drain(cpus[cpu]);
		torture_check_account(cpus[cpu]);
	}
	pr_info("end of test: %s: %llu records, %llu NMIs\n",
		atomic_read(&violations) ? "FAILURE" : "SUCCESS", torture_records_read(),
		torture_nmis());
	return atomic_read(&violations) ? -EILSEQ : 0;
}

static int __init torture_init(void)
{
	unsigned int cpu;
	int error;

	if (words < 64 || words >= TORTURE_OVERSIZE || !watermark || watermark > words / 2)
		return -EINVAL;
	cpus = kcalloc(nr_cpu_ids, sizeof(*cpus), GFP_KERNEL);
	if (!cpus)
		return -ENOMEM;
	cpus_read_lock();
	error = torture_run();
	cpus_read_unlock();
	for_each_possible_cpu(cpu)
		torture_cpu_free(cpus[cpu]);
	kfree(cpus);
	return error;
}
module_init(torture_init);

static void __exit torture_exit(void)
{
}
module_exit(torture_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Torture of profbuf's ring");
