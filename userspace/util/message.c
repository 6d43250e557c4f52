// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "message.h"

bool message_quiet;
const char *message_name = "profbuf";

/* The last message was not printed. */
static bool left_out;

static void say(const char *kind, const char *format, va_list args)
{
	/* What is on its way to the same terminal comes first. */
	fflush(stdout);
	fprintf(stderr, "%s: %s", message_name, kind);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	left_out = false;
}

/* What failed. */
void error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args);
	va_end(args);
}

/* What is missing from the result. */
void warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("warning: ", format, args);
	va_end(args);
}

/* What is good to know. */
void note(const char *format, ...)
{
	va_list args;

	left_out = message_quiet;
	if (left_out)
		return;
	va_start(args, format);
	say("", format, args);
	va_end(args);
}

/* What to do about the message before it. */
void hint(const char *format, ...)
{
	va_list args;

	if (left_out)
		return;
	fputs("  ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
