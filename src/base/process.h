/* SPDX-License-Identifier: MIT */
/* process: who is running, and ending them: SIGTERM, a while, SIGKILL. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

struct process {
	pid_t pid;
	uid_t uid;     /* the real one */
	char comm[32]; /* what could divide a report (space , : and beyond ASCII) is '?' */
	char state;    /* as in /proc/PID/stat: R S D Z … */
	bool kernel;   /* a kernel thread */
	bool at_sign;  /* argv[0][0] == '@' */
};

/* All but PID 1 and the caller; `*ret` is one allocation that the caller frees. Those that end
 * meanwhile are left out. `procfd` is /proc. */
int process_list(int procfd, struct process **ret, size_t *ret_n);

/* The pid that was given out last, to whatever thread, the kernel's too. -errno where /proc does not say. */
int process_newest(void);

/* The interface's storage daemons: root's, and argv[0] begins with '@'. */
bool process_is_storage_daemon(const struct process *p);

struct process_end {
	int procfd;
	/* May this one live? NULL: process_is_storage_daemon(). */
	bool (*spare)(const struct process *p, void *data);
	void *data;
	uint64_t term_usec; /* how long SIGTERM is given */
	uint64_t kill_usec; /* how long SIGKILL is given: a process in D state takes none */
};

/*
 * Ends every user process but the spared ones and reaps all children. New processes that appear
 * meanwhile are ended too. Returns how many were left alive when the time was up (their names
 * in `*ret_left`, "comm:pid,comm:pid", the caller frees; NULL when none), or -errno.
 */
int process_end_all(const struct process_end *e, char **ret_left);
