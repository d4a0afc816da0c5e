/* SPDX-License-Identifier: MIT */
/*
 * proof-reserve: an image with a reserve can do without it what each boot does: start /init, load what is near, check
 * the root, leave the exitrd behind.
 */
#include <errno.h>

#include "base/strv.h"
#include "image/build.h"
#include "image/proof.h"
#include "image/reserve.h"

static bool is_front(const struct tree_node *n)
{
	return n && n->segment > SEGMENT_RESERVE;
}

/* The image as it is before the reserve is unpacked; its bytes stay where they are. */
static int read_front(const struct tree *t, struct tree *ret)
{
	_cleanup_tree_ struct tree front = { 0 };
	int r = 0;

	TREE_FOREACH(n, t) {
		struct tree_node copy = *n;

		if (r < 0 || !is_front(n))
			continue;
		copy.flags |= n->source ? 0 : TREE_BORROWED;
		r = tree_add(&front, &copy, NULL);
	}
	if (r < 0)
		return r;
	*ret = front;
	front = (struct tree){ 0 };
	return 0;
}

/* It is so of the whole image, too. */
static bool is_known(const struct proof *p, const struct finding *f)
{
	for (size_t i = 0; i < p->findings->n; i++)
		if (streq(p->findings->items[i].text, f->text))
			return true;
	return false;
}

/* The proofs of the whole image that must hold of its front alone. */
static int prove_alone(struct proof *p, const struct tree *front)
{
	static int (*const proofs[])(struct proof *p) = { prove_init, prove_console, prove_release, prove_programs,
							  prove_fsck, prove_exitrd };
	_cleanup_findings_ struct findings found = { 0 };
	struct subject subject = *p->subject;
	struct proof alone = *p;
	int r = 0;

	subject.tree = front;
	alone.subject = &subject;
	alone.findings = &found;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(proofs); i++)
		r = proofs[i](&alone);
	for (size_t i = 0; r == 0 && i < found.n; i++) {
		const struct finding *f = &found.items[i];

		if (is_known(p, f))
			continue;
		if (f->verdict == VERDICT_FATAL)
			r = fatal(p, "before the reserve is unpacked: %s", f->text);
		else if (f->verdict == VERDICT_DOUBT)
			r = doubt(p, "before the reserve is unpacked: %s", f->text);
	}
	return r;
}

/* "kernel/a.ko: kernel/b.ko" */
static int prove_row(struct proof *p, const struct tree *front, const char *row)
{
	_cleanup_strv_ char **files = NULL;
	int r = strv_split(&files, row, ": ");

	STRV_FOREACH(file, files) {
		_cleanup_free_ char *path = NULL;

		if (r < 0)
			return r;
		if (asprintf(&path, "%s/%s", p->dir, *file) < 0)
			return -ENOMEM;
		if (!tree_find(front, path))
			r = doubt(p,
				  "before the reserve is unpacked: cannot load %s: %s, which modules.dep lists, is not "
				  "there",
				  files[0], *file);
	}
	return r;
}

static int prove_near(struct proof *p, const struct tree *front, size_t *ret_n)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	char *rest, *row;
	int r = 0;

	if (!p->dir)
		return 0;
	if (asprintf(&path, "%s/modules.dep", p->dir) < 0)
		return -ENOMEM;
	r = proof_text(p, path, &text);
	for (rest = text; r == 0 && (row = strsep(&rest, "\n"));) {
		*ret_n += *row != '\0';
		r = prove_row(p, front, row);
	}
	return r == -ENOENT ? 0 : r;
}

int prove_reserve(struct proof *p)
{
	const struct tree_node *n = tree_lookup(p->subject->tree, RESERVE);
	_cleanup_tree_ struct tree front = { 0 };
	size_t before = proof_failures(p), near = 0;
	int r;

	if (!n)
		return skipped(p, "there is no reserve");
	if (!is_front(n))
		return fatal(p, "cannot unpack the reserve: it is a file of itself");
	r = read_front(p->subject->tree, &front);
	if (r == 0)
		r = prove_alone(p, &front);
	if (r == 0)
		r = prove_near(p, &front, &near);
	if (r < 0 || proof_failures(p) > before)
		return r;
	return proved(p, "/init, the exitrd, %zu modules and all programs in front of it do without the reserve", near);
}
