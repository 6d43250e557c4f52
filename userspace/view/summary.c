// SPDX-License-Identifier: GPL-2.0
#include "summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "output.h"
#include "timing.h"
#include "units.h"
#include "util/array.h"
#include "util/index.h"

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
	if (array__reserve(&summary->modules, i, &lacking->max, sizeof(*summary->modules)) ||
	    index__insert(&lacking->index, hash, i))
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

static int say_samples(FILE *out, const struct summary *summary, const struct profile *profile)
{
	const struct profile_totals *totals = summary->totals;

	fprintf(out, "%s sample%s", units_count(totals->weight.samples).text,
		totals->weight.samples == 1 ? "" : "s");
	timing__say_periods(out, profile);
	if (totals->weight.nanoseconds)
		fprintf(out, ", %s of CPU time", units_time(totals->weight.nanoseconds).text);
	if (totals->last > totals->first)
		fprintf(out, " in %s", units_time(totals->last - totals->first).text);
	if (totals->filtered)
		fprintf(out, ", %s others left out", units_count(totals->filtered).text);
	return 0;
}

static int say_lossy_cpus(FILE *out, const struct profile *profile)
{
	uint32_t n = profile__nr_cpus(profile);
	uint32_t *cpus = malloc((n + 1UL) * sizeof(*cpus));
	uint32_t lossy = 0;
	uint32_t i;

	if (!cpus)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (profile__cpu(profile, i)->lost)
			cpus[lossy++] = profile__cpu(profile, i)->cpu;
	units_print_cpus(cpus, lossy, out);
	free(cpus);
	return 0;
}

static int say_losses(FILE *out, const struct summary *summary, const struct profile *profile)
{
	const struct profile_totals *totals = summary->totals;
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
		err = say_lossy_cpus(out, profile);
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

/* Those that tell where they end. */
static uint64_t known_stacks(const struct summary *summary)
{
	return summary->totals->weight.samples - summary->totals->ends[PROFILE_END_UNTOLD];
}

static int say_completeness(FILE *out, const struct summary *summary,
			    const struct profile *profile)
{
	const struct profile_totals *totals = summary->totals;
	uint64_t known = known_stacks(summary);
	uint32_t i;

	(void)profile;
	if (!summary->frames) {
		fputs("no stacks", out);
		return 0;
	}
	if (known)
		fprintf(out, "%s of stacks reach their root",
			units_share(totals->ends[PROFBUF_END_ROOT], known).text);
	else
		fputs("unknown whether stacks reach their root", out);
	fprintf(out, ", %s of frames have names",
		units_share(summary->named, summary->frames).text);
	if (!summary->nr_modules)
		return 0;
	fputs("; unnamed: ", out);
	for (i = 0; i < summary->nr_modules && i < SUMMARY_MODULES; i++) {
		fputs(i ? ", " : "", out);
		utf8_print(path_name(summary->modules[i].module->path), out);
		fprintf(out, " %s", units_share(summary->modules[i].unnamed, summary->frames).text);
	}
	if (i < summary->nr_modules)
		fprintf(out, " and %u more", summary->nr_modules - i);
	return 0;
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

static int say_fewer_losses(FILE *out, const struct summary *summary,
			    const struct profile *profile)
{
	(void)summary;
	(void)profile;
	fputs("For fewer losses: a larger buffer (-m) or a lower rate (-F)", out);
	return 0;
}

static int say_less_cost(FILE *out, const struct summary *summary, const struct profile *profile)
{
	(void)summary;
	(void)profile;
	fputs("For sampling that is not slowed down: a lower rate (-F), fewer frames (--no-kernel, --no-user) or a larger share (--max-overhead)",
	      out);
	return 0;
}

static int say_late(FILE *out, const struct summary *summary, const struct profile *profile)
{
	(void)summary;
	timing__say_late(out, profile);
	return 0;
}

static int say_slowed(FILE *out, const struct summary *summary, const struct profile *profile)
{
	(void)summary;
	return timing__say_slowed(out, profile);
}

/* Have in @text what is said. */
static int put(char **text,
	       int (*say)(FILE *out, const struct summary *summary, const struct profile *profile),
	       const struct summary *summary, const struct profile *profile)
{
	size_t size;
	FILE *out = open_memstream(text, &size);
	int err;

	if (!out)
		return -ENOMEM;
	err = say(out, summary, profile);
	return fclose(out) ? -ENOMEM : err;
}

static void say_place(FILE *out, const struct summary *summary, const struct end_place *place)
{
	fputs(units_share(place->stacks, known_stacks(summary)).text, out);
	if (place->module) {
		fputs(" end in ", out);
		utf8_print(path_name(place->module->path), out);
	}
	fprintf(out, ": %s", end_text(place->reason)->reason);
}

/* All but those that are told one by one. */
static void say_other_places(FILE *out, const struct summary *summary)
{
	uint64_t stacks = 0;
	uint32_t i;

	for (i = SUMMARY_ENDS; i < summary->ends.nr; i++)
		stacks += summary->ends.places[i].stacks;
	fprintf(out, "%s: %u others", units_share(stacks, known_stacks(summary)).text,
		summary->ends.nr - SUMMARY_ENDS);
}

static int say_places(struct summary *summary)
{
	uint32_t i;

	for (i = 0; i < summary->ends.nr && i <= SUMMARY_ENDS; i++) {
		size_t size;
		FILE *out = open_memstream(&summary->advice[summary->nr_advice++], &size);

		if (!out)
			return -ENOMEM;
		if (i < SUMMARY_ENDS)
			say_place(out, summary, &summary->ends.places[i]);
		else
			say_other_places(out, summary);
		if (fclose(out))
			return -ENOMEM;
	}
	return 0;
}

static const char *advice_on_place(const struct summary *summary, uint32_t i)
{
	return end_text(summary->ends.places[i].reason)->advice;
}

/* Several reasons may have the same remedy. */
static int advise_on_ends(struct summary *summary)
{
	uint32_t i, n;

	for (i = 0; i < summary->ends.nr && i < SUMMARY_ENDS; i++) {
		const char *advice = advice_on_place(summary, i);

		for (n = 0; n < i && advice_on_place(summary, n) != advice; n++)
			;
		if (!advice || n < i)
			continue;
		if (asprintf(&summary->advice[summary->nr_advice], "For more whole stacks: %s",
			     advice) < 0)
			return -ENOMEM;
		summary->nr_advice++;
	}
	return 0;
}

static int advise_on_modules(struct summary *summary)
{
	uint32_t i;

	for (i = 0; i < summary->nr_modules && i < SUMMARY_MODULES; i++) {
		const struct symbol_module *module = summary->modules[i].module;
		size_t size;
		FILE *out;

		if (!module->reason && !module->advice)
			continue;
		out = open_memstream(&summary->advice[summary->nr_advice++], &size);
		if (!out)
			return -ENOMEM;
		say_module(out, module);
		if (fclose(out))
			return -ENOMEM;
	}
	return 0;
}

static int say(struct summary *summary, const struct profile *profile)
{
	int err;

	err = put(&summary->samples, say_samples, summary, profile);
	if (!err)
		err = put(&summary->losses, say_losses, summary, profile);
	if (!err && timing__is_late(profile))
		err = put(&summary->remarks[summary->nr_remarks++], say_late, summary, profile);
	if (!err && timing__is_slowed(profile))
		err = put(&summary->remarks[summary->nr_remarks++], say_slowed, summary, profile);
	if (!err)
		err = put(&summary->completeness, say_completeness, summary, profile);
	if (!err)
		err = say_places(summary);
	if (!err)
		err = advise_on_ends(summary);
	if (!err)
		err = advise_on_modules(summary);
	if (!err && summary->totals->lost)
		err = put(&summary->advice[summary->nr_advice++], say_fewer_losses, summary,
			  profile);
	if (!err && timing__is_slowed(profile))
		err = put(&summary->advice[summary->nr_advice++], say_less_cost, summary, profile);
	return err;
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
	err = ends__init(&summary->ends, profile);
	if (err)
		return err;
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

	ends__exit(&summary->ends);
	free(summary->modules);
	free(summary->samples);
	free(summary->losses);
	free(summary->completeness);
	for (i = 0; i < summary->nr_remarks; i++)
		free(summary->remarks[i]);
	for (i = 0; i < summary->nr_advice; i++)
		free(summary->advice[i]);
}
