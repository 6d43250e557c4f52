// SPDX-License-Identifier: GPL-2.0
/*
 * A page that is not there, by userfaultfd. What is read from the device into it is stuck.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"
#include "missing_page.h"

void page_make_missing(struct missing_page *page, int device, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	page->device = device;
	page->size = size;
	page->fault = syscall(SYS_userfaultfd, O_CLOEXEC);
	ASSERT_GE(page->fault, 0);
	ASSERT_EQ(ioctl(page->fault, UFFDIO_API, &api), 0);
	page->address = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	ASSERT_NE(page->address, MAP_FAILED);
	range.range.start = (uintptr_t)page->address;
	range.range.len = sysconf(_SC_PAGESIZE);
	ASSERT_EQ(ioctl(page->fault, UFFDIO_REGISTER, &range), 0);
}

void page_wait_for_access(struct missing_page *page)
{
	struct uffd_msg message;

	ASSERT_EQ(read(page->fault, &message, sizeof(message)), sizeof(message));
}

void page_provide(struct missing_page *page)
{
	struct uffdio_zeropage zero = {};

	zero.range.start = (uintptr_t)page->address;
	zero.range.len = sysconf(_SC_PAGESIZE);
	ASSERT_EQ(ioctl(page->fault, UFFDIO_ZEROPAGE, &zero), 0);
}
