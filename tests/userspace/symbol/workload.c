// SPDX-License-Identifier: GPL-2.0
/*
 * A process whose symbols are known: it prints "NAME ADDRESS" for places in itself,
 * "ready", and waits for the end of its input.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if __has_attribute(noclone)
#define NOINLINE __attribute__((noinline, noclone))
#else
#define NOINLINE __attribute__((noinline))
#endif

void library_report(void (*report)(const char *name, const void *address)) __attribute__((weak));

static jmp_buf back;
static volatile int sink;

static void report(const char *name, const void *address)
{
	printf("%s %p\n", name, address);
}

NOINLINE int exported(int value)
{
	return value + sink;
}

static NOINLINE int hidden(int value)
{
	sink = value;
	return value * sink;
}

/* Named like functions of Rust: the older scheme, with a hash, and the newer one. */
NOINLINE int rust_legacy(int value) __asm__("_ZN4core3fmt5write17h05af221e174051e9E");
int rust_legacy(int value)
{
	return value - sink;
}

NOINLINE int rust_v0(int value) __asm__("_RNvNtCs1234_7mycrate3foo3bar");
int rust_v0(int value)
{
	return value ^ sink;
}

static NOINLINE __attribute__((noreturn)) void leave(void)
{
	report("ends_in_call", __builtin_return_address(0));
	longjmp(back, 1);
}

/* Its last instruction is a call: the return address is beyond its end. */
static NOINLINE __attribute__((noreturn)) void ends_in_call(void)
{
	sink++;
	leave();
}

/* A return address within the function it is inlined into. */
static NOINLINE const void *here(void)
{
	return __builtin_return_address(0);
}

static inline __attribute__((always_inline)) const void *innermost(void)
{
	const void *address = here(); /* line: innermost */

	sink++;
	return address;
}

static inline __attribute__((always_inline)) const void *middle(void)
{
	const void *address = innermost(); /* line: middle */

	sink++;
	return address;
}

static NOINLINE const void *outermost(void)
{
	const void *address = middle(); /* line: outermost */

	sink++;
	return address;
}

int main(void)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void *code = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char input;

	report("exported", exported);
	report("hidden", hidden);
	report("rust_legacy", rust_legacy);
	report("rust_v0", rust_v0);
	report("inlined", outermost());
	report("jit", code);
	report("stack", &input);
	if (vdso)
		report("vdso", dlsym(vdso, "__vdso_clock_gettime"));
	if (!setjmp(back))
		ends_in_call();
	if (library_report)
		library_report(report);
	sink += exported(1) + hidden(2) + rust_legacy(3) + rust_v0(4);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &input, 1) > 0)
		;
	return 0;
}
