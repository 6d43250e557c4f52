/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arrays that grow as elements are added, to twice the size each time:
 *
 *	if (array__reserve(&list, nr, &max, sizeof(*list)))
 *		return -ENOMEM;
 *	list[nr++] = element;
 */
#ifndef PROFBUF_UTIL_ARRAY_H
#define PROFBUF_UTIL_ARRAY_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_FIRST_SIZE 16

/**
 * array__reserve - room for one more element
 * @array: where the pointer to the elements is; NULL as long as there is none
 * @used: elements there are
 * @max: room for so many
 * @size: of an element
 *
 * Return: 0, or -ENOMEM; then the array is as it was.
 */
static inline int array__reserve(void *array, uint32_t used, uint32_t *max, size_t size)
{
	uint32_t larger = *max ? *max * 2 : ARRAY_FIRST_SIZE;
	void *elements;

	if (used < *max)
		return 0;
	if (larger <= *max)
		return -ENOMEM;
	/* It is a pointer to something else than void. */
	memcpy(&elements, array, sizeof(elements));
	elements = reallocarray(elements, larger, size);
	if (!elements)
		return -ENOMEM;
	memcpy(array, &elements, sizeof(elements));
	*max = larger;
	return 0;
}

#endif /* PROFBUF_UTIL_ARRAY_H */
