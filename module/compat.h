/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place where kernel versions differ. The code is written against the newest
 * interfaces; Kbuild asks the compiler which of them this kernel has.
 */
#ifndef PROFBUF_COMPAT_H
#define PROFBUF_COMPAT_H

#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>
#include <linux/sched/isolation.h>
#include <linux/workqueue.h>

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

/* Before 6.3. */
#ifndef HAVE_CPU_IS_ISOLATED
static inline bool cpu_is_isolated(int cpu)
{
	return !housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN);
}
#endif

/* Before 6.17. */
#ifndef HAVE_SYSTEM_DFL_WQ
#define system_dfl_wq system_unbound_wq
#endif

/* Before 6.2. */
#if defined(CONFIG_X86_64) && !defined(ftrace_regs_get_argument)
#define ftrace_regs_get_argument(fregs, n) regs_get_kernel_argument(&(fregs)->regs, n)
#endif

/* Before 6.6. */
#ifndef HAVE_INODE_GET_CTIME
static inline struct timespec64 inode_get_ctime(const struct inode *inode)
{
	return inode->i_ctime;
}
#endif

/* Before 6.8 a file of a stacked file system has the path that users see. */
#ifndef HAVE_FILE_USER_PATH
static inline const struct path *file_user_path(const struct file *file)
{
	return &file->f_path;
}

static inline struct inode *file_user_inode(const struct file *file)
{
	return file_inode(file);
}

/* The inode that mappings of an open file have: that of the file below. */
static inline struct inode *file_mapped_inode(const struct file *file)
{
	return d_real_inode(file_dentry(file));
}
#else
static inline struct inode *file_mapped_inode(const struct file *file)
{
	return file_user_inode(file);
}
#endif

/* Before 6.12. */
#ifndef fd_file
#define fd_file(f) ((f).file)
#endif

/* Before 6.4 the only user workers were those of io_uring. */
#ifndef PF_USER_WORKER
#define PF_USER_WORKER PF_IO_WORKER
#endif

#endif /* PROFBUF_COMPAT_H */
