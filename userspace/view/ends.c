// SPDX-License-Identifier: GPL-2.0
#include "ends.h"

#define FRAME_POINTERS	"build programs and libraries with -fno-omit-frame-pointer"

static const struct end_text texts[PROFILE_NR_ENDS] = {
	[PROFBUF_END_NONE] = { "none", "no user frames: a process is made, executes a program or ends",
			       NULL },
	[PROFBUF_END_ROOT] = { "root", NULL, NULL },
	[PROFBUF_END_ZERO] = { "zero", "a frame pointer of 0 where no thread begins",
			       FRAME_POINTERS },
	[PROFBUF_END_UNKNOWN] = { "unknown", "what was mapped was not known yet", NULL },
	[PROFBUF_END_STRAY] = { "stray", "no frame pointer", FRAME_POINTERS },
	[PROFBUF_END_DATA] = { "data", "no return address beside the frame pointer",
			       FRAME_POINTERS },
	[PROFBUF_END_ABSENT] = { "absent", "the stack is not in memory", NULL },
	[PROFBUF_END_DEPTH] = { "depth", "too deep",
				"have more frames recorded (the module's parameter stack_depth)" },
	[PROFBUF_END_TIME] = { "time", "too long to follow",
			       "let the module take longer (its parameter walk_ns)" },
	[PROFBUF_END_SEGMENT] = { "segment", "32-bit code with segments of its own", NULL },
	[PROFILE_END_KERNEL] = { "kernel", "the kernel's frames are incomplete", NULL },
	[PROFILE_END_OTHER] = { "other", "a reason that a newer profbuf knows", NULL },
	[PROFILE_END_UNTOLD] = { "untold", NULL, NULL },
};

/**
 * end_text - what is said of stacks that end somewhere
 * @end: enum profile_end, from a profile
 *
 * Return: the words.
 */
const struct end_text *end_text(uint8_t end)
{
	return &texts[end];
}

/**
 * ends__init - list why stacks do not reach their root
 * @ends: to be filled in
 * @totals: of a profile, after symbolization
 */
void ends__init(struct ends *ends, const struct profile_totals *totals)
{
	uint32_t end, i;

	ends->nr = 0;
	for (end = 0; end < PROFILE_NR_ENDS; end++) {
		if (!totals->ends[end] || !texts[end].reason)
			continue;
		for (i = ends->nr++; i && totals->ends[ends->end[i - 1]] < totals->ends[end]; i--)
			ends->end[i] = ends->end[i - 1];
		ends->end[i] = end;
	}
}
