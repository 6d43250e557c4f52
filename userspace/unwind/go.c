// SPDX-License-Identifier: GPL-2.0
/*
 * The assembler of Go puts the same prologue and epilogue into all functions that have a frame and
 * call others. Up to Go 1.20:
 *
 *	sub $size, %rsp;  mov %rbp, size-8(%rsp);  lea size-8(%rsp), %rbp
 *	mov size-8(%rsp), %rbp;  add $size, %rsp;  ret
 *
 * From then on:
 *
 *	push %rbp;  mov %rsp, %rbp;  sub $size-8, %rsp
 *	add $size-8, %rsp;  pop %rbp;  ret
 *
 * Either way bp is saved right below the return address. All others leave bp as it is, or what
 * they do with it does not show: where it is saved is looked for in the code.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "go.h"
#include "gopclntab.h"

#define WORD 8

/* Functions are aligned to half of that. */
#define PADDING_MAX 64

/**
 * enum kind - what is special about a function
 * @ORDINARY: nothing
 * @TOP: nothing called it
 * @STARTS_THREAD: a new thread goes on in it, on an empty stack
 * @SIGNAL_HANDLER: Go takes it for a top frame, but it returns to SIGNAL_RETURN
 * @SIGNAL_RETURN: signal handlers return to it
 * @LEAVES_STACK: it leaves the stack it was called on for that of the thread, and does not return:
 *	that begins with it, and whatever runs there may go on with any goroutine
 * @LOSES_STACK: it leaves the stack for another, which it does not tell
 * @CHANGES_STACK: from another stack it goes on, with bp as it was, or with a frame of its own
 * @CHANGES_STACK_BACK: and does not but at its end come back, just before it returns
 */
enum kind {
	ORDINARY,
	TOP,
	STARTS_THREAD,
	SIGNAL_HANDLER,
	SIGNAL_RETURN,
	LEAVES_STACK,
	LOSES_STACK,
	CHANGES_STACK,
	CHANGES_STACK_BACK,
};

/* Go 1.16 sets no flags: all of them have to be here. */
static const struct special {
	const char *name;
	enum kind kind;
} specials[] = {
	{ "_rt0_amd64", TOP },
	{ "_rt0_amd64_linux", TOP },
	{ "gogo", LOSES_STACK },
	{ "runtime.asmcgocall", CHANGES_STACK },
	{ "runtime.callCgoMmap", CHANGES_STACK },
	{ "runtime.callCgoMunmap", CHANGES_STACK },
	{ "runtime.callCgoSigaction", CHANGES_STACK },
	{ "runtime.cgocallback", CHANGES_STACK },
	{ "runtime.clone", STARTS_THREAD },
	{ "runtime.goexit", TOP },
	{ "runtime.gogo", LOSES_STACK },
	{ "runtime.jmpdefer", LOSES_STACK },
	{ "runtime.mcall", LEAVES_STACK },
	{ "runtime.morestack", LEAVES_STACK },
	{ "runtime.mstart", TOP },
	{ "runtime.nanotime1", CHANGES_STACK },
	{ "runtime.rt0_go", TOP },
	{ "runtime.sigfwd", CHANGES_STACK },
	{ "runtime.sigreturn", SIGNAL_RETURN },
	{ "runtime.sigreturn__sigaction", SIGNAL_RETURN },
	{ "runtime.sigtramp", SIGNAL_HANDLER },
	{ "runtime.systemstack", CHANGES_STACK_BACK },
	{ "runtime.walltime", CHANGES_STACK },
	{ "runtime.walltime1", CHANGES_STACK },
	{ "time.now", CHANGES_STACK },
};

/**
 * struct reader - a function that is being read
 * @rows: where the rows go
 * @function: the function
 * @kind: what is special about it
 * @bytes: its code
 * @size: of that
 * @offset: of it in the file
 * @saved: how much of the code has run when bp is saved; @size: it is not
 * @frame: how much of the stack is taken then
 * @written: how much has run when the stack is changed; @size: it is not
 * @back: how much has run when that is over; @size: it is not before the function ends
 */
struct reader {
	struct unwind_rows *rows;
	struct gopclntab_function function;
	enum kind kind;
	const uint8_t *bytes;
	size_t size;
	uint64_t offset;
	size_t saved;
	int64_t frame;
	size_t written;
	size_t back;
};

static bool has_prefix(const struct gopclntab_function *function, const char *prefix)
{
	size_t size = strlen(prefix);

	return bytes__left(&function->name) >= size &&
	       !memcmp(function->name.next, prefix, size);
}

static enum kind find_kind(const struct gopclntab_function *function)
{
	size_t i;

	/* By far most are not. */
	if (!function->flags && !has_prefix(function, "runtime.") &&
	    !has_prefix(function, "_rt0_amd64") && !has_prefix(function, "gogo") &&
	    !has_prefix(function, "time."))
		return ORDINARY;
	for (i = 0; i < sizeof(specials) / sizeof(*specials); i++)
		if (gopclntab__is_named(function, specials[i].name))
			return specials[i].kind;
	if (function->flags & GOPCLNTAB_TOP_FRAME)
		return TOP;
	if (!(function->flags & GOPCLNTAB_SP_WRITE))
		return ORDINARY;
	/* Who knows what others do with bp. */
	return has_prefix(function, "runtime.") ? CHANGES_STACK : LOSES_STACK;
}

static bool is_at(const struct reader *reader, size_t position, const void *bytes, size_t size)
{
	return position <= reader->size && size <= reader->size - position &&
	       !memcmp(reader->bytes + position, bytes, size);
}

/* Size of the instruction there, if it is mov %rbp, @offset(%rsp) or the other way round. */
static size_t move_size(const struct reader *reader, size_t position, uint8_t opcode,
			int64_t offset)
{
	const uint8_t none[] = { 0x48, opcode, 0x2c, 0x24 };
	const uint8_t small[] = { 0x48, opcode, 0x6c, 0x24, offset };
	const uint8_t large[] = { 0x48, opcode, 0xac, 0x24, offset, offset >> 8, offset >> 16,
				  offset >> 24 };

	if (!offset && is_at(reader, position, none, sizeof(none)))
		return sizeof(none);
	if (offset == (int8_t)offset && is_at(reader, position, small, sizeof(small)))
		return sizeof(small);
	return is_at(reader, position, large, sizeof(large)) ? sizeof(large) : 0;
}

/* Find the prologue: bp is saved where the stack begins to be taken. */
static void find_saved(struct reader *reader)
{
	static const uint8_t move[] = { 0x48, 0x89, 0xe5 };
	struct gopclntab_function function = reader->function;
	struct gopclntab_stack stack = { .end = function.start, .size = -1 };
	size_t position, size;

	reader->saved = reader->size;
	do {
		if (!gopclntab__next_stack(&function, &stack))
			return;
	} while (stack.size <= 0);
	position = stack.start - function.start;
	size = move_size(reader, position, 0x89, stack.size - WORD);
	if (stack.size == WORD && position && reader->bytes[position - 1] == 0x55 &&
	    (position == 1 || is_at(reader, position, move, sizeof(move))))
		reader->saved = position;
	else if (size)
		reader->saved = position + size;
	else
		return;
	reader->frame = stack.size;
}

/* Does one of the instructions that do so write to sp? */
static size_t sp_write_size(const uint8_t *bytes, size_t size)
{
	uint8_t opcode, operand, mode, to, from;
	size_t length = 3;

	if (size < 4 || (bytes[0] & 0xf8) != 0x48)
		return 0;
	opcode = bytes[1];
	operand = bytes[2];
	mode = operand >> 6;
	from = (operand & 7) | (bytes[0] & 1) << 3;
	to = (operand >> 3 & 7) | (bytes[0] & 4) << 1;
	switch (opcode) {
	case 0x89: /* mov register, sp */
		return mode == 3 && from == 4 ? length : 0;
	case 0x8b: /* mov register or memory, sp */
	case 0x8d: /* lea */
		if (to != 4)
			return 0;
		if (mode != 3 && (operand & 7) == 4)
			length++;
		return length + (mode == 1 ? 1 : mode == 2 ? 4 : 0);
	case 0x81: /* add, and, sub */
	case 0x83:
		if (mode != 3 || from != 4 || (to != 0 && to != 4 && to != 5))
			return 0;
		return opcode == 0x81 ? 7 : 4;
	default:
		return 0;
	}
}

/*
 * Find where the stack is changed. What looks like that and is the middle of another instruction
 * comes too early at worst.
 */
static void find_written(struct reader *reader)
{
	size_t position = reader->saved < reader->size ? reader->saved : 0, size;

	reader->written = reader->size;
	reader->back = reader->size;
	if (reader->kind == ORDINARY || reader->kind == SIGNAL_HANDLER)
		return;
	for (; position < reader->size; position++) {
		size = sp_write_size(reader->bytes + position, reader->size - position);
		if (!size || size > reader->size - position)
			continue;
		if (reader->written == reader->size)
			reader->written = position + size;
		else if (reader->kind == CHANGES_STACK_BACK)
			reader->back = position + size;
	}
}

/* From @start up to @end of the function. */
static int add_rule(struct reader *reader, size_t start, size_t end, uint8_t cfa)
{
	struct profbuf_unwind_rule rule = { .cfa = cfa };

	return start < end ? unwind_rows__add(reader->rows, reader->offset + start,
					      reader->offset + end, &rule) : 0;
}

/* The same, with @taken of the stack and bp below the return address, or as it was. */
static int add_sp(struct reader *reader, size_t start, size_t end, int64_t taken, bool saved)
{
	struct profbuf_unwind_rule rule = {
		.cfa = PROFBUF_UNWIND_SP,
		.offset = taken + WORD,
	};

	if (taken < 0 || taken > INT32_MAX - WORD)
		return add_rule(reader, start, end, PROFBUF_UNWIND_UNKNOWN);
	if (saved) {
		rule.bp = PROFBUF_UNWIND_BP_CFA;
		rule.bp_offset = -2 * WORD;
	}
	return start < end ? unwind_rows__add(reader->rows, reader->offset + start,
					      reader->offset + end, &rule) : 0;
}

/* What is on its own stack. */
static int add_own(struct reader *reader, size_t start, size_t end, int64_t taken)
{
	size_t middle = start;
	int err;

	if (reader->saved == reader->size || taken < WORD)
		return add_sp(reader, start, end, taken, false);
	if (reader->saved > start)
		middle = reader->saved < end ? reader->saved : end;
	err = add_sp(reader, start, middle, taken, false);
	return err ? err : add_sp(reader, middle, end, taken, true);
}

/* Of the end of code that has its @frame still, what has bp back already. */
static size_t epilogue_start(const struct reader *reader, size_t start, size_t end)
{
	static const size_t sizes[] = { 4, 7 }; /* of add $size, %rsp */
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t add = end - sizes[i], before;

		if (end < sizes[i] || sp_write_size(reader->bytes + add, sizes[i]) != sizes[i])
			continue;
		for (before = 4; before <= 8; before++)
			if (add >= start + before &&
			    move_size(reader, add - before, 0x8b, reader->frame - WORD) == before)
				return add;
	}
	return end;
}

/* What has changed its stack. */
static int add_changed(struct reader *reader, size_t start, size_t end, int64_t taken)
{
	size_t epilogue;
	int err;

	if (reader->kind == LEAVES_STACK || reader->kind == STARTS_THREAD)
		return add_rule(reader, start, end, PROFBUF_UNWIND_ROOT);
	if (reader->kind == LOSES_STACK)
		return add_rule(reader, start, end, PROFBUF_UNWIND_UNKNOWN);
	if (reader->saved == reader->size)
		return add_rule(reader, start, end, PROFBUF_UNWIND_FRAME_POINTER);
	/* It is about to return. */
	if (taken < reader->frame)
		return add_own(reader, start, end, taken);
	epilogue = epilogue_start(reader, start, end);
	err = add_rule(reader, start, epilogue, PROFBUF_UNWIND_FRAME_POINTER);
	return err ? err : add_sp(reader, epilogue, end, taken, false);
}

static size_t clamp(size_t position, size_t start, size_t end)
{
	return position < start ? start : position > end ? end : position;
}

static int add_stack(struct reader *reader, const struct gopclntab_stack *stack)
{
	size_t start = stack->start - reader->function.start;
	size_t end = stack->end - reader->function.start;
	size_t written = clamp(reader->written, start, end);
	size_t back = clamp(reader->back, written, end);
	int err;

	err = add_own(reader, start, written, stack->size);
	if (!err)
		err = add_changed(reader, written, back, stack->size);
	return err ? err : add_own(reader, back, end, stack->size);
}

/*
 * The parent goes on behind the system call, and so does the child, whose stack has nothing on it:
 * both up to where the parent returns.
 */
static int add_clone(struct reader *reader, size_t end)
{
	static const uint8_t call[] = { 0x0f, 0x05 };
	const uint8_t *found = memmem(reader->bytes, end, call, sizeof(call)), *ret;
	size_t after, returned;
	int err;

	if (!found)
		return add_rule(reader, 0, end, PROFBUF_UNWIND_UNKNOWN);
	after = found - reader->bytes + sizeof(call);
	ret = memchr(reader->bytes + after, 0xc3, end - after);
	returned = ret ? (size_t)(ret - reader->bytes) + 1 : end;
	err = add_sp(reader, 0, after, 0, false);
	if (!err)
		err = add_rule(reader, after, returned, PROFBUF_UNWIND_UNKNOWN);
	return err ? err : add_rule(reader, returned, end, PROFBUF_UNWIND_ROOT);
}

/* Who returns to it is looked for one byte before. */
static int add_signal_return(struct reader *reader, size_t end)
{
	static const struct profbuf_unwind_rule rule = { .cfa = PROFBUF_UNWIND_SIGNAL };
	uint64_t before = reader->offset ? 1 : 0;

	return unwind_rows__add(reader->rows, reader->offset - before, reader->offset + end,
				&rule);
}

/* -EBADMSG: it is damaged. */
static int read_stacks(struct reader *reader)
{
	struct gopclntab_function function = reader->function;
	struct gopclntab_stack stack = { .end = function.start, .size = -1 };
	int err = 0;

	find_saved(reader);
	find_written(reader);
	while (!err && gopclntab__next_stack(&function, &stack))
		err = add_stack(reader, &stack);
	return err ? err : function.stack.bad || stack.end == function.start ? -EBADMSG : 0;
}

/*
 * Padding is never run, but code that is interrupted at its first instruction may have to call what
 * a signal handler wants it to: who calls is looked for one byte before that. It costs no row
 * either, since most functions end as they begin, with nothing on the stack.
 */
static int add_padding(struct reader *reader, uint64_t after)
{
	size_t size = reader->function.start - after;

	if (reader->kind == TOP || reader->kind == SIGNAL_RETURN || size > PADDING_MAX ||
	    size > reader->offset)
		return 0;
	reader->offset -= size;
	reader->bytes -= size;
	while (size && reader->bytes[size - 1] == 0xcc)
		size--;
	return size ? 0 : add_sp(reader, 0, reader->function.start - after, 0, false);
}

/* Where its code ends: padding is behind that. */
static size_t code_size(const struct gopclntab_function *from)
{
	struct gopclntab_function function = *from;
	struct gopclntab_stack stack = { .end = function.start, .size = -1 };

	while (gopclntab__next_stack(&function, &stack))
		;
	return stack.end - function.start;
}

static int read_function(struct reader *reader, struct code *code)
{
	const struct code_segment *segment = code__find(code, reader->function.start);
	uint64_t inside;
	size_t end;

	if (!segment || reader->function.end - segment->address > segment->size)
		return -EBADMSG;
	inside = reader->function.start - segment->address;
	reader->offset = segment->offset + inside;
	reader->bytes = code->bytes + reader->offset;
	reader->size = reader->function.end - reader->function.start;
	reader->kind = find_kind(&reader->function);
	end = code_size(&reader->function);
	if (!end)
		return -EBADMSG;
	switch (reader->kind) {
	case TOP:
		return add_rule(reader, 0, end, PROFBUF_UNWIND_ROOT);
	case STARTS_THREAD:
		return add_clone(reader, end);
	case SIGNAL_RETURN:
		return add_signal_return(reader, end);
	default:
		return read_stacks(reader);
	}
}

static int read_with_padding(struct reader *reader, struct code *code, uint64_t *after)
{
	int err = read_function(reader, code);

	if (!err && *after)
		err = add_padding(reader, *after);
	*after = reader->function.start + code_size(&reader->function);
	return err;
}

int go__read(const struct image *image, struct code *code, struct unwind_rows *rows,
	     struct go_result *result)
{
	struct reader reader = { .rows = rows };
	struct gopclntab table;
	uint64_t end = 0, after = 0;
	uint32_t i;
	int err;

	err = gopclntab__find(&table, image, code);
	if (err)
		return err == -ENODATA ? 0 : err;
	result->bytes = table.size;
	for (i = 0; !err && i < table.nr_functions; i++) {
		bool is_read = gopclntab__function(&table, i, &reader.function);

		/* They are sorted: no code is read twice. */
		if (is_read && reader.function.start >= end) {
			end = reader.function.end;
			if (!bytes__left(&reader.function.stack)) {
				after = 0;
				continue;
			}
			err = read_with_padding(&reader, code, &after);
			is_read = err != -EBADMSG;
		} else {
			is_read = false;
		}
		if (is_read) {
			result->functions++;
		} else {
			result->damaged++;
			err = 0;
		}
	}
	gopclntab__free(&table);
	return err;
}
