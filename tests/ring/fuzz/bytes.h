/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fuzzer's bytes as a supply of numbers; zeroes when they are used up.
 */
#ifndef PROFBUF_FUZZ_BYTES_H
#define PROFBUF_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *next;
	size_t left;
};

static inline uint64_t bytes_take(struct bytes *bytes, unsigned int count)
{
	uint64_t value = 0;

	while (count-- && bytes->left) {
		value = value << 8 | *bytes->next++;
		bytes->left--;
	}
	return value;
}

#endif /* PROFBUF_FUZZ_BYTES_H */
