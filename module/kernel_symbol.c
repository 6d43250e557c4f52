// SPDX-License-Identifier: GPL-2.0
/*
 * Names of kernel addresses.
 */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/profbuf.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "gone_code.h"
#include "kernel_symbol.h"

/* "NAME+0xOFFSET/0xLENGTH [MODULE]", as modules are told; without a '+' if there is none. */
static int symbol_parse(struct profbuf_kernel_symbol *symbol, char *text)
{
	char *plus = strrchr(text, '+');
	unsigned long offset, length;
	char *module, *end;

	if (!plus || sscanf(plus, "+0x%lx/0x%lx", &offset, &length) != 2)
		return -ENOENT;
	*plus = '\0';
	symbol->start = symbol->address - offset;
	symbol->length = length;
	strscpy(symbol->name, text, sizeof(symbol->name));
	module = strchr(plus + 1, '[');
	end = module ? strchr(module, ']') : NULL;
	if (end) {
		*end = '\0';
		strscpy(symbol->module, module + 1, sizeof(symbol->module));
	}
	return 0;
}

static int symbol_find_present(struct profbuf_kernel_symbol *symbol)
{
	char *text = kmalloc(KSYM_SYMBOL_LEN, GFP_KERNEL);
	int error;

	if (!text)
		return -ENOMEM;
	sprint_symbol(text, symbol->address);
	error = symbol_parse(symbol, text);
	kfree(text);
	return error;
}

/**
 * profbuf_kernel_symbol_find - what was at an address of the kernel?
 * @symbol: asks for an address and a time; the rest is filled in
 *
 * Context: process; sleeps.
 * Return: 0, -ENOENT if nothing is known to have been there, or -ENOMEM.
 */
int profbuf_kernel_symbol_find(struct profbuf_kernel_symbol *symbol)
{
	int known, error;

	if (!symbol->time_ns)
		return symbol_find_present(symbol);
	known = profbuf_gone_code_lock(symbol);
	switch (known) {
	case 1:
		error = 0;
		break;
	case -ENOENT:
		error = -ENOENT;
		break;
	default:
		error = symbol_find_present(symbol);
		if (!error && known == -ESTALE && *symbol->module)
			error = -ENOENT;
	}
	profbuf_gone_code_unlock();
	return error;
}
