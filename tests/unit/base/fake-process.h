/* SPDX-License-Identifier: MIT */
/* fake-process: a process as /proc shows one, in files of a scratch directory. */
#pragma once

#include <sys/stat.h>

#include "base/macro.h"
#include "unit/scratch.h"

static inline void fake_process(const struct scratch *s, int pid, const char *stat_text, int uid,
			 const char *argv0)
{
	_cleanup_free_ char *dir = NULL, *name = NULL, *status = NULL;

	assert_true(asprintf(&dir, "%d", pid) > 0);
	assert_int_equal(mkdirat(s->fd, dir, 0755), 0);
	assert_true(asprintf(&name, "%d/stat", pid) > 0);
	scratch_write(s, name, stat_text, strlen(stat_text));
	free(name);
	assert_true(asprintf(&name, "%d/cmdline", pid) > 0);
	scratch_write(s, name, argv0, strlen(argv0));
	free(name);
	assert_true(asprintf(&name, "%d/status", pid) > 0);
	assert_true(asprintf(&status,
			     "Name:\tx\nUmask:\t0022\nUid:\t%d\t0\t0\t0\nGid:\t5\t5\t5\t5\n",
			     uid) > 0);
	scratch_write(s, name, status, strlen(status));
}
