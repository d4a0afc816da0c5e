/* SPDX-License-Identifier: MIT */
/* console: every console of the machine. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/strv.h"
#include "shutdown/console.h"

/* Per console, for what a slow line does not take at once. */
#define PATIENCE_MS 1000

static int write_patiently(int root, const char *path, const char *text)
{
	_cleanup_close_ int fd =
		openat(root, path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint64_t end = clock_add(clock_monotonic(), PATIENCE_MS * USEC_PER_MSEC);
	size_t size = strlen(text);

	if (fd < 0)
		return -errno;
	while (size > 0) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t n = write(fd, text, size);

		if (n > 0) {
			text += n;
			size -= (size_t)n;
		} else if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		else if (poll(&p, 1, clock_poll_ms(end, clock_monotonic())) == 0)
			return -ETIMEDOUT;
	}
	return 0;
}

int console_paths(const char *active, char ***ret)
{
	_cleanup_strv_ char **names = NULL, **paths = NULL;
	size_t n;
	int r = strv_push(&paths, "dev/console");

	if (r == 0)
		r = strv_split(&names, active, " \n");
	n = strv_length(names);
	for (size_t i = 0; r == 0 && i + 1 < n; i++) {
		_cleanup_free_ char *path = NULL;

		if (strchr(names[i], '/') || names[i][0] == '.')
			continue;
		if (asprintf(&path, "dev/%s", names[i]) < 0)
			return -ENOMEM;
		r = strv_push(&paths, path);
	}
	if (r == 0)
		*ret = TAKE_PTR(paths);
	return r;
}

int console_write(int root, const char *text)
{
	_cleanup_strv_ char **paths = NULL;
	_cleanup_free_ char *active = NULL;
	int taken = 0;

	if (file_read_line(root, "sys/class/tty/console/active", &active) < 0)
		active = NULL;
	if (console_paths(active ? active : "", &paths) < 0)
		return 0;
	STRV_FOREACH(path, paths)
		taken += write_patiently(root, *path, text) == 0;
	(void)write_patiently(root, "dev/pmsg0", text);
	return taken;
}
