/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rule: one way to find a caller, as linux/profbuf_unwind.h has it.
 */
#ifndef PROFBUF_UNWIND_RULE_H
#define PROFBUF_UNWIND_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/profbuf_unwind.h>

/* Room for what unwind_rule__format() writes. */
#define UNWIND_RULE_TEXT 96

/* Is it one that the kernel takes? What a rule does not use has to be 0. */
bool unwind_rule__is_valid(const struct profbuf_unwind_rule *rule);

/* In words: "sp + 16, bp at CFA - 16". */
void unwind_rule__format(const struct profbuf_unwind_rule *rule, char *text);

#endif /* PROFBUF_UNWIND_RULE_H */
