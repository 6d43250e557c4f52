/* SPDX-License-Identifier: GPL-2.0 */
#undef static_assert
#define static_assert(expression)	_Static_assert(expression, #expression)
