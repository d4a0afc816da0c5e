/* SPDX-License-Identifier: MIT */
/* tool: the storage projects' own programs. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/spawn.h"
#include "init/tool.h"

#define SAID_MAX 65536

/*
 * No udevd runs: device-mapper's libraries make the nodes themselves and wait for nobody. Messages are compared
 * with nothing, but they go into a log that is read in English.
 */
static const char *const environment[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "DM_DISABLE_UDEV=1", "LVM_SUPPRESS_FD_WARNINGS=1",
	"LVM_SYSTEM_DIR=/etc/lvm", "MDADM_NO_SYSTEMCTL=1",
};

/* A pipe that holds all of it: nobody has to write while the tool runs. */
static int open_input(const struct tool *tool, int *ret)
{
	_cleanup_close_ int to = -EBADF;
	int fds[2], r;

	if (!tool->input) {
		*ret = -1;
		return 0;
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ret = fds[0];
	to = fds[1];
	r = file_write_fd(to, tool->input, tool->input_size);
	if (r < 0)
		close_fd(ret);
	return r;
}

static void pass_on(int said, int fd)
{
	_cleanup_free_ char *text = NULL;
	size_t size;

	if (lseek(said, 0, SEEK_SET) == 0 && file_read_fd(said, SAID_MAX, &text, &size) == 0)
		(void)file_write_fd(fd, text, size);
}

int tool_run(const struct tool *tool, int fd)
{
	/* Not the pipe to init: a daemon that the tool starts would keep it open. */
	_cleanup_close_ int said = memfd_create("tool", MFD_CLOEXEC), in = -EBADF;
	const char *envp[ARRAY_SIZE(environment) + 2] = { 0 };
	struct spawn s = { .argv = tool->argv, .envp = envp, .stdout_fd = said, .stderr_fd = said };
	uint64_t deadline = USEC_FOREVER;
	int status, r;

	if (said < 0)
		return -errno;
	memcpy(envp, environment, sizeof(environment));
	envp[ARRAY_SIZE(environment)] = tool->variable;
	r = open_input(tool, &in);
	if (r < 0)
		return r;
	s.stdin_fd = in;
	if (tool->patience > 0)
		deadline = clock_add(clock_monotonic(), tool->patience);
	r = spawn_run(&s, deadline, &status);
	if (r < 0)
		return r;
	pass_on(said, fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

int tool_load(const char *module, int fd)
{
	const char *const argv[] = { "modprobe", "-q", module, NULL };

	return tool_run(&(struct tool){ .argv = argv }, fd);
}

const char *tool_last_line(char *said)
{
	size_t n = strlen(said);
	char *line, *colon;

	while (n > 0 && strchr(" \t\r\n", said[n - 1]))
		said[--n] = '\0';
	line = strrchr(said, '\n');
	line = line ? line + 1 : said;
	line += strspn(line, " \t");
	colon = strstr(line, ": ");
	return colon && !memchr(line, ' ', (size_t)(colon - line)) ? colon + 2 : line;
}
