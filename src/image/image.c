/* SPDX-License-Identifier: MIT */
/* image: an initrd's file, opened and taken apart. */
#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "image/image.h"

/* No initrd is larger, unpacked; a damaged one that claims to be is not worth the memory. */
#define UNPACKED_MAX ((size_t)8 << 30)

static int take_apart(struct image *i, struct image *ret)
{
	int r = archive_read(i->content.data, i->content.size, UNPACKED_MAX, &i->archive, &i->failure);

	if (r < 0 && !i->failure.why)
		return log_errno(r, "cannot read %s", i->path);
	*ret = *i;
	*i = (struct image){ 0 };
	return 0;
}

int image_open(const char *path, struct image *ret)
{
	_cleanup_image_ struct image i = { .path = path };
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = fd < 0 ? -errno : content_open_fd(fd, &i.content);

	return r < 0 ? log_errno(r, "cannot read %s", path) : take_apart(&i, ret);
}

int image_check(const struct image *i)
{
	const struct archive_failure *f = &i->failure;

	if (!f->why)
		return 0;
	log_error("cannot read %s:%s at offset %zu%s%s%s: %s", i->path, f->in_reserve ? " in the reserve," : "",
		  f->offset, f->format ? ", in the " : "", f->format ?: "", f->format ? " archive" : "", f->why);
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

int image_take(const char *name, char *data, size_t size, struct image *ret)
{
	_cleanup_image_ struct image i = { 0 };
	_cleanup_image_ struct image whole = {
		.path = name,
		.content = { .data = data, .size = size },
		.owned = data,
	};
	int r = take_apart(&whole, &i);

	if (r == 0)
		r = image_check(&i);
	if (r < 0)
		return r;
	*ret = i;
	i = (struct image){ 0 };
	return 0;
}

int image_manifest(const struct image *i, struct manifest *ret)
{
	struct manifest_failure failure;
	const struct newc_entry *e;
	int r = archive_find(&i->archive, MANIFEST, &e);

	if (r < 0) {
		log_error("cannot tell why files are in %s: it has no %s, which slipway puts into what it builds",
			  i->path, MANIFEST);
		return -ENOENT;
	}
	r = manifest_read(e->data, e->size, ret, &failure);
	if (r == -EBADMSG)
		log_error("cannot read %s of %s: line %zu: %s", MANIFEST, i->path, failure.line, failure.why);
	else if (r < 0)
		return log_errno(r, "cannot read %s of %s", MANIFEST, i->path);
	return r;
}

void image_close(struct image *i)
{
	free(i->owned);
	archive_free(&i->archive);
	content_close(&i->content);
}
