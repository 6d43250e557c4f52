// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include <dwarf.h>

#include "cfa_program.h"

#define REGISTERS	16
#define BP		6
#define SP		7

/* Compilers nest none; in what people write there may be two or three. */
#define REMEMBERED_MAX	32

/* Of the ucontext that the kernel leaves on the stack: where its rsp is, and its rip. */
#define UCONTEXT_SP	160
#define UCONTEXT_IP	168

/**
 * struct machine - what executes the instructions
 * @common: what the CIE says
 * @function: whose instructions they are; NULL: those of the CIE
 * @state: what is true from @position on
 * @position: address up to which rows were told
 * @remembered: states to come back to
 * @nr_remembered: how many
 */
struct machine {
	const struct cfa_common *common;
	const struct cfa_function *function;
	struct cfa_state state;
	uint64_t position;
	struct cfa_state remembered[REMEMBERED_MAX];
	unsigned int nr_remembered;
};

static bool fits(int64_t value, int64_t least, int64_t most)
{
	return value >= least && value <= most;
}

static bool set_cfa(struct profbuf_unwind_rule *rule, const struct value *cfa)
{
	if (!fits(cfa->addend, INT32_MIN, INT32_MAX) || !fits(cfa->offset, INT32_MIN, INT32_MAX))
		return false;
	switch (cfa->kind) {
	case VALUE_REGISTER:
		rule->offset = cfa->addend;
		if (cfa->number == SP) {
			rule->cfa = PROFBUF_UNWIND_SP;
		} else if (cfa->number == BP) {
			rule->cfa = PROFBUF_UNWIND_BP;
		} else {
			rule->cfa = PROFBUF_UNWIND_REGISTER;
			rule->number = cfa->number;
		}
		return true;
	case VALUE_MEMORY:
		rule->offset = cfa->offset;
		rule->addend = cfa->addend;
		if (cfa->number == SP)
			rule->cfa = PROFBUF_UNWIND_SP_POINTER;
		else if (cfa->number == BP)
			rule->cfa = PROFBUF_UNWIND_BP_POINTER;
		else
			return false;
		return true;
	case VALUE_PLT:
		rule->cfa = PROFBUF_UNWIND_PLT;
		rule->number = cfa->number;
		rule->offset = cfa->addend;
		return true;
	default:
		return false;
	}
}

/* Is the place one of known distance from the CFA? */
static bool from_cfa(const struct cfa_state *state, const struct place *place, int64_t *offset)
{
	*offset = place->offset;
	if (place->kind == PLACE_CFA)
		return true;
	if (place->kind != PLACE_MEMORY || state->cfa.kind != VALUE_REGISTER ||
	    state->cfa.number != place->number ||
	    __builtin_sub_overflow(place->offset, state->cfa.addend, offset))
		return false;
	return true;
}

static bool set_ra(struct profbuf_unwind_rule *rule, const struct cfa_state *state)
{
	const struct place *ra = &state->places[COLUMN_RA];
	int64_t offset;

	if (ra->kind == PLACE_REGISTER) {
		rule->ra = PROFBUF_UNWIND_RA_REGISTER;
		rule->ra_number = ra->number;
		return true;
	}
	return from_cfa(state, ra, &offset) && offset == -8;
}

static void set_bp(struct profbuf_unwind_rule *rule, const struct cfa_state *state)
{
	const struct place *bp = &state->places[COLUMN_BP];
	int64_t offset = 0;

	if (bp->kind == PLACE_UNTOLD || bp->kind == PLACE_SAME ||
	    (bp->kind == PLACE_REGISTER && bp->number == BP))
		rule->bp = PROFBUF_UNWIND_BP_SAME;
	else if (from_cfa(state, bp, &offset))
		rule->bp = PROFBUF_UNWIND_BP_CFA;
	else if (bp->kind == PLACE_MEMORY && bp->number == BP)
		rule->bp = PROFBUF_UNWIND_BP_AT_BP;
	else
		rule->bp = PROFBUF_UNWIND_BP_LOST;
	if (rule->bp == PROFBUF_UNWIND_BP_SAME || rule->bp == PROFBUF_UNWIND_BP_LOST)
		return;
	if (fits(offset, INT16_MIN, INT16_MAX))
		rule->bp_offset = offset;
	else
		rule->bp = PROFBUF_UNWIND_BP_LOST;
}

/* The caller's sp is the CFA, unless something else is said. */
static bool sp_is_cfa(const struct cfa_state *state)
{
	const struct place *sp = &state->places[COLUMN_SP];

	return sp->kind == PLACE_UNTOLD || (sp->kind == PLACE_VALUE_CFA && !sp->offset);
}

/* All registers come from the ucontext, whose place shows in where sp and ip are. */
static bool set_signal(struct profbuf_unwind_rule *rule, const struct cfa_state *state)
{
	const struct place *ra = &state->places[COLUMN_RA];
	int64_t offset;

	if (state->cfa.kind != VALUE_MEMORY || state->cfa.number != SP || state->cfa.addend)
		return false;
	if (ra->kind != PLACE_MEMORY || ra->number != SP)
		return false;
	if (__builtin_sub_overflow(state->cfa.offset, UCONTEXT_SP, &offset) ||
	    !fits(offset, INT32_MIN, INT32_MAX) || ra->offset != offset + UCONTEXT_IP)
		return false;
	rule->cfa = PROFBUF_UNWIND_SIGNAL;
	rule->offset = offset;
	return true;
}

static struct profbuf_unwind_rule make_rule(const struct machine *machine)
{
	const struct cfa_state *state = &machine->state;
	struct profbuf_unwind_rule rule = { 0 };

	if (state->places[COLUMN_RA].kind == PLACE_UNDEFINED)
		return (struct profbuf_unwind_rule){ .cfa = PROFBUF_UNWIND_ROOT };
	if (machine->common->signal) {
		if (set_signal(&rule, state))
			return rule;
	} else if (sp_is_cfa(state) && set_cfa(&rule, &state->cfa) && set_ra(&rule, state)) {
		set_bp(&rule, state);
		return rule;
	}
	return (struct profbuf_unwind_rule){ .cfa = PROFBUF_UNWIND_UNKNOWN };
}

/* What is true now is so up to @end. */
static int advance(struct machine *machine, uint64_t end)
{
	const struct cfa_function *function = machine->function;
	struct profbuf_unwind_rule rule;
	uint64_t start = machine->position;

	if (!function || end < start)
		return -EBADMSG;
	if (end > function->end)
		end = function->end;
	machine->position = end;
	if (start == end)
		return 0;
	rule = make_rule(machine);
	return function->row(function->context, start, end, &rule);
}

static int advance_by(struct machine *machine, uint64_t delta)
{
	uint64_t end;

	if (__builtin_mul_overflow(delta, machine->common->code_factor, &delta) ||
	    __builtin_add_overflow(machine->position, delta, &end))
		return -EBADMSG;
	return advance(machine, end);
}

static int set_location(struct machine *machine, struct bytes *bytes)
{
	const struct cfa_function *function = machine->function;
	uint64_t address;

	if (!function || !function->address(function->context, bytes, &address))
		return -EBADMSG;
	return advance(machine, address);
}

/* COLUMNS: one that does not matter. */
static enum cfa_column find_column(const struct machine *machine, uint64_t number)
{
	if (number == machine->common->ra)
		return COLUMN_RA;
	if (number == BP)
		return COLUMN_BP;
	if (number == SP)
		return COLUMN_SP;
	return COLUMNS;
}

static void set_place(struct machine *machine, uint64_t number, enum place_kind kind,
		      int64_t offset)
{
	enum cfa_column column = find_column(machine, number);

	if (column != COLUMNS)
		machine->state.places[column] = (struct place){ .kind = kind, .offset = offset };
}

static int64_t factored(const struct machine *machine, uint64_t offset)
{
	return (int64_t)(offset * (uint64_t)machine->common->data_factor);
}

static void set_register(struct machine *machine, uint64_t number, uint64_t other)
{
	enum cfa_column column = find_column(machine, number);

	if (column != COLUMNS)
		machine->state.places[column] = (struct place){
			.kind = other < REGISTERS ? PLACE_REGISTER : PLACE_OTHER,
			.number = other,
		};
}

static void restore(struct machine *machine, uint64_t number)
{
	enum cfa_column column = find_column(machine, number);

	if (column != COLUMNS)
		machine->state.places[column] = machine->common->initial.places[column];
}

/* @is_value: the expression gives what was in the register, otherwise where that is. */
static void set_expression(struct machine *machine, struct bytes *bytes, bool is_value)
{
	enum cfa_column column = find_column(machine, bytes__uleb(bytes));
	struct bytes expression = bytes__take(bytes, bytes__uleb(bytes));
	struct place *place;
	struct value value;

	if (column == COLUMNS)
		return;
	place = &machine->state.places[column];
	value = expression__evaluate(expression, true);
	*place = (struct place){ .kind = PLACE_OTHER, .number = value.number };
	switch (value.kind) {
	case VALUE_CFA:
		place->kind = is_value ? PLACE_VALUE_CFA : PLACE_CFA;
		place->offset = value.addend;
		break;
	case VALUE_REGISTER:
		if (!is_value)
			place->kind = PLACE_MEMORY;
		else if (!value.addend)
			place->kind = PLACE_REGISTER;
		place->offset = value.addend;
		break;
	case VALUE_MEMORY:
		if (is_value && !value.addend)
			place->kind = PLACE_MEMORY;
		place->offset = value.offset;
		break;
	}
}

static void define_cfa(struct machine *machine, uint64_t number, int64_t offset)
{
	machine->state.cfa = (struct value){
		.kind = number < REGISTERS ? VALUE_REGISTER : VALUE_OTHER,
		.number = number,
		.addend = offset,
	};
}

/* These change one half of it, which has to be such a one. */
static int change_cfa_register(struct machine *machine, uint64_t number)
{
	if (machine->state.cfa.kind != VALUE_REGISTER)
		return -EBADMSG;
	define_cfa(machine, number, machine->state.cfa.addend);
	return 0;
}

static int change_cfa_offset(struct machine *machine, int64_t offset)
{
	if (machine->state.cfa.kind != VALUE_REGISTER)
		return -EBADMSG;
	machine->state.cfa.addend = offset;
	return 0;
}

static int remember(struct machine *machine)
{
	if (machine->nr_remembered == REMEMBERED_MAX)
		return -EBADMSG;
	machine->remembered[machine->nr_remembered++] = machine->state;
	return 0;
}

static int recall(struct machine *machine)
{
	if (!machine->nr_remembered)
		return -EBADMSG;
	machine->state = machine->remembered[--machine->nr_remembered];
	return 0;
}

static int execute_extended(struct machine *machine, uint8_t op, struct bytes *bytes)
{
	uint64_t number, value;

	switch (op) {
	case DW_CFA_nop:
		return 0;
	case DW_CFA_set_loc:
		return set_location(machine, bytes);
	case DW_CFA_advance_loc1:
		return advance_by(machine, bytes__fixed(bytes, 1));
	case DW_CFA_advance_loc2:
		return advance_by(machine, bytes__fixed(bytes, 2));
	case DW_CFA_advance_loc4:
		return advance_by(machine, bytes__fixed(bytes, 4));
	case DW_CFA_MIPS_advance_loc8:
		return advance_by(machine, bytes__fixed(bytes, 8));
	case DW_CFA_offset_extended:
		number = bytes__uleb(bytes);
		set_place(machine, number, PLACE_CFA, factored(machine, bytes__uleb(bytes)));
		return 0;
	case DW_CFA_offset_extended_sf:
		number = bytes__uleb(bytes);
		set_place(machine, number, PLACE_CFA, factored(machine, bytes__sleb(bytes)));
		return 0;
	case DW_CFA_GNU_negative_offset_extended:
		number = bytes__uleb(bytes);
		set_place(machine, number, PLACE_CFA, factored(machine, -bytes__uleb(bytes)));
		return 0;
	case DW_CFA_val_offset:
		number = bytes__uleb(bytes);
		set_place(machine, number, PLACE_VALUE_CFA, factored(machine, bytes__uleb(bytes)));
		return 0;
	case DW_CFA_val_offset_sf:
		number = bytes__uleb(bytes);
		set_place(machine, number, PLACE_VALUE_CFA, factored(machine, bytes__sleb(bytes)));
		return 0;
	case DW_CFA_restore_extended:
		restore(machine, bytes__uleb(bytes));
		return 0;
	case DW_CFA_undefined:
		set_place(machine, bytes__uleb(bytes), PLACE_UNDEFINED, 0);
		return 0;
	case DW_CFA_same_value:
		set_place(machine, bytes__uleb(bytes), PLACE_SAME, 0);
		return 0;
	case DW_CFA_register:
		number = bytes__uleb(bytes);
		set_register(machine, number, bytes__uleb(bytes));
		return 0;
	case DW_CFA_expression:
		set_expression(machine, bytes, false);
		return 0;
	case DW_CFA_val_expression:
		set_expression(machine, bytes, true);
		return 0;
	case DW_CFA_remember_state:
		return remember(machine);
	case DW_CFA_restore_state:
		return recall(machine);
	case DW_CFA_def_cfa:
		number = bytes__uleb(bytes);
		define_cfa(machine, number, bytes__uleb(bytes));
		return 0;
	case DW_CFA_def_cfa_sf:
		number = bytes__uleb(bytes);
		define_cfa(machine, number, factored(machine, bytes__sleb(bytes)));
		return 0;
	case DW_CFA_def_cfa_register:
		return change_cfa_register(machine, bytes__uleb(bytes));
	case DW_CFA_def_cfa_offset:
		return change_cfa_offset(machine, bytes__uleb(bytes));
	case DW_CFA_def_cfa_offset_sf:
		return change_cfa_offset(machine, factored(machine, bytes__sleb(bytes)));
	case DW_CFA_def_cfa_expression:
		value = bytes__uleb(bytes);
		machine->state.cfa = expression__evaluate(bytes__take(bytes, value), false);
		return 0;
	case DW_CFA_GNU_args_size:
		/* Of arguments that are part of the offset already; only exceptions need it. */
		bytes__uleb(bytes);
		return 0;
	default:
		return -EBADMSG;
	}
}

static int execute(struct machine *machine, struct bytes *bytes)
{
	uint8_t op = bytes__u8(bytes), low = op & 0x3f;

	switch (op & 0xc0) {
	case DW_CFA_advance_loc:
		return advance_by(machine, low);
	case DW_CFA_offset:
		set_place(machine, low, PLACE_CFA, factored(machine, bytes__uleb(bytes)));
		return 0;
	case DW_CFA_restore:
		restore(machine, low);
		return 0;
	default:
		return execute_extended(machine, op, bytes);
	}
}

static int execute_all(struct machine *machine, struct bytes *program)
{
	int err = 0;

	while (!err && bytes__left(program)) {
		err = execute(machine, program);
		if (program->bad && !err)
			err = -EBADMSG;
	}
	return err;
}

int cfa_program__begin(struct cfa_common *common, struct bytes program)
{
	struct machine machine;
	int err;

	common->initial = (struct cfa_state){ 0 };
	/* Without the states that are remembered, which need not be set. */
	machine.common = common;
	machine.function = NULL;
	machine.state = common->initial;
	machine.position = 0;
	machine.nr_remembered = 0;
	err = execute_all(&machine, &program);
	if (!err)
		common->initial = machine.state;
	return err;
}

int cfa_program__run(const struct cfa_function *function, struct bytes program)
{
	static const struct profbuf_unwind_rule unknown = { .cfa = PROFBUF_UNWIND_UNKNOWN };
	struct machine machine;
	int err, row_err;

	machine.common = function->common;
	machine.function = function;
	machine.state = function->common->initial;
	machine.position = function->start;
	machine.nr_remembered = 0;
	err = execute_all(&machine, &program);
	if (!err)
		return advance(&machine, function->end);
	if (err != -EBADMSG || machine.position == function->end)
		return err;
	row_err = function->row(function->context, machine.position, function->end, &unknown);
	return row_err ? row_err : err;
}
