// SPDX-License-Identifier: GPL-2.0
/*
 * What was recorded for small.data: a program without a C library, so that all of its functions
 * have names in the recording, whatever is installed where it is read.
 */
#include <sys/syscall.h>

static volatile unsigned long sink;

__attribute__((noinline)) static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

__attribute__((noinline)) static void spin(unsigned long times)
{
	while (times--)
		sink += times;
}

__attribute__((noinline)) static void hash_much(void)
{
	spin(400000);
	sink++;
}

__attribute__((noinline)) static void hash_little(void)
{
	spin(100000);
	sink++;
}

__attribute__((noinline)) static void read_zeroes(int fd, char *buffer)
{
	int i;

	for (i = 0; i < 40; i++)
		call(SYS_read, fd, (long)buffer, 65536);
	sink++;
}

__attribute__((used)) static void run(void)
{
	static char buffer[65536];
	int fd = call(SYS_open, (long)"/dev/zero", 0, 0);
	int i;

	for (i = 0; i < 60; i++) {
		hash_much();
		hash_little();
		read_zeroes(fd, buffer);
	}
	call(SYS_exit_group, 0, 0, 0);
}

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	call run\n");
