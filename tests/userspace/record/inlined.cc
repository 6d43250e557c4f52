// SPDX-License-Identifier: GPL-2.0
/*
 * Busy for so many milliseconds in a method of a template, which is inlined into another method,
 * and half as long in a function of the library that it is linked with.
 */
#include <cstdlib>

#include "busy.h"

void shared_work();

namespace shapes {

static volatile unsigned long sink;

template <typename T> struct Box {
	[[gnu::always_inline]] inline void fill(T rounds)
	{
		while (rounds--)
			sink = sink + rounds;
	}
};

struct Shelf {
	Box<unsigned long> box;

	[[gnu::noinline]] void put()
	{
		box.fill(100000);
		sink = sink + 1;
	}
};

} // namespace shapes

static void work()
{
	shapes::Shelf().put();
	shapes::Shelf().put();
	shared_work();
}

int main(int, char **argv)
{
	busy(std::strtoull(argv[1], nullptr, 10), work);
}
