// SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only
/*
 * Reads the frames that a recorder adds to the kernel's stream.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <profbuf/recording.h>

/**
 * profbuf_recording__payload - read a payload of a structure and strings
 * @frame: the frame, as profbuf_stream__next() gave it
 * @structure: where the structure goes. What an older recorder did not know is 0
 * @size: its size
 * @strings: where the strings go, or NULL; they are there as long as the frame
 *
 * Return: 0, or -EBADMSG if it is damaged.
 */
int profbuf_recording__payload(const struct profbuf_frame *frame, void *structure, size_t size,
			       struct profbuf_strings *strings)
{
	const char *payload = (const char *)(frame + 1);
	size_t left = frame->size - sizeof(*frame);
	uint32_t stored;
	unsigned int n;

	if (left < sizeof(stored))
		return -EBADMSG;
	memcpy(&stored, payload, sizeof(stored));
	if (stored < sizeof(stored) || stored > left)
		return -EBADMSG;
	memset(structure, 0, size);
	memcpy(structure, payload, stored < size ? stored : size);
	if (!strings)
		return 0;

	payload += stored;
	left -= stored;
	strings->nr = 0;
	for (n = 0; n < PROFBUF_RECORDING_STRINGS; n++) {
		const char *end = left ? memchr(payload, 0, left) : NULL;

		strings->list[n] = "";
		if (!end)
			continue;
		strings->list[n] = payload;
		strings->nr++;
		left -= end + 1 - payload;
		payload = end + 1;
	}
	return 0;
}

/**
 * profbuf_recording__symbols - read a SYMBOLS frame
 * @frame: the frame, as profbuf_stream__next() gave it
 * @symbol: called for each symbol; what it returns other than 0 ends the reading
 * @context: its first argument
 *
 * Return: 0, what @symbol returned, or -EBADMSG if the frame is damaged.
 */
int profbuf_recording__symbols(const struct profbuf_frame *frame,
			       int (*symbol)(void *context,
					     const struct profbuf_symbols *frame,
					     const struct profbuf_symbol *symbol,
					     const char *name, const char *module),
			       void *context)
{
	const char *payload = (const char *)(frame + 1);
	size_t left = frame->size - sizeof(*frame);
	struct profbuf_symbols header;
	const struct profbuf_symbol *list;
	const char *strings;
	uint32_t i;
	int ret;

	ret = profbuf_recording__payload(frame, &header, sizeof(header), NULL);
	if (ret)
		return ret;
	left -= header.size;
	if (header.size % 8 || header.nr > left / sizeof(*list))
		return -EBADMSG;
	list = (const void *)(payload + header.size);
	strings = (const char *)(list + header.nr);
	left -= header.nr * sizeof(*list);
	/* With a 0 at the end, every string in it has one. */
	if (header.nr && (!left || strings[left - 1]))
		return -EBADMSG;
	for (i = 0; i < header.nr; i++) {
		if (list[i].name >= left || list[i].module >= left)
			return -EBADMSG;
		ret = symbol(context, &header, &list[i], strings + list[i].name,
			     strings + list[i].module);
		if (ret)
			return ret;
	}
	return 0;
}
