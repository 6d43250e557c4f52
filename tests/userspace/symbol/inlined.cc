// SPDX-License-Identifier: GPL-2.0
// A C++ process like workload.c: methods, templates and a lambda, inlined.
#include <cstdio>
#include <unistd.h>

static volatile int sink;

[[gnu::noinline]] static const void *here()
{
	return __builtin_return_address(0);
}

namespace shapes {

template <typename T> struct Box {
	T value;

	[[gnu::always_inline]] inline const void *open(T by)
	{
		const void *address = here(); // line: open

		value += by;
		sink = value;
		return address;
	}
};

struct Shelf {
	Box<long> box{1};

	[[gnu::noinline]] const void *reach(int by)
	{
		auto grip = [this, by]() __attribute__((always_inline)) {
			const void *address = box.open(by); // line: lambda

			sink++;
			return address;
		};
		const void *address = grip(); // line: reach

		sink++;
		return address;
	}
};

} // namespace shapes

int main()
{
	shapes::Shelf shelf;
	char input;

	printf("inlined %p\n", shelf.reach(2));
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &input, 1) > 0)
		;
}
