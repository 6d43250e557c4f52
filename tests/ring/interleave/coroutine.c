// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <string.h>

#include "coroutine.h"

/* Callee-saved registers go to the stack; the caller sees to all others. */
#if defined(__x86_64__)

/* The return address of the entry, 0, is part of it: a stack is aligned before a call. */
#define FRAME_WORDS	8
#define ENTRY_WORD	6

__asm__(".text\n"
	".globl coroutine_switch\n"
	".type coroutine_switch, @function\n"
	"coroutine_switch:\n"
	"	push	%rbp\n"
	"	push	%rbx\n"
	"	push	%r12\n"
	"	push	%r13\n"
	"	push	%r14\n"
	"	push	%r15\n"
	"	mov	%rsp, (%rdi)\n"
	"	mov	%rsi, %rsp\n"
	"	pop	%r15\n"
	"	pop	%r14\n"
	"	pop	%r13\n"
	"	pop	%r12\n"
	"	pop	%rbx\n"
	"	pop	%rbp\n"
	"	ret\n"
	".size coroutine_switch, . - coroutine_switch\n");

#elif defined(__aarch64__)

#define FRAME_WORDS	20
#define ENTRY_WORD	11

__asm__(".text\n"
	".globl coroutine_switch\n"
	".type coroutine_switch, %function\n"
	"coroutine_switch:\n"
	"	sub	sp, sp, #160\n"
	"	stp	x19, x20, [sp]\n"
	"	stp	x21, x22, [sp, #16]\n"
	"	stp	x23, x24, [sp, #32]\n"
	"	stp	x25, x26, [sp, #48]\n"
	"	stp	x27, x28, [sp, #64]\n"
	"	stp	x29, x30, [sp, #80]\n"
	"	stp	d8, d9, [sp, #96]\n"
	"	stp	d10, d11, [sp, #112]\n"
	"	stp	d12, d13, [sp, #128]\n"
	"	stp	d14, d15, [sp, #144]\n"
	"	mov	x9, sp\n"
	"	str	x9, [x0]\n"
	"	mov	sp, x1\n"
	"	ldp	x19, x20, [sp]\n"
	"	ldp	x21, x22, [sp, #16]\n"
	"	ldp	x23, x24, [sp, #32]\n"
	"	ldp	x25, x26, [sp, #48]\n"
	"	ldp	x27, x28, [sp, #64]\n"
	"	ldp	x29, x30, [sp, #80]\n"
	"	ldp	d8, d9, [sp, #96]\n"
	"	ldp	d10, d11, [sp, #112]\n"
	"	ldp	d12, d13, [sp, #128]\n"
	"	ldp	d14, d15, [sp, #144]\n"
	"	add	sp, sp, #160\n"
	"	ret\n"
	".size coroutine_switch, . - coroutine_switch\n");

#else
#error "coroutine_switch() is not written for this architecture"
#endif

__asm__(".section .note.GNU-stack,\"\",%progbits\n.text\n");

void *coroutine_new(void *top, void (*entry)(void))
{
	uintptr_t *sp = (uintptr_t *)top - FRAME_WORDS;

	memset(sp, 0, FRAME_WORDS * sizeof(*sp));
	sp[ENTRY_WORD] = (uintptr_t)entry;
	return sp;
}
