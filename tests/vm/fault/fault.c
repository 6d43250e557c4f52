// SPDX-License-Identifier: GPL-2.0
/*
 * fault.c - do what the machine runner has to notice
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/string.h>

static char *action = "";
module_param(action, charp, 0);
MODULE_PARM_DESC(action, "warn, oops or hang");

static noinline void fault_hang(void)
{
	for (;;)
		schedule_timeout_uninterruptible(MAX_SCHEDULE_TIMEOUT);
}

static int __init fault_init(void)
{
	if (!strcmp(action, "warn"))
		WARN(1, "fault asked for\n");
	else if (!strcmp(action, "oops"))
		WRITE_ONCE(*(int *)NULL, 0);
	else if (!strcmp(action, "hang"))
		fault_hang();
	else
		return -EINVAL;
	return 0;
}

static void __exit fault_exit(void)
{
}

module_init(fault_init);
module_exit(fault_exit);
MODULE_DESCRIPTION("Faults for the test of the machine runner");
MODULE_LICENSE("GPL");
