// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include <dwarf.h>

#include "cfa_program.h"
#include "eh_frame.h"
#include "util/array.h"
#include "util/index.h"

/* In a .debug_frame of both widths. */
#define CIE_ID_32	0xffffffffULL
#define CIE_ID_64	UINT64_MAX

#define RA_COLUMN	16

/**
 * struct cie - what many functions have in common
 * @offset: of its entry in the section
 * @common: what it says
 * @encoding: of addresses
 * @sized: FDEs have the size of their augmentation
 * @bad: it could not be read
 */
struct cie {
	uint64_t offset;
	struct cfa_common common;
	uint8_t encoding;
	bool sized;
	bool bad;
};

/**
 * struct reader - what reads a section
 * @frame: the section
 * @code: the code that it tells of
 * @rows: where that goes
 * @result: of it all
 * @cies: that were read
 * @nr_cies: how many
 * @max_cies: room for so many
 * @index: of them by offset
 * @cie: that of the function that is read
 * @segment: which that is in
 */
struct reader {
	const struct eh_frame *frame;
	struct code *code;
	struct unwind_rows *rows;
	struct eh_frame_result *result;
	struct cie *cies;
	uint32_t nr_cies;
	uint32_t max_cies;
	struct index index;
	const struct cie *cie;
	const struct code_segment *segment;
};

/**
 * struct entry - a CIE or an FDE
 * @offset: in the section
 * @id: 0, or where the CIE is: as it stands there
 * @id_offset: where it stands
 * @is_cie: which it is
 * @wide: lengths have 64 bits
 * @rest: what comes behind the ID
 */
struct entry {
	uint64_t offset;
	uint64_t id;
	uint64_t id_offset;
	bool is_cie;
	bool wide;
	struct bytes rest;
};

static uint64_t offset_of(const struct reader *reader, const struct bytes *bytes)
{
	return bytes->next - reader->frame->data;
}

bool eh_frame__address(struct bytes *bytes, uint8_t encoding, uint64_t address, uint64_t *value)
{
	/* What is not in the file is not known: a pointer there may have to be relocated. */
	if (encoding == DW_EH_PE_omit || encoding & DW_EH_PE_indirect)
		return false;
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		*value = bytes__fixed(bytes, 8);
		break;
	case DW_EH_PE_uleb128:
		*value = bytes__uleb(bytes);
		break;
	case DW_EH_PE_udata2:
		*value = bytes__fixed(bytes, 2);
		break;
	case DW_EH_PE_udata4:
		*value = bytes__fixed(bytes, 4);
		break;
	case DW_EH_PE_sleb128:
		*value = bytes__sleb(bytes);
		break;
	case DW_EH_PE_sdata2:
		*value = bytes__signed(bytes, 2);
		break;
	case DW_EH_PE_sdata4:
		*value = bytes__signed(bytes, 4);
		break;
	default:
		return false;
	}
	switch (encoding & 0x70) {
	case DW_EH_PE_absptr:
		break;
	case DW_EH_PE_pcrel:
		*value += address;
		break;
	default:
		return false;
	}
	return !bytes->bad;
}

static bool read_address(void *context, struct bytes *bytes, uint64_t *value)
{
	struct reader *reader = context;

	return eh_frame__address(bytes, reader->cie->encoding,
				 reader->frame->address + offset_of(reader, bytes), value);
}

/* A personality routine is none of ours, but has to be got over. */
static bool skip_pointer(struct reader *reader, struct bytes *bytes)
{
	uint8_t encoding = bytes__u8(bytes);
	uint64_t value;

	if (encoding == DW_EH_PE_omit)
		return true;
	if ((encoding & 0x70) == DW_EH_PE_aligned) {
		uint64_t address = reader->frame->address + offset_of(reader, bytes);

		bytes__take(bytes, -address & 7);
		bytes__fixed(bytes, 8);
		return !bytes->bad;
	}
	/* Only its size matters. */
	return eh_frame__address(bytes, encoding & 0x0f, 0, &value);
}

/* The letters say what the augmentation has, and what is special. */
static bool read_augmentation(struct reader *reader, struct cie *cie, const char *letters,
			      struct bytes *rest)
{
	struct bytes data;

	if (*letters != 'z')
		return !*letters;
	cie->sized = true;
	data = bytes__take(rest, bytes__uleb(rest));
	while (*++letters) {
		switch (*letters) {
		case 'L':
			bytes__u8(&data);
			break;
		case 'P':
			if (!skip_pointer(reader, &data))
				return false;
			break;
		case 'R':
			cie->encoding = bytes__u8(&data);
			break;
		case 'S':
			cie->common.signal = true;
			break;
		case 'B': /* of arm64 */
			break;
		default:
			/* What is behind it is not known. */
			return false;
		}
	}
	return !data.bad && !rest->bad;
}

static bool read_cie(struct reader *reader, struct cie *cie, struct bytes rest)
{
	uint8_t version = bytes__u8(&rest), address_size, segment_size;
	const char *letters = (const char *)rest.next;
	const uint8_t *end = memchr(rest.next, 0, bytes__left(&rest));

	if (!end || (version != 1 && version != 3 && version != 4))
		return false;
	rest.next = end + 1;
	/* Of the first compilers with exceptions. */
	if (!strcmp(letters, "eh")) {
		bytes__fixed(&rest, 8);
		letters = "";
	}
	if (version == 4) {
		address_size = bytes__u8(&rest);
		segment_size = bytes__u8(&rest);
		if (address_size != 8 || segment_size)
			return false;
	}
	cie->common.code_factor = bytes__uleb(&rest);
	cie->common.data_factor = bytes__sleb(&rest);
	cie->common.ra = version == 1 ? bytes__u8(&rest) : bytes__uleb(&rest);
	if (cie->common.ra != RA_COLUMN || !read_augmentation(reader, cie, letters, &rest))
		return false;
	return !rest.bad && !cfa_program__begin(&cie->common, rest);
}

static uint32_t hash_offset(uint64_t offset)
{
	return hash_pair(offset, 0);
}

static int add_cie(struct reader *reader, const struct entry *entry)
{
	struct cie cie = { .offset = entry->offset, .encoding = DW_EH_PE_absptr };

	cie.bad = !read_cie(reader, &cie, entry->rest);
	if (cie.bad)
		reader->result->damaged++;
	if (array__reserve(&reader->cies, reader->nr_cies, &reader->max_cies,
			   sizeof(*reader->cies)) ||
	    index__insert(&reader->index, hash_offset(cie.offset), reader->nr_cies))
		return -ENOMEM;
	reader->cies[reader->nr_cies++] = cie;
	return 0;
}

/* Only those that came before: nobody puts them elsewhere, and none is read twice. */
static const struct cie *find_cie(const struct reader *reader, uint64_t offset)
{
	uint32_t cursor, i;

	if (reader->nr_cies && reader->cies[reader->nr_cies - 1].offset == offset)
		return &reader->cies[reader->nr_cies - 1];
	index_for_each_candidate(&reader->index, hash_offset(offset), cursor, i)
		if (reader->cies[i].offset == offset)
			return &reader->cies[i];
	return NULL;
}

static int add_row(void *context, uint64_t start, uint64_t end,
		   const struct profbuf_unwind_rule *rule)
{
	struct reader *reader = context;
	uint64_t shift = reader->segment->offset - reader->segment->address;

	/* The positions that this is about are those in the file. */
	if (rule->cfa == PROFBUF_UNWIND_PLT && shift & 15) {
		static const struct profbuf_unwind_rule unknown = { .cfa = PROFBUF_UNWIND_UNKNOWN };

		rule = &unknown;
	}
	return unwind_rows__add(reader->rows, start + shift, end + shift, rule);
}

/* Of a function that is not understood at all. */
static int add_unknown(struct reader *reader, uint64_t start, uint64_t end)
{
	static const struct profbuf_unwind_rule unknown = { .cfa = PROFBUF_UNWIND_UNKNOWN };

	reader->result->damaged++;
	return add_row(reader, start, end, &unknown);
}

static int read_function(struct reader *reader, struct entry *entry)
{
	struct cfa_function function = {
		.address = read_address,
		.row = add_row,
		.context = reader,
	};
	struct bytes *rest = &entry->rest;
	uint64_t size;
	int err;

	reader->cie = find_cie(reader, entry->id);
	if (!reader->cie || reader->cie->bad || !read_address(reader, rest, &function.start) ||
	    !eh_frame__address(rest, reader->cie->encoding & 0x0f, 0, &size)) {
		reader->result->damaged++;
		return 0;
	}
	/* The linker has left out what it tells of, or it is of another file. */
	reader->segment = code__find(reader->code, function.start);
	if (!reader->segment || !size)
		return 0;
	reader->result->functions++;
	if (size > reader->segment->size - (function.start - reader->segment->address))
		size = reader->segment->size - (function.start - reader->segment->address);
	function.end = function.start + size;
	function.common = &reader->cie->common;
	if (reader->cie->sized)
		bytes__take(rest, bytes__uleb(rest));
	if (rest->bad)
		return add_unknown(reader, function.start, function.end);
	err = cfa_program__run(&function, *rest);
	if (err != -EBADMSG)
		return err;
	reader->result->damaged++;
	return 0;
}

/*
 * The next entry. Return: 1, 0 behind the last, -EBADMSG: it does not show where the next one is.
 * @entry->rest.next: NULL if there is nothing in it.
 */
static int next_entry(const struct reader *reader, struct bytes *section, struct entry *entry)
{
	bool debug = reader->frame->debug;
	uint64_t length;

	*entry = (struct entry){ .offset = offset_of(reader, section) };
	if (bytes__left(section) < 4)
		return 0;
	length = bytes__fixed(section, 4);
	if (!length)
		return reader->frame->open ? 0 : 1;
	if (length == UINT32_MAX) {
		entry->wide = true;
		length = bytes__fixed(section, 8);
	}
	entry->rest = bytes__take(section, length);
	if (section->bad)
		return -EBADMSG;
	entry->id_offset = offset_of(reader, &entry->rest);
	/* Only .debug_frame makes it wide. */
	entry->id = bytes__fixed(&entry->rest, debug && entry->wide ? 8 : 4);
	if (debug) {
		entry->is_cie = entry->id == (entry->wide ? CIE_ID_64 : CIE_ID_32);
	} else {
		entry->is_cie = !entry->id;
		entry->id = entry->id_offset - entry->id;
	}
	return 1;
}

static int read_entries(struct reader *reader)
{
	struct bytes section = {
		.next = reader->frame->data,
		.end = reader->frame->data + reader->frame->size,
	};
	struct entry entry;
	int ret, err = 0;

	while (!err && (ret = next_entry(reader, &section, &entry)) > 0) {
		if (!entry.rest.next)
			continue;
		if (entry.rest.bad)
			reader->result->damaged++;
		else if (entry.is_cie)
			err = add_cie(reader, &entry);
		else
			err = read_function(reader, &entry);
	}
	if (!err && ret < 0)
		reader->result->damaged++;
	reader->result->bytes += offset_of(reader, &section);
	return err;
}

int eh_frame__read(const struct eh_frame *frame, struct code *code, struct unwind_rows *rows,
		   struct eh_frame_result *result)
{
	struct reader reader = {
		.frame = frame,
		.code = code,
		.rows = rows,
		.result = result,
	};
	int err = read_entries(&reader);

	free(reader.cies);
	index__free(&reader.index);
	return err;
}
