/* SPDX-License-Identifier: MIT */
/* proof-root: the root can be mounted and checked; the words that the image adds to the command line. */
#include <errno.h>

#include "base/dropin.h"
#include "base/strv.h"
#include "image/fsck.h"
#include "image/program.h"
#include "image/proof.h"

#define FILESYSTEMS_MAX 4

/* A file system that is mounted before the image is left. */
struct wanted {
	const char *fstype, *whose, *from;
};

static size_t push(struct wanted *list, size_t n, const struct wanted *w)
{
	for (size_t i = 0; i < n; i++)
		if (streq(list[i].fstype, w->fstype))
			return n;
	list[n] = *w;
	return n + 1;
}

static size_t list_wanted(const struct subject *s, struct wanted list[FILESYSTEMS_MAX])
{
	static const struct {
		enum target_use use;
		const char *whose;
	} uses[] = { { USE_ROOT, "the root" }, { USE_USR, "/usr" }, { USE_BELOW, "what the root's file is on" } };
	size_t n = 0;

	if (s->fstype)
		n = push(list, n, &(struct wanted){ s->fstype, "the root", s->fstype_from });
	for (size_t i = 0; s->target && i < ARRAY_SIZE(uses); i++) {
		const struct target_fs *fs = target_find_fs(s->target, uses[i].use);

		if (fs && fs->fstype)
			n = push(list, n, &(struct wanted){ fs->fstype, uses[i].whose, "as it is mounted here" });
	}
	return n;
}

/* By the alias that the kernel asks for at mount(2), then by name. */
static int resolve_type(const struct modset *m, const char *fstype, char ***ret)
{
	_cleanup_free_ char *alias = NULL;
	int r;

	if (asprintf(&alias, "fs-%s", fstype) < 0)
		return -ENOMEM;
	r = modset_resolve(m, alias, ret);
	return r == 0 && !*ret ? modset_resolve(m, fstype, ret) : r;
}

static int prove_type(struct proof *p, const struct wanted *w)
{
	_cleanup_strv_ char **found = NULL, **known = NULL;
	int r = p->indexed ? resolve_type(&p->have, w->fstype, &found) : 0;

	if (p->dir && !p->indexed)
		return skipped(p, "there is no index to look into");
	if (r == 0 && p->known && !found)
		r = resolve_type(&p->all, w->fstype, &known);
	if (r < 0)
		return r == -EBADMSG ? 0 : r; /* another proof has said so */
	STRV_FOREACH(name, found) {
		bool builtin = modset_is_builtin(&p->have, *name);

		if (builtin || modset_has(&p->have, *name, NULL))
			return proved(p, "%s can be mounted: %s (%s) is %s %s", w->whose, w->fstype, w->from,
				      builtin ? "built in:" : "module", *name);
	}
	if (found || (known && !modset_is_builtin(&p->all, known[0])))
		return doubt(p,
			     "cannot mount %s: module %s for %s (%s) is not in the image with all that it depends on",
			     w->whose, found ? found[0] : known[0], w->fstype, w->from);
	if (known)
		return proved(p, "%s can be mounted: %s (%s) is built in", w->whose, w->fstype, w->from);
	if (!p->dir && !p->known)
		return skipped(p, "nothing tells what the kernel has built in: %s (%s) may be", w->fstype, w->from);
	return doubt(p,
		     "cannot tell whether %s can be mounted: kernel %s lists no %s (%s), neither as a module nor as "
		     "built in",
		     w->whose, p->kernel ?: "of the sysroot", w->fstype, w->from);
}

int prove_root_type(struct proof *p)
{
	struct wanted list[FILESYSTEMS_MAX];
	size_t n = list_wanted(p->subject, list);
	int r = n > 0 ? 0 : skipped(p, "the type of the root is not known");

	for (size_t i = 0; r == 0 && i < n; i++)
		r = prove_type(p, &list[i]);
	return r;
}

static int prove_checker(struct proof *p, const struct wanted *w)
{
	const struct checked *type = checked_find(w->fstype);

	if (type && !type->package)
		return skipped(p, "%s (%s) is not checked before it is mounted", w->whose, w->fstype);
	for (size_t i = 0; program_dirs[i]; i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/fsck.%s", program_dirs[i], w->fstype) < 0)
			return -ENOMEM;
		if (proof_program(p, path))
			return proved(p, "%s can be checked by %s", w->whose, path);
	}
	return doubt(
		p,
		"cannot check %s (%s, %s): there is no fsck.%s in the image; install %s%s in the system that it is "
		"built from",
		w->whose, w->fstype, w->from, w->fstype, type ? "the package " : "what has it",
		type ? type->package : "");
}

int prove_fsck(struct proof *p)
{
	struct wanted list[FILESYSTEMS_MAX];
	size_t n = list_wanted(p->subject, list);
	int r = n > 0 ? 0 : skipped(p, "the type of the root is not known");

	for (size_t i = 0; r == 0 && i < n; i++)
		r = prove_checker(p, &list[i]);
	return r;
}

/* What the kernel would take as the end of a quoted value is the end of the file, and of what comes after it. */
static bool quotes_close(const char *text)
{
	size_t n = 0;

	while ((text = strchr(text, '"'))) {
		text++;
		n++;
	}
	return n % 2 == 0;
}

int prove_cmdline(struct proof *p)
{
	_cleanup_strv_ char **files = NULL;
	size_t before = proof_failures(p);
	int r = proof_list(p, "etc/cmdline.d", ".conf", &files);

	if (r == 0)
		r = proof_list(p, "usr/lib/cmdline.d", ".conf", &files);
	STRV_FOREACH(file, files) {
		_cleanup_free_ char *text = NULL;

		if (r < 0)
			return r;
		r = proof_text(p, *file, &text);
		if (r == 0)
			dropin_blank_comments(text);
		if (r == -ENOMEM)
			return r;
		if (r < 0 || !quotes_close(text))
			r = doubt(p, "cannot take words for the command line from /%s of the image: %s", *file,
				  r < 0 ? strerror(-r) : "a \" is not closed");
	}
	if (r < 0 || proof_failures(p) > before)
		return r;
	return files ? proved(p, "%zu files of /etc/cmdline.d can be read", strv_length(files))
		     : skipped(p, "the image adds nothing to the command line");
}
