// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "profile.h"
#include "symbol/symbol.h"

/**
 * profile__owner - what the resolver calls the process or the space of an address
 * @profile: the profile
 * @location: the address
 *
 * Return: its number.
 */
uint64_t profile__owner(const struct profile *profile, const struct profile_location *location)
{
	const struct profile_process *process;

	if (location->kernel)
		return 0;
	if (location->generation == PROFILE_NO_SPACE)
		return symbol_space(PROFBUF_SPACE_UNKNOWN);
	process = profile__process(profile, location->process);
	if (process->space)
		return symbol_space(process->space << 24 | location->generation);
	return symbol_pid(process->pid, location->generation);
}

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

		if (location->late)
			continue;
		location->symbol = symbols__resolve(symbols, profile__owner(profile, location),
						    location->address, location->exact);
		if (!location->symbol)
			return -ENOMEM;
	}
	profile__find_roots(profile);
	return 0;
}
