// SPDX-License-Identifier: GPL-2.0
#include "timing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "profile/late.h"
#include "profile/limits.h"
#include "units.h"
#include "weight.h"

/**
 * timing__say_periods - what samples stand for, if shares of them and of time differ
 * @out: where to say it
 * @profile: the profile
 */
void timing__say_periods(FILE *out, const struct profile *profile)
{
	const struct profile_totals *totals = profile__totals(profile);
	uint64_t samples = totals->weight.samples, periods = totals->weight.periods;
	uint64_t late = totals->late_user.periods + totals->late_kernel.periods +
			totals->unexplained;
	bool is_late, is_slowed;
	uint64_t tenths;

	if (periods <= samples + samples / 10)
		return;
	tenths = ((__uint128_t)periods * 10 + samples / 2) / samples;
	/* What is less than a tenth of it does not explain it. */
	is_late = late > (periods - samples) / 10;
	is_slowed = totals->slowed > (periods - samples) / 10;
	fprintf(out, " of %" PRIu64 ".%u periods each (%s%s%s)", tenths / 10,
		(unsigned int)(tenths % 10), is_late ? "timers came late" : "",
		is_late && is_slowed ? ", " : "", is_slowed ? "sampling was slowed down" : "");
}

/**
 * timing__is_late - is there anything to say of late timers?
 * @profile: the profile
 *
 * Return: true if so.
 */
bool timing__is_late(const struct profile *profile)
{
	const struct profile_totals *totals = profile__totals(profile);

	return totals->late_user.periods || totals->late_kernel.periods ||
	       totals->stolen.periods;
}

/**
 * timing__say_late - how much timers were late, over what
 * @out: where to say it
 * @profile: the profile
 */
void timing__say_late(FILE *out, const struct profile *profile)
{
	const struct profile_totals *totals = profile__totals(profile);
	uint64_t whole = weight__whole(profile).periods;
	bool late = totals->late_user.periods || totals->late_kernel.periods;

	if (late)
		fprintf(out, "late timers: %s over user code (" PROFILE_LATE_TIMER
			"), %s over kernel code",
			units_share(totals->late_user.periods, whole).text,
			units_share(totals->late_kernel.periods, whole).text);
	if (!totals->stolen.periods)
		return;
	fprintf(out, "%sstolen by the host, not counted: ", late ? "; " : "late timers: ");
	if (totals->stolen.nanoseconds)
		fputs(units_time(totals->stolen.nanoseconds).text, out);
	else
		fprintf(out, "%s periods", units_count(totals->stolen.periods).text);
}

/**
 * timing__is_slowed - is there anything to say of sampling that was slowed down?
 * @profile: the profile
 *
 * Return: true if so.
 */
bool timing__is_slowed(const struct profile *profile)
{
	return profile__limits(profile)->nr;
}

/* The time since the profile's begin, which may be a loss. */
static uint64_t since_begin(const struct profile_totals *totals, uint64_t time)
{
	uint64_t begin = totals->weight.samples ? totals->first : totals->first_loss;

	if (totals->losses && totals->first_loss < begin)
		begin = totals->first_loss;
	return time > begin ? time - begin : 0;
}

static int say_limited_cpus(FILE *out, const struct profile_limits *limits)
{
	uint32_t *cpus = malloc(limits->nr * sizeof(*cpus));
	uint32_t i;

	if (!cpus)
		return -ENOMEM;
	for (i = 0; i < limits->nr; i++)
		cpus[i] = limits->list[i].cpu;
	units_print_cpus(cpus, limits->nr, out);
	free(cpus);
	return 0;
}

/**
 * timing__say_slowed - where, when and why sampling was slowed down
 * @out: where to say it
 * @profile: the profile, which was
 *
 * Return: 0 or a negative errno.
 */
int timing__say_slowed(FILE *out, const struct profile *profile)
{
	const struct profile_totals *totals = profile__totals(profile);
	const struct profile_limits *limits = profile__limits(profile);
	uint64_t begin = UINT64_MAX, end = 0;
	uint32_t share = UINT32_MAX, i;

	fputs("sampling was slowed down on ", out);
	if (say_limited_cpus(out, limits))
		return -ENOMEM;
	for (i = 0; i < limits->nr; i++) {
		const struct profile_limit *limit = &limits->list[i];

		if (limit->begin < begin)
			begin = limit->begin;
		if (!limit->end)
			end = UINT64_MAX;
		else if (limit->end > end)
			end = limit->end;
		if (limit->share < share)
			share = limit->share;
	}
	fprintf(out, " from %s to ", units_time(since_begin(totals, begin)).text);
	if (end == UINT64_MAX)
		fputs("the end", out);
	else
		fputs(units_time(since_begin(totals, end)).text, out);
	fputs(" (", out);
	if (limits->times > 1)
		fprintf(out, "%s times, ", units_count(limits->times).text);
	fprintf(out, "%s in all), to keep it below %s of the CPU's time",
		units_time(limits->ns).text, units_share(share, 1000).text);
	return 0;
}
