/* SPDX-License-Identifier: MIT */
/* target: what a machine boots from. */
#include <errno.h>
#include <stdarg.h>

#include "base/file.h"
#include "base/strv.h"
#include "image/survey.h"
#include "image/sysfs.h"

int survey_why(struct survey *s, int r, const char *fmt, ...)
{
	va_list args;

	if (s->why || r == -ENOMEM)
		return r;
	va_start(args, fmt);
	if (vasprintf(&s->why, fmt, args) < 0)
		s->why = NULL;
	va_end(args);
	return r;
}

/*
 * Targets of dm: which of them a logical volume's table names only an ioctl tells, for root. What is loaded is
 * enough for what is there.
 */
static int add_dm_modules(struct survey *s)
{
	_cleanup_strv_ char **names = NULL;
	int r = sysfs_list(s->from->sysfd, "module", "dm_", &names);

	STRV_FOREACH(name, names) {
		_cleanup_free_ char *dir = NULL;

		if (asprintf(&dir, "module/%s", *name) < 0)
			return -ENOMEM;
		if (r == 0 && sysfs_has(s->from->sysfd, dir, "initstate"))
			r = strv_push(&s->target->modules, *name);
	}
	return r;
}

/* "module       : aesni_intel". proc(5): each algorithm that is registered, with who implements it. */
static int add_ciphers(struct survey *s)
{
	_cleanup_free_ char *text = NULL;
	int r = file_read(s->from->procfd, "crypto", 16 << 20, &text, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char *p = text, *line; (line = strsep(&p, "\n"));) {
		char *name = strchr(line, ':');

		if (!startswith(line, "module") || !name)
			continue;
		name += 1 + strspn(name + 1, " \t");
		if (!*name || streq(name, "kernel") || strv_contains(s->target->modules, name))
			continue;
		r = strv_push(&s->target->modules, name);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Of a table whose maker says what its target is nothing else is needed. */
static bool has_unknown_tables(const struct target *t)
{
	static const enum layer_kind kinds[] = { LAYER_LVM, LAYER_MULTIPATH, LAYER_DM };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (target_has_layer(t, kinds[i]))
			return true;
	return false;
}

static int read_mounts(struct survey *s)
{
	_cleanup_free_ char *text = NULL;
	int r = file_read(s->from->procfd, "self/mountinfo", 64 << 20, &text, NULL);

	if (r == 0)
		r = mountinfo_parse(text, &s->mounts);
	return r < 0 ? survey_why(s, r, "cannot read /proc/self/mountinfo: %s", strerror(-r)) : 0;
}

/* An image in the making lies in a file of the machine that makes it, or on the network: what that has is not asked. */
static int check_disks(struct survey *s)
{
	const struct target *t = s->target;
	const char *source = t->filesystems[0].source;

	if (!target_has_layer(t, LAYER_DISK))
		return survey_why(s, -ENOTBLK, "%s stands on no disk that /sys shows", source);
	if (!streq(s->from->mountpoint, "/") && target_has_layer(t, LAYER_LOOP))
		return survey_why(s, -ENOTBLK, "%s at %s is in a file: the image of another machine", source,
				  s->from->mountpoint);
	return 0;
}

static int read_all(struct survey *s)
{
	int r;

	if ((r = read_mounts(s)) < 0 || (r = origin_add_root(s)) < 0 || (r = check_disks(s)) < 0 ||
	    (r = origin_add_usr(s)) < 0 || (r = origin_add_swaps(s)) < 0)
		return r;
	if (has_unknown_tables(s->target) && (r = add_dm_modules(s)) < 0)
		return r;
	if (target_has_layer(s->target, LAYER_CRYPT) && (r = add_ciphers(s)) < 0)
		return r;
	/* After the disks: a USB controller that has both a disk and a keyboard is the disk's. */
	return keyboards_add(s);
}

static void survey_free(struct survey *s)
{
	mountinfo_free(&s->mounts);
	strv_free(s->seen);
	free(s->why);
}

int target_read(const struct target_source *from, struct target *ret, char **ret_why)
{
	_cleanup_target_ struct target t = { 0 };
	_cleanup_(survey_free) struct survey s = { .from = from, .target = &t };
	int r = read_all(&s);

	if (r < 0) {
		*ret_why = TAKE_PTR(s.why);
		return r;
	}
	t.efi = faccessat(from->sysfd, "firmware/efi", F_OK, 0) == 0;
	*ret = t;
	t = (struct target){ 0 };
	return 0;
}

void target_free(struct target *t)
{
	for (size_t i = 0; i < t->n_filesystems; i++) {
		free(t->filesystems[i].fstype);
		free(t->filesystems[i].source);
	}
	for (size_t i = 0; i < t->n_layers; i++) {
		free(t->layers[i].name);
		free(t->layers[i].detail);
	}
	for (size_t i = 0; i < t->n_devices; i++) {
		free(t->devices[i].path);
		free(t->devices[i].modalias);
		free(t->devices[i].driver);
		free(t->devices[i].module);
	}
	free(t->filesystems);
	free(t->layers);
	free(t->devices);
	strv_free(t->modules);
	*t = (struct target){ 0 };
}

const struct target_fs *target_find_fs(const struct target *t, enum target_use use)
{
	for (size_t i = 0; i < t->n_filesystems; i++)
		if (t->filesystems[i].use == use)
			return &t->filesystems[i];
	return NULL;
}

bool target_has_layer(const struct target *t, enum layer_kind kind)
{
	for (size_t i = 0; i < t->n_layers; i++)
		if (t->layers[i].kind == kind)
			return true;
	return false;
}

bool target_has_external(const struct target *t)
{
	for (size_t i = 0; i < t->n_layers; i++)
		if (t->layers[i].external)
			return true;
	return false;
}

bool target_may_prompt(const struct target *t)
{
	return target_has_layer(t, LAYER_CRYPT);
}
