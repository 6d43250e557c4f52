// SPDX-License-Identifier: GPL-2.0
/*
 * find_words WORDS FILE...: say how often one of some 64-bit words, hexadecimal ones of which WORDS
 * has one a line, is in streams: anywhere in their bytes, in either byte order, or in what their
 * records are when they are unpacked. Prints "FOUND BYTES RECORDS" for all of them together.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <profbuf/profbuf.h>

static uint64_t *words;
static size_t nr_words;
static bool may_be[1 << 16];	/* by the lowest bits: few words get past it */
static uint64_t found, bytes, records;

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void add_word(uint64_t word)
{
	words = realloc(words, (nr_words + 1) * sizeof(*words));
	if (!words)
		exit(EXIT_FAILURE);
	words[nr_words++] = word;
	may_be[word & 0xffff] = true;
}

static void read_words(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t word;

	while (file && fscanf(file, "%" SCNx64, &word) == 1) {
		add_word(word);
		add_word(htobe64(word));
	}
	if (!nr_words) {
		fprintf(stderr, "no words in %s\n", path);
		exit(EXIT_FAILURE);
	}
	fclose(file);
	qsort(words, nr_words, sizeof(*words), compare);
}

static void look_at(uint64_t word)
{
	if (may_be[word & 0xffff] && bsearch(&word, words, nr_words, sizeof(word), compare))
		found++;
}

/* One byte after the other: what was read last is in the upper ones. */
static void look_at_bytes(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t word = 0;
	int byte;

	if (!file) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	while ((byte = getc_unlocked(file)) != EOF) {
		word = word >> 8 | (uint64_t)byte << 56;
		look_at(word);
		bytes++;
	}
	fclose(file);
}

static int on_record(void *context, const struct profbuf_record *record)
{
	uint32_t i;

	(void)context;
	for (i = 0; i < record->hdrsize; i++)
		look_at(record->header[i]);
	for (i = 0; i < record->depth; i++)
		look_at(record->stack[i]);
	records++;
	return 0;
}

static void look_at_records(const char *path)
{
	static const struct profbuf_handler handler = {
		.size = sizeof(handler),
		.record = on_record,
	};
	struct profbuf_stream *stream;
	int err = profbuf_stream__open(&stream, path, NULL);

	if (!err)
		err = profbuf_stream__read(stream, &handler, NULL);
	if (err) {
		fprintf(stderr, "%s: %s\n", path, strerror(-err));
		exit(EXIT_FAILURE);
	}
	profbuf_stream__close(stream);
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 3)
		return EXIT_FAILURE;
	read_words(argv[1]);
	for (i = 2; i < argc; i++) {
		look_at_bytes(argv[i]);
		look_at_records(argv[i]);
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", found, bytes, records);
	return EXIT_SUCCESS;
}
