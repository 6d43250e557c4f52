// SPDX-License-Identifier: GPL-2.0
/*
 * record_bench STREAM: how much CPU time a recorder takes for each sample of a stream, names in the
 * end included, besides what the system calls take that read it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record/recorder.h"

static double seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static const struct profbuf_stats stats;
	const struct profbuf_frame *frame;
	struct profbuf_stream *stream;
	struct recorder recorder;
	double begin, reading, all;
	int fd, ret;

	if (argc != 2) {
		fputs("usage: record_bench STREAM\n", stderr);
		return EXIT_FAILURE;
	}
	fd = open("/dev/null", O_WRONLY);
	if (fd < 0 || profbuf_stream__open(&stream, argv[1], NULL) ||
	    recorder__init(&recorder, fd)) {
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	recorder.family.everything = true;
	/* Reading alone, also to have the file in memory. */
	begin = seconds();
	while ((ret = profbuf_stream__next(stream, &frame)) > 0)
		;
	reading = seconds() - begin;
	profbuf_stream__rewind(stream);
	begin = seconds();
	while ((ret = profbuf_stream__next(stream, &frame)) > 0)
		if (recorder__frame(&recorder, stream, frame))
			return EXIT_FAILURE;
	if (ret || recorder__end(&recorder, &stats))
		return EXIT_FAILURE;
	all = seconds() - begin;
	printf("%.0f ns a sample, %.0f bytes a sample, %llu samples\n",
	       (all - reading) / recorder.samples * 1e9,
	       (double)recorder.writer.bytes / recorder.samples,
	       (unsigned long long)recorder.samples);
	recorder__exit(&recorder);
	profbuf_stream__close(stream);
	return EXIT_SUCCESS;
}
