/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The little of the kernel's interface that module/unwind.h and unwind_step.h use.
 */
#ifndef PROFBUF_UNWIND_SHIM_H
#define PROFBUF_UNWIND_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef int32_t s32;
typedef unsigned long long u64;

#undef __always_inline
#define __always_inline	inline __attribute__((__always_inline__))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define fallthrough	__attribute__((__fallthrough__))

#endif /* PROFBUF_UNWIND_SHIM_H */
