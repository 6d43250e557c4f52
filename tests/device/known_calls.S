/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions without frame pointers that call each other. Each has a label wherever its frame is
 * another one, and wherever a caller goes on.
 */
#define SYS_GETPPID	110

	.text
	.globl	known_outer, known_outer_made, known_outer_return
	.globl	known_middle, known_middle_made, known_after_middle
	.globl	known_spins, known_spin_here
	.globl	known_asks, known_ask_here
	.globl	known_handler, known_restorer, known_calls_end

/* known_outer(function): has the other ones call that */
known_outer:
	pushq	%rbx
	subq	$40, %rsp
known_outer_made:
	/* What points into the stack, but is no frame pointer. */
	leaq	16(%rsp), %rbp
	call	known_middle
known_outer_return:
	ud2

known_middle:
	subq	$24, %rsp
known_middle_made:
	call	*%rdi
known_after_middle:
	ud2

known_spins:
	nop
known_spin_here:
	jmp	known_spin_here

/* Is in the kernel for most of its time. */
known_asks:
	movl	$SYS_GETPPID, %eax
	syscall
known_ask_here:
	jmp	known_asks

known_handler:
	jmp	known_handler

	nop
known_restorer:
	ud2
known_calls_end:

	.section .note.GNU-stack, "", @progbits
