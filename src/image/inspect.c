/* SPDX-License-Identifier: MIT */
/* inspect: what lies in an image, for `slipway ls` and `slipway cat`. */
#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/archive.h"
#include "image/content.h"
#include "image/escape.h"
#include "image/inspect.h"

/* No initrd is larger, unpacked; a damaged one that claims to be is not worth the memory. */
#define UNPACKED_MAX ((size_t)8 << 30)

struct image {
	struct content content;
	struct archive archive;
};

static void image_close(struct image *i)
{
	archive_free(&i->archive);
	content_close(&i->content);
}

static int image_open(const char *path, struct image *ret)
{
	_cleanup_(image_close) struct image i = { 0 };
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct archive_failure failure = { 0 };
	int r = fd < 0 ? -errno : content_open_fd(fd, &i.content);

	if (r < 0)
		return log_errno(r, "cannot read %s", path);
	r = archive_read(i.content.data, i.content.size, UNPACKED_MAX, &i.archive, &failure);
	if (r < 0 && failure.why)
		log_error("cannot read %s: at offset %zu%s%s%s: %s", path, failure.offset,
			  failure.format ? ", in the " : "", failure.format ?: "",
			  failure.format ? " archive" : "", failure.why);
	else if (r < 0)
		log_errno(r, "cannot read %s", path);
	if (r < 0)
		return r;
	*ret = i;
	i = (struct image){ 0 };
	return 0;
}

static char type_letter(mode_t mode)
{
	static const struct {
		mode_t type;
		char letter;
	} types[] = {
		{ S_IFDIR, 'd' }, { S_IFLNK, 'l' },  { S_IFCHR, 'c' },
		{ S_IFBLK, 'b' }, { S_IFIFO, 'p' },  { S_IFSOCK, 's' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((mode & S_IFMT) == types[i].type)
			return types[i].letter;
	return '-';
}

/* "-rwxr-xr-x     43384 ", for devices their numbers instead of the size. */
static void print_details(const struct newc_entry *e)
{
	static const char bits[] = "rwxrwxrwx";
	char mode[] = "?---------";

	mode[0] = type_letter(e->mode);
	for (size_t i = 0; i < 9; i++)
		if (e->mode & (0400U >> i))
			mode[i + 1] = bits[i];
	if (e->mode & S_ISUID)
		mode[3] = mode[3] == 'x' ? 's' : 'S';
	if (e->mode & S_ISGID)
		mode[6] = mode[6] == 'x' ? 's' : 'S';
	if (e->mode & S_ISVTX)
		mode[9] = mode[9] == 'x' ? 't' : 'T';
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		printf("%s %4u,%5u ", mode, major(e->rdev), minor(e->rdev));
	else
		printf("%s %10u ", mode, e->size);
}

static int finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return log_errno(errno ? -errno : -EIO, "cannot write to standard output");
}

int inspect_list(const char *image, bool details)
{
	_cleanup_(image_close) struct image i = { 0 };
	int r = image_open(image, &i);

	if (r < 0)
		return r;
	for (size_t n = 0; n < i.archive.n; n++) {
		const struct newc_entry *e = &i.archive.entries[n].file;

		if (details)
			print_details(e);
		escape_write(stdout, e->name, strlen(e->name));
		if (details && S_ISLNK(e->mode)) {
			printf(" -> ");
			escape_write(stdout, e->data, e->size);
		}
		(void)putchar('\n');
	}
	return finish_output();
}

int inspect_print(const char *image, char *const *paths)
{
	_cleanup_(image_close) struct image i = { 0 };
	int r = image_open(image, &i);

	if (r < 0)
		return r;
	/* All of them first, so that no half of the answer is printed. */
	STRV_FOREACH(path, paths) {
		const struct newc_entry *e = NULL;

		r = archive_find(&i.archive, *path, &e);
		if (r < 0)
			return log_errno(r, "cannot print %s of %s", *path, image);
		if (!S_ISREG(e->mode)) {
			log_error("cannot print %s of %s: not a regular file", *path, image);
			return -EINVAL;
		}
	}
	STRV_FOREACH(path, paths) {
		const struct newc_entry *e;

		r = archive_find(&i.archive, *path, &e);
		if (r == 0)
			r = file_write_fd(STDOUT_FILENO, e->data, e->size);
		if (r < 0)
			return log_errno(r, "cannot write to standard output");
	}
	return 0;
}
