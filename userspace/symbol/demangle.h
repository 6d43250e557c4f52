/* SPDX-License-Identifier: GPL-2.0 */
/*
 * demangle: names of C++ and Rust functions for people.
 */
#ifndef PROFBUF_SYMBOL_DEMANGLE_H
#define PROFBUF_SYMBOL_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * demangle - decode a mangled name
 * @name: as in the symbol table
 * @parameters: with types of parameters, and hashes of Rust
 * @buffer: for the result
 * @size: its bytes
 *
 * Return: false if it is no mangled name, or one that does not fit.
 */
bool demangle(const char *name, bool parameters, char *buffer, size_t size);

#endif /* PROFBUF_SYMBOL_DEMANGLE_H */
