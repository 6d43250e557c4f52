// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>

#include "bytes.h"
#include "sframe.h"

#define MAGIC		0xdee2
#define HEADER_SIZE	28
#define ABI_AMD64	3

/* Flags of the header. Sorted or not, with frame pointers or not: all are read the same way. */
#define SORTED		0x01
#define FRAME_POINTER	0x02
#define START_PCREL	0x04 /* of version 2 */

/* Of a function: what its rows begin with, and that its code repeats a pattern. */
#define START_TYPE	0x0f
#define START_TYPE_MAX	2
#define REPEATS		0x10
#define FUNCTION_OTHERS	0xe0

/* Of a row. */
#define BASE_IS_SP	0x01
#define ROW_OTHERS	0x80
#define OFFSET_TYPE_MAX	2
#define ROW_SIZE_MIN	2

#define WORD		8

/* Entries of a PLT, which version 1 takes for granted. */
#define PLT_SIZE	16
/* The instruction that pushes a word of four bytes, which follow. */
#define PUSH		0x68
#define PUSH_SIZE	5

/**
 * struct reader - what reads a section
 * @sframe: the section
 * @code: the code that it tells of
 * @rows: where that goes
 * @result: of it all
 * @version: 1 or 2
 * @start_pcrel: functions' addresses are relative to where they stand, not to the section
 * @bp: where bp is from the CFA in all rows; 0: these say so
 * @ra: the same of the return address
 * @nr_functions: how many
 * @functions: they
 * @frames: the rows of all
 * @left: how many rows there can be which were not read
 */
struct reader {
	const struct sframe *sframe;
	struct code *code;
	struct unwind_rows *rows;
	struct sframe_result *result;
	uint8_t version;
	bool start_pcrel;
	int8_t bp;
	int8_t ra;
	uint32_t nr_functions;
	struct bytes functions;
	struct bytes frames;
	uint64_t left;
};

/**
 * struct function - what is told of one
 * @address: where it begins
 * @offset: the same in the file
 * @size: in bytes, of those that are there
 * @first: where its rows begin
 * @nr_rows: how many
 * @info: what they begin with, and REPEATS
 * @repeat: size of what is repeated
 */
struct function {
	uint64_t address;
	uint64_t offset;
	uint64_t size;
	uint32_t first;
	uint32_t nr_rows;
	uint8_t info;
	uint8_t repeat;
};

/**
 * struct row - from where on a rule holds
 * @start: bytes behind the beginning of the function, or of what is repeated
 * @rule: the rule
 */
struct row {
	uint64_t start;
	struct profbuf_unwind_rule rule;
};

static const struct profbuf_unwind_rule unknown = { .cfa = PROFBUF_UNWIND_UNKNOWN };

static size_t function_size(const struct reader *reader)
{
	return reader->version == 1 ? 17 : 20;
}

/* What is @offset behind the beginning of @whole. */
static struct bytes part(struct bytes whole, uint64_t offset, uint64_t size)
{
	struct bytes taken;

	bytes__take(&whole, offset);
	taken = bytes__take(&whole, size);
	taken.bad = whole.bad;
	return taken;
}

/* false: it is none that is known, or (counted) damaged. */
static bool read_header(struct reader *reader)
{
	struct bytes bytes = {
		.next = reader->sframe->data,
		.end = reader->sframe->data + reader->sframe->size,
	};
	uint32_t frames_size, functions_offset, frames_offset;
	uint16_t magic = bytes__fixed(&bytes, 2);
	uint8_t flags, abi, more;

	reader->version = bytes__u8(&bytes);
	flags = bytes__u8(&bytes);
	abi = bytes__u8(&bytes);
	reader->bp = bytes__signed(&bytes, 1);
	reader->ra = bytes__signed(&bytes, 1);
	more = bytes__u8(&bytes);
	reader->nr_functions = bytes__fixed(&bytes, 4);
	/* How many rows there are shows. */
	bytes__fixed(&bytes, 4);
	frames_size = bytes__fixed(&bytes, 4);
	functions_offset = bytes__fixed(&bytes, 4);
	frames_offset = bytes__fixed(&bytes, 4);
	bytes__take(&bytes, more);
	if (magic != MAGIC || abi != ABI_AMD64 ||
	    (reader->version != 1 && reader->version != 2) ||
	    flags & ~(SORTED | FRAME_POINTER | (reader->version == 1 ? 0 : START_PCREL)))
		return false;
	reader->start_pcrel = flags & START_PCREL;
	reader->functions = part(bytes, functions_offset,
				 (uint64_t)reader->nr_functions * function_size(reader));
	reader->frames = part(bytes, frames_offset, frames_size);
	reader->left = frames_size / ROW_SIZE_MIN;
	if (bytes.bad || reader->functions.bad || reader->frames.bad) {
		reader->result->damaged++;
		return false;
	}
	reader->result->bytes = HEADER_SIZE + more + bytes__left(&reader->functions) + frames_size;
	return true;
}

/* @offsets: as many as the row has, of @size bytes each. */
static struct profbuf_unwind_rule make_rule(const struct reader *reader, uint8_t info,
					    struct bytes offsets, size_t size)
{
	struct profbuf_unwind_rule rule = {
		.cfa = info & BASE_IS_SP ? PROFBUF_UNWIND_SP : PROFBUF_UNWIND_BP,
	};
	int64_t ra = reader->ra, bp = reader->bp;

	if (info & ROW_OTHERS)
		return unknown;
	/* Version 1 has no way to say that there is no caller. */
	if (!bytes__left(&offsets) && reader->version != 1)
		return (struct profbuf_unwind_rule){ .cfa = PROFBUF_UNWIND_ROOT };
	rule.offset = bytes__signed(&offsets, size);
	/* gas 2.40 says sp of any register: here the return address would not be on the stack. */
	if (rule.cfa == PROFBUF_UNWIND_SP && rule.offset < WORD)
		return unknown;
	if (!ra)
		ra = bytes__signed(&offsets, size);
	if (bp || bytes__left(&offsets)) {
		if (!bp)
			bp = bytes__signed(&offsets, size);
		if (bp == (int16_t)bp) {
			rule.bp = PROFBUF_UNWIND_BP_CFA;
			rule.bp_offset = bp;
		} else {
			rule.bp = PROFBUF_UNWIND_BP_LOST;
		}
	}
	return offsets.bad || bytes__left(&offsets) || ra != -WORD ? unknown : rule;
}

static bool read_row(const struct reader *reader, const struct function *function,
		     struct bytes *frames, struct row *row)
{
	unsigned int offset_type, nr_offsets;
	struct bytes offsets;
	uint8_t info;

	row->start = bytes__fixed(frames, 1 << (function->info & START_TYPE));
	info = bytes__u8(frames);
	nr_offsets = info >> 1 & 0x0f;
	offset_type = info >> 5 & 0x03;
	if (offset_type > OFFSET_TYPE_MAX)
		return false;
	offsets = bytes__take(frames, nr_offsets << offset_type);
	row->rule = make_rule(reader, info, offsets, 1 << offset_type);
	return !frames->bad;
}

/* From @start up to @end of the function. */
static int add(struct reader *reader, const struct function *function, uint64_t start,
	       uint64_t end, const struct profbuf_unwind_rule *rule)
{
	return unwind_rows__add(reader->rows, function->offset + start, function->offset + end,
				rule);
}

/* Where a row that cannot be read begins is not known: the one before it has no end either. */
static int add_damaged(struct reader *reader, const struct function *function, uint64_t start)
{
	reader->result->damaged++;
	return add(reader, function, start, function->size, &unknown);
}

static int add_rows(struct reader *reader, const struct function *function, struct bytes frames)
{
	struct row row = { 0 }, next;
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < function->nr_rows; i++) {
		if (!read_row(reader, function, &frames, &next) || next.start < row.start)
			return add_damaged(reader, function, row.start);
		/* What is behind the function's end is cut off. */
		if (next.start > function->size)
			next.start = function->size;
		if (i)
			err = add(reader, function, row.start, next.start, &row.rule);
		row = next;
	}
	return err ? err : add(reader, function, row.start, function->size, &row.rule);
}

/* Does the second row say what the first one does, after a push? */
static bool is_push(const struct row *first, const struct row *second)
{
	struct profbuf_unwind_rule pushed = first->rule;

	if (pushed.cfa != PROFBUF_UNWIND_SP || pushed.offset > INT32_MAX - WORD)
		return false;
	pushed.offset += WORD;
	return !memcmp(&pushed, &second->rule, sizeof(pushed));
}

/*
 * Is it a rule for a PLT? ld 2.40 says that the word is there from byte 11 on also of entries where
 * that is byte 9, so their code is looked at.
 */
static bool is_plt(const struct reader *reader, const struct function *function,
		   const struct row *first, const struct row *second)
{
	uint64_t push = function->offset + second->start - PUSH_SIZE;

	/* The positions that such a rule is about are those in the file. */
	return function->nr_rows == 2 && function->repeat == PLT_SIZE &&
	       !((function->address | function->offset) % PLT_SIZE) &&
	       function->size >= PLT_SIZE && second->start >= PUSH_SIZE &&
	       second->start < PLT_SIZE && reader->code->bytes[push] == PUSH &&
	       is_push(first, second);
}

/* Code that repeats is a PLT, each entry of which pushes a word, or none. No rule says others. */
static int add_repeated(struct reader *reader, const struct function *function,
			struct bytes frames)
{
	struct row first, second;

	if (!read_row(reader, function, &frames, &first) ||
	    (function->nr_rows > 1 && !read_row(reader, function, &frames, &second)))
		return add_damaged(reader, function, 0);
	if (first.start || !function->repeat)
		return add(reader, function, 0, function->size, &unknown);
	if (function->nr_rows == 1)
		return add(reader, function, 0, function->size, &first.rule);
	if (!is_plt(reader, function, &first, &second))
		return add(reader, function, 0, function->size, &unknown);
	first.rule.cfa = PROFBUF_UNWIND_PLT;
	first.rule.number = second.start;
	return add(reader, function, 0, function->size, &first.rule);
}

static int add_function(struct reader *reader, const struct function *function)
{
	struct bytes frames = reader->frames;

	bytes__take(&frames, function->first);
	/* No two functions have the same rows: each is read once. */
	if (frames.bad || function->nr_rows > reader->left ||
	    (function->info & START_TYPE) > START_TYPE_MAX)
		return add_damaged(reader, function, 0);
	reader->left -= function->nr_rows;
	if (function->info & FUNCTION_OTHERS)
		return add(reader, function, 0, function->size, &unknown);
	return function->info & REPEATS ? add_repeated(reader, function, frames) :
	       add_rows(reader, function, frames);
}

/* false: the linker has left out what it tells of, it is of another file, or it tells nothing. */
static bool read_function(struct reader *reader, struct function *function)
{
	uint64_t here = reader->sframe->address + (reader->functions.next - reader->sframe->data);
	uint64_t base = reader->start_pcrel ? here : reader->sframe->address, inside;
	const struct code_segment *segment;

	function->address = base + bytes__signed(&reader->functions, 4);
	function->size = bytes__fixed(&reader->functions, 4);
	function->first = bytes__fixed(&reader->functions, 4);
	function->nr_rows = bytes__fixed(&reader->functions, 4);
	function->info = bytes__u8(&reader->functions);
	function->repeat = PLT_SIZE;
	if (reader->version != 1) {
		function->repeat = bytes__u8(&reader->functions);
		bytes__fixed(&reader->functions, 2); /* padding */
	}
	segment = code__find(reader->code, function->address);
	if (!segment || !function->size || !function->nr_rows)
		return false;
	inside = function->address - segment->address;
	function->offset = segment->offset + inside;
	if (function->size > segment->size - inside)
		function->size = segment->size - inside;
	return true;
}

int sframe__read(const struct sframe *sframe, struct code *code, struct unwind_rows *rows,
		 struct sframe_result *result)
{
	struct reader reader = {
		.sframe = sframe,
		.code = code,
		.rows = rows,
		.result = result,
	};
	struct function function;
	uint32_t i;
	int err = 0;

	if (!read_header(&reader))
		return 0;
	for (i = 0; !err && i < reader.nr_functions; i++) {
		if (!read_function(&reader, &function))
			continue;
		result->functions++;
		err = add_function(&reader, &function);
	}
	return err;
}
