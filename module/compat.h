/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place where kernel versions differ. The code is written against the newest
 * interfaces; Kbuild asks the compiler which of them this kernel has.
 */
#ifndef PROFBUF_COMPAT_H
#define PROFBUF_COMPAT_H

#include <linux/fs.h>
#include <linux/hrtimer.h>

#ifndef HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#ifndef HAVE_COPY_SPLICE_READ
#define copy_splice_read generic_file_splice_read
#endif

#endif /* PROFBUF_COMPAT_H */
