/* SPDX-License-Identifier: MIT */
/* store: the words that say where what is written above an image goes. */
#include "init/store.h"

#include <errno.h>

#include "init/spelling.h"

/* PATH/upper and PATH/work, as overlayfs wants two directories of one file system. */
static int set_dirs(struct boot_live *l, const char *path, const char *upper, const char *work)
{
	_cleanup_free_ char *upper_dir = NULL, *work_dir = NULL;

	if (asprintf(&upper_dir, "%s%s", path, upper) < 0) {
		upper_dir = NULL;
		return -ENOMEM;
	}
	if (asprintf(&work_dir, "%s%s", path, work) < 0) {
		work_dir = NULL;
		return -ENOMEM;
	}
	free(l->upper_dir);
	l->upper_dir = TAKE_PTR(upper_dir);
	free(l->work_dir);
	l->work_dir = TAKE_PTR(work_dir);
	return 0;
}

static const char allowed[] = "tmpfs, none, medium, or a device; a device and medium also with :/PATH";

static int refuse(struct boot *b, const struct cmdline_word *w)
{
	int r = option_warn(b, w, allowed);

	return r < 0 ? r : -EINVAL;
}

/*
 * "UUID=x:/path": the colon of 8:1 and of names below by-path is followed by no slash. What makes no sense is
 * told, and -EINVAL: then nothing was changed.
 */
static int store_parse(struct boot *b, const struct cmdline_word *w, char **ret_path)
{
	_cleanup_free_ char *device = strdup(w->value);
	char *colon = device ? strstr(device, ":/") : NULL;
	struct spec spec;
	int r;

	if (!device)
		return -ENOMEM;
	if (colon)
		*colon = '\0';
	if (colon && (path_has_dot_dot(colon + 1) || strpbrk(colon + 1, SPELLING_SIGNS)))
		return refuse(b, w);
	if (streq(device, "medium")) {
		b->live.upper = UPPER_MEDIUM;
		return colon ? string_set(ret_path, colon + 1) : 0;
	}
	r = spec_parse(device, &spec);
	if (r < 0)
		return r == -EINVAL ? refuse(b, w) : r;
	spec_free(&b->live.store.spec);
	b->live.store.spec = spec;
	b->live.upper = UPPER_DEVICE;
	return colon ? string_set(ret_path, colon + 1) : 0;
}

static int set_kind(struct boot *b, enum upper kind)
{
	b->live.upper = kind;
	return 0;
}

int store_set(struct boot *b, const struct cmdline_word *w, void *field)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (streq_null(w->value, "tmpfs"))
		return set_kind(b, UPPER_TMPFS);
	if (streq_null(w->value, "none"))
		return set_kind(b, UPPER_NONE);
	if (!w->value)
		return option_warn(b, w, allowed);
	r = store_parse(b, w, &path);
	if (r < 0 || !path)
		return r == -EINVAL ? 0 : r;
	return set_dirs(&b->live, path, "/upper", "/work");
}

/* dracut: whatever names no device means memory. */
static bool names_store(const char *value)
{
	return startswith(value, "/dev/") || startswith(value, "LABEL=") || startswith(value, "UUID=") ||
	       startswith(value, "PARTUUID=") || startswith(value, "PARTLABEL=");
}

/* rd.live.overlay=DEVICE[:PATH]: the directory itself, and its neighbour to work in. */
int store_set_live(struct boot *b, const struct cmdline_word *w, void *field)
{
	_cleanup_free_ char *path = NULL, *name = NULL;
	char *upper;
	int r;

	if (!w->value || !names_store(w->value))
		return set_kind(b, UPPER_TMPFS);
	r = store_parse(b, w, &path);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	if (!path && string_set(&path, "/LiveOS/overlay-%L-%U") < 0)
		return -ENOMEM;
	/* "PATH" and "PATH/../ovlwork" */
	upper = strrchr(path, '/');
	if (string_set(&name, upper) < 0)
		return -ENOMEM;
	*upper = '\0';
	return set_dirs(&b->live, path, name, "/ovlwork");
}

/* rd.overlay: a boolean, a tmpfs with options, or a device that has /overlay and /ovlwork. */
int store_set_overlay(struct boot *b, const struct cmdline_word *w, void *field)
{
	const char *size = w->value ? startswith(w->value, "tmpfs:size=") : NULL;
	_cleanup_free_ char *path = NULL;
	int r;

	if (cmdline_answer(w->value) == 0)
		return set_kind(b, UPPER_UNSAID);
	if (size && spelling_is_size(size) && string_set(&b->live.upper_size, size) < 0)
		return -ENOMEM;
	if (!w->value || !names_store(w->value))
		return set_kind(b, UPPER_TMPFS);
	r = store_parse(b, w, &path);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	return set_dirs(&b->live, "", "/overlay", "/ovlwork");
}

/* sabotage: data and work at the top of the device. */
int store_set_data(struct boot *b, const struct cmdline_word *w, void *field)
{
	_cleanup_free_ char *path = NULL;
	int r = store_parse(b, w, &path);

	if (r < 0)
		return r == -EINVAL ? 0 : r;
	return set_dirs(&b->live, "", "/data", "/work");
}

int store_set_dir(struct boot *b, const struct cmdline_word *w, void *field)
{
	_cleanup_free_ char *dir = NULL;
	int r = spelling_path(b, w, &dir);

	return r < 0 || !dir ? r : set_dirs(&b->live, dir, "/upper", "/work");
}

int store_set_usr_only(struct boot *b, const struct cmdline_word *w, void *field)
{
	b->live.usr_only = true;
	return set_kind(b, UPPER_TMPFS);
}
