/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Late timers. User code cannot hold an interrupt up: periods by which one came late over it are of
 * whatever kept the CPU, and go to a stack of their own. Over kernel code they are, as a rule, of
 * what ran with interrupts disabled, and stay with it. Those that the host has stolen are nobody's.
 */
#ifndef PROFBUF_PROFILE_LATE_H
#define PROFBUF_PROFILE_LATE_H

#include "profile.h"

#define PROFILE_LATE_TIMER "[late timer]"

/**
 * struct profile_parts - what the periods of a record are of
 * @own: of its stack, one sample
 * @late: by which its timer came late. Over user code they are not in @own, otherwise they are
 * @stolen: in neither
 * @user: user code was interrupted
 */
struct profile_parts {
	struct profile_weight own;
	struct profile_weight late;
	struct profile_weight stolen;
	bool user;
};

/* The name of the one location that late timers have. */
extern const struct symbol_location profile_late_timer;

struct profile_parts profile__split(const struct profbuf_record *record);

#endif /* PROFBUF_PROFILE_LATE_H */
