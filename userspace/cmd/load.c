// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "load.h"
#include "machine.h"
#include "message.h"

/**
 * names__init - know no names yet
 * @names: the names
 *
 * Return: 0 or a negative errno.
 */
int names__init(struct names *names)
{
	*names = (struct names){ .symbols = symbols__new(NULL) };
	return names->symbols ? 0 : -ENOMEM;
}

/**
 * names__exit - give back all names
 * @names: the names
 */
void names__exit(struct names *names)
{
	symbols__free(names->symbols);
}

/**
 * names__info - take note of an INFO frame
 * @names: the names
 * @info: what it says
 *
 * Return: 0 or a negative errno.
 */
int names__info(struct names *names, const struct profbuf_info *info)
{
	int err = 0;

	if (names->recorded || names->info_seen)
		return 0;
	names->info_seen = true;
	names->same_boot = machine__same_boot(info);
	if (!names->same_boot) {
		warning("this was read on another machine, or before this one was started: there are no names");
		hint("'profbuf record' takes the names along");
	} else {
		err = symbols__read_kallsyms(names->symbols, NULL);
	}
	/* If it is hidden, the resolver says so where it matters. */
	return err == -ENOMEM ? err : 0;
}

/**
 * names__process - a process comes up in the stream
 * @names: the names
 * @pid: process ID
 * @time: when
 *
 * Its mappings are read now: it may not run for long.
 */
void names__process(struct names *names, uint32_t pid, uint64_t time)
{
	if (!names->recorded && names->same_boot && pid && machine__process_is_old(pid, time))
		symbols__read_process(names->symbols, pid);
}

static bool load__wants(const struct load *load, const struct profbuf_record *record)
{
	uint32_t i;

	if (load->comm && fnmatch(load->comm, record->comm, 0))
		return false;
	if (!load->nr_pids)
		return true;
	for (i = 0; i < load->nr_pids; i++)
		if (load->pids[i] == record->pid)
			return true;
	return false;
}

static int load__info(void *context, const struct profbuf_info *info)
{
	struct load *load = context;
	int err = names__info(&load->names, info);

	return err ? err : profile__add_info(load->profile, info);
}

static int load__record(void *context, const struct profbuf_record *record)
{
	struct load *load = context;
	uint32_t known = profile__nr_processes(load->profile);
	int err;

	if ((load->comm || load->nr_pids) && !load__wants(load, record)) {
		profile__add_filtered(load->profile, 1);
		return 0;
	}
	err = profile__add(load->profile, record);
	if (!err && profile__nr_processes(load->profile) != known)
		names__process(&load->names, record->pid, record->time);
	return err;
}

static int load__loss(void *context, const struct profbuf_loss *loss)
{
	struct load *load = context;

	return profile__add_loss(load->profile, loss);
}

static int load__gap(void *context, const struct profbuf_gap *gap)
{
	struct load *load = context;

	return profile__add_gap(load->profile, gap);
}

static const struct profbuf_handler load_handler = {
	.size = sizeof(load_handler),
	.info = load__info,
	.record = load__record,
	.loss = load__loss,
	.gap = load__gap,
};

/* What was mapped since the processes came up. */
static void load__reread(struct load *load)
{
	uint32_t n = profile__nr_processes(load->profile);
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct profile_process *process = profile__process(load->profile, i);

		names__process(&load->names, process->pid, process->first);
	}
}

/**
 * load__run - read a stream to its end and name what is in it
 * @load: what to load
 * @path: as input__open() takes it
 *
 * Return: 0, also if the stream is damaged behind some records: that was said, and
 *	@load->damaged is set. A negative errno after a message.
 */
int load__run(struct load *load, const char *path)
{
	struct profile_opts opts = { .size = sizeof(opts), .by_thread = load->by_thread };
	struct input input;
	int err;

	err = input__open(&input, path);
	if (err)
		return err;
	err = names__init(&load->names);
	load->profile = profile__new(&opts);
	if (err || !load->profile) {
		err = -ENOMEM;
		goto out;
	}
	err = profbuf_stream__read(input.stream, &load_handler, load);
	if (err && profbuf_stream__failed(input.stream)) {
		error("%s", profbuf_stream__error(input.stream));
		if (!profile__totals(load->profile)->weight.samples &&
		    !profile__totals(load->profile)->losses)
			goto close;
		hint("what comes before it is shown");
		load->damaged = true;
		err = 0;
	}
	if (err)
		goto out;
	load__reread(load);
	err = profile__finish(load->profile);
	if (!err)
		err = profile__symbolize(load->profile, load->names.symbols);
out:
	if (err)
		error("%s", strerror(-err));
close:
	input__close(&input);
	return err;
}

/**
 * load__exit - give back a profile and its names
 * @load: what was loaded
 */
void load__exit(struct load *load)
{
	profile__delete(load->profile);
	names__exit(&load->names);
}
