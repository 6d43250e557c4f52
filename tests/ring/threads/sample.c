// SPDX-License-Identifier: GPL-2.0
#include "run.h"

static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

struct sample sample_of(const struct run *run, u64 number)
{
	u64 random = mix(run->seed + number * 0x9e3779b97f4a7c15ULL);
	struct sample sample = { .tag = random | 1, .base = mix(random) };

	sample.nhdr = random % (run->ring.hdrsize + 1);
	random >>= 32;
	if (random % 128 == 0)
		sample.nstack = run->ring.data_len + random % 1000;
	else if (random % 16 == 0)
		sample.nstack = (random >> 8) % (run->ring.data_len / 2);
	else
		sample.nstack = (random >> 8) % 13;
	return sample;
}
