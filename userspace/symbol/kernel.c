// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols of the kernel and its modules: of this machine's, of a recording, or asked for one by
 * one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <profbuf/profbuf.h>

#include "kallsyms.h"
#include "resolver.h"

#define MODULE_PATH_MAX	256

/* The module in brackets; NULL: the kernel itself. */
static const char *module_path(char *path, const char *module)
{
	if (!module || !*module)
		return NULL;
	snprintf(path, MODULE_PATH_MAX, "[%s]", module);
	return path;
}

static struct module *find_kernel_module(struct symbols *symbols, const char *path)
{
	struct module key = { .kind = MODULE_KERNEL, .public.kernel = true };

	if (!path)
		return symbols->kernel;
	key.public.path = symbols__intern(symbols, path);
	return key.public.path ? symbols__find_module(symbols, &key) : NULL;
}

static int complete_symbol(struct symbols *symbols, struct symtab_symbol *symbol, const char *name,
			   const char *module)
{
	symbol->name = symbols__intern(symbols, name);
	symbol->name_size = strlen(name) + 1;
	symbol->owner = find_kernel_module(symbols, module);
	if (!symbol->name || !symbol->owner)
		return -ENOMEM;
	symbols->kernel->kind = MODULE_KERNEL;
	symbols->kernel->public.problem = SYMBOL_OK;
	symbols->kernel->public.reason = NULL;
	symbols->kernel->public.advice = NULL;
	return 0;
}

static int add_kernel_symbol(struct symbols *symbols, struct symtab_symbol *symbol,
			     const char *name, const char *module)
{
	int err = complete_symbol(symbols, symbol, name, module);

	return err ? err : symtab__add(&symbols->kernel_symtab, symbol);
}

static int add_kallsyms_symbol(const struct kallsyms_symbol *found, void *data)
{
	struct symtab_symbol symbol = {
		.start = found->address,
		.end = UINT64_MAX,
		.rank = found->rank,
		.open = true,
	};

	return add_kernel_symbol(data, &symbol, found->name, found->module);
}

int symbols__read_kallsyms(struct symbols *symbols, const char *path)
{
	int error = kallsyms__read(path ?: "/proc/kallsyms", add_kallsyms_symbol, symbols);

	if (error == -EPERM)
		module__set_problem(symbols->kernel, &symbols->context, SYMBOL_HIDDEN,
				    kallsyms__advice(),
				    "the kernel hides the addresses of its symbols");
	else if (error)
		module__set_problem(symbols->kernel, &symbols->context, SYMBOL_NO_KERNEL, NULL,
				    "the kernel's symbols cannot be read: %s", strerror(-error));
	return error;
}

int symbols__add_kernel_symbol(struct symbols *symbols, uint64_t address, uint64_t size,
			       const char *name, const char *module)
{
	struct symtab_symbol symbol = {
		.start = address,
		.end = size ? address + size : UINT64_MAX,
		.open = !size,
	};
	char path[MODULE_PATH_MAX];

	return add_kernel_symbol(symbols, &symbol, name, module_path(path, module));
}

/**
 * struct kernel_address - an address that was asked for
 * @address: the address
 * @known: there was an answer
 * @symbol: that
 */
struct kernel_address {
	uint64_t address;
	bool known;
	struct symtab_symbol symbol;
};

static hashval_t hash_address(const void *item)
{
	return symbols__hash(((const struct kernel_address *)item)->address, 0);
}

static int equal_address(const void *item, const void *other)
{
	const struct kernel_address *a = item, *b = other;

	return a->address == b->address;
}

htab_t kernel_addresses__new(void)
{
	return htab_try_create(1024, hash_address, equal_address, NULL);
}

void symbols__ask_kernel(struct symbols *symbols, symbols_ask_kernel_fn ask, void *context)
{
	symbols->ask_kernel = ask;
	symbols->ask_context = context;
}

bool symbols__asks_kernel(const struct symbols *symbols)
{
	return symbols->ask_kernel;
}

int symbols__meet_kernel(struct symbols *symbols, uint64_t address, bool exact, uint64_t time)
{
	struct kernel_address key = { .address = address - !exact }, *known;
	struct profbuf_kernel_symbol answer;
	char path[MODULE_PATH_MAX];
	bool added;
	int err;

	if (!symbols->ask_kernel)
		return 0;
	known = symbols__find_or_add(symbols, symbols->kernel_addresses, &key, sizeof(key),
				     &added);
	if (!known || !added)
		return known ? 0 : -ENOMEM;
	err = symbols->ask_kernel(symbols->ask_context, key.address, time, &answer);
	if (err == -ENOENT)
		return 0;
	if (err) {
		/* Whoever cannot answer will not learn to. */
		symbols->ask_kernel = NULL;
		return err == -ENOMEM ? err : 0;
	}
	known->symbol.start = answer.start;
	known->symbol.end = answer.start + answer.length;
	known->known = true;
	return complete_symbol(symbols, &known->symbol, answer.name,
			       module_path(path, answer.module));
}

const struct symtab_symbol *symbols__find_kernel(struct symbols *symbols, uint64_t address)
{
	struct kernel_address key = { .address = address };
	const struct kernel_address *asked = htab_find(symbols->kernel_addresses, &key);

	if (asked && asked->known)
		return &asked->symbol;
	return symtab__find(&symbols->kernel_symtab, address);
}
