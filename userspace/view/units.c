// SPDX-License-Identifier: GPL-2.0
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* @number / @unit with one digit behind the point, rounded, then @name. */
static struct units tenths(uint64_t number, uint64_t unit, const char *name)
{
	uint64_t whole = number / unit;
	unsigned int tenth = ((__uint128_t)(number % unit) * 10 + unit / 2) / unit;
	struct units units;

	if (tenth == 10) {
		whole++;
		tenth = 0;
	}
	snprintf(units.text, sizeof(units.text), "%" PRIu64 ".%u%s", whole, tenth, name);
	return units;
}

struct units units_count(uint64_t number)
{
	struct units units;

	/* What would round to 1000.0k is 1.0M. */
	if (number >= 999950000)
		return tenths(number, 1000000000, "G");
	if (number >= 999950)
		return tenths(number, 1000000, "M");
	if (number >= 10000)
		return tenths(number, 1000, "k");
	snprintf(units.text, sizeof(units.text), "%" PRIu64, number);
	return units;
}

struct units units_exact(uint64_t number)
{
	struct units units;
	char *end = units.text + sizeof(units.text) - 1;
	char *p = end;
	unsigned int digits = 0;

	*p = '\0';
	do {
		if (digits && digits % 3 == 0)
			*--p = ',';
		*--p = '0' + number % 10;
		digits++;
	} while (number /= 10);
	memmove(units.text, p, end - p + 1);
	return units;
}

struct units units_share(uint64_t part, uint64_t whole)
{
	uint64_t thousandth;
	struct units units;

	if (!whole)
		return (struct units){ "0.0 %" };
	thousandth = ((__uint128_t)part * 1000 + whole / 2) / whole;
	/* Something is not nothing, and not all is not all. */
	if (part && !thousandth)
		return (struct units){ "<0.1 %" };
	if (part < whole && thousandth == 1000)
		return (struct units){ ">99.9 %" };
	snprintf(units.text, sizeof(units.text), "%" PRIu64 ".%u %%", thousandth / 10,
		 (unsigned int)(thousandth % 10));
	return units;
}

struct units units_time(uint64_t ns)
{
	struct units units;

	if (ns >= 999950000)
		return tenths(ns, 1000000000, " s");
	if (ns >= 999950)
		return tenths(ns, 1000000, " ms");
	if (ns >= 1000)
		return tenths(ns, 1000, " us");
	snprintf(units.text, sizeof(units.text), "%" PRIu64 " ns", ns);
	return units;
}

struct units units_bytes(uint64_t bytes)
{
	struct units units;

	if (bytes >= 999950000)
		return tenths(bytes, 1000000000, " GB");
	if (bytes >= 999950)
		return tenths(bytes, 1000000, " MB");
	if (bytes >= 1000)
		return tenths(bytes, 1000, " kB");
	snprintf(units.text, sizeof(units.text), "%" PRIu64 " B", bytes);
	return units;
}

static int compare_cpus(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

void units_print_cpus(uint32_t *cpus, uint32_t n, FILE *file)
{
	uint32_t i, k;

	qsort(cpus, n, sizeof(*cpus), compare_cpus);
	fputs(n && cpus[0] == cpus[n - 1] ? "CPU" : "CPUs", file);
	for (i = 0; i < n; i = k) {
		for (k = i + 1; k < n && cpus[k] - cpus[k - 1] <= 1;)
			k++;
		fprintf(file, cpus[i] != cpus[k - 1] ? "%s %u-%u" : "%s %u", i ? "," : "", cpus[i],
			cpus[k - 1]);
	}
}
