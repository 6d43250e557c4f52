// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "profile.h"
#include "symbol/symbol.h"

/**
 * profile__symbolize - name the addresses of a profile
 * @profile: the profile, after profile__finish()
 * @symbols: the resolver; it must outlive the profile
 *
 * Return: 0 or a negative errno.
 */
int profile__symbolize(struct profile *profile, struct symbols *symbols)
{
	uint32_t n = profile__nr_locations(profile);
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct profile_location *location = profile__location(profile, i);
		uint32_t pid = 0;

		if (location->late)
			continue;
		if (!location->kernel) {
			const struct profile_process *process;

			process = profile__process(profile, location->process);
			pid = symbol_pid(process->pid, location->generation);
		}
		location->symbol = symbols__resolve(symbols, pid, location->address,
						    location->exact);
		if (!location->symbol)
			return -ENOMEM;
	}
	profile__find_roots(profile);
	return 0;
}
