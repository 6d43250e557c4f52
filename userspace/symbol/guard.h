/* SPDX-License-Identifier: GPL-2.0 */
/*
 * guard: parse files of others.
 *
 * The files belong to those who are profiled, not to who profiles. They may be
 * truncated while they are mapped, and reading beyond their new end raises SIGBUS:
 * copying hundreds of megabytes to be safe is no answer. They may also be made so that
 * a few bytes take gigabytes once unpacked. Both end the guarded function.
 */
#ifndef PROFBUF_SYMBOL_GUARD_H
#define PROFBUF_SYMBOL_GUARD_H

/*
 * Call a function. Guards nest.
 *
 * Return: 0; -EFAULT: SIGBUS ended it, and whatever it worked on is to be abandoned, not
 * used or freed; -ENOMEM: guard__out_of_memory() ended it.
 */
int guard__run(void (*function)(void *argument), void *argument);

/*
 * From here to the end of the outermost guard malloc() fails when all that was
 * allocated since the first call has grown to more than some gigabytes.
 */
void guard__limit_memory(void);

/* For libraries that do not return an error when malloc() fails. */
void guard__out_of_memory(void) __attribute__((noreturn));

#endif /* PROFBUF_SYMBOL_GUARD_H */
