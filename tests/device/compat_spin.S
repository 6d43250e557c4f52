/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A 32-bit program of two nested functions with frame pointers, the inner of which stops
 * itself, to be continued when it is watched, and then spins. Without a C library, so that
 * none for 32 bits is needed.
 *
 * "compat_spin code" does so in a code segment of its own, "compat_spin stack" on a stack
 * segment of its own. These are as the usual ones are, but only the LDT tells.
 */
#define SYS_GETPID	20
#define SYS_KILL	37
#define SYS_MODIFY_LDT	123

#define SIGSTOP		19

/* Entry 0 of the LDT, for user code. */
#define SELECTOR	7

/* Flags of struct user_desc: 32 bits, which kind of segment, limit in pages, usable. */
#define SEG_32BIT	(1 << 0)
#define CONTENTS_DATA	(0 << 1)
#define CONTENTS_CODE	(2 << 1)
#define LIMIT_IN_PAGES	(1 << 4)
#define USEABLE		(1 << 6)

	.text
	.globl	_start
_start:
	xorl	%ebp, %ebp
	movl	8(%esp), %esi
	call	outer

outer:
	pushl	%ebp
	movl	%esp, %ebp
	call	inner

inner:
	pushl	%ebp
	movl	%esp, %ebp
	testl	%esi, %esi
	jz	ready
	cmpb	$'s', (%esi)
	je	stack

	call	make_segment
	ljmp	$SELECTOR, $ready

stack:
	movl	$SEG_32BIT | CONTENTS_DATA | LIMIT_IN_PAGES | USEABLE, segment_flags
	call	make_segment
	movl	$SELECTOR, %eax
	movl	%eax, %ss

ready:
	movl	$SYS_GETPID, %eax
	int	$0x80
	movl	%eax, %ebx
	movl	$SIGSTOP, %ecx
	movl	$SYS_KILL, %eax
	int	$0x80
1:	jmp	1b

/* modify_ldt(1, &segment, sizeof(segment)) */
make_segment:
	movl	$SYS_MODIFY_LDT, %eax
	movl	$1, %ebx
	movl	$segment, %ecx
	movl	$segment_end - segment, %edx
	int	$0x80
	testl	%eax, %eax
	jnz	fail
	ret

fail:	ud2

	.data
/* struct user_desc: entry, base, limit, flags */
segment:
	.long	0, 0, 0xfffff
segment_flags:
	.long	SEG_32BIT | CONTENTS_CODE | LIMIT_IN_PAGES | USEABLE
segment_end:

	.section .note.GNU-stack, "", @progbits
