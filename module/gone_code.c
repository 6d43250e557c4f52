// SPDX-License-Identifier: GPL-2.0
/*
 * Code of modules that has gone, as what begins a module does when it has begun, and all the rest
 * when the module is removed: what its functions were, and until when. Kept while there is
 * somebody who may have sampled it.
 */
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/overflow.h>
#include <linux/profbuf.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "gone_code.h"

/* Bytes that are kept; then the oldest is forgotten. */
#define GONE_MAX	(4UL << 20)

#define GONE_GFP	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/**
 * struct gone_function - a function
 * @start: its first address
 * @end: address after its last one
 * @name: its name, in the strings of the code
 */
struct gone_function {
	unsigned long start;
	unsigned long end;
	const char *name;
};

/**
 * struct gone_code - code of a module
 * @node: in the list
 * @until: when it went, monotonic clock
 * @start: its first address
 * @end: address after its last one
 * @size: bytes that are kept
 * @module: the module
 * @nr: number of functions
 * @function: by address; their names follow
 */
struct gone_code {
	struct list_head node;
	u64 until;
	unsigned long start;
	unsigned long end;
	size_t size;
	char module[MODULE_NAME_LEN];
	unsigned int nr;
	struct gone_function function[];
};

/* Protects what follows. */
static DEFINE_MUTEX(gone_lock);
/* Oldest first. */
static LIST_HEAD(gone_list);
static size_t gone_size;
static unsigned int gone_users;
/* What went until then is not all kept. */
static u64 gone_unknown_until;

static void gone_drop(struct gone_code *code)
{
	gone_unknown_until = code->until;
	gone_size -= code->size;
	list_del(&code->node);
	kvfree(code);
}

static void gone_drop_all(void)
{
	struct gone_code *code, *next;

	list_for_each_entry_safe(code, next, &gone_list, node)
		gone_drop(code);
}

#ifdef CONFIG_KALLSYMS
static bool gone_is_part(const struct module *module, unsigned long address, bool all)
{
	return within_module_init(address, module) || (all && within_module_core(address, module));
}

/* Returns the name if the symbol is a function of code that goes. */
static const char *gone_name(const struct module *module, const struct mod_kallsyms *symbols,
			     unsigned int i, bool all)
{
	const char *name = symbols->strtab + symbols->symtab[i].st_name;

	/* Marks of the assembler are none. */
	if (!*name || *name == '$' || *name == '.' || !strchr("tTwW", symbols->typetab[i]) ||
	    !gone_is_part(module, symbols->symtab[i].st_value, all))
		return NULL;
	return name;
}

static int gone_compare(const void *left, const void *right)
{
	const struct gone_function *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/* Where no size is given, a function ends where the next one begins. */
static void gone_set_ends(struct gone_code *code)
{
	struct gone_function *function = code->function;
	unsigned int i;

	for (i = 0; i < code->nr; i++, function++) {
		if (function->end == function->start)
			function->end = i + 1 < code->nr ? function[1].start :
							   PAGE_ALIGN(function->start + 1);
		code->end = max(code->end, function->end);
	}
	code->start = code->nr ? code->function[0].start : 0;
}

static struct gone_code *gone_make(const struct module *module, bool all)
{
	/* Nobody changes it while those are told who want to know of the module. */
	const struct mod_kallsyms *symbols = rcu_dereference_protected(module->kallsyms, true);
	size_t strings = 0, size;
	struct gone_code *code;
	const char *name;
	unsigned int i, nr = 0;
	char *end;

	for (i = 0; i < symbols->num_symtab; i++) {
		name = gone_name(module, symbols, i, all);
		if (name) {
			strings += strlen(name) + 1;
			nr++;
		}
	}
	size = size_add(struct_size(code, function, nr), strings);
	code = kvmalloc(size, GONE_GFP);
	if (!code)
		return NULL;
	*code = (struct gone_code){ .size = size };
	strscpy(code->module, module->name, sizeof(code->module));
	end = (char *)&code->function[nr];
	for (i = 0; i < symbols->num_symtab; i++) {
		name = gone_name(module, symbols, i, all);
		if (name) {
			unsigned long start = symbols->symtab[i].st_value;
			size_t length = strlen(name) + 1;

			code->function[code->nr++] = (struct gone_function){
				.start = start,
				.end = start + symbols->symtab[i].st_size,
				.name = memcpy(end, name, length),
			};
			end += length;
		}
	}
	sort(code->function, code->nr, sizeof(*code->function), gone_compare, NULL);
	gone_set_ends(code);
	return code;
}
#else
static struct gone_code *gone_make(const struct module *module, bool all)
{
	return NULL;
}
#endif

static void gone_add(const struct module *module, bool all)
{
	struct gone_code *code = gone_make(module, all);
	u64 now = ktime_get_mono_fast_ns();

	if (!code) {
		gone_unknown_until = now;
		return;
	}
	code->until = now;
	list_add_tail(&code->node, &gone_list);
	gone_size += code->size;
	while (gone_size > GONE_MAX)
		gone_drop(list_first_entry(&gone_list, struct gone_code, node));
}

/* The beginning of a module is freed after it is said to live, the rest after it is said to go. */
static int gone_notify(struct notifier_block *block, unsigned long state, void *data)
{
	if (state != MODULE_STATE_LIVE && state != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	mutex_lock(&gone_lock);
	if (gone_users)
		gone_add(data, state == MODULE_STATE_GOING);
	mutex_unlock(&gone_lock);
	return NOTIFY_DONE;
}

static struct notifier_block gone_block = { .notifier_call = gone_notify };

/**
 * profbuf_gone_code_setup - begin to be told of modules
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int profbuf_gone_code_setup(void)
{
	return register_module_notifier(&gone_block);
}

/**
 * profbuf_gone_code_cleanup - cease to be told of modules
 *
 * Context: process; sleeps.
 */
void profbuf_gone_code_cleanup(void)
{
	unregister_module_notifier(&gone_block);
}

/**
 * profbuf_gone_code_keep - there is somebody who samples the kernel
 *
 * Until profbuf_gone_code_forget(), what goes is kept.
 *
 * Context: process; sleeps.
 */
void profbuf_gone_code_keep(void)
{
	mutex_lock(&gone_lock);
	if (!gone_users++)
		gone_unknown_until = ktime_get_mono_fast_ns();
	mutex_unlock(&gone_lock);
}

/**
 * profbuf_gone_code_forget - undo a profbuf_gone_code_keep()
 *
 * Context: process; sleeps.
 */
void profbuf_gone_code_forget(void)
{
	mutex_lock(&gone_lock);
	if (!--gone_users)
		gone_drop_all();
	mutex_unlock(&gone_lock);
}

/* What was there at a time went after it, and before anything else that was put there. */
static const struct gone_code *gone_find(unsigned long address, u64 time)
{
	const struct gone_code *code;

	list_for_each_entry(code, &gone_list, node)
		if (code->until >= time && address >= code->start && address < code->end)
			return code;
	return NULL;
}

static const struct gone_function *gone_find_function(const struct gone_code *code,
						      unsigned long address)
{
	unsigned int low = 0, high = code->nr;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (code->function[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= code->function[low - 1].end)
		return NULL;
	return &code->function[low - 1];
}

/**
 * profbuf_gone_code_lock - look for an address in what has gone, and have no more go
 * @symbol: asks for an address and a time other than 0; what was there is put there
 *
 * Context: process; sleeps. To be followed by profbuf_gone_code_unlock(), whatever is returned.
 * Return: 1 if it was found; 0 if what is there now was there at that time; -ENOENT if it is not
 *	known what was there; -ESTALE if that is not known unless it is no module's.
 */
int profbuf_gone_code_lock(struct profbuf_kernel_symbol *symbol)
{
	const struct gone_function *function;
	const struct gone_code *code;

	mutex_lock(&gone_lock);
	code = gone_find(symbol->address, symbol->time_ns);
	/* Something else may have been there meanwhile. */
	if (symbol->time_ns <= gone_unknown_until && !(code && code->until <= gone_unknown_until))
		return code ? -ENOENT : -ESTALE;
	if (!code)
		return 0;
	function = gone_find_function(code, symbol->address);
	if (!function)
		return -ENOENT;
	symbol->start = function->start;
	symbol->length = function->end - function->start;
	strscpy(symbol->name, function->name, sizeof(symbol->name));
	strscpy(symbol->module, code->module, sizeof(symbol->module));
	return 1;
}

/**
 * profbuf_gone_code_unlock - let code go again
 *
 * Context: process.
 */
void profbuf_gone_code_unlock(void)
{
	mutex_unlock(&gone_lock);
}
