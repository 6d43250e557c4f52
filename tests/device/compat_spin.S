/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A 32-bit program of two nested functions with frame pointers, the inner of which spins.
 * Without a C library, so that none for 32 bits is needed.
 */
	.text
	.globl	_start
_start:
	xorl	%ebp, %ebp
	call	outer

outer:
	pushl	%ebp
	movl	%esp, %ebp
	call	inner

inner:
	pushl	%ebp
	movl	%esp, %ebp
1:	jmp	1b

	.section .note.GNU-stack, "", @progbits
