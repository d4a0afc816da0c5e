/* SPDX-License-Identifier: MIT */
/* serialize: systemd's switch-root hand-over. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file.h"
#include "init/fsck.h"
#include "init/serialize.h"

#define TEXT_MAX (512 * 1024) /* systemd gives up on a line above 1 MiB */

/* "REALTIME MONOTONIC" of a moment that was taken on the monotonic clock. */
static void write_stamp(FILE *f, const struct run *run, const char *key, uint64_t monotonic)
{
	(void)fprintf(f, "%s=%llu %llu\n", key, (unsigned long long)(run->realtime - run->monotonic + monotonic),
		      (unsigned long long)monotonic);
}

/* The unit as if it had run: active (exited), with our times. */
static void write_unit(FILE *f, const struct run *run, const char *unit, uint64_t start, uint64_t end)
{
	(void)fprintf(f, "%s\nstate=exited\n", unit);
	write_stamp(f, run, "state-change-timestamp", end);
	write_stamp(f, run, "inactive-exit-timestamp", start);
	write_stamp(f, run, "active-enter-timestamp", end);
	(void)fprintf(f, "\n");
}

char *serialize_text(const struct run *run)
{
	const struct fsck_result *check = &run->root_fsck;
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	write_stamp(f, run, "initrd-timestamp", run->monotonic);
	(void)fprintf(f, "\n"); /* ends the manager's part */
	/* A check that found too much is made again. */
	if (fsck_is_done(check))
		write_unit(f, run, check->unit, check->start, check->end);
	for (size_t i = 0; i < run->bars.n; i++)
		write_unit(f, run, run->bars.items[i].unit, run->bars.items[i].start, run->bars.items[i].end);
	return fclose(f) == 0 ? TAKE_PTR(text) : NULL;
}

int serialize_open(const struct run *run, int number)
{
	_cleanup_free_ char *text = serialize_text(run);
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!text)
		return -ENOMEM;
	if (strlen(text) > TEXT_MAX)
		return -EFBIG;
	fd = memfd_create("systemd-state", 0);
	if (fd < 0)
		return -errno;
	r = file_write_fd(fd, text, strlen(text));
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	if (fd == number) {
		fd = -EBADF;
		return 0;
	}
	return dup2(fd, number) < 0 ? -errno : 0;
}

bool serialize_check(int fd)
{
	int flags = fcntl(fd, F_GETFD), mode = fcntl(fd, F_GETFL);
	struct stat st;

	return fd >= 3 && flags >= 0 && !(flags & FD_CLOEXEC) && mode >= 0 && (mode & O_ACCMODE) == O_RDWR &&
	       fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && lseek(fd, 0, SEEK_CUR) == 0;
}
