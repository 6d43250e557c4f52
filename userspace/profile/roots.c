// SPDX-License-Identifier: GPL-2.0
/*
 * Which stacks reach their root. The kernel knows a root where an unwind table says that there is
 * no caller, and where a program begins. Where it has no table it follows frame pointers: the
 * code that begins a thread keeps none, and one of 0 may be a register's that is used for
 * something else. There, and in recordings of kernels without tables, the name of the outermost
 * function tells.
 *
 * It tells as well where a table did not lead on. That is no matter of how the walk came there:
 * these functions have no callers but each other.
 */
#include <string.h>

#include "profile.h"
#include "symbol/symbol.h"

/* The function that has a symbol, which is the outermost one at an address. */
static const char *function_name(const struct symbol_location *symbol)
{
	return symbol->nframes ? symbol->frames[symbol->nframes - 1].system_name : "";
}

static const struct symbol_location *symbol_of(const struct profile *profile, uint32_t location)
{
	return profile__location(profile, location)->symbol;
}

static bool is_in_c_library(const struct symbol_location *symbol)
{
	static const char *const names[] = { "libc.so", "libc-2", "libpthread", "ld-musl" };
	const char *name = strrchr(symbol->module->path, '/');
	size_t i;

	for (i = 0; name && i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(name + 1, names[i], strlen(names[i])))
			return true;
	return false;
}

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
	/* Go's assembler adds which calling convention it is, versions of symbols follow an @. */
	size_t length = strcspn(name, "@");
	size_t i;

	if (length > 5 && !strncmp(name + length - 5, ".abi0", 5))
		length -= 5;
	for (i = 0; i < n; i++)
		if (strlen(names[i]) == length && !strncmp(name, names[i], length))
			return true;
	return false;
}

/* These names are nobody else's to give, and nobody calls what has them. */
static bool begins_thread(const char *name)
{
	static const char *const names[] = {
		"_start", "_dl_start_user", "__libc_start_call_main", "runtime.goexit",
		"runtime.mstart", "runtime.rt0_go", "_rt0_amd64", "_rt0_amd64_linux",
	};

	return !strncmp(name, "__libc_start_main", strlen("__libc_start_main")) ||
	       is_one_of(name, names, sizeof(names) / sizeof(*names));
}

/* A thread that makes another one is in there as well, but called. */
static bool may_make_thread(const char *name)
{
	static const char *const names[] = { "clone", "clone3", "__clone", "__clone3" };

	return is_one_of(name, names, sizeof(names) / sizeof(*names));
}

/**
 * profile__begins_by_name - do user frames reach their root, as the names of functions tell?
 * @last: the outermost one
 * @before: what that called; NULL if there is only one user frame
 * @end: where the walk ended: enum profbuf_end
 *
 * Stripped libraries do not name the caller of main(), but only one thing calls it. Where main()
 * was interrupted, what seems to be its caller may be anything: the library tells.
 *
 * Return: true if so.
 */
bool profile__begins_by_name(const struct symbol_location *last,
			     const struct symbol_location *before, uint8_t end)
{
	bool sure = end == PROFBUF_END_ZERO || is_in_c_library(last);
	const char *name = function_name(last);

	if (begins_thread(name))
		return true;
	/* Anybody may call a function of his like that. */
	if (!strcmp(name, "start_thread"))
		return sure;
	if (!before)
		return false;
	if (may_make_thread(name))
		return sure;
	return !*name && is_in_c_library(last) && !strcmp(function_name(before), "main");
}

static bool begins_by_name(const struct profile *profile, const struct profile_stack *stack)
{
	uint32_t last = stack->nlocations - 1;
	const struct symbol_location *before = NULL;

	if (stack->nlocations <= stack->kernel_frames)
		return false;
	if (last > stack->kernel_frames)
		before = symbol_of(profile, stack->locations[last - 1]);
	return profile__begins_by_name(symbol_of(profile, stack->locations[last]), before,
				       stack->end);
}

/* What enters the kernel is called by user code, also where its process has none any more. */
static bool is_entered_by_user(const struct profile *profile, const struct profile_stack *stack)
{
	const char *name;

	if (!stack->nlocations)
		return false;
	name = function_name(symbol_of(profile, stack->locations[stack->nlocations - 1]));
	return !strncmp(name, "entry_", 6) || !strncmp(name, "asm_", 4);
}

/* Kernel threads have no user frames, and of others they may not have been asked for. */
static uint8_t end_without_user_frames(const struct profile *profile,
				       const struct profile_stack *stack)
{
	const struct profbuf_info *info = profile__info(profile);

	if (stack->flags & PROFILE_STACK_TRUNCATED)
		return PROFBUF_END_DEPTH;
	if (stack->flags & PROFILE_STACK_TIMED_OUT)
		return PROFBUF_END_TIME;
	if (info && !(info->flags & PROFBUF_USER))
		return PROFBUF_END_ROOT;
	if (stack->flags & PROFILE_STACK_NO_SPACE && !is_entered_by_user(profile, stack))
		return PROFBUF_END_ROOT;
	return PROFBUF_END_NONE;
}

static uint8_t end_of(const struct profile *profile, const struct profile_stack *stack)
{
	switch (stack->end) {
	case PROFILE_END_UNTOLD:
		return PROFILE_END_UNTOLD;
	case PROFBUF_END_NONE:
		if (stack->flags & PROFILE_STACK_KERNEL_INCOMPLETE)
			return PROFILE_END_KERNEL;
		return end_without_user_frames(profile, stack);
	default:
		if (stack->flags & PROFILE_STACK_KERNEL_INCOMPLETE)
			return PROFILE_END_KERNEL;
		/* What was cut off lacks something. */
		if (!(stack->flags & (PROFILE_STACK_TRUNCATED | PROFILE_STACK_TIMED_OUT)) &&
		    begins_by_name(profile, stack))
			return PROFBUF_END_ROOT;
		return stack->end;
	}
}

/**
 * profile__find_roots - find out which stacks reach their root
 * @profile: the profile, whose locations have symbols
 */
void profile__find_roots(struct profile *profile)
{
	uint32_t n = profile__nr_stacks(profile);
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct profile_stack *stack = profile__stack(profile, i);

		if (!(stack->flags & PROFILE_STACK_LATE))
			profile__set_end(profile, i, end_of(profile, stack));
	}
}
