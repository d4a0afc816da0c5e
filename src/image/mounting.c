/* SPDX-License-Identifier: MIT */
/* mounting: whether what /init may mount on this machine has options that are libmount's. */
#include <errno.h>

#include "base/file.h"
#include "base/mountopt.h"
#include "base/strv.h"
#include "image/fstab.h"
#include "image/mounting.h"

/* Where the words of a command line may be written. */
static const struct place {
	const char *path;
	const char *suffix; /* of the files in the directory `path`; NULL: it is a file */
} places[] = {
	{ "etc/cmdline.d", ".conf" }, /* in the image, see etc.c */
	{ "etc/kernel/cmdline", NULL }, /* kernel-install(8) */
	{ "usr/lib/kernel/cmdline", NULL },
	{ "etc/default/grub", NULL },
	{ "etc/default/grub.d", ".cfg" },
	{ "boot/loader/entries", ".conf" },
	{ "efi/loader/entries", ".conf" },
	{ "boot/efi/loader/entries", ".conf" },
};

static int ask(const char *options, bool *ret)
{
	_cleanup_(mountopt_free) struct mountopt o = { 0 };
	int r = mountopt_parse(options, &o);

	if (r == -ENOTSUP)
		*ret = true;
	return r == -ENOTSUP ? 0 : r;
}

int mounting_ask_words(const char *text, bool *ret)
{
	for (const char *p = text; (p = strstr(p, "flags="));) {
		_cleanup_free_ char *options = NULL;
		int r;

		p += strlen("flags=");
		options = strndup(p, strcspn(p, " \t\r\n"));
		if (!options)
			return -ENOMEM;
		/* Rather an option too many than one that a quote hides. */
		for (char *q = options; *(q += strcspn(q, "\"'\\"));)
			*q = ',';
		r = ask(options, ret);
		if (r < 0)
			return r;
	}
	return 0;
}

int mounting_ask_fstab(const char *text, bool *ret)
{
	/* The last is the second for /init. */
	static const char *const targets[] = { "/", "/usr", "/usr/" };

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		_cleanup_free_ char *options = NULL;
		int r = fstab_find_options(text, targets[i], &options);

		if (r == 0)
			r = ask(options, ret);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

static int ask_file(const struct sysroot *s, const char *path, int (*ask_text)(const char *text, bool *ret), bool *ret)
{
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(s, path, &text);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0)
		return ask_text(text, ret);
	*ret = true;
	return r == -ENOMEM ? r : 0;
}

static int ask_place(const struct sysroot *s, const struct place *place, bool *ret)
{
	_cleanup_strv_ char **names = NULL;
	int r;

	if (!place->suffix)
		return ask_file(s, place->path, mounting_ask_words, ret);
	r = sysroot_list(s, place->path, place->suffix, &names);
	if (r < 0)
		*ret = true;
	STRV_FOREACH(name, names) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", place->path, *name) < 0)
			return -ENOMEM;
		if (r == 0)
			r = ask_file(s, path, mounting_ask_words, ret);
	}
	return r == -ENOMEM ? r : 0;
}

int mounting_ask(const struct config *c, bool *ret)
{
	_cleanup_free_ char *running = NULL;
	bool asked = false;
	int r = ask_file(&c->sysroot, "etc/fstab", mounting_ask_fstab, &asked);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++)
		r = ask_place(&c->sysroot, &places[i], &asked);
	if (r == 0 && c->uki_cmdline)
		r = mounting_ask_words(c->uki_cmdline, &asked);
	if (r < 0)
		return r;
	r = file_read(AT_FDCWD, "/proc/cmdline", 64 * 1024, &running, NULL);
	r = r < 0 ? r : mounting_ask_words(running, &asked);
	if (r == -ENOMEM)
		return r;
	*ret = asked || r < 0;
	return 0;
}
