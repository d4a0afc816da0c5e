/* SPDX-License-Identifier: MIT */
/* inspect: what lies in an image, for `slipway ls` and `slipway cat`. Errors are logged. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/escape.h"
#include "image/image.h"
#include "image/inspect.h"
#include "image/pe.h"

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

static void print_entry(const struct archive *a, const struct archive_entry *entry, bool details)
{
	const struct archive_part *part = details ? archive_part_of(a, entry) : NULL;
	const struct newc_entry *e = &entry->file;

	if (details)
		print_details(e);
	escape_write(stdout, e->name, strlen(e->name));
	if (details && S_ISLNK(e->mode)) {
		printf(" -> ");
		escape_write(stdout, e->data, e->size);
	}
	if (part && part->in_reserve)
		printf(" (in the reserve)");
	(void)putchar('\n');
}

int inspect_list(const char *image, bool details)
{
	_cleanup_image_ struct image i = { 0 };
	int r = image_open(image, &i), written;

	if (r < 0)
		return r;
	for (size_t n = 0; n < i.archive.n; n++)
		print_entry(&i.archive, &i.archive.entries[n], details);
	written = finish_output();
	r = image_check(&i);
	return r < 0 ? r : written;
}

static int list_sections(const struct image *i)
{
	_cleanup_free_ struct pe_section *sections = NULL;
	size_t n = 0;
	int r = pe_is(i->content.data, i->content.size)
			? pe_sections(i->content.data, i->content.size, &sections, &n)
			: 0;

	if (r == -ENOMEM)
		return log_errno(r, "cannot read %s", i->path);
	for (size_t k = 0; k < n; k++) {
		printf("%12zu %12zu ", sections[k].offset, sections[k].size);
		escape_write(stdout, sections[k].name, strlen(sections[k].name));
		(void)putchar('\n');
	}
	return 0;
}

int inspect_parts(const char *image)
{
	_cleanup_image_ struct image i = { 0 };
	int r = image_open(image, &i), written;

	if (r == 0)
		r = list_sections(&i);
	if (r < 0)
		return r;
	for (size_t n = 0; n < i.archive.parts_n; n++) {
		const struct archive_part *p = &i.archive.parts[n];

		printf("%12zu %12zu %-8s %12zu %8zu%s\n", p->offset, p->size, p->format ?: "cpio", p->unpacked,
		       p->entries, p->in_reserve ? " reserve" : "");
	}
	written = finish_output();
	r = image_check(&i);
	return r < 0 ? r : written;
}

static int find_file(const struct image *i, const char *path, const struct newc_entry **ret)
{
	const struct newc_entry *e;
	int r = archive_find(&i->archive, path, &e);

	if (r < 0)
		return log_errno(r, "cannot print %s of %s", path, i->path);
	if (!S_ISREG(e->mode)) {
		log_error("cannot print %s of %s: not a regular file", path, i->path);
		return -EINVAL;
	}
	*ret = e;
	return 0;
}

static int print_bytes(const void *data, size_t size)
{
	int r = file_write_fd(STDOUT_FILENO, data, size);

	return r < 0 ? log_errno(r, "cannot write to standard output") : 0;
}

int inspect_print(const char *image, char *const *paths)
{
	_cleanup_image_ struct image i = { 0 };
	const struct newc_entry *e;
	int r = image_open_whole(image, &i);

	/* All of them first, so that no half of the answer is printed. */
	STRV_FOREACH(path, paths)
		if (r == 0)
			r = find_file(&i, *path, &e);
	STRV_FOREACH(path, paths) {
		if (r == 0)
			r = find_file(&i, *path, &e);
		if (r == 0)
			r = print_bytes(e->data, e->size);
	}
	return r;
}

static const struct pe_section *find_section(const struct pe_section *sections, size_t n, const char *name)
{
	for (size_t k = 0; k < n; k++)
		if (streq(sections[k].name, name))
			return &sections[k];
	return NULL;
}

int inspect_print_sections(const char *image, char *const *names)
{
	_cleanup_image_ struct image i = { 0 };
	_cleanup_free_ struct pe_section *sections = NULL;
	size_t n = 0;
	int r = image_open(image, &i);

	if (r < 0)
		return r;
	r = pe_sections(i.content.data, i.content.size, &sections, &n);
	if (r == -EBADMSG)
		log_error("cannot print sections of %s: not a PE file", image);
	else if (r < 0)
		return log_errno(r, "cannot read %s", image);
	STRV_FOREACH(name, names)
		if (r == 0 && !find_section(sections, n, *name)) {
			log_error("cannot print %s of %s: it has no such section", *name, image);
			r = -ENOENT;
		}
	STRV_FOREACH(name, names)
		if (r == 0) {
			const struct pe_section *s = find_section(sections, n, *name);

			r = print_bytes((const char *)i.content.data + s->offset, s->size);
		}
	return r;
}
