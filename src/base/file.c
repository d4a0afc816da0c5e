/* SPDX-License-Identifier: MIT */
/* file: whole files, read and written. */
#include <errno.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/number.h"

int file_read_fd(int fd, size_t max, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *data = NULL;
	size_t size = 0, room = 0;

	for (;;) {
		ssize_t n;

		if (size + 1 >= room) {
			char *grown;

			room = MAX(room * 2, (size_t)4096);
			grown = realloc(data, room);
			if (!grown)
				return -ENOMEM;
			data = grown;
		}
		n = read(fd, data + size, room - size - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > max)
			return -EFBIG;
	}
	data[size] = '\0';
	*ret = TAKE_PTR(data);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return file_read_fd(fd, max, ret, ret_size);
}

int file_read_line(int dirfd, const char *path, char **ret)
{
	int r = file_read(dirfd, path, 64 * 1024, ret, NULL);

	if (r < 0)
		return r;
	(*ret)[strcspn(*ret, "\n")] = '\0';
	return 0;
}

int file_read_u64(int dirfd, const char *path, uint64_t *ret)
{
	_cleanup_free_ char *line = NULL;
	int r = file_read_line(dirfd, path, &line);

	if (r < 0)
		return r;
	return number_parse(line, UINT64_MAX, ret) < 0 ? -EINVAL : 0;
}

int file_write_fd(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENOSPC;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

int file_write(int dirfd, const char *path, const char *text, mode_t mode)
{
	_cleanup_close_ int fd =
		openat(dirfd, path,
		       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, mode);

	if (fd < 0)
		return -errno;
	return file_write_fd(fd, text, strlen(text));
}

/* Opens for reading, and only a regular file: a fifo would block for ever, a device may never
 * end. */
static int open_regular(int dirfd, const char *path)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

static int copy_bytes(int from, int to)
{
	for (;;) {
		ssize_t n = sendfile(to, from, NULL, 1 << 20);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
	}
}

int file_copy(int from_dirfd, const char *from, int to_dirfd, const char *to, mode_t mode)
{
	_cleanup_free_ char *temporary = NULL;
	_cleanup_close_ int in = -EBADF, out = -EBADF;
	int r;

	if (asprintf(&temporary, "%s.new", to) < 0)
		return -ENOMEM;
	in = open_regular(from_dirfd, from);
	if (in < 0)
		return in;
	(void)unlinkat(to_dirfd, temporary, 0);
	out = openat(to_dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		     0600);
	if (out < 0)
		return -errno;

	r = copy_bytes(in, out);
	if (r == 0 && fchmod(out, mode) < 0)
		r = -errno;
	if (r == 0 && renameat(to_dirfd, temporary, to_dirfd, to) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(to_dirfd, temporary, 0);
	return r;
}

int file_open_dir(int dirfd, const char *path, DIR **ret)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -ENOMEM;
	(void)TAKE_FD(fd);
	*ret = dir;
	return 0;
}

int file_mkdir_parents(int dirfd, const char *path, mode_t mode)
{
	_cleanup_free_ char *copy = strdup(path);
	struct stat st;

	if (!copy)
		return -ENOMEM;
	for (char *p = copy + (*copy == '/');; p++) {
		char end = *p;

		if (end != '/' && end != '\0')
			continue;
		*p = '\0';
		if (*copy && mkdirat(dirfd, copy, mode) < 0 && errno != EEXIST)
			return -errno;
		*p = end;
		if (end == '\0')
			break;
	}
	if (fstatat(dirfd, path, &st, 0) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}
