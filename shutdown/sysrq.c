/* SPDX-License-Identifier: MIT */
/* sysrq: the kernel's emergency keys. */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "shutdown/sysrq.h"

int sysrq_press(int root, const char *keys)
{
	_cleanup_close_ int fd = openat(root, "proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : 0;

	/* One byte a write: the kernel takes only the first. */
	for (; r == 0 && *keys; keys++)
		r = file_write_fd(fd, keys, 1);
	return r;
}
