/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A page that is not there: who touches it waits until it is provided.
 */
#ifndef PROFBUF_TEST_MISSING_PAGE_H
#define PROFBUF_TEST_MISSING_PAGE_H

struct missing_page {
	int device;
	int fault;
	void *address;
};

void page_make_missing(struct missing_page *page, int device);
void page_wait_for_access(struct missing_page *page);
void page_provide(struct missing_page *page);

#endif /* PROFBUF_TEST_MISSING_PAGE_H */
