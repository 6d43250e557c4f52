// SPDX-License-Identifier: GPL-2.0
#include <dwarf.h>

#include "expression.h"

/* Those that a rule can tell need three places. */
#define STACK_MAX	8
#define REGISTERS	16
#define SP		7

struct stack {
	struct value values[STACK_MAX];
	unsigned int n;
	bool bad;
};

static void push(struct stack *stack, struct value value)
{
	if (stack->n == STACK_MAX)
		stack->bad = true;
	else
		stack->values[stack->n++] = value;
}

static struct value pop(struct stack *stack)
{
	if (!stack->n) {
		stack->bad = true;
		return (struct value){ VALUE_OTHER };
	}
	return stack->values[--stack->n];
}

static void push_register(struct stack *stack, uint64_t number, int64_t offset)
{
	struct value value = { VALUE_REGISTER, .number = number, .addend = offset };

	if (number >= REGISTERS)
		value = (struct value){ VALUE_OTHER };
	push(stack, value);
}

static void push_constant(struct stack *stack, int64_t constant)
{
	push(stack, (struct value){ VALUE_CONSTANT, .addend = constant });
}

/* As on the machine: an overflow wraps around. */
static int64_t sum(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static struct value add(struct value a, struct value b)
{
	if (b.kind == VALUE_CONSTANT) {
		a.addend = sum(a.addend, b.addend);
		return a;
	}
	if (a.kind == VALUE_CONSTANT) {
		b.addend = sum(b.addend, a.addend);
		return b;
	}
	return (struct value){ VALUE_OTHER };
}

static struct value subtract(struct value a, struct value b)
{
	if (b.kind != VALUE_CONSTANT)
		return (struct value){ VALUE_OTHER };
	b.addend = (int64_t)(0 - (uint64_t)b.addend);
	return add(a, b);
}

static struct value load(struct value address)
{
	if (address.kind != VALUE_REGISTER)
		return (struct value){ VALUE_OTHER };
	return (struct value){ VALUE_MEMORY, .number = address.number, .offset = address.addend };
}

static void step(struct stack *stack, struct bytes *bytes)
{
	uint8_t op = bytes__u8(bytes);
	struct value a, b;

	if (op >= DW_OP_lit0 && op <= DW_OP_lit31) {
		push_constant(stack, op - DW_OP_lit0);
		return;
	}
	if (op >= DW_OP_breg0 && op <= DW_OP_breg31) {
		push_register(stack, op - DW_OP_breg0, bytes__sleb(bytes));
		return;
	}
	switch (op) {
	case DW_OP_bregx: {
		uint64_t number = bytes__uleb(bytes);

		push_register(stack, number, bytes__sleb(bytes));
		break;
	}
	case DW_OP_const1u:
		push_constant(stack, bytes__fixed(bytes, 1));
		break;
	case DW_OP_const1s:
		push_constant(stack, bytes__signed(bytes, 1));
		break;
	case DW_OP_const2u:
		push_constant(stack, bytes__fixed(bytes, 2));
		break;
	case DW_OP_const2s:
		push_constant(stack, bytes__signed(bytes, 2));
		break;
	case DW_OP_const4u:
		push_constant(stack, bytes__fixed(bytes, 4));
		break;
	case DW_OP_const4s:
		push_constant(stack, bytes__signed(bytes, 4));
		break;
	case DW_OP_const8u:
	case DW_OP_const8s:
		push_constant(stack, bytes__fixed(bytes, 8));
		break;
	case DW_OP_constu:
		push_constant(stack, bytes__uleb(bytes));
		break;
	case DW_OP_consts:
		push_constant(stack, bytes__sleb(bytes));
		break;
	case DW_OP_plus_uconst:
		a = pop(stack);
		b = (struct value){ VALUE_CONSTANT, .addend = bytes__uleb(bytes) };
		push(stack, add(a, b));
		break;
	case DW_OP_plus:
		b = pop(stack);
		a = pop(stack);
		push(stack, add(a, b));
		break;
	case DW_OP_minus:
		b = pop(stack);
		a = pop(stack);
		push(stack, subtract(a, b));
		break;
	case DW_OP_deref:
		push(stack, load(pop(stack)));
		break;
	case DW_OP_dup:
		a = pop(stack);
		push(stack, a);
		push(stack, a);
		break;
	case DW_OP_drop:
		pop(stack);
		break;
	case DW_OP_swap:
		b = pop(stack);
		a = pop(stack);
		push(stack, b);
		push(stack, a);
		break;
	case DW_OP_nop:
		break;
	default:
		stack->bad = true;
	}
}

/*
 * Linkers describe all entries of a PLT at once: sp + 8, and 8 more behind the push, which ends at
 * byte 11 of the 16 of an entry, or at another one.
 */
static bool is_plt(struct bytes expression, struct value *value)
{
	static const uint8_t ip_in_entry[] = {
		DW_OP_breg0 + 16, 0, DW_OP_lit15, DW_OP_and,
	};
	static const uint8_t eight_more[] = {
		DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus,
	};
	int64_t offset;
	uint8_t op;

	if (bytes__u8(&expression) != DW_OP_breg0 + SP)
		return false;
	offset = bytes__sleb(&expression);
	if (bytes__left(&expression) != sizeof(ip_in_entry) + 1 + sizeof(eight_more) ||
	    memcmp(expression.next, ip_in_entry, sizeof(ip_in_entry)))
		return false;
	expression.next += sizeof(ip_in_entry);
	op = bytes__u8(&expression);
	if (op < DW_OP_lit0 || op > DW_OP_lit15 ||
	    memcmp(expression.next, eight_more, sizeof(eight_more)))
		return false;
	*value = (struct value){ VALUE_PLT, .number = op - DW_OP_lit0, .addend = offset };
	return true;
}

struct value expression__evaluate(struct bytes expression, bool with_cfa)
{
	struct stack stack = { 0 };
	struct value value;

	if (is_plt(expression, &value))
		return value;
	if (with_cfa)
		push(&stack, (struct value){ VALUE_CFA });
	while (bytes__left(&expression) && !stack.bad)
		step(&stack, &expression);
	value = pop(&stack);
	if (stack.bad || expression.bad)
		value = (struct value){ VALUE_OTHER };
	return value;
}
