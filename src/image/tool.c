/* SPDX-License-Identifier: MIT */
/* tool: a program of the host that does a part of the work. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/spawn.h"
#include "image/tool.h"

/* Each line of what it said. */
static void report(int said, int level)
{
	_cleanup_free_ char *text = NULL;
	char *p, *line;

	if (lseek(said, 0, SEEK_SET) < 0 || file_read_fd(said, 1 << 20, &text, NULL) < 0)
		return;
	p = text;
	while ((line = strsep(&p, "\n")))
		if (*line)
			log_line(level, "%s", line);
}

int tool_run(const char *const argv[], const char *doing)
{
	_cleanup_close_ int said = memfd_create("tool", MFD_CLOEXEC), warned = memfd_create("tool", MFD_CLOEXEC);
	int status = 0, r;

	if (said < 0 || warned < 0)
		return log_errno(-errno, "cannot %s", doing);
	r = spawn_run(&(struct spawn){ .argv = argv, .stdin_fd = -1, .stdout_fd = said, .stderr_fd = warned },
		      USEC_FOREVER, &status);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return log_errno(r, "cannot %s: cannot run %s", doing, argv[0]);
	report(said, status ? LOG_ERR : LOG_DEBUG);
	report(warned, status ? LOG_ERR : LOG_WARNING);
	if (status == 0)
		return 0;
	log_error("cannot %s: %s failed (%s %d)", doing, argv[0], WIFEXITED(status) ? "exit code" : "signal",
		  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return -EIO;
}
