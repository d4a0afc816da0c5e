/* SPDX-License-Identifier: MIT */
/* proof-firmware: what the drivers on the way to the root load into their devices. */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/content.h"
#include "image/decompress.h"
#include "image/proof.h"

#define MODULE_MAX ((size_t)256 << 20)

/* drivers/base/firmware_loader/main.c: as it is, or compressed. */
static const char *const suffixes[] = { "", ".zst", ".xz" };

static char *firmware_path(const char *name, const char *suffix)
{
	char *path;

	return asprintf(&path, "lib/firmware/%s%s", name, suffix) < 0 ? NULL : path;
}

static bool image_has(const struct proof *p, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *path = firmware_path(name, suffixes[i]);

		if (path && tree_lookup(p->subject->tree, path))
			return true;
	}
	return false;
}

static bool system_has(const struct proof *p, const char *name)
{
	for (size_t i = 0; p->subject->sysroot && i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *path = firmware_path(name, suffixes[i]);

		if (path && sysroot_has(p->subject->sysroot, path))
			return true;
	}
	return false;
}

/* The strings of .modinfo end with NUL, and so does what lies before "firmware=". */
static int check_modinfo(struct proof *p, const char *module, const char *data, size_t size)
{
	static const char key[] = "\0firmware=";
	const char *end = data + size, *at = data;
	int r = 0;

	while (r == 0 && (at = memmem(at, (size_t)(end - at), key, sizeof(key) - 1))) {
		const char *name = at + sizeof(key) - 1;

		at = name;
		if (!memchr(name, '\0', (size_t)(end - name)))
			break;
		if (!image_has(p, name) && system_has(p, name))
			r = doubt(p, "cannot give %s its firmware: %s, which the system has, is not in the image",
				  module, name);
	}
	return r;
}

static int check_module(struct proof *p, const char *module)
{
	_cleanup_free_ char *row = NULL, *path = NULL;
	_cleanup_content_ struct content content = { 0 };
	struct decompressed d = { 0 };
	const struct tree_node *n;
	int r = modset_row(&p->have, module, &row);

	if (r < 0)
		return r == -ENOMEM ? r : 0; /* built in, or prove_drivers() has missed it */
	if (asprintf(&path, "%s/%.*s", p->dir, (int)strcspn(row, ":"), row) < 0)
		return -ENOMEM;
	n = tree_lookup(p->subject->tree, path);
	if (!n || !S_ISREG(n->mode))
		return 0;
	r = content_open(n, &content);
	if (r < 0)
		return log_errno(r, "cannot read /%s", n->path);
	if (!decompress_format(content.data, content.size))
		return check_modinfo(p, module, content.data, content.size);
	r = decompress(content.data, content.size, MODULE_MAX, &d);
	if (r == 0)
		r = check_modinfo(p, module, d.data, d.size);
	else if (r != -ENOMEM)
		r = fatal(p, "cannot load module %s: it is damaged", module);
	free(d.data);
	return r;
}

int prove_firmware(struct proof *p)
{
	const struct target *t = p->subject->target;
	_cleanup_strv_ char **modules = NULL;
	size_t before = proof_failures(p);
	int r = 0;

	if (!t)
		return skipped(p, "%s", p->subject->no_target);
	if (!p->indexed)
		return skipped(p, "there are no modules");
	for (size_t i = 0; r == 0 && i < t->n_devices; i++)
		if (t->devices[i].module && !strv_contains(modules, t->devices[i].module))
			r = strv_push(&modules, t->devices[i].module);
	STRV_FOREACH(module, modules)
		if (r == 0)
			r = check_module(p, *module);
	if (r < 0 || proof_failures(p) > before)
		return r;
	return proved(p, "%zu drivers have what firmware the system has for them", strv_length(modules));
}
