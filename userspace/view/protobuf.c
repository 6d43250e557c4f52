// SPDX-License-Identifier: GPL-2.0
#include "protobuf.h"

/* Wire types. */
#define VARINT			0
#define LENGTH_DELIMITED	2

#define VARINT_MAX		10 /* bytes of the longest */

void protobuf__value(struct buffer *message, uint64_t value)
{
	if (!buffer__reserve(message, VARINT_MAX))
		return;
	while (value >= 0x80) {
		message->data[message->size++] = value | 0x80;
		value >>= 7;
	}
	message->data[message->size++] = value;
}

void protobuf__number(struct buffer *message, unsigned int field, uint64_t value)
{
	if (!value)
		return;
	protobuf__value(message, field << 3 | VARINT);
	protobuf__value(message, value);
}

void protobuf__bytes(struct buffer *message, unsigned int field, const struct buffer *value)
{
	message->failed |= value->failed;
	protobuf__value(message, field << 3 | LENGTH_DELIMITED);
	protobuf__value(message, value->size);
	buffer__append(message, value->data, value->size);
}
