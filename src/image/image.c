/* SPDX-License-Identifier: MIT */
/* image: an initrd's file, opened and taken apart. */
#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "image/image.h"

/* No initrd is larger, unpacked; a damaged one that claims to be is not worth the memory. */
#define UNPACKED_MAX ((size_t)8 << 30)

int image_open(const char *path, struct image *ret)
{
	_cleanup_image_ struct image i = { .path = path };
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = fd < 0 ? -errno : content_open_fd(fd, &i.content);

	if (r == 0)
		r = archive_read(i.content.data, i.content.size, UNPACKED_MAX, &i.archive, &i.failure);
	if (r < 0 && !i.failure.why)
		return log_errno(r, "cannot read %s", path);
	*ret = i;
	i = (struct image){ 0 };
	return 0;
}

int image_check(const struct image *i)
{
	const struct archive_failure *f = &i->failure;

	if (!f->why)
		return 0;
	log_error("cannot read %s: at offset %zu%s%s%s: %s", i->path, f->offset, f->format ? ", in the " : "",
		  f->format ?: "", f->format ? " archive" : "", f->why);
	return -EBADMSG;
}

int image_open_whole(const char *path, struct image *ret)
{
	_cleanup_image_ struct image i = { 0 };
	int r = image_open(path, &i);

	if (r == 0)
		r = image_check(&i);
	if (r < 0)
		return r;
	*ret = i;
	i = (struct image){ 0 };
	return 0;
}

void image_close(struct image *i)
{
	archive_free(&i->archive);
	content_close(&i->content);
}
