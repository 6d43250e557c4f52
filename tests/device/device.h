/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of /dev/profbuf have in common.
 */
#ifndef PROFBUF_TEST_DEVICE_H
#define PROFBUF_TEST_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include <linux/profbuf.h>

#define DEVICE_CPUS	64
#define BUFFER_SIZE	(1 << 20)

/* What a stream said, CPU by CPU. */
struct stream {
	uint64_t records[DEVICE_CPUS];
	uint64_t lost[DEVICE_CPUS];
	uint64_t frame_records[DEVICE_CPUS];
	uint64_t periods;
	uint64_t infos;
	uint64_t samples_frames;
	uint64_t limits[DEVICE_CPUS];		/* LIMIT frames */
	struct profbuf_limit limit[DEVICE_CPUS];	/* the last ones */
	uint64_t spaces;		/* SPACE frames */
	uint64_t cpus;			/* mask told by the last INFO frame */
	struct profbuf_info info;	/* the last one */
	bool shared;			/* others read frames, too: gaps are no fault */
	/* Called for each record that is a sample, if set. */
	void (*record)(void *context, const struct profbuf_frame *frame, const __u64 *record);
	/* Called for each mapping that is told, if set. */
	void (*mapping)(void *context, const struct profbuf_space_info *space,
			const struct profbuf_mapping *mapping);
	void *context;
};

int device_open(int flags);
void device_config(int fd, struct profbuf_config *config);
void device_configure(int fd, uint64_t period_ns, uint64_t watermark, uint64_t deadline_ns);
void device_stats(int fd, uint32_t cpu, struct profbuf_stats *stats);
uint32_t device_state(int fd);

void stream_walk(struct stream *stream, const void *data, size_t size);
uint64_t stream_records(const struct stream *stream);
uint64_t stream_lost(const struct stream *stream);
ssize_t stream_read(struct stream *stream, int fd);
void stream_drain(struct stream *stream, int fd);
void stream_finish(struct stream *stream, int fd);
void stream_check_account(const struct stream *stream, int fd);

void cpu1_set(bool online);
void run_on_cpu(int cpu);
pid_t child_start(void (*child)(void));
uint64_t count_down(uint64_t n);
pid_t spin_start(int cpu);
void spin_stop(pid_t pid);
bool task_sleeps(pid_t pid);
void wait_until_asleep(pid_t pid);
uint64_t code_page(void);
void become_nobody(uint32_t capabilities_high);
void sleep_ms(unsigned int ms);
uint64_t module_parameter_number(const char *name);
void fdinfo(int fd, const char *name, char *value, size_t size);
uint64_t fdinfo_number(int fd, const char *name);
void module_parameter(const char *name, const char *value);
void module_parameter_refused(const char *name, const char *value, int error);
uint64_t clock_ns(clockid_t clock);
uint64_t now_ns(void);

#endif /* PROFBUF_TEST_DEVICE_H */
