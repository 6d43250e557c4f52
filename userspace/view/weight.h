/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What views weigh by. Shares, widths and orders are of sampling periods, that is of time: a
 * sample whose timer came late stands for all the periods since the one before. A lost sample
 * stands for one.
 */
#ifndef PROFBUF_VIEW_WEIGHT_H
#define PROFBUF_VIEW_WEIGHT_H

#include "profile/profile.h"

struct profile_weight weight__lost(const struct profile *profile, uint64_t samples);
struct profile_weight weight__whole(const struct profile *profile);

#endif /* PROFBUF_VIEW_WEIGHT_H */
