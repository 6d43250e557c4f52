// SPDX-License-Identifier: GPL-2.0
#include "weight.h"

/* The period, or the mean of the samples that were not lost. */
static uint64_t lost_sample_ns(const struct profile *profile)
{
	const struct profile_totals *totals = profile__totals(profile);
	const struct profbuf_info *info = profile__info(profile);

	if (info)
		return info->period_ns;
	return totals->weight.samples ? totals->weight.nanoseconds / totals->weight.samples : 0;
}

/**
 * weight__lost - what lost samples would have stood for
 * @profile: the profile
 * @samples: their number
 *
 * Return: their weight.
 */
struct profile_weight weight__lost(const struct profile *profile, uint64_t samples)
{
	struct profile_weight weight = { .samples = samples, .periods = samples };

	if (__builtin_mul_overflow(samples, lost_sample_ns(profile), &weight.nanoseconds) ||
	    weight.nanoseconds > INT64_MAX)
		weight.nanoseconds = INT64_MAX;
	return weight;
}

/**
 * weight__whole - all that shares are of
 * @profile: the profile
 *
 * Return: the weight of samples and lost samples.
 */
struct profile_weight weight__whole(const struct profile *profile)
{
	const struct profile_totals *totals = profile__totals(profile);
	struct profile_weight weight = weight__lost(profile, totals->lost);

	profile__add_weight(&weight, &totals->weight);
	return weight;
}
