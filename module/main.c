// SPDX-License-Identifier: GPL-2.0
/*
 * Module entry and exit.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "chardev.h"
#include "config.h"
#include "cpus.h"
#include "gone_code.h"
#include "idle.h"
#include "overload.h"
#include "space.h"
#include "space_watch.h"
#include "table.h"

/* Anyone may open it: whether the caller may sample is asked when sampling starts. */
static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &profbuf_chardev_operations,
	.mode = 0666,
};

static int __init profbuf_init(void)
{
	int error;

	error = profbuf_config_setup();
	if (error)
		return error;
	profbuf_overload_setup();
	profbuf_space_setup();
	profbuf_tables_setup();
	error = profbuf_cpus_setup();
	if (error)
		return error;
	error = profbuf_gone_code_setup();
	if (error)
		goto cleanup_cpus;
	error = misc_register(&device);
	if (error)
		goto cleanup_gone_code;
	return 0;

cleanup_gone_code:
	profbuf_gone_code_cleanup();
cleanup_cpus:
	profbuf_cpus_cleanup();
	return error;
}
module_init(profbuf_init);

static void __exit profbuf_exit(void)
{
	misc_deregister(&device);
	profbuf_gone_code_cleanup();
	profbuf_cpus_cleanup();
	profbuf_idle_cleanup();
	profbuf_space_watch_cleanup();
	profbuf_spaces_cleanup();
}
module_exit(profbuf_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The profbuf authors");
MODULE_DESCRIPTION("Sampling profiler read from a device, with exact account of losses");
