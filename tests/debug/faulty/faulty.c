// SPDX-License-Identifier: GPL-2.0
/*
 * Does wrong what the debug kernel is there to notice.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

static char *fault = "";
module_param(fault, charp, 0);
MODULE_PARM_DESC(fault, "name of one of the functions below");

/* Not known to the compiler. */
static unsigned int large = 100;
module_param(large, uint, 0);
MODULE_PARM_DESC(large, "more than a word has bits, and than memory is allocated");

struct object {
	struct timer_list timer;
	struct list_head list;
};

static struct object *new_object(void)
{
	return kzalloc(sizeof(struct object), GFP_KERNEL | __GFP_NOFAIL);
}

static void use_after_free(void)
{
	struct object *object = new_object();

	kfree(object);
	INIT_LIST_HEAD(&object->list);
}

static void vmalloc_overrun(void)
{
	char *memory = vmalloc(large);

	if (memory)
		WRITE_ONCE(memory[large], 1);
	vfree(memory);
}

static void stack_overrun(void)
{
	char memory[16];
	char *pointer = memory;

	OPTIMIZER_HIDE_VAR(pointer);
	WRITE_ONCE(pointer[16], 1);
}

static void memory_leak(void)
{
	struct object *object = new_object();

	OPTIMIZER_HIDE_VAR(object);
}

static void shift_out_of_bounds(void)
{
	pr_info("%u\n", 1U << large);
}

static void index_out_of_bounds(void)
{
	static int array[10];

	pr_info("%d\n", array[large / 10]);
}

static void expire(struct timer_list *timer)
{
}

static void free_active_timer(void)
{
	struct object *object = new_object();

	timer_setup(&object->timer, expire, 0);
	mod_timer(&object->timer, jiffies + 1000 * HZ);
	kfree(object);
}

static void list_corruption(void)
{
	struct object *object = new_object();
	LIST_HEAD(head);

	list_add(&object->list, &head);
	list_add(&object->list, &head);
	kfree(object);
}

static void sleep_in_atomic(void)
{
	static DEFINE_MUTEX(mutex);

	preempt_disable();
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	preempt_enable();
}

static void processor_id_in_preemptible(void)
{
	pr_info("%u\n", smp_processor_id());
}

static void rcu_unprotected(void)
{
	static int __rcu *pointer;

	pr_info("%d\n", !!rcu_dereference(pointer));
}

static void lock_nesting(void)
{
	static DEFINE_RAW_SPINLOCK(raw);
	static DEFINE_SPINLOCK(lock);

	raw_spin_lock(&raw);
	spin_lock(&lock);
	spin_unlock(&lock);
	raw_spin_unlock(&raw);
}

static void lock_order(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);

	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

static void lock_kept(void)
{
	static DEFINE_MUTEX(kept);

	mutex_lock(&kept);
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
#define FAULT(function) { #function, function }
	FAULT(memory_leak),
	FAULT(shift_out_of_bounds),
	FAULT(index_out_of_bounds),
	FAULT(free_active_timer),
	FAULT(list_corruption),
	FAULT(sleep_in_atomic),
	FAULT(processor_id_in_preemptible),
	FAULT(rcu_unprotected),
	FAULT(lock_nesting),
	FAULT(lock_order),
	FAULT(lock_kept),
	FAULT(use_after_free),
	FAULT(vmalloc_overrun),
	FAULT(stack_overrun),
};

static int __init faulty_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(fault, faults[i].name)) {
			faults[i].commit();
			return 0;
		}
	}
	return -EINVAL;
}
module_init(faulty_init);

static void __exit faulty_exit(void)
{
}
module_exit(faulty_exit);

MODULE_DESCRIPTION("Faults for the test of the debug kernel");
MODULE_LICENSE("GPL");
