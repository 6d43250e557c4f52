// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols of the kernel and its modules: of this machine's, or of a recording.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kallsyms.h"
#include "resolver.h"

/* @path: in brackets. */
static struct module *find_kernel_module(struct symbols *symbols, const char *path)
{
	struct module key = { .kind = MODULE_KERNEL, .public.kernel = true };

	if (!path)
		return symbols->kernel;
	key.public.path = symbols__intern(symbols, path);
	return key.public.path ? symbols__find_module(symbols, &key) : NULL;
}

static int add_kernel_symbol(struct symbols *symbols, struct symtab_symbol *symbol,
			     const char *name, const char *module)
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
	return symtab__add(&symbols->kernel_symtab, symbol);
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
	char path[256];

	if (!module || !*module)
		return add_kernel_symbol(symbols, &symbol, name, NULL);
	snprintf(path, sizeof(path), "[%s]", module);
	return add_kernel_symbol(symbols, &symbol, name, path);
}
