// SPDX-License-Identifier: GPL-2.0
#include "summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "output.h"
#include "profile/index.h"
#include "units.h"

/* Modules with what is lacking in them, by which one can tell them apart: strings are interned. */
struct lacking {
	struct index index;
	uint32_t max;
};

static bool same_lack(const struct symbol_module *a, const struct symbol_module *b)
{
	return a->path == b->path && a->reason == b->reason && a->advice == b->advice;
}

static struct summary_module *get_module(struct summary *summary, struct lacking *lacking,
					 const struct symbol_module *module)
{
	uint32_t hash = hash_pair((uintptr_t)module->path, (uintptr_t)module->reason);
	uint32_t cursor, i;

	index_for_each_candidate(&lacking->index, hash, cursor, i)
		if (same_lack(summary->modules[i].module, module))
			return &summary->modules[i];
	i = summary->nr_modules;
	if (i == lacking->max) {
		uint32_t larger = i ? i * 2 : 16;
		void *modules = realloc(summary->modules, larger * sizeof(*summary->modules));

		if (!modules)
			return NULL;
		summary->modules = modules;
		lacking->max = larger;
	}
	if (index__insert(&lacking->index, hash, i))
		return NULL;
	summary->modules[i] = (struct summary_module){ .module = module };
	summary->nr_modules++;
	return &summary->modules[i];
}

/* Count by location first: there are far fewer than frames in stacks. */
static int count_frames(struct summary *summary, const struct profile *profile)
{
	uint32_t nr_locations = profile__nr_locations(profile);
	uint32_t nr_stacks = profile__nr_stacks(profile);
	struct lacking lacking = { 0 };
	uint64_t *samples;
	uint32_t i, n;
	int err = 0;

	samples = calloc(nr_locations + 1UL, sizeof(*samples));
	if (!samples)
		return -ENOMEM;
	for (i = 0; i < nr_stacks; i++) {
		const struct profile_stack *stack = profile__stack(profile, i);

		for (n = 0; n < stack->nlocations; n++)
			samples[stack->locations[n]] += stack->weight.samples;
	}
	for (i = 0; !err && i < nr_locations; i++) {
		const struct symbol_location *symbol = profile__location(profile, i)->symbol;
		struct summary_module *module;

		summary->frames += samples[i];
		if (symbol->nframes) {
			summary->named += samples[i];
			continue;
		}
		module = get_module(summary, &lacking, symbol->module);
		if (module)
			module->unnamed += samples[i];
		else
			err = -ENOMEM;
	}
	index__free(&lacking.index);
	free(samples);
	return err;
}

static int most_unnamed(const void *left, const void *right)
{
	const struct summary_module *a = left, *b = right;

	if (a->unnamed != b->unnamed)
		return a->unnamed < b->unnamed ? 1 : -1;
	return strcmp(a->module->path, b->module->path);
}

/* Where it is so much that shares of time and shares of samples differ. */
static void say_lateness(FILE *out, const struct profile_weight *weight)
{
	uint64_t tenths;

	if (weight->periods <= weight->samples + weight->samples / 10)
		return;
	tenths = ((__uint128_t)weight->periods * 10 + weight->samples / 2) / weight->samples;
	fprintf(out, " of %" PRIu64 ".%u periods each (timers came late)", tenths / 10,
		(unsigned int)(tenths % 10));
}

static void say_samples(FILE *out, const struct profile_totals *totals)
{
	fprintf(out, "%s sample%s", units_count(totals->weight.samples).text,
		totals->weight.samples == 1 ? "" : "s");
	say_lateness(out, &totals->weight);
	if (totals->weight.nanoseconds)
		fprintf(out, ", %s of CPU time", units_time(totals->weight.nanoseconds).text);
	if (totals->last > totals->first)
		fprintf(out, " in %s", units_time(totals->last - totals->first).text);
	if (totals->filtered)
		fprintf(out, ", %s others left out", units_count(totals->filtered).text);
}

static int compare_cpus(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* "CPU 3" or "CPUs 0, 4-7, 9". */
static int say_cpus(FILE *out, const struct profile *profile)
{
	uint32_t n = profile__nr_cpus(profile);
	uint32_t *cpus = malloc((n + 1UL) * sizeof(*cpus));
	uint32_t lossy = 0;
	uint32_t i, k;

	if (!cpus)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (profile__cpu(profile, i)->lost)
			cpus[lossy++] = profile__cpu(profile, i)->cpu;
	qsort(cpus, lossy, sizeof(*cpus), compare_cpus);
	fputs(lossy == 1 ? "CPU" : "CPUs", out);
	for (i = 0; i < lossy; i = k) {
		for (k = i + 1; k < lossy && cpus[k] == cpus[k - 1] + 1;)
			k++;
		fprintf(out, k - i > 1 ? "%s %u-%u" : "%s %u", i ? "," : "", cpus[i], cpus[k - 1]);
	}
	free(cpus);
	return 0;
}

static int say_losses(FILE *out, const struct profile *profile)
{
	const struct profile_totals *totals = profile__totals(profile);
	/* What was lost cannot be told from what was left out. */
	uint64_t all = totals->weight.samples + totals->filtered + totals->lost;
	uint64_t begin = totals->first;
	int err = 0;

	if (totals->lost) {
		if (!totals->weight.samples || totals->first_loss < begin)
			begin = totals->first_loss;
		fprintf(out, "%s lost (%s)%s on ", units_count(totals->lost).text,
			units_share(totals->lost, all).text,
			totals->filtered ? " of all processes" : "");
		err = say_cpus(out, profile);
		fprintf(out, ", first after %s", units_time(totals->first_loss - begin).text);
		if (totals->last_loss > totals->first_loss)
			fprintf(out, ", last after %s", units_time(totals->last_loss - begin).text);
	} else {
		fputs("none lost", out);
	}
	if (totals->missing)
		fprintf(out, ", %s missing from the recording", units_count(totals->missing).text);
	return err;
}

static void say_completeness(FILE *out, const struct summary *summary)
{
	const struct profile_totals *totals = summary->totals;
	uint64_t known = totals->weight.samples - totals->rootless_unknown;
	uint32_t i;

	if (!summary->frames) {
		fputs("no stacks", out);
		return;
	}
	if (known)
		fprintf(out, "%s of stacks reach their root",
			units_share(totals->rooted, known).text);
	else
		fputs("unknown whether stacks reach their root", out);
	fprintf(out, ", %s of frames have names",
		units_share(summary->named, summary->frames).text);
	if (!summary->nr_modules)
		return;
	fputs("; unnamed: ", out);
	for (i = 0; i < summary->nr_modules && i < SUMMARY_MODULES; i++) {
		fputs(i ? ", " : "", out);
		utf8_print(path_name(summary->modules[i].module->path), out);
		fprintf(out, " %s", units_share(summary->modules[i].unnamed, summary->frames).text);
	}
	if (i < summary->nr_modules)
		fprintf(out, " and %u more", summary->nr_modules - i);
}

static void say_module(FILE *out, const struct symbol_module *module)
{
	utf8_print(module->path, out);
	if (module->reason) {
		fputc(' ', out);
		utf8_print(module->reason, out);
	}
	if (module->advice) {
		fputs(": ", out);
		utf8_print(module->advice, out);
	}
}

static FILE *new_advice(struct summary *summary)
{
	size_t size;

	return open_memstream(&summary->advice[summary->nr_advice++], &size);
}

static int say_advice(struct summary *summary)
{
	FILE *out;
	uint32_t i;

	for (i = 0; i < summary->nr_modules && i < SUMMARY_MODULES; i++) {
		const struct symbol_module *module = summary->modules[i].module;

		if (!module->reason && !module->advice)
			continue;
		out = new_advice(summary);
		if (!out)
			return -ENOMEM;
		say_module(out, module);
		if (fclose(out))
			return -ENOMEM;
	}
	if (!summary->totals->lost)
		return 0;
	out = new_advice(summary);
	if (!out)
		return -ENOMEM;
	fputs("For fewer losses: a larger buffer (-m) or a lower rate (-F)", out);
	return fclose(out) ? -ENOMEM : 0;
}

static int say(struct summary *summary, const struct profile *profile)
{
	size_t size;
	FILE *out;
	int err;

	out = open_memstream(&summary->samples, &size);
	if (!out)
		return -ENOMEM;
	say_samples(out, summary->totals);
	if (fclose(out))
		return -ENOMEM;

	out = open_memstream(&summary->losses, &size);
	if (!out)
		return -ENOMEM;
	err = say_losses(out, profile);
	if (fclose(out) || err)
		return -ENOMEM;

	out = open_memstream(&summary->completeness, &size);
	if (!out)
		return -ENOMEM;
	say_completeness(out, summary);
	if (fclose(out))
		return -ENOMEM;
	return say_advice(summary);
}

/**
 * summary__init - sum up what a profile stands on
 * @summary: to be filled in
 * @profile: after symbolization; it and the resolver must outlive @summary
 *
 * Return: 0 or -ENOMEM; then there is nothing to give back.
 */
int summary__init(struct summary *summary, const struct profile *profile)
{
	int err;

	*summary = (struct summary){ .totals = profile__totals(profile) };
	err = count_frames(summary, profile);
	if (!err && summary->nr_modules)
		qsort(summary->modules, summary->nr_modules, sizeof(*summary->modules),
		      most_unnamed);
	if (!err)
		err = say(summary, profile);
	if (err)
		summary__exit(summary);
	return err;
}

void summary__exit(struct summary *summary)
{
	uint32_t i;

	free(summary->modules);
	free(summary->samples);
	free(summary->losses);
	free(summary->completeness);
	for (i = 0; i < summary->nr_advice; i++)
		free(summary->advice[i]);
}
