/* SPDX-License-Identifier: MIT */
/* manifest: what lies in an image and why, written into the image itself. */
#include <errno.h>

#include "base/log.h"
#include "base/mountinfo.h"
#include "image/build.h"
#include "image/escape.h"
#include "image/manifest.h"

/* The manifest's own node, which is not in the tree yet when the text is made. */
static const struct tree_node own = {
	.path = MANIFEST,
	.mode = S_IFREG | 0644,
	.flags = TREE_DATA,
	.reason = "says what is in the image, and why",
};

static void write_header(FILE *f, const char *word, const char *value)
{
	(void)fprintf(f, "#%s\t", word);
	escape_write(f, value, strlen(value));
	(void)putc('\n', f);
}

static void write_row(FILE *f, const struct tree_node *n)
{
	const char *path = n->path;

	if (*path == '#') {
		(void)fprintf(f, "\\%03o", '#');
		path++;
	}
	escape_write(f, path, strlen(path));
	(void)putc('\t', f);
	escape_write(f, n->reason, strlen(n->reason));
	(void)putc('\t', f);
	if (n->by)
		escape_write(f, n->by->path, strlen(n->by->path));
	(void)putc('\n', f);
}

static int write_all(FILE *f, const struct tree *t, const char *kernel, const char *mode)
{
	_cleanup_free_ const struct tree_node **nodes = NULL;
	const struct tree_node *later = &own;
	int r = tree_sorted(t, &nodes);

	if (r < 0)
		return r;
	write_header(f, "slipway", SLIPWAY_VERSION);
	write_header(f, "kernel", kernel);
	write_header(f, "mode", mode);
	for (size_t i = 0; i < t->n; i++) {
		if (later && strcmp(nodes[i]->path, later->path) > 0) {
			write_row(f, later);
			later = NULL;
		}
		write_row(f, nodes[i]);
	}
	if (later)
		write_row(f, later);
	return 0;
}

int manifest_text(const struct tree *t, const char *kernel, const char *mode, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int r;

	if (!f)
		return -ENOMEM;
	r = write_all(f, t, kernel, mode);
	if (r == 0 && ferror(f))
		r = -ENOMEM;
	if (fclose(f) != 0 && r == 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(text);
	*ret_size = size;
	return 0;
}

int manifest_add(struct build *b)
{
	_cleanup_free_ char *text = NULL;
	const char *mode = b->config->for_host ? "host" : "generic";
	struct tree_node node = own;
	int r = manifest_text(&b->tree, b->config->kernel, mode, &text, &node.size);

	if (r < 0)
		return r;
	node.bytes = text;
	r = tree_add(&b->tree, &node, NULL);
	return r < 0 ? log_errno(r, "cannot add /%s", own.path) : 0;
}

/* "#kernel", and its value; words that are not known are a later version's. */
static void take_header(struct manifest *m, const char *word, char *value)
{
	const struct {
		const char *word;
		const char **value;
	} words[] = {
		{ "#slipway", &m->version },
		{ "#kernel", &m->kernel },
		{ "#mode", &m->mode },
	};

	mountinfo_unescape(value);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (streq(word, words[i].word))
			*words[i].value = value;
}

static int push_row(struct manifest *m, size_t *room, const struct manifest_row *row)
{
	if (m->n == *room) {
		struct manifest_row *grown;

		*room = MAX(*room * 2, (size_t)256);
		grown = realloc(m->rows, *room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		m->rows = grown;
	}
	m->rows[m->n++] = *row;
	return 0;
}

/* `*why` is set for -EBADMSG. */
static int take_line(struct manifest *m, size_t *room, char *line, const char **why)
{
	char *path = strsep(&line, "\t"), *reason = strsep(&line, "\t"), *by = line;

	*why = "no tab divides it";
	if (!reason)
		return -EBADMSG;
	if (*path == '#') {
		take_header(m, path, reason);
		return 0;
	}
	*why = "it has not three fields, divided by tabs";
	if (!by || strchr(by, '\t'))
		return -EBADMSG;
	*why = "it has no path";
	if (!*path)
		return -EBADMSG;
	mountinfo_unescape(path);
	mountinfo_unescape(reason);
	mountinfo_unescape(by);
	return push_row(m, room, &(struct manifest_row){ .path = path, .reason = reason, .by = by });
}

static int compare(const void *a, const void *b)
{
	const struct manifest_row *m = a, *n = b;

	return strcmp(m->path, n->path);
}

int manifest_read(const void *data, size_t size, struct manifest *ret, struct manifest_failure *ret_failure)
{
	_cleanup_manifest_ struct manifest m = { .text = strndup(data, size) };
	size_t room = 0, length = strnlen(data, size);
	char *p = m.text, *line;

	*ret_failure = (struct manifest_failure){ 0 };
	if (!m.text)
		return -ENOMEM;
	while ((line = strsep(&p, "\n")) && (p || *line)) {
		int r;

		ret_failure->line++;
		/* The last line has its newline, or something is missing. */
		ret_failure->why = "it is cut off";
		r = p ? take_line(&m, &room, line, &ret_failure->why) : -EBADMSG;
		if (r < 0)
			return r;
	}
	*ret_failure = (struct manifest_failure){ .line = ret_failure->line + 1, .why = "it has a zero byte" };
	if (length < size)
		return -EBADMSG;
	*ret_failure = (struct manifest_failure){ 0 };
	if (m.n > 0)
		qsort(m.rows, m.n, sizeof(*m.rows), compare);
	*ret = m;
	m = (struct manifest){ 0 };
	return 0;
}

void manifest_free(struct manifest *m)
{
	free(m->rows);
	free(m->text);
	*m = (struct manifest){ 0 };
}

const struct manifest_row *manifest_find(const struct manifest *m, const char *path)
{
	const struct manifest_row key = { .path = path };

	return m->n > 0 ? bsearch(&key, m->rows, m->n, sizeof(key), compare) : NULL;
}
