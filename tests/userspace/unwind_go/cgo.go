// SPDX-License-Identifier: GPL-2.0

package main

/*
#include <stdlib.h>

extern int goCompare(void *a, void *b);

static int compare(const void *a, const void *b)
{
	return goCompare((void *)a, (void *)b);
}

static void sort(int *numbers, int n)
{
	qsort(numbers, n, sizeof(*numbers), compare);
}
*/
import "C"

import "unsafe"

//export goCompare
func goCompare(a, b unsafe.Pointer) C.int {
	return *(*C.int)(a) - *(*C.int)(b)
}

// From Go into C, and from there into Go again.
func cgo(n int) {
	numbers := make([]C.int, 2000)
	for i := range numbers {
		numbers[i] = C.int((i + n) * 31 % 2000)
	}
	C.sort(&numbers[0], C.int(len(numbers)))
}
