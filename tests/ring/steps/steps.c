// SPDX-License-Identifier: GPL-2.0
#include "ring_steps.h"
#include "steps.h"

struct ring_accesses ring_accesses;

static void (*pending)(void);
static const volatile void *awaited;
static unsigned int left;

void ring_step(const volatile void *address)
{
	void (*action)(void) = pending;

	if (!action || (awaited && awaited != address) || left-- > 0)
		return;
	pending = NULL;
	action();
}

void interrupt_at_access(const volatile void *address, unsigned int skip, void (*action)(void))
{
	pending = action;
	awaited = address;
	left = skip;
}

void interrupt_at(unsigned int steps, void (*action)(void))
{
	interrupt_at_access(NULL, steps, action);
}

bool interrupted(void)
{
	bool called = !pending;

	pending = NULL;
	return called;
}
