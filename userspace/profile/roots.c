// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks that reach a root although the kernel could not tell: it follows frame pointers, and the
 * code of the C library that begins a thread has none to end the chain with. Its name tells.
 */
#include <string.h>

#include "profile.h"
#include "symbol/symbol.h"

/* The function that has a symbol, which is the outermost one at an address. */
static const char *function_name(const struct profile *profile, uint32_t location)
{
	const struct symbol_location *symbol = profile__location(profile, location)->symbol;

	return symbol->nframes ? symbol->frames[symbol->nframes - 1].system_name : "";
}

static bool begins_thread(const char *name)
{
	static const char *const names[] = {
		"_start", "__libc_start_main", "__libc_start_call_main", "__libc_start_main_impl",
		"start_thread", "clone", "clone3", "__clone", "__clone3",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* Stripped libraries do not name the caller of main(), but only one thing calls it. */
static bool reaches_root(const struct profile *profile, const struct profile_stack *stack)
{
	uint32_t last = stack->nlocations - 1;

	if (stack->nlocations <= stack->kernel_frames)
		return false;
	if (begins_thread(function_name(profile, stack->locations[last])))
		return true;
	return last > stack->kernel_frames &&
	       !strcmp(function_name(profile, stack->locations[last - 1]), "main");
}

/**
 * profile__find_roots - find stacks that reach a root by the names of their functions
 * @profile: the profile, whose locations have symbols
 */
void profile__find_roots(struct profile *profile)
{
	uint32_t n = profile__nr_stacks(profile);
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct profile_stack *stack = profile__stack(profile, i);

		if ((stack->flags & PROFILE_STACK_NO_ROOT) == PROFILE_STACK_USER_INCOMPLETE &&
		    reaches_root(profile, stack))
			profile__set_rooted(profile, i);
	}
}
