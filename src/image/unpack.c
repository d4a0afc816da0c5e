/* SPDX-License-Identifier: MIT */
/* unpack: an image's files into a directory. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/deposit.h"
#include "image/image.h"
#include "image/unpack.h"

struct selection {
	const struct image *image;
	size_t first, end; /* entries of the archive */
	char **paths;      /* strv, as deposit_name() makes them; NULL: all */
};

static bool is_selected(const struct selection *s, size_t i)
{
	const char *name = s->image->archive.entries[i].file.name;

	STRV_FOREACH(path, s->paths) {
		const char *rest = startswith(name, *path);

		if (rest && (!**path || !*rest || *rest == '/'))
			return true;
	}
	return !s->paths;
}

static bool has_any(const struct selection *s)
{
	for (size_t i = s->first; i < s->end; i++)
		if (is_selected(s, i))
			return true;
	return false;
}

/* As it stands in the archive, or where symlinks of the image lead. */
static int select_path(struct selection *s, const char *path)
{
	struct selection one = *s;
	_cleanup_strv_ char **paths = NULL;
	_cleanup_free_ char *name = NULL, *canonical = NULL;
	int r = deposit_name(path, &name);

	if (r == 0)
		r = strv_push(&paths, name);
	one.paths = paths;
	if (r == 0 && !has_any(&one)) {
		r = archive_resolve(&s->image->archive, path, &canonical);
		if (r == 0)
			r = string_set(&paths[0], canonical);
		if (r == 0 && !has_any(&one))
			r = -ENOENT;
	}
	if (r == 0)
		r = strv_push(&s->paths, paths[0]);
	return r < 0 ? log_errno(r, "cannot unpack %s of %s", path, s->image->path) : 0;
}

/* The entries of one part stand together, in the order of the parts. */
static int select_part(struct selection *s, uint64_t part)
{
	const struct archive *a = &s->image->archive;

	s->end = a->n;
	if (part == 0)
		return 0;
	if (part > a->parts_n) {
		log_error("cannot unpack part %" PRIu64 " of %s: it has %zu", part, s->image->path, a->parts_n);
		return -ENOENT;
	}
	for (size_t i = 0; i + 1 < part; i++)
		s->first += a->parts[i].entries;
	s->end = s->first + a->parts[part - 1].entries;
	return 0;
}

static int select_files(struct selection *s, const struct unpack *u)
{
	int r = select_part(s, u->part);

	STRV_FOREACH(path, u->paths)
		if (r == 0)
			r = select_path(s, *path);
	return r;
}

static void selection_free(struct selection *s)
{
	strv_free(s->paths);
}

static int check_names(const struct image *image)
{
	for (size_t i = 0; i < image->archive.n; i++)
		if (path_has_dot_dot(image->archive.entries[i].file.name)) {
			log_error("cannot unpack %s: a file in it is named %s, which may lead out of the directory; "
				  "nothing was written",
				  image->path, image->archive.entries[i].file.name);
			return -EINVAL;
		}
	return 0;
}

static int check_empty(const char *directory)
{
	_cleanup_closedir_ DIR *d = NULL;
	const struct dirent *e;
	int r = file_open_dir(AT_FDCWD, directory, &d);

	if (r < 0)
		return log_errno(r, "cannot unpack to %s", directory);
	while ((e = readdir(d)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, "..")) {
			log_error("cannot unpack to %s: the directory is not empty, -f unpacks into it and replaces "
				  "what has the same name",
				  directory);
			return -ENOTEMPTY;
		}
	return 0;
}

static int open_directory(const struct unpack *u)
{
	int r = file_mkdir_parents(AT_FDCWD, u->directory, 0755), fd;

	if (r < 0)
		return log_errno(r, "cannot make %s", u->directory);
	r = u->force ? 0 : check_empty(u->directory);
	if (r < 0)
		return r;
	fd = open(u->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? log_errno(-errno, "cannot open %s", u->directory) : fd;
}

static int write_files(const struct selection *s, const char *directory, struct deposit *d)
{
	for (size_t i = s->first; i < s->end; i++) {
		const struct archive_entry *e = &s->image->archive.entries[i];
		int r = is_selected(s, i) ? deposit_add(d, e) : 0;

		if (r < 0)
			return log_errno(r, "cannot unpack %s to %s", e->file.name, directory);
	}
	return 0;
}

static void tell(const struct unpack *u, const struct deposit *d, uint64_t start)
{
	if (d->inodes.left_out > 0)
		log_warning("cannot make %zu device nodes without privilege, ignoring", d->inodes.left_out);
	if (d->inodes.not_given > 0)
		log_warning("cannot give %zu files to their owners, ignoring", d->inodes.not_given);
	log_info("%s: %zu files, %.1f s", u->directory, d->files - d->inodes.left_out,
		 (double)(clock_monotonic() - start) / USEC_PER_SEC);
}

int unpack_image(const char *path, const struct unpack *u)
{
	_cleanup_image_ struct image image = { 0 };
	_cleanup_(selection_free) struct selection selection = { .image = &image };
	_cleanup_close_ int root = -EBADF;
	_cleanup_deposit_ struct deposit d = DEPOSIT_NONE;
	uint64_t start = clock_monotonic();
	int r = image_open(path, &image);

	if (r == 0 && image.archive.n == 0)
		r = image_check(&image);
	if (r == 0)
		r = check_names(&image);
	if (r == 0)
		r = select_files(&selection, u);
	if (r < 0)
		return r;
	root = open_directory(u);
	if (root < 0)
		return root;
	d.parent.root = root;
	d.inodes.owners = geteuid() == 0;
	r = write_files(&selection, u->directory, &d);
	if (r == 0)
		r = deposit_finish(&d);
	if (r < 0)
		return r;
	tell(u, &d, start);
	return image_check(&image);
}
