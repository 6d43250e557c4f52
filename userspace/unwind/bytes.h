/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bytes: read DWARF's numbers. Behind the end there are zeroes, and it is noted that they were
 * asked for: to look at that once, after several numbers, is enough.
 */
#ifndef PROFBUF_UNWIND_BYTES_H
#define PROFBUF_UNWIND_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * struct bytes - some bytes to be read one after the other
 * @next: what is read next
 * @end: behind the last
 * @bad: more was asked for than there is, or a number was too large
 */
struct bytes {
	const uint8_t *next;
	const uint8_t *end;
	bool bad;
};

static inline size_t bytes__left(const struct bytes *bytes)
{
	return bytes->end - bytes->next;
}

static inline void bytes__fail(struct bytes *bytes)
{
	bytes->bad = true;
	bytes->next = bytes->end;
}

/* @size: at most 8. */
static inline uint64_t bytes__fixed(struct bytes *bytes, size_t size)
{
	uint64_t value = 0;

	if (bytes__left(bytes) < size) {
		bytes__fail(bytes);
		return 0;
	}
	/* As all of x86, little-endian. */
	memcpy(&value, bytes->next, size);
	bytes->next += size;
	return value;
}

static inline int64_t bytes__signed(struct bytes *bytes, size_t size)
{
	unsigned int shift = 64 - 8 * size;

	return (int64_t)(bytes__fixed(bytes, size) << shift) >> shift;
}

static inline uint8_t bytes__u8(struct bytes *bytes)
{
	return bytes__fixed(bytes, 1);
}

/* @last: the last of the bytes; @shift: behind the bits that were read. */
static inline uint64_t bytes__leb(struct bytes *bytes, uint8_t *last, unsigned int *shift)
{
	uint64_t value = 0;

	*shift = 0;
	do {
		*last = bytes__u8(bytes);
		if (*shift < 64)
			value |= (uint64_t)(*last & 0x7f) << *shift;
		*shift += 7;
		/* Ten are enough for 64 bits. */
		if (*shift > 70)
			bytes__fail(bytes);
	} while (*last & 0x80 && !bytes->bad);
	return bytes->bad ? 0 : value;
}

static inline uint64_t bytes__uleb(struct bytes *bytes)
{
	unsigned int shift;
	uint8_t last;

	if (bytes->next < bytes->end && *bytes->next < 0x80)
		return *bytes->next++;
	return bytes__leb(bytes, &last, &shift);
}

static inline int64_t bytes__sleb(struct bytes *bytes)
{
	unsigned int shift;
	uint8_t last;
	uint64_t value = bytes__leb(bytes, &last, &shift);

	if (last & 0x40 && shift < 64)
		value |= ~0ULL << shift;
	return value;
}

/* The next @size ones, as something of its own. */
static inline struct bytes bytes__take(struct bytes *bytes, uint64_t size)
{
	struct bytes taken = { .next = bytes->next };

	if (size > bytes__left(bytes)) {
		bytes__fail(bytes);
		size = 0;
		taken.next = bytes->next;
		taken.bad = true;
	}
	taken.end = taken.next + size;
	bytes->next = taken.next + size;
	return taken;
}

#endif /* PROFBUF_UNWIND_BYTES_H */
