// SPDX-License-Identifier: GPL-2.0
// Calls to some depth, in a thread that libc begins, and in one that the library of C++ begins.
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

struct Limit {
	double seconds;
	unsigned long rounds;
};

// Until the thread has used that much CPU time, or for so many rounds.
[[gnu::noinline]] static void walk(Limit limit)
{
	auto now = [] {
		timespec time;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
		return time.tv_sec + time.tv_nsec / 1e9;
	};
	std::vector<tree::Node> nodes(4);

	for (double end = now() + limit.seconds; limit.rounds-- && now() < end;)
		for (auto &node : nodes)
			node.sum(&node - nodes.data() + 3);
}

static void *run(void *limit)
{
	walk(*static_cast<Limit *>(limit));
	return nullptr;
}

// threads SECONDS [ROUNDS]
int main(int argc, char **argv)
{
	Limit limit = { std::atof(argv[1]), argc > 2 ? std::strtoul(argv[2], nullptr, 0) : -1UL };
	std::thread other(walk, Limit{ limit.seconds / 2, limit.rounds / 2 });
	pthread_t thread;

	if (pthread_create(&thread, nullptr, run, &limit))
		return EXIT_FAILURE;
	walk(limit);
	other.join();
	pthread_join(thread, nullptr);
}
