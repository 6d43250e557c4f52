// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel threads that are threads of a process, io_uring's and vhost's: they have a copy of their
 * creator's user registers, which are no frames of theirs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define FIXED	PROFBUF_RECORD_FIXED

static struct stream stream;
static const char *worker;	/* how the names of the threads begin */
static uint64_t seen;

static void check_worker(void *context, const struct profbuf_frame *frame, const __u64 *record)
{
	uint64_t mode = record[FIXED + 2];

	(void)context;
	if (memcmp(&record[FIXED + 4], worker, strlen(worker)))
		return;
	ASSERT_EQ(PROFBUF_MODE(mode), PROFBUF_MODE_KERNEL);
	ASSERT_GT(PROFBUF_MODE_KERNEL_FRAMES(mode), 0);
	ASSERT_EQ(record[0], FIXED + frame->hdrsize + PROFBUF_MODE_KERNEL_FRAMES(mode));
	ASSERT(!(mode & PROFBUF_MODE_USER_INCOMPLETE));
	seen++;
}

static void sample_worker(const char *name, void (*run)(void))
{
	int fd = device_open(0);
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run();
		_Exit(1);
	}
	worker = name;
	stream.record = check_worker;
	device_configure(fd, 500000, 0, 0);
	while (seen < 100) {
		ASSERT_GT(stream_read(&stream, fd), 0);
		ASSERT_EQ(waitpid(pid, NULL, WNOHANG), 0);
	}
	stream_finish(&stream, fd);
	spin_stop(pid);
}

static void *map(int fd, size_t size, off_t offset)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, offset);

	ASSERT_NE(memory, MAP_FAILED);
	return memory;
}

/* Reads that do nothing but fill memory. */
static void run_io_uring(void)
{
	const size_t size = 8 << 20;
	struct io_uring_params params = {};
	unsigned int *sq_tail, *cq_head, *cq_tail;
	struct io_uring_sqe *sqe;
	char *sq, *cq;
	int ring = syscall(SYS_io_uring_setup, 1, &params);

	ASSERT_GE(ring, 0);
	sq = map(ring, params.sq_off.array + params.sq_entries * sizeof(__u32), IORING_OFF_SQ_RING);
	cq = map(ring, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		 IORING_OFF_CQ_RING);
	sqe = map(ring, params.sq_entries * sizeof(*sqe), IORING_OFF_SQES);
	sq_tail = (void *)(sq + params.sq_off.tail);
	cq_head = (void *)(cq + params.cq_off.head);
	cq_tail = (void *)(cq + params.cq_off.tail);
	*sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_READ,
		.flags = IOSQE_ASYNC,
		.fd = open("/dev/zero", O_RDONLY),
		.addr = (uintptr_t)map(-1, size, 0),
		.len = size,
	};
	ASSERT_GE(sqe->fd, 0);
	for (;;) {
		__atomic_store_n(sq_tail, *sq_tail + 1, __ATOMIC_RELEASE);
		ASSERT_EQ(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0),
			  1);
		__atomic_store_n(cq_head, __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
	}
}

TEST(workers_of_io_uring_have_no_user_frames)
{
	sample_worker("iou-wrk-", run_io_uring);
}

#define VHOST_VRING_SIZE	256
#define VHOST_PART		(64 << 10)	/* room for each part of a vring */

/* Gives a device its queues, without a guest, and kicks the one to send, where there is nothing. */
static void run_vhost(void)
{
	const __u64 features = 1ULL << VIRTIO_F_VERSION_1, cid = 77;
	const size_t size = 2 * 3 * VHOST_PART;
	const int running = 1;
	struct vhost_memory *memory;
	struct vhost_vring_file kick;
	char *vrings = map(-1, size, 0);
	__u64 one = 1;
	unsigned int i;
	int fd;

	ASSERT_EQ(system("modprobe vhost_vsock"), 0);
	fd = open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	/* Where the worker is a thread of this process, it stays on this CPU. */
	run_on_cpu(1);
	ASSERT_EQ(ioctl(fd, VHOST_SET_OWNER, NULL), 0);
	run_on_cpu(0);
	ASSERT_EQ(ioctl(fd, VHOST_SET_FEATURES, &features), 0);
	memory = calloc(1, sizeof(*memory) + sizeof(memory->regions[0]));
	ASSERT(memory);
	memory->nregions = 1;
	memory->regions[0] = (struct vhost_memory_region){
		.guest_phys_addr = (uintptr_t)vrings,
		.memory_size = size,
		.userspace_addr = (uintptr_t)vrings,
	};
	ASSERT_EQ(ioctl(fd, VHOST_SET_MEM_TABLE, memory), 0);
	for (i = 0; i < 2; i++) {
		struct vhost_vring_state number = { .index = i, .num = VHOST_VRING_SIZE };
		struct vhost_vring_state base = { .index = i };
		char *vring = vrings + i * 3 * VHOST_PART;
		struct vhost_vring_addr addresses = {
			.index = i,
			.desc_user_addr = (uintptr_t)vring,
			.avail_user_addr = (uintptr_t)(vring + VHOST_PART),
			.used_user_addr = (uintptr_t)(vring + 2 * VHOST_PART),
		};

		kick.index = i;
		kick.fd = eventfd(0, EFD_CLOEXEC);
		ASSERT_GE(kick.fd, 0);
		ASSERT_EQ(ioctl(fd, VHOST_SET_VRING_NUM, &number), 0);
		ASSERT_EQ(ioctl(fd, VHOST_SET_VRING_BASE, &base), 0);
		ASSERT_EQ(ioctl(fd, VHOST_SET_VRING_ADDR, &addresses), 0);
		ASSERT_EQ(ioctl(fd, VHOST_SET_VRING_KICK, &kick), 0);
	}
	ASSERT_EQ(ioctl(fd, VHOST_VSOCK_SET_GUEST_CID, &cid), 0);
	ASSERT_EQ(ioctl(fd, VHOST_VSOCK_SET_RUNNING, &running), 0);
	for (;;)
		ASSERT_EQ(write(kick.fd, &one, sizeof(one)), sizeof(one));
}

TEST(workers_of_vhost_have_no_user_frames)
{
	sample_worker("vhost-", run_vhost);
}
