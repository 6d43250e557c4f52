// SPDX-License-Identifier: GPL-2.0
/* What is put into every flame graph as it is. Their paths begin where make runs: userspace/. */
#include "flamegraph_assets.h"

#define ASSET(name, path)					\
	__asm__(".section .rodata\n"				\
		".global " #name "\n"				\
		".type " #name ", @object\n"			\
		#name ":\n"					\
		".incbin \"" path "\"\n"			\
		".byte 0\n"					\
		".size " #name ", . - " #name "\n"		\
		".previous\n")

ASSET(flamegraph_css, "view/flamegraph.css");
ASSET(flamegraph_js, "view/flamegraph.js");
