// SPDX-License-Identifier: GPL-2.0
// Frame pointers everywhere, to some depth, in a thread that libc begins, and in one that code
// without frame pointers does.
#include <cstdlib>
#include <ctime>
#include <pthread.h>
#include <thread>
#include <vector>

static volatile unsigned long sink;

namespace tree {

class Node {
public:
	[[gnu::noinline]] virtual unsigned long sum(unsigned int depth)
	{
		if (!depth) {
			for (unsigned int rounds = 0; rounds < 2000; rounds++)
				sink = sink + rounds;
			return sink;
		}
		return sum(depth - 1) + depth;
	}
	virtual ~Node() = default;
};

}

// Until the thread has used that much CPU time.
[[gnu::noinline]] static void walk(double seconds)
{
	auto now = [] {
		timespec time;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
		return time.tv_sec + time.tv_nsec / 1e9;
	};
	std::vector<tree::Node> nodes(4);

	for (double end = now() + seconds; now() < end;)
		for (auto &node : nodes)
			node.sum(&node - nodes.data() + 3);
}

static void *run(void *seconds)
{
	walk(*static_cast<double *>(seconds));
	return nullptr;
}

int main(int, char **argv)
{
	double seconds = std::atof(argv[1]);
	std::thread other(walk, seconds / 2);
	pthread_t thread;

	if (pthread_create(&thread, nullptr, run, &seconds))
		return EXIT_FAILURE;
	walk(seconds);
	other.join();
	pthread_join(thread, nullptr);
}
