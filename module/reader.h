/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_READER_H
#define PROFBUF_READER_H

#include <linux/poll.h>
#include <linux/uio.h>

#include "session.h"

ssize_t profbuf_reader_read(struct profbuf_session *session, struct file *file,
			    struct iov_iter *to, bool nonblock, bool nowait);
__poll_t profbuf_reader_poll(struct profbuf_session *session, struct file *file,
			     poll_table *table);

#endif /* PROFBUF_READER_H */
