// SPDX-License-Identifier: GPL-2.0
/*
 * interleave [-lx] [NAME]...: explore all interleavings of the scenarios, or of those
 * whose names contain NAME, and report in TAP. With -l the long ones as well; with -x
 * no more after the first failure.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actors.h"

static const struct scenario scenarios[] = {
	{
		.name = "records, read without waiting, word by word",
		.hdrsize = 1, .words = 8, .tags = 2, .word_by_word = true,
		.cpu = "102x", .reader = "rrrr",
		.events = EVENT_END | EVENT_MANY,
		.least_states = 2000,
	},
	{
		.name = "records around the ends of the rings, where the counts wrap",
		.hdrsize = 1, .words = 16, .tags = 4, .data_count = -9, .tag_count = 0x3ffffffe,
		.cpu = "34120", .reader = "rrrr",
		.events = EVENT_MANY,
		.least_states = 4000,
	},
	{
		.name = "sleep, wake, end",
		.hdrsize = 1, .words = 8, .tags = 2,
		.cpu = "111x", .reader = "B",
		.events = EVENT_SLEPT | EVENT_WOKEN | EVENT_END,
		.least_states = 7000,
	},
	{
		.name = "sleep, wake, no end",
		.hdrsize = 1, .words = 8, .tags = 2,
		.cpu = "1021", .reader = "B",
		.events = EVENT_SLEPT | EVENT_WOKEN,
		.least_states = 10000,
	},
	{
		.name = "a record, a discard, the end",
		.hdrsize = 1, .words = 4, .tags = 1,
		.cpu = "11x", .reader = "rrrrr",
		.events = EVENT_LOST | EVENT_MADE_UP | EVENT_END,
		.least_states = 1000,
	},
	{
		.name = "discards while the reader sleeps",
		.hdrsize = 0, .words = 8, .tags = 2,
		.cpu = "992x", .reader = "B",
		.events = EVENT_LOST | EVENT_MADE_UP | EVENT_EMITTED | EVENT_WOKEN,
		.least_states = 20000,
	},
	{
		.name = "overflow entries stored and made up, word by word",
		.hdrsize = 0, .words = 8, .tags = 4, .word_by_word = true,
		.cpu = "49002", .reader = "rrrr",
		.events = EVENT_LOST | EVENT_MADE_UP | EVENT_EMITTED,
		.least_states = 20000,
	},
	{
		.name = "no room for tags",
		.hdrsize = 0, .words = 16, .tags = 2, .tag_count = 0x3fffffff,
		.cpu = "000x", .reader = "B",
		.events = EVENT_LOST | EVENT_MADE_UP | EVENT_END,
		.least_states = 7000,
	},
	{
		.name = "overflow entries stored and made up, sleeping",
		.hdrsize = 0, .words = 8, .tags = 4, .extended = true,
		.cpu = "4900290x", .reader = "B",
		.events = EVENT_LOST | EVENT_MADE_UP | EVENT_EMITTED | EVENT_MANY,
		.least_states = 5000000,
	},
	{
		.name = "watermark",
		.hdrsize = 0, .words = 16, .tags = 4, .watermark = 7,
		.cpu = "010110", .reader = "B",
		.events = EVENT_SLEPT | EVENT_WOKEN | EVENT_MANY | EVENT_FIRST,
		.least_states = 300000,
	},
	{
		.name = "deadlines between the records, the reader asking anew",
		.hdrsize = 0, .words = 16, .tags = 4, .watermark = 7,
		.cpu = "0d0f01d0d", .reader = "B",
		.events = EVENT_SLEPT | EVENT_WOKEN | EVENT_FIRST | EVENT_DEADLINE,
		.least_states = 250000,
	},
	{
		.name = "deadlines at every step of records",
		.hdrsize = 0, .words = 16, .tags = 4, .watermark = 16,
		.cpu = "0101", .interrupts = { "d", "d" }, .reader = "B",
		.events = EVENT_SLEPT | EVENT_FIRST | EVENT_DEADLINE,
		.least_states = 1500000,
	},
	{
		.name = "watermark, discards, end",
		.hdrsize = 0, .words = 8, .tags = 4, .watermark = 6,
		.cpu = "0290x", .reader = "B",
		.events = EVENT_LOST | EVENT_WOKEN | EVENT_END,
		.least_states = 50000,
	},
	{
		.name = "poll beside the reader, deadlines",
		.hdrsize = 0, .words = 16, .tags = 4, .watermark = 16,
		.cpu = "1d0", .other_cpu = "a", .reader = "B",
		.events = EVENT_SLEPT | EVENT_FIRST | EVENT_DEADLINE,
		.least_states = 300000,
	},
	{
		.name = "poll beside the reader, watermark",
		.hdrsize = 0, .words = 16, .tags = 4, .watermark = 6,
		.cpu = "111", .other_cpu = "a", .reader = "B",
		.events = EVENT_SLEPT | EVENT_WOKEN,
		.least_states = 1000000,
	},
	{
		.name = "another cpu closes beside the writer",
		.hdrsize = 0, .words = 4, .tags = 2,
		.cpu = "90", .other_cpu = "x", .reader = "B",
		.events = EVENT_LOST | EVENT_SLEPT | EVENT_END,
		.least_states = 100000,
	},
	{
		.name = "another cpu closes beside records below the watermark",
		.hdrsize = 0, .words = 8, .tags = 2, .watermark = 6,
		.cpu = "0d0", .other_cpu = "x", .reader = "B",
		.events = EVENT_SLEPT | EVENT_FIRST | EVENT_DEADLINE | EVENT_END,
		.least_states = 300000,
	},
	{
		.name = "another cpu closes and polls beside the writer",
		.hdrsize = 0, .words = 4, .tags = 2, .watermark = 4,
		.cpu = "9f0d", .other_cpu = "ax", .reader = "B", .extended = true,
		.events = EVENT_LOST | EVENT_SLEPT | EVENT_END,
		.least_states = 1000000,
	},
	{
		.name = "batches put back and committed",
		.hdrsize = 0, .words = 8, .tags = 2,
		.cpu = "090x", .reader = "rurcrurB",
		.events = EVENT_LOST | EVENT_MADE_UP | EVENT_EMITTED | EVENT_END,
		.least_states = 60000,
	},
	{
		.name = "an interrupt at every step of writes",
		.hdrsize = 0, .words = 8, .tags = 4,
		.cpu = "10", .interrupts = { "0" }, .reader = "rrrr",
		.events = EVENT_NESTED | EVENT_EMITTED | EVENT_MADE_UP,
		.least_states = 4000,
	},
	{
		.name = "an interrupt at every step of writes, the reader sleeping",
		.hdrsize = 0, .words = 8, .tags = 4,
		.cpu = "1x", .interrupts = { "0" }, .reader = "B",
		.events = EVENT_NESTED | EVENT_MADE_UP | EVENT_SLEPT | EVENT_WOKEN | EVENT_END,
		.least_states = 10000,
	},
	{
		.name = "an interrupt at every step of a discard",
		.hdrsize = 0, .words = 8, .tags = 4,
		.cpu = "90", .interrupts = { "1" }, .reader = "B",
		.events = EVENT_NESTED | EVENT_LOST | EVENT_MADE_UP | EVENT_EMITTED,
		.least_states = 40000,
	},
	{
		.name = "an interrupt at every step of a filtered sample",
		.hdrsize = 0, .words = 8, .tags = 4, .watermark = 8,
		.cpu = "0f", .interrupts = { "f" }, .reader = "B",
		.events = EVENT_NESTED | EVENT_SLEPT | EVENT_WOKEN | EVENT_FIRST,
		.least_states = 2000,
	},
	{
		.name = "two interrupts, one after and in the other",
		.hdrsize = 0, .words = 8, .tags = 4,
		.cpu = "1", .interrupts = { "0", "0" }, .reader = "rrr",
		.events = EVENT_NESTED | EVENT_MADE_UP,
		.least_states = 10000,
	},
	{
		.name = "two interrupts, the time being taken in the ring",
		.hdrsize = 0, .words = 8, .tags = 4, .late_time = true,
		.cpu = "1", .interrupts = { "0", "0" }, .reader = "rrr",
		.events = EVENT_NESTED | EVENT_MADE_UP,
		.least_states = 30000,
	},
	{
		.name = "two interrupts at every step of records and the end",
		.hdrsize = 0, .words = 16, .tags = 4, .extended = true,
		.cpu = "10x", .interrupts = { "0", "0" }, .reader = "B",
		.events = EVENT_NESTED | EVENT_MADE_UP | EVENT_SLEPT | EVENT_WOKEN | EVENT_END,
		.least_states = 1000000,
	},
	{
		.name = "two interrupts at every step of discards and a filtered sample",
		.hdrsize = 0, .words = 8, .tags = 2, .watermark = 4,
		.cpu = "91f", .interrupts = { "1", "0" }, .reader = "B", .extended = true,
		.events = EVENT_NESTED | EVENT_LOST | EVENT_MADE_UP | EVENT_EMITTED,
		.least_states = 4000000,
	},
};

#define NSCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

static bool wanted(const struct scenario *scenario, bool extended, char **names)
{
	if (!*names)
		return extended || !scenario->extended;
	for (; *names; names++)
		if (strstr(scenario->name, *names))
			return true;
	return false;
}

static bool run(const struct scenario *scenario, unsigned int number)
{
	const struct explore_system *system = actors_prepare(scenario);
	struct explore_result result;
	bool ok;

	if (!system) {
		printf("not ok %u - %s\n# no such ring\n", number, scenario->name);
		return false;
	}
	result = explore(system);
	ok = !result.failed && result.states >= scenario->least_states &&
	     !(scenario->events & ~actors_events);
	if (!result.failed && !ok)
		printf("# of %llu states and events %#x there were %llu and %#x\n",
		       scenario->least_states, scenario->events,
		       (unsigned long long)result.states, actors_events);
	printf("%sok %u - %s: %llu states, %llu of them final, %llu steps, %.2g schedules\n",
	       ok ? "" : "not ", number, scenario->name, (unsigned long long)result.states,
	       (unsigned long long)result.ends, (unsigned long long)result.steps, result.schedules);
	fflush(stdout);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned int i, planned = 0, done = 0, failed = 0;
	bool extended = false, stop = false;
	int option;

	while ((option = getopt(argc, argv, "lx")) != -1) {
		switch (option) {
		case 'l':
			extended = true;
			break;
		case 'x':
			stop = true;
			break;
		default:
			fprintf(stderr, "usage: interleave [-lx] [NAME]...\n");
			return 2;
		}
	}

	for (i = 0; i < NSCENARIOS; i++)
		planned += wanted(&scenarios[i], extended, argv + optind);
	if (!planned) {
		fprintf(stderr, "interleave: no scenario has such a name\n");
		return 2;
	}
	printf("TAP version 13\n1..%u\n", planned);
	for (i = 0; i < NSCENARIOS && !(stop && failed); i++)
		if (wanted(&scenarios[i], extended, argv + optind))
			failed += !run(&scenarios[i], ++done);
	return failed != 0;
}
