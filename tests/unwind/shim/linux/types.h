/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_SHIM_TYPES_H
#define PROFBUF_SHIM_TYPES_H

#include_next <linux/types.h>
#include <linux/compiler.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef int8_t s8;

#define S32_MIN	INT32_MIN

#define fallthrough	__attribute__((__fallthrough__))

#endif /* PROFBUF_SHIM_TYPES_H */
