// SPDX-License-Identifier: GPL-2.0
// A library that inlined.cc is linked with. The function that takes its time is not exported.
static volatile unsigned long sink;

void shared_work();

[[gnu::noinline]] static void hidden_work()
{
	for (unsigned long rounds = 100000; rounds; rounds--)
		sink = sink + rounds;
}

void shared_work()
{
	hidden_work();
	sink = sink + 1;
}
