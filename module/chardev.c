// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/profbuf: system calls, in terms of a session.
 */
#include <linux/build_bug.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "compat.h"
#include "reader.h"
#include "session.h"
#include "stats.h"

/* Sizes of the structures in their first version: no caller knows smaller ones. */
#define CONFIG_SIZE_FIRST	56
#define STATS_SIZE_FIRST	80
#define CPUS_SIZE_FIRST		16
#define SYMBOL_SIZE_FIRST	616
#define UNWIND_SIZE_FIRST	32

static int chardev_open(struct inode *inode, struct file *file)
{
	struct profbuf_session *session = profbuf_session_new();

	if (!session)
		return -ENOMEM;
	file->private_data = session;
	file->f_mode |= FMODE_NOWAIT;
	return stream_open(inode, file);
}

static int chardev_release(struct inode *inode, struct file *file)
{
	profbuf_session_free(file->private_data);
	return 0;
}

static ssize_t chardev_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;

	return profbuf_reader_read(file->private_data, file, to, file->f_flags & O_NONBLOCK,
				   iocb->ki_flags & IOCB_NOWAIT);
}

static __poll_t chardev_poll(struct file *file, poll_table *table)
{
	return profbuf_reader_poll(file->private_data, file, table);
}

/* Structures begin with their own size. @first is that of their first version. */
static int chardev_get_size(u32 *user_size, size_t first, const void __user *from)
{
	if (get_user(*user_size, (const u32 __user *)from))
		return -EFAULT;
	if (*user_size < first)
		return -EINVAL;
	return *user_size > PAGE_SIZE ? -E2BIG : 0;
}

/*
 * A structure smaller than the kernel's is filled up with zeroes, a larger one must have
 * zeroes where the kernel knows nothing.
 */
static int chardev_get_struct(void *to, size_t size, size_t first, const void __user *from,
			      u32 *user_size)
{
	int error = chardev_get_size(user_size, first, from);

	return error ?: copy_struct_from_user(to, size, from, *user_size);
}

static int chardev_put_struct(void __user *to, u32 user_size, void *from, size_t size)
{
	u32 filled = min_t(size_t, user_size, size);

	*(u32 *)from = filled;
	return copy_to_user(to, from, filled) ? -EFAULT : 0;
}

static int chardev_get_config(struct profbuf_session *session, void __user *arg)
{
	struct profbuf_config config;
	u32 user_size;
	int error;

	error = chardev_get_size(&user_size, CONFIG_SIZE_FIRST, arg);
	if (error)
		return error;
	profbuf_session_get_config(session, &config);
	return chardev_put_struct(arg, user_size, &config, sizeof(config));
}

static int chardev_set_config(struct profbuf_session *session, const void __user *arg)
{
	struct profbuf_config config;
	u32 user_size;
	int error;

	BUILD_BUG_ON(offsetofend(struct profbuf_config, cpu_share) != CONFIG_SIZE_FIRST);
	error = chardev_get_struct(&config, sizeof(config), CONFIG_SIZE_FIRST, arg, &user_size);
	return error ?: profbuf_session_set_config(session, &config);
}

static int chardev_stats(struct profbuf_session *session, void __user *arg)
{
	struct profbuf_stats stats;
	u32 user_size;
	int error;

	BUILD_BUG_ON(offsetofend(struct profbuf_stats, lost_read) != STATS_SIZE_FIRST);
	error = chardev_get_struct(&stats, sizeof(stats), STATS_SIZE_FIRST, arg, &user_size);
	if (error)
		return error;
	if (stats.reserved)
		return -EINVAL;
	error = profbuf_session_stats(session, &stats);
	return error ?: chardev_put_struct(arg, user_size, &stats, sizeof(stats));
}

static int chardev_get_cpus(struct profbuf_session *session, void __user *arg)
{
	/* The module depends on 64 bits, so the mask's words are those of the uapi. */
	u32 bytes = BITS_TO_LONGS(nr_cpu_ids) * sizeof(long);
	struct profbuf_cpus request;
	cpumask_var_t cpus;
	u32 user_size;
	int error;

	error = chardev_get_struct(&request, sizeof(request), CPUS_SIZE_FIRST, arg, &user_size);
	if (error)
		return error;
	if (request.bytes < bytes)
		return -EINVAL;

	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	profbuf_session_get_cpus(session, cpus);
	if (copy_to_user(u64_to_user_ptr(request.mask), cpumask_bits(cpus), bytes))
		error = -EFAULT;
	free_cpumask_var(cpus);

	request.bytes = bytes;
	return error ?: chardev_put_struct(arg, user_size, &request, sizeof(request));
}

/* A mask may be larger than the kernel's, if it holds nothing there. */
static int chardev_get_mask(struct cpumask *cpus, const struct profbuf_cpus *request)
{
	const void __user *mask = u64_to_user_ptr(request->mask);
	u32 known = min_t(u32, request->bytes, cpumask_size());
	int error;

	if (request->bytes % sizeof(u64) || request->bytes > PAGE_SIZE)
		return -EINVAL;
	if (!request->bytes)
		return 0;
	if (copy_from_user(cpumask_bits(cpus), mask, known))
		return -EFAULT;
	if (cpumask_empty(cpus) || !cpumask_subset(cpus, cpu_possible_mask))
		return -EINVAL;
	error = check_zeroed_user(mask + known, request->bytes - known);
	if (error < 0)
		return error;
	return error ? 0 : -EINVAL;
}

static int chardev_set_cpus(struct profbuf_session *session, const void __user *arg)
{
	struct profbuf_cpus request;
	cpumask_var_t cpus;
	u32 user_size;
	int error;

	BUILD_BUG_ON(sizeof(request) != CPUS_SIZE_FIRST);
	error = chardev_get_struct(&request, sizeof(request), CPUS_SIZE_FIRST, arg, &user_size);
	if (error)
		return error;

	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	error = chardev_get_mask(cpus, &request);
	if (!error)
		error = profbuf_session_set_cpus(session, cpus);
	free_cpumask_var(cpus);
	return error;
}

static int chardev_kernel_symbol(struct profbuf_session *session, void __user *arg)
{
	struct profbuf_kernel_symbol *symbol;
	u32 user_size;
	int error;

	BUILD_BUG_ON(sizeof(*symbol) != SYMBOL_SIZE_FIRST);
	symbol = kzalloc(sizeof(*symbol), GFP_KERNEL);
	if (!symbol)
		return -ENOMEM;
	error = chardev_get_struct(symbol, sizeof(*symbol), SYMBOL_SIZE_FIRST, arg, &user_size);
	if (!error && symbol->reserved)
		error = -EINVAL;
	memset(symbol->name, 0, sizeof(symbol->name));
	memset(symbol->module, 0, sizeof(symbol->module));
	if (!error)
		error = profbuf_session_kernel_symbol(session, symbol);
	if (!error)
		error = chardev_put_struct(arg, user_size, symbol, sizeof(*symbol));
	kfree(symbol);
	return error;
}

static int chardev_load_unwind(struct profbuf_session *session, const void __user *arg)
{
	struct profbuf_unwind_load load;
	u32 user_size;
	int error;

	BUILD_BUG_ON(sizeof(load) != UNWIND_SIZE_FIRST);
	error = chardev_get_struct(&load, sizeof(load), UNWIND_SIZE_FIRST, arg, &user_size);
	return error ?: profbuf_session_load_unwind(session, &load);
}

static long chardev_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	struct profbuf_session *session = file->private_data;
	void __user *pointer = (void __user *)arg;

	switch (command) {
	case PROFBUF_IOC_GET_CONFIG:
		return chardev_get_config(session, pointer);
	case PROFBUF_IOC_SET_CONFIG:
		return chardev_set_config(session, pointer);
	case PROFBUF_IOC_SET_HDRSIZE:
		return profbuf_session_set_hdrsize(session, arg);
	case PROFBUF_IOC_START:
		return arg ? -EINVAL : profbuf_session_start(session);
	case PROFBUF_IOC_STOP:
		return arg ? -EINVAL : profbuf_session_stop(session);
	case PROFBUF_IOC_PAUSE:
		return arg ? -EINVAL : profbuf_session_pause(session);
	case PROFBUF_IOC_RESUME:
		return arg ? -EINVAL : profbuf_session_resume(session);
	case PROFBUF_IOC_STATS:
		return chardev_stats(session, pointer);
	case PROFBUF_IOC_SET_CPUS:
		return chardev_set_cpus(session, pointer);
	case PROFBUF_IOC_GET_CPUS:
		return chardev_get_cpus(session, pointer);
	case PROFBUF_IOC_KERNEL_SYMBOL:
		return chardev_kernel_symbol(session, pointer);
	case PROFBUF_IOC_LOAD_UNWIND:
		return chardev_load_unwind(session, pointer);
	default:
		return -ENOTTY;
	}
}

static void chardev_show_fdinfo(struct seq_file *m, struct file *file)
{
	static const char * const states[] = {
		[PROFBUF_STATE_IDLE] = "idle",
		[PROFBUF_STATE_RUNNING] = "running",
		[PROFBUF_STATE_PAUSED] = "paused",
		[PROFBUF_STATE_STOPPED] = "stopped",
		[PROFBUF_STATE_ENDED] = "ended",
	};
	struct profbuf_session *session = file->private_data;
	struct profbuf_stats stats = { .cpu = PROFBUF_CPU_NONE };
	struct profbuf_config config;
	u64 tables, tables_size;

	profbuf_session_get_config(session, &config);
	profbuf_session_stats(session, &stats);
	tables = profbuf_session_tables(session, &tables_size);
	seq_printf(m, "profbuf-state:\t%s\n", states[stats.state]);
	seq_printf(m, "profbuf-source:\t%u\n", config.source);
	seq_printf(m, "profbuf-flags:\t%#x\n", config.flags);
	seq_printf(m, "profbuf-hdrsize:\t%u\n", config.hdrsize);
	seq_printf(m, "profbuf-period_ns:\t%llu\n", config.period_ns);
	seq_printf(m, "profbuf-ring_size:\t%llu\n", config.ring_size);
	seq_printf(m, "profbuf-watermark:\t%llu\n", config.watermark);
	seq_printf(m, "profbuf-deadline_ns:\t%llu\n", config.deadline_ns);
	seq_printf(m, "profbuf-stack_depth:\t%u\n", config.stack_depth);
	seq_printf(m, "profbuf-cpu_share:\t%u\n", config.cpu_share);
	seq_printf(m, "profbuf-stack_copy:\t%u\n", config.stack_copy);
	seq_printf(m, "profbuf-interrupts:\t%llu\n", stats.interrupts);
	seq_printf(m, "profbuf-records:\t%llu\n", stats.records);
	seq_printf(m, "profbuf-lost:\t%llu\n", stats.lost);
	seq_printf(m, "profbuf-filtered:\t%llu\n", stats.filtered);
	seq_printf(m, "profbuf-nested:\t%llu\n", stats.nested);
	seq_printf(m, "profbuf-periods:\t%llu\n", stats.periods);
	seq_printf(m, "profbuf-records_read:\t%llu\n", stats.records_read);
	seq_printf(m, "profbuf-lost_read:\t%llu\n", stats.lost_read);
	seq_printf(m, "profbuf-slept:\t%llu\n", stats.slept);
	seq_printf(m, "profbuf-late:\t%llu\n", stats.late);
	seq_printf(m, "profbuf-stolen:\t%llu\n", stats.stolen);
	seq_printf(m, "profbuf-cost_ns:\t%llu\n", stats.cost_ns);
	seq_printf(m, "profbuf-cost_mean_ns:\t%llu\n", stats.cost_mean_ns);
	seq_printf(m, "profbuf-cost_max_ns:\t%llu\n", stats.cost_max_ns);
	seq_printf(m, "profbuf-limited_ns:\t%llu\n", stats.limited_ns);
	seq_printf(m, "profbuf-unwind_tables:\t%llu\n", tables);
	seq_printf(m, "profbuf-unwind_bytes:\t%llu\n", tables_size);
}

const struct file_operations profbuf_chardev_operations = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.release = chardev_release,
	.read_iter = chardev_read_iter,
	.splice_read = copy_splice_read,
	.poll = chardev_poll,
	.unlocked_ioctl = chardev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = chardev_show_fdinfo,
};
