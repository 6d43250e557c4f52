// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"

/* Linkers make one or two. */
#define SEGMENTS_MAX	64

/* Longer than any function at which a program starts. */
#define ENTRY_MAX	64
/* What is looked at if it does not show where it ends. */
#define ENTRY_DEFAULT	16

static int compare_segments(const void *left, const void *right)
{
	const struct code_segment *a = left, *b = right;

	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int add_segment(struct code *code, const struct image *image,
		       const struct image_segment *segment)
{
	uint64_t size = segment->size;

	if (!segment->executable || segment->offset >= image->size)
		return 0;
	if (size > image->size - segment->offset)
		size = image->size - segment->offset;
	if (!size || segment->address > UINT64_MAX - size)
		return 0;
	if (code->nr_segments == SEGMENTS_MAX)
		return -EBADMSG;
	code->segments[code->nr_segments++] = (struct code_segment){
		.address = segment->address,
		.offset = segment->offset,
		.size = size,
	};
	return 0;
}

int code__init(struct code *code, const struct image *image)
{
	uint32_t i;
	int err = 0;

	*code = (struct code){ .bytes = image->memory };
	code->segments = calloc(SEGMENTS_MAX, sizeof(*code->segments));
	if (!code->segments)
		return -ENOMEM;
	for (i = 0; !err && i < image->nsegments; i++)
		err = add_segment(code, image, &image->segments[i]);
	qsort(code->segments, code->nr_segments, sizeof(*code->segments), compare_segments);
	for (i = 1; !err && i < code->nr_segments; i++)
		if (code->segments[i].offset - code->segments[i - 1].offset <
		    code->segments[i - 1].size)
			err = -EBADMSG;
	return err;
}

void code__free(struct code *code)
{
	free(code->segments);
}

static bool contains(const struct code_segment *segment, uint64_t address)
{
	return address >= segment->address && address - segment->address < segment->size;
}

const struct code_segment *code__find(struct code *code, uint64_t address)
{
	uint32_t i;

	if (code->last < code->nr_segments && contains(&code->segments[code->last], address))
		return &code->segments[code->last];
	for (i = 0; i < code->nr_segments; i++) {
		if (contains(&code->segments[i], address)) {
			code->last = i;
			return &code->segments[i];
		}
	}
	return NULL;
}

/* Bytes behind the opcode of an instruction with a ModRM byte, which names memory. */
static size_t operand_size(const uint8_t *bytes, size_t size)
{
	uint8_t mode, base;

	if (!size)
		return 0;
	mode = bytes[0] >> 6;
	base = bytes[0] & 7;
	if (base == 4 && mode != 3)
		return size < 2 ? 0 : 2 + (mode == 1 ? 1 : mode == 2 ? 4 : 0);
	return 1 + (mode == 1 ? 1 : mode == 2 ? 4 : 0);
}

/* Size of the instruction if it does nothing, 0 otherwise. */
static size_t nothing_size(const uint8_t *bytes, size_t size)
{
	size_t i = 0, operand;

	/* int3 is never reached; zeroes, between functions, are not either. */
	if (bytes[0] == 0xcc || bytes[0] == 0)
		return 1;
	while (i < size && (bytes[i] == 0x66 || bytes[i] == 0x2e))
		i++;
	if (i < size && bytes[i] == 0x90)
		return i + 1;
	if (i + 2 > size || bytes[i] != 0x0f || bytes[i + 1] != 0x1f)
		return 0;
	operand = operand_size(bytes + i + 2, size - i - 2);
	return operand ? i + 2 + operand : 0;
}

bool code__is_padding(void *context, uint64_t start, uint64_t end)
{
	const struct code *code = context;
	uint64_t position = start;

	while (position < end) {
		size_t size = nothing_size(code->bytes + position, end - position);

		if (!size || size > end - position)
			return false;
		position += size;
	}
	return true;
}

/* mov $15, %rax (rt_sigreturn); syscall: so do C libraries, and the debuggers that look for it. */
static const uint8_t restorer[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };

static int add_restorers_in(const struct code *code, uint64_t start, uint64_t end,
			    struct unwind_rows *rows)
{
	/* The handler's return has taken its own address from the stack. */
	static const struct profbuf_unwind_rule rule = { .cfa = PROFBUF_UNWIND_SIGNAL };
	const uint8_t *found;
	int err = 0;

	while (!err && (found = memmem(code->bytes + start, end - start, restorer,
				       sizeof(restorer)))) {
		uint64_t position = found - code->bytes;

		/* Who returns to it is looked for one byte before. */
		err = unwind_rows__add(rows, position ? position - 1 : 0,
				       position + sizeof(restorer), &rule);
		start = position + sizeof(restorer);
	}
	return err;
}

/*
 * The system call in clone() and clone3(), and what is behind it: syscall; test %rax, %rax; jl; je;
 * ret. C libraries tell nothing of it, as it has two callers: that of the thread that has called,
 * whose return address is at sp; and none, of the one that begins. That is here for three
 * instructions, and what is at its sp is no code in clone3().
 */
static const uint8_t clone_begin[] = { 0x0f, 0x05, 0x48, 0x85, 0xc0, 0x7c };
static const uint8_t clone_end[] = { 0x74, 0x01, 0xc3 };

/* How far jl jumps is between them. */
#define CLONE_SIZE	(sizeof(clone_begin) + 1 + sizeof(clone_end))

static int add_clones_in(const struct code *code, uint64_t start, uint64_t end,
			 struct unwind_rows *rows)
{
	static const struct profbuf_unwind_rule rule = { .cfa = PROFBUF_UNWIND_SP, .offset = 8 };
	const uint8_t *found;
	int err = 0;

	while (!err && (found = memmem(code->bytes + start, end - start, clone_begin,
				       sizeof(clone_begin)))) {
		start = found - code->bytes;
		if (end - start < CLONE_SIZE)
			break;
		if (!memcmp(found + CLONE_SIZE - sizeof(clone_end), clone_end, sizeof(clone_end)))
			err = unwind_rows__add(rows, start, start + CLONE_SIZE, &rule);
		start += sizeof(clone_begin);
	}
	return err;
}

int code__add_system_calls(const struct code *code, struct unwind_rows *rows)
{
	struct unwind_rows found = { 0 };
	uint32_t i;
	int ret = 0;

	for (i = 0; ret >= 0 && i < code->nr_segments; i++) {
		const struct code_segment *segment = &code->segments[i];
		uint64_t end = segment->offset + segment->size, start = segment->offset;
		uint64_t gap_end = end;

		while ((ret = unwind_rows__next_gap(rows, &start, &gap_end)) > 0) {
			ret = add_restorers_in(code, start, gap_end, &found);
			if (!ret)
				ret = add_clones_in(code, start, gap_end, &found);
			if (ret)
				break;
			start = gap_end;
			gap_end = end;
		}
	}
	if (!ret)
		ret = unwind_rows__add_all(rows, &found);
	unwind_rows__free(&found);
	return ret;
}

/*
 * Where the function ends: at a jump through a register or a halt, which comes when main() or the
 * program has returned, or behind its first call, which does not.
 */
static size_t entry_size(const uint8_t *bytes, size_t size)
{
	size_t i, call = 0;

	if (size > ENTRY_MAX)
		size = ENTRY_MAX;
	for (i = 0; i < size; i++) {
		if (bytes[i] == 0xf4)
			return i + 1;
		if (i + 1 < size && bytes[i] == 0xff && (bytes[i + 1] & 0xf8) == 0xe0)
			return i + 2;
		if (!call && bytes[i] == 0xe8)
			call = i + 5;
	}
	if (!call)
		call = ENTRY_DEFAULT;
	return call < size ? call : size;
}

static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

/* Does it look like a function at which a process starts: no frame, the arguments at sp? */
static bool is_entry(const uint8_t *bytes, size_t size)
{
	static const uint8_t clear_bp[] = { 0x31, 0xed }; /* xor %ebp, %ebp */
	static const uint8_t clear_rbp[] = { 0x48, 0x31, 0xed };
	static const uint8_t arguments[] = { 0x48, 0x89, 0xe7 }; /* mov %rsp, %rdi */

	if (size >= sizeof(endbr64) && !memcmp(bytes, endbr64, sizeof(endbr64))) {
		bytes += sizeof(endbr64);
		size -= sizeof(endbr64);
	}
	return size >= 3 && (!memcmp(bytes, clear_bp, sizeof(clear_bp)) ||
			     !memcmp(bytes, clear_rbp, sizeof(clear_rbp)) ||
			     !memcmp(bytes, arguments, sizeof(arguments)));
}

int code__add_entry(struct code *code, uint64_t address, bool is_program, struct unwind_rows *rows)
{
	static const struct profbuf_unwind_rule rule = { .cfa = PROFBUF_UNWIND_ROOT };
	const struct code_segment *segment = code__find(code, address);
	uint64_t start, end;

	if (!address || !segment)
		return 0;
	start = address - segment->address + segment->offset;
	end = segment->offset + segment->size;
	if (!is_program && !is_entry(code->bytes + start, end - start))
		return 0;
	end = start + entry_size(code->bytes + start, end - start);
	return unwind_rows__add_weak(rows, start, end, &rule);
}

static const uint8_t prologue[] = { 0x48, 0x83, 0xec, 0x08 }; /* sub $8, %rsp */
static const uint8_t epilogue[] = { 0x48, 0x83, 0xc4, 0x08, 0xc3 }; /* add $8, %rsp; ret */

int code__add_init(struct code *code, uint64_t address, uint64_t size, struct unwind_rows *rows)
{
	static const struct profbuf_unwind_rule outside = { .cfa = PROFBUF_UNWIND_SP, .offset = 8 };
	static const struct profbuf_unwind_rule inside = { .cfa = PROFBUF_UNWIND_SP, .offset = 16 };
	const struct code_segment *segment = code__find(code, address);
	uint64_t start, body, end;
	const uint8_t *bytes;
	int err;

	if (!segment || size > segment->size - (address - segment->address))
		return 0;
	start = address - segment->address + segment->offset;
	bytes = code->bytes + start;
	body = 0;
	if (size >= sizeof(endbr64) && !memcmp(bytes, endbr64, sizeof(endbr64)))
		body = sizeof(endbr64);
	if (size < body + sizeof(prologue) + sizeof(epilogue) ||
	    memcmp(bytes + body, prologue, sizeof(prologue)) ||
	    memcmp(bytes + size - sizeof(epilogue), epilogue, sizeof(epilogue)))
		return 0;
	body += start + sizeof(prologue);
	/* The last instruction, ret, is one byte. */
	end = start + size - 1;
	err = unwind_rows__add_weak(rows, start, body, &outside);
	if (!err)
		err = unwind_rows__add_weak(rows, body, end, &inside);
	if (!err)
		err = unwind_rows__add_weak(rows, end, end + 1, &outside);
	return err;
}
