// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "message.h"
#include "session.h"

/* For the signal handler; one command has one session. */
static struct profbuf_session *signalled_session;

static void stop_session(int signal_number)
{
	int saved = errno;

	(void)signal_number;
	profbuf_session__stop(signalled_session);
	errno = saved;
}

/**
 * session__stop_on_signals - let interrupts end a session
 * @session: the session, started
 *
 * What is left is read, then comes the end. The second interrupt ends the command. Signals that
 * are ignored, as nohup does, stay so.
 */
void session__stop_on_signals(struct profbuf_session *session)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = {
		.sa_handler = stop_session,
		.sa_flags = SA_RESTART | SA_RESETHAND,
	};
	struct sigaction old;
	size_t i;

	signalled_session = session;
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (!sigaction(ends[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(ends[i], &action, NULL);
}

/**
 * session__open - open the device, or say why not
 * @opts: how, and which
 *
 * Return: the session, or NULL after a message.
 */
struct profbuf_session *session__open(const struct profbuf_session_opts *opts)
{
	const char *device = opts->device ? opts->device : PROFBUF_DEVICE;
	struct profbuf_config config = { .size = sizeof(config) };
	struct profbuf_session *session;
	int err;

	err = profbuf_session__open(&session, opts);
	switch (err) {
	case 0:
		break;
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		error("there is no %s: the profbuf module is not loaded", device);
		hint("load it with 'sudo modprobe profbuf', or from its source tree with 'sudo make load'");
		return NULL;
	case -EACCES:
	case -EPERM:
		error("this user may not open %s", device);
		hint("use sudo, or have the device's group: 'ls -l %s' names it", device);
		return NULL;
	default:
		error("cannot open %s: %s", device, strerror(-err));
		return NULL;
	}
	err = profbuf_session__get_config(session, &config);
	if (err) {
		error("%s is not the device of the profbuf module: %s", device, strerror(-err));
		profbuf_session__close(session);
		return NULL;
	}
	return session;
}

/**
 * session__start - start a session, or say why not
 * @session: the session
 *
 * Return: 0, or a negative errno after a message.
 */
int session__start(struct profbuf_session *session)
{
	int err = profbuf_session__start(session);

	switch (err) {
	case 0:
		break;
	case -EPERM:
		error("this user may not sample the machine");
		hint("use sudo, or a program with CAP_PERFMON; a kernel in lockdown lets nobody (cat /sys/kernel/security/lockdown)");
		break;
	case -ENOMEM:
		error("there is not enough memory for the rings");
		hint("make them smaller (profbuf record -m 128K), or end other sessions of this user");
		hint("what a user may have is the limit of locked memory (ulimit -l) and, for each CPU, /sys/module/profbuf/parameters/user_memory");
		break;
	default:
		error("cannot start sampling: %s", strerror(-err));
	}
	return err;
}
