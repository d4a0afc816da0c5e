/* SPDX-License-Identifier: MIT */
/* difference: what lies in one image and not, or other than, in another. */
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/log.h"
#include "image/difference.h"
#include "image/escape.h"

/* Goes through an image by names; of several files with one name only the last counts. */
struct cursor {
	const struct archive *archive;
	size_t next;
	const struct archive_entry *entry; /* NULL: at the end */
};

struct sums {
	size_t only_a, only_b, changed, same;
	uint64_t bytes_a, bytes_b;
	int64_t more; /* bytes of the changed ones */
};

static void step(struct cursor *c)
{
	const struct archive *a = c->archive;

	c->entry = NULL;
	while (c->next < a->n) {
		c->entry = a->index[c->next++];
		if (c->next == a->n || !streq(a->index[c->next]->file.name, c->entry->file.name))
			return;
	}
}

static struct cursor begin(const struct archive *a)
{
	struct cursor c = { .archive = a };

	step(&c);
	return c;
}

static const struct newc_entry *content(const struct archive_entry *e)
{
	return e->content;
}

static bool same_data(const struct newc_entry *m, const struct newc_entry *n)
{
	return m->size == n->size && (m->size == 0 || memcmp(m->data, n->data, m->size) == 0);
}

static bool is_device(const struct newc_entry *e)
{
	return S_ISCHR(e->mode) || S_ISBLK(e->mode);
}

static const char *type_name(mode_t mode)
{
	static const struct {
		mode_t type;
		const char *name;
	} types[] = {
		{ S_IFREG, "file" },
		{ S_IFDIR, "directory" },
		{ S_IFLNK, "symlink" },
		{ S_IFCHR, "character device" },
		{ S_IFBLK, "block device" },
		{ S_IFIFO, "fifo" },
		{ S_IFSOCK, "socket" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == (mode & S_IFMT))
			return types[i].name;
	return "unknown";
}

/* What differs, in words, onto `f`; nothing where all is the same. */
static void write_contents(FILE *f, const struct newc_entry *m, const struct newc_entry *n)
{
	if (S_ISLNK(m->mode)) {
		(void)fprintf(f, ", target ");
		escape_write(f, m->data, m->size);
		(void)fprintf(f, " -> ");
		escape_write(f, n->data, n->size);
	} else if (m->size != n->size)
		(void)fprintf(f, ", size %" PRIu32 " -> %" PRIu32, m->size, n->size);
	else
		(void)fprintf(f, ", content");
}

static void write_what_differs(FILE *f, const struct archive_entry *a, const struct archive_entry *b)
{
	const struct newc_entry *m = content(a), *n = content(b);
	mode_t was = m->mode & 07777, is = n->mode & 07777;

	if ((m->mode & S_IFMT) != (n->mode & S_IFMT)) {
		(void)fprintf(f, ", type %s -> %s", type_name(m->mode), type_name(n->mode));
		return;
	}
	if (was != is)
		(void)fprintf(f, ", mode %04o -> %04o", was, is);
	if (m->uid != n->uid || m->gid != n->gid)
		(void)fprintf(f, ", owner %" PRIu32 ":%" PRIu32 " -> %" PRIu32 ":%" PRIu32, m->uid, m->gid, n->uid,
			      n->gid);
	if (is_device(m) && m->rdev != n->rdev)
		(void)fprintf(f, ", device %u:%u -> %u:%u", major(m->rdev), minor(m->rdev), major(n->rdev),
			      minor(n->rdev));
	if (!same_data(m, n))
		write_contents(f, m, n);
}

/* "mode 0755 -> 0644, content"; the caller frees it. "": they are the same. */
static int what_differs(const struct archive_entry *a, const struct archive_entry *b, char **ret)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	write_what_differs(f, a, b);
	if (fclose(f) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

static void print_name(const struct archive_entry *e)
{
	escape_write(stdout, e->file.name, strlen(e->file.name));
}

static void tell_one(char sign, const struct archive_entry *e, size_t *count, uint64_t *bytes, bool quiet)
{
	++*count;
	*bytes += content(e)->size;
	if (quiet)
		return;
	printf("%c %10" PRIu32 " ", sign, content(e)->size);
	print_name(e);
	(void)putchar('\n');
}

static int tell_both(const struct archive_entry *a, const struct archive_entry *b, struct sums *sums, bool quiet)
{
	_cleanup_free_ char *text = NULL;
	int64_t more = (int64_t)content(b)->size - content(a)->size;
	int r = what_differs(a, b, &text);

	if (r < 0)
		return r;
	if (!*text) {
		sums->same++;
		return 0;
	}
	sums->changed++;
	sums->more += more;
	if (quiet)
		return 0;
	printf("! %+10" PRId64 " ", more);
	print_name(b);
	printf(": %s\n", text + strlen(", "));
	return 0;
}

static int tell_next(struct cursor *a, struct cursor *b, struct sums *sums, bool quiet)
{
	int order = !a->entry ? 1 : !b->entry ? -1 : strcmp(a->entry->file.name, b->entry->file.name), r = 0;

	if (order < 0)
		tell_one('-', a->entry, &sums->only_a, &sums->bytes_a, quiet);
	else if (order > 0)
		tell_one('+', b->entry, &sums->only_b, &sums->bytes_b, quiet);
	else
		r = tell_both(a->entry, b->entry, sums, quiet);
	if (order <= 0)
		step(a);
	if (order >= 0)
		step(b);
	return r;
}

static void print_sums(const struct sums *s, const struct image *a, const struct image *b)
{
	printf("%zu only in %s (%.1f MB), %zu only in %s (%.1f MB), %zu changed (%+.1f MB), %zu the same; packed "
	       "%.1f MB and %.1f MB\n",
	       s->only_a, a->path, (double)s->bytes_a / 1e6, s->only_b, b->path, (double)s->bytes_b / 1e6, s->changed,
	       (double)s->more / 1e6, s->same, (double)a->content.size / 1e6, (double)b->content.size / 1e6);
}

int difference_print(const struct image *a, const struct image *b, bool quiet)
{
	struct cursor in_a = begin(&a->archive), in_b = begin(&b->archive);
	struct sums sums = { 0 };
	int r = 0;

	while (r == 0 && (in_a.entry || in_b.entry))
		r = tell_next(&in_a, &in_b, &sums, quiet);
	if (r < 0)
		return log_errno(r, "cannot compare %s with %s", a->path, b->path);
	if (!quiet)
		print_sums(&sums, a, b);
	if (fflush(stdout) != 0 || ferror(stdout))
		return log_errno(errno ? -errno : -EIO, "cannot write to standard output");
	return sums.only_a + sums.only_b + sums.changed > 0;
}
