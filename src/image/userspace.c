/* SPDX-License-Identifier: MIT */
/* userspace: since when the machine's systemd runs, as it says itself. */
#include <errno.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "base/spawn.h"
#include "image/userspace.h"

/* org.freedesktop.systemd1(5). */
#define PROPERTY "UserspaceTimestampMonotonic"

static int take_answer(int said, uint64_t *ret)
{
	_cleanup_free_ char *text = NULL;
	const char *value;
	uint64_t usec = 0;
	int r;

	if (lseek(said, 0, SEEK_SET) < 0)
		return -errno;
	r = file_read_fd(said, 4096, &text, NULL);
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	value = startswith(text, PROPERTY "=");
	r = value ? number_parse(value, UINT64_MAX - 1, &usec) : -EINVAL;
	if (r < 0 || usec == 0)
		return -EINVAL;
	*ret = usec;
	return 0;
}

int userspace_ask(uint64_t *ret)
{
	static const char *const argv[] = { "systemctl", "show", "--property=" PROPERTY, NULL };
	_cleanup_close_ int said = memfd_create("systemctl", MFD_CLOEXEC);
	_cleanup_close_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int status = 0, r;

	if (said < 0)
		return -errno;
	r = spawn_run(&(struct spawn){ .argv = argv, .stdin_fd = -1, .stdout_fd = said, .stderr_fd = null },
		      clock_monotonic() + 10 * USEC_PER_SEC, &status);
	if (r == 0 && status != 0)
		r = -EIO;
	return r < 0 ? r : take_answer(said, ret);
}
