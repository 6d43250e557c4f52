/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program whose first function is called by the code that it begins with, and spins.
 */
	.text
	.globl	_start
_start:
	xorl	%ebp, %ebp
	call	first

first:
	pushq	%rbp
	movq	%rsp, %rbp
1:	jmp	1b

	.section .note.GNU-stack, "", @progbits
