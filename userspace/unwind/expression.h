/* SPDX-License-Identifier: GPL-2.0 */
/*
 * expression: what an expression of DWARF comes to, before there is a frame: a register and an
 * offset, what lies in memory there, or something that is not told by a rule.
 */
#ifndef PROFBUF_UNWIND_EXPRESSION_H
#define PROFBUF_UNWIND_EXPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

enum value_kind {
	VALUE_OTHER,	/* anything else */
	VALUE_CONSTANT,	/* @addend */
	VALUE_CFA,	/* the frame's CFA + @addend */
	VALUE_REGISTER,	/* the register @number + @addend */
	VALUE_MEMORY,	/* what lies at the register @number + @offset, + @addend */
	VALUE_PLT,	/* sp + @addend, 8 more where the last 4 bits of ip are @number or more */
};

/**
 * struct value - what is known of a value
 * @kind: enum value_kind
 * @number: see there
 * @offset: see there
 * @addend: see there
 */
struct value {
	uint8_t kind;
	uint8_t number;
	int64_t offset;
	int64_t addend;
};

/* @with_cfa: it begins with the CFA on its stack. */
struct value expression__evaluate(struct bytes expression, bool with_cfa);

#endif /* PROFBUF_UNWIND_EXPRESSION_H */
