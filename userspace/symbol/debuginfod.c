// SPDX-License-Identifier: GPL-2.0
/*
 * The library is loaded when it is needed: it brings libcurl and all that this takes,
 * and most machines name no server.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include <elfutils/debuginfod.h>

#include "debuginfod.h"

#define LIBRARY		"libdebuginfod.so.1"

static struct {
	bool loaded;
	__typeof__(debuginfod_begin) *begin;
	__typeof__(debuginfod_end) *end;
	__typeof__(debuginfod_find_executable) *find_executable;
	__typeof__(debuginfod_find_debuginfo) *find_debuginfo;
} library;

static bool load(void)
{
	void *handle;

	if (!library.loaded) {
		library.loaded = true;
		handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
		if (!handle)
			return false;
		library.begin = dlsym(handle, "debuginfod_begin");
		library.end = dlsym(handle, "debuginfod_end");
		library.find_executable = dlsym(handle, "debuginfod_find_executable");
		library.find_debuginfo = dlsym(handle, "debuginfod_find_debuginfo");
	}
	return library.begin && library.end && library.find_executable && library.find_debuginfo;
}

bool debuginfod__configured(void)
{
	const char *urls = getenv(DEBUGINFOD_URLS_ENV_VAR);

	return urls && *urls;
}

int debuginfod__fetch(const uint8_t *build_id, size_t size, enum debuginfod_file file)
{
	debuginfod_client *client;
	int fd;

	if (!load())
		return -ENOSYS;
	client = library.begin();
	if (!client)
		return -ENOMEM;
	if (file == DEBUGINFOD_EXECUTABLE)
		fd = library.find_executable(client, build_id, size, NULL);
	else
		fd = library.find_debuginfo(client, build_id, size, NULL);
	library.end(client);
	return fd;
}
