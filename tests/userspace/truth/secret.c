// SPDX-License-Identifier: GPL-2.0
/*
 * secret SECONDS FILE: have words that nobody else is to know in all registers, on the stack and on
 * the heap, and a frame pointer that leads to them in each way that one can. The words are written
 * to FILE, hexadecimal, one a line.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define WORDS 512	/* a page */

static uint64_t page[WORDS];

/* The lower half of it could well be addresses: of data, and of nothing. */
static void make(void)
{
	size_t i;

	if (getrandom(page, sizeof(page), 0) != sizeof(page))
		exit(EXIT_FAILURE);
	for (i = 0; i < WORDS / 4; i++)
		page[i] = (uintptr_t)page + i * 32 + page[i] % 32;
	for (; i < WORDS / 2; i++)
		page[i] = 0x500000000000 + page[i] % 0x200000000000;
}

static int tell(const char *path)
{
	FILE *file = fopen(path, "we");
	size_t i;

	for (i = 0; file && i < WORDS; i++)
		fprintf(file, "%" PRIx64 "\n", page[i]);
	return file ? fclose(file) : -1;
}

/* Compute for a while, with the secret in all registers but the stack pointer, and @fp. */
static void spin(const void *fp, uint64_t a, uint64_t b)
{
	uint64_t rounds = 200000;

	asm volatile("push %%rbp\n\t"
		     "mov %[fp], %%rbp\n\t"
		     "mov %[a], %%rbx\n\t"
		     "mov %[b], %%rsi\n\t"
		     "mov %%rbx, %%rdi\n\t"
		     "mov %%rsi, %%r8\n\t"
		     "mov %%rbx, %%r9\n\t"
		     "mov %%rsi, %%r12\n\t"
		     "mov %%rbx, %%r13\n\t"
		     "mov %%rsi, %%r14\n\t"
		     "mov %%rbx, %%r15\n\t"
		     "1: dec %[rounds]\n\t"
		     "jnz 1b\n\t"
		     "pop %%rbp"
		     : [rounds] "+c"(rounds)
		     : [fp] "r"(fp), [a] "a"(a), [b] "d"(b)
		     : "rbx", "rsi", "rdi", "r8", "r9", "r12", "r13", "r14", "r15", "memory", "cc");
}

/* What frame pointers point to: the next one, and a return address. */
struct frame {
	uint64_t next;
	uint64_t return_address;
};

/* All of it below the caller's frames, and above that of spin(). */
__attribute__((noinline)) static void spill(const uint64_t *heap)
{
	struct frame frames[WORDS];
	uint64_t code = (uintptr_t)__builtin_return_address(0);
	size_t i;

	/* As if they had been spilled by code that has no frame pointers. */
	memcpy(frames, page, sizeof(page));
	memcpy((char *)frames + sizeof(page), page, sizeof(page));
	for (i = 0; i + 4 < WORDS / 2; i++)
		spin(&frames[i], page[i], page[WORDS - 1 - i]);
	/* Frames that lead to each other, with the secret where return addresses would be. */
	for (i = 0; i + 1 < WORDS; i++)
		frames[i] = (struct frame){ (uintptr_t)&frames[i + 1], page[i] };
	for (i = 0; i + 4 < WORDS; i += 8)
		spin(&frames[i], page[i], page[WORDS - 1 - i]);
	/* True ones, and then it. */
	for (i = 0; i + 1 < WORDS; i++)
		if (i % 8 < 4)
			frames[i].return_address = code;
	for (i = 0; i + 4 < WORDS; i += 8)
		spin(&frames[i], page[i], page[WORDS - 1 - i]);
	/* A true one beside the secret, which is where the next one is said to be. */
	for (i = 0; i < WORDS; i++)
		frames[i] = (struct frame){ page[i], code };
	for (i = 0; i + 4 < WORDS; i += 8)
		spin(&frames[i], page[i], page[WORDS - 1 - i]);
	/* Not on the stack, not aligned, or it itself. */
	for (i = 0; i + 4 < WORDS; i += 8) {
		spin(heap + i, page[i], page[WORDS - 1 - i]);
		spin((const char *)&frames[i] + 1, page[i], page[WORDS - 1 - i]);
		spin((const void *)page[i], page[i], page[WORDS - 1 - i]);
	}
}

int main(int argc, char **argv)
{
	time_t end;
	uint64_t *heap;

	if (argc != 3)
		return EXIT_FAILURE;
	make();
	heap = malloc(sizeof(page));
	if (!heap || tell(argv[2]))
		return EXIT_FAILURE;
	memcpy(heap, page, sizeof(page));
	end = time(NULL) + atoi(argv[1]);
	while (time(NULL) < end)
		spill(heap);
	return EXIT_SUCCESS;
}
