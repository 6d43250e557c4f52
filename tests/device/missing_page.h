/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory whose first page is not there: who touches it waits until it is provided.
 */
#ifndef PROFBUF_TEST_MISSING_PAGE_H
#define PROFBUF_TEST_MISSING_PAGE_H

#include <stddef.h>

struct missing_page {
	int device;
	int fault;
	void *address;
	size_t size;
};

void page_make_missing(struct missing_page *page, int device, size_t size);
void page_wait_for_access(struct missing_page *page);
void page_provide(struct missing_page *page);

#endif /* PROFBUF_TEST_MISSING_PAGE_H */
