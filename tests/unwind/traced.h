/* SPDX-License-Identifier: GPL-2.0 */
/*
 * traced: a program that is stopped again and again, with all of its threads.
 */
#ifndef PROFBUF_TRACED_H
#define PROFBUF_TRACED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/user.h>

#define TRACED_THREADS_MAX	64

/**
 * struct traced_thread - a thread of the program
 * @tid: its number
 * @stopped: it was stopped, and not let go since
 * @begins: that is where it begins, always the same place
 * @regs: its registers, if it is stopped
 * @moved: they are others than those at the stop before, and it does not begin
 */
struct traced_thread {
	pid_t tid;
	bool stopped;
	bool begins;
	struct user_regs_struct regs;
	bool moved;
};

/**
 * struct traced - a program
 * @pid: its process
 * @threads: its threads
 * @nr_threads: how many
 */
struct traced {
	pid_t pid;
	struct traced_thread threads[TRACED_THREADS_MAX];
	size_t nr_threads;
};

/* Starts a command. What it says is not shown. Exits where that is not possible. */
void traced__start(struct traced *traced, char **command);

/* Stops all threads, and reads their registers. Returns false if the program is over. */
bool traced__stop(struct traced *traced);

/* Lets all threads go on. */
void traced__go_on(struct traced *traced);

void traced__kill(struct traced *traced);

#endif /* PROFBUF_TRACED_H */
