/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What views show of a profile's frames: each function once, with a name for all of them,
 * also for those that have none, for processes, for late timers and for lost samples.
 */
#ifndef PROFBUF_VIEW_FUNCTIONS_H
#define PROFBUF_VIEW_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"
#include "symbol/symbol.h"
#include "util/arena.h"
#include "util/index.h"

#define LOST_SAMPLES	"[lost samples]"
#define NO_STACK	"[no stack]"

#define FUNCTION_KERNEL		(1U << 0)
#define FUNCTION_INLINED	(1U << 1)
#define FUNCTION_UNNAMED	(1U << 2)
#define FUNCTION_PROCESS	(1U << 3)	/* not a function: the name of a process */
#define FUNCTION_LOST		(1U << 4)	/* not a function: lost samples */
#define FUNCTION_LATE		(1U << 5)	/* not a function: late timers */

/**
 * struct function - what is told apart from others
 * @label: its name; "[module]" if it has none
 * @module: path of its module; NULL: unknown
 * @file: source file, as far as one of its frames tells; NULL: none does
 * @flags: FUNCTION_*
 * @rank: its place in the order of labels; lost samples are the last
 */
struct function {
	const char *label;
	const char *module;
	const char *file;
	uint32_t flags;
	uint32_t rank;
};

/**
 * struct functions - those of a profile
 * @nr: number of functions
 * @list: by index
 * @by_rank: indices in order of rank
 * @first: location n has indices[first[n]] up to indices[first[n + 1]], innermost first
 * @indices: see @first
 * @process: index of what each process is shown as
 * @thread: the same for threads
 * @lost: index of lost samples
 * @labels_only: see functions__init()
 * @max: room of @list
 * @max_indices: room of @indices
 * @index: to find a function
 * @labels: memory of labels
 */
struct functions {
	uint32_t nr;
	struct function *list;
	uint32_t *by_rank;
	uint32_t *first;
	uint32_t *indices;
	uint32_t *process;
	uint32_t *thread;
	uint32_t lost;
	bool labels_only;
	uint32_t max;
	uint32_t max_indices;
	struct index index;
	struct arena labels;
};

int functions__init(struct functions *functions, const struct profile *profile,
		    bool labels_only);
void functions__exit(struct functions *functions);
uint32_t functions__task(const struct functions *functions, const struct profile_stack *stack);

/* The label of frame @n of a location that has a name there. Others are "[module]". */
const char *symbol_label(const struct symbol_location *symbol, uint32_t n, char *buffer,
			 size_t size);
const char *task_label(const char *comm, uint32_t pid, char *buffer, size_t size);
/* What a CPU was doing; NULL if that is not known. */
const char *mode_label(uint8_t mode);
const char *path_name(const char *path);

#endif /* PROFBUF_VIEW_FUNCTIONS_H */
