// SPDX-License-Identifier: GPL-2.0
/*
 * What a session may be asked for, and the module's parameters, which are what it gets
 * unless asked.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/stddef.h>
#include <linux/sysfs.h>

#include "config.h"
#include "copy.h"
#include "source.h"

/*
 * A ring smaller than this many of its largest records could lose for ever: a record
 * of more than half a ring may not fit an empty one, and after a loss two must fit.
 */
#define CONFIG_LEAST_RECORDS	4

static unsigned int max_stack_depth = PROFBUF_STACK_MAX;

static int config_set_max_stack_depth(const char *text, const struct kernel_param *kp)
{
	return param_set_uint_minmax(text, kp, 1, PROFBUF_STACK_MAX);
}

static const struct kernel_param_ops config_max_stack_depth_ops = {
	.set = config_set_max_stack_depth,
	.get = param_get_uint,
};

module_param_cb(max_stack_depth, &config_max_stack_depth_ops, &max_stack_depth, 0644);
MODULE_PARM_DESC(max_stack_depth, "most frames that a session may ask for");

static u64 config_least_ring(const struct profbuf_config *config)
{
	return CONFIG_LEAST_RECORDS * sizeof(u64) *
	       (PROFBUF_RECORD_FIXED + config->hdrsize + config->stack_depth +
		profbuf_copy_words(config));
}

/* What must be told of a copy is where it begins. */
static bool config_copy_is_right(const struct profbuf_config *config)
{
	if (!config->stack_copy)
		return true;
	return config->stack_copy <= PROFBUF_STACK_COPY_MAX &&
	       !(config->stack_copy % sizeof(u64)) && config->hdrsize >= PROFBUF_WORDS;
}

/* Each value by itself. */
static int config_check_ranges(const struct profbuf_config *config)
{
	if (!profbuf_source_find(config->source) || config->flags & ~PROFBUF_FLAGS ||
	    config->cpu_share > PROFBUF_CPU_SHARE_MAX)
		return -EINVAL;
	if (config->hdrsize < PROFBUF_HDRSIZE_MIN || config->hdrsize > PROFBUF_HDRSIZE_MAX)
		return -EINVAL;
	if (config->period_ns < PROFBUF_PERIOD_MIN || config->period_ns > PROFBUF_PERIOD_MAX)
		return -EINVAL;
	if (config->stack_depth < 1 || config->stack_depth > PROFBUF_STACK_MAX)
		return -EINVAL;
	if (config->deadline_ns > PROFBUF_DEADLINE_MAX ||
	    config->ring_size > PROFBUF_RING_SIZE_MAX)
		return -EINVAL;
	if (!config_copy_is_right(config) || config->reserved)
		return -EINVAL;
	return 0;
}

static int config_check(struct profbuf_config *config)
{
	int error = config_check_ranges(config);

	if (error)
		return error;
	if (config->ring_size < config_least_ring(config))
		return -EINVAL;
	config->ring_size = roundup_pow_of_two(config->ring_size);
	return 0;
}

/**
 * profbuf_config_check - check a configuration, and round it as it will be used
 * @config: the configuration; the ring's size is rounded up
 *
 * Context: any.
 * Return: 0, or -EINVAL if a value is out of range, an unknown flag is set or the ring is too
 * small for the records.
 */
int profbuf_config_check(struct profbuf_config *config)
{
	/* For sessions alone: a default that is deeper is lowered when a session gets it. */
	if (config->stack_depth > READ_ONCE(max_stack_depth))
		return -EINVAL;
	return config_check(config);
}

/*
 * The period is a prime number of microseconds close to 1 ms, so as not to run in step
 * with what the machine itself does every millisecond.
 */
static struct profbuf_config defaults = {
	.size = sizeof(struct profbuf_config),
	.source = PROFBUF_SOURCE_TIMER,
	.flags = PROFBUF_KERNEL | PROFBUF_USER,
	.hdrsize = PROFBUF_WORDS_DEFAULT,
	.period_ns = 1009000,
	.ring_size = 1 << 20,
	.watermark = 128 << 10,
	.deadline_ns = 100000000,
	.stack_depth = 127,
};

/* Until then parameters come one by one, and some fit others that are still to come. */
static bool all_parameters_came;

/**
 * profbuf_config_setup - check the parameters that the module was loaded with
 *
 * Context: process.
 * Return: 0, or -EINVAL if they do not fit each other.
 */
int profbuf_config_setup(void)
{
	int error;

	kernel_param_lock(THIS_MODULE);
	error = config_check(&defaults);
	all_parameters_came = !error;
	kernel_param_unlock(THIS_MODULE);
	if (error)
		pr_err("ring_size=%llu is too small for records of hdrsize=%u and stack_depth=%u: %llu at least\n",
		       defaults.ring_size, defaults.hdrsize, defaults.stack_depth,
		       config_least_ring(&defaults));
	return error;
}

/**
 * profbuf_config_defaults - configuration of a new session
 * @config: where to put it
 *
 * Context: process.
 */
void profbuf_config_defaults(struct profbuf_config *config)
{
	kernel_param_lock(THIS_MODULE);
	*config = defaults;
	config->stack_depth = min(config->stack_depth, max_stack_depth);
	kernel_param_unlock(THIS_MODULE);
}

/* One parameter: a field of the defaults, or one of its flags. */
struct config_param {
	size_t offset;
	size_t size;
	u32 flag;
};

static u64 config_param_value(const struct profbuf_config *config,
			      const struct config_param *param)
{
	const void *field = (const void *)config + param->offset;

	if (param->flag)
		return !!(config->flags & param->flag);
	return param->size == sizeof(u64) ? *(const u64 *)field : *(const u32 *)field;
}

/* Serialized by the parameter lock, like profbuf_config_defaults(). */
static int config_param_set(const char *text, const struct kernel_param *kp)
{
	const struct config_param *param = kp->arg;
	struct profbuf_config config = defaults;
	void *field = (void *)&config + param->offset;
	u64 value;
	bool on;
	int error;

	if (param->flag) {
		error = kstrtobool(text, &on);
		if (error)
			return error;
		config.flags = on ? config.flags | param->flag : config.flags & ~param->flag;
	} else {
		error = kstrtou64(text, 0, &value);
		if (error)
			return error;
		if (param->size == sizeof(u64))
			*(u64 *)field = value;
		else if (value <= U32_MAX)
			*(u32 *)field = value;
		else
			return -ERANGE;
	}

	error = all_parameters_came ? config_check(&config) : config_check_ranges(&config);
	if (!error)
		defaults = config;
	return error;
}

static int config_param_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%llu\n", config_param_value(&defaults, kp->arg));
}

static const struct kernel_param_ops config_param_ops = {
	.set = config_param_set,
	.get = config_param_get,
};

#define CONFIG_PARAM(name, field, flag_, description)					\
	static const struct config_param name##_param = {				\
		.offset = offsetof(struct profbuf_config, field),			\
		.size = sizeof_field(struct profbuf_config, field),			\
		.flag = flag_,								\
	};										\
	module_param_cb(name, &config_param_ops, (void *)&name##_param, 0644);		\
	MODULE_PARM_DESC(name, description)

CONFIG_PARAM(hdrsize, hdrsize, 0, "header words of each record");
CONFIG_PARAM(period_ns, period_ns, 0, "time between the samples of a CPU, nanoseconds");
CONFIG_PARAM(ring_size, ring_size, 0, "bytes of each CPU's ring");
CONFIG_PARAM(watermark, watermark, 0, "bytes in a ring that wake the reader");
CONFIG_PARAM(deadline_ns, deadline_ns, 0, "age of a record that wakes the reader, nanoseconds");
CONFIG_PARAM(stack_depth, stack_depth, 0, "most frames of a stack");
CONFIG_PARAM(kernel, flags, PROFBUF_KERNEL, "record kernel frames");
CONFIG_PARAM(user, flags, PROFBUF_USER, "record user frames");
CONFIG_PARAM(idle, flags, PROFBUF_IDLE, "record idle CPUs");
