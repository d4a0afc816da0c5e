/* SPDX-License-Identifier: MIT */
/*
 * keymap: the keyboard's layout at a passphrase's prompt, and loadkeys(1), which tells it to the kernel.
 *
 * Where nothing asks for a passphrase neither is in the image. The map is the one that the system loads: of
 * vconsole.conf(5), or what Debian's setupcon(1) has made of keyboard(5). For /init the image's own vconsole.conf
 * names it.
 */
#include <errno.h>

#include "base/assignment.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"
#include "image/keymap-file.h"
#include "image/program.h"

#define VCONSOLE "etc/vconsole.conf"
#define KEYBOARD "/etc/default/keyboard"
#define CACHED   "/etc/console-setup/cached_UTF-8_del.kmap.gz"

struct wanted {
	char *name; /* NULL: the kernel's own map will do */
	char *from; /* who says so */
	char *path; /* of the map in the sysroot; NULL: there is none */
};

static void wanted_free(struct wanted *w)
{
	free(w->name);
	free(w->from);
	free(w->path);
}

/* NULL where the file or the key is not there, or has no value. */
static char *value_of(const struct sysroot *s, const char *path, const char *key)
{
	_cleanup_free_ char *text = NULL, *value = NULL;

	if (sysroot_read(s, path, &text) < 0 || assignment_value(text, key, &value) < 0 || !*value)
		return NULL;
	return TAKE_PTR(value);
}

/* Without setupcon(1)'s map one of the layout's name is as good, if nothing more is said of it. */
static int find_by_layout(const struct sysroot *s, struct wanted *w, bool plain)
{
	if (sysroot_has(s, CACHED))
		return string_set(&w->path, CACHED);
	return plain && !strchr(w->name, ',') ? keymap_file_find(s, w->name, &w->path) : 0;
}

static int find_wanted(const struct sysroot *s, struct wanted *w)
{
	_cleanup_free_ char *variant = NULL, *options = NULL;
	int r;

	w->name = value_of(s, VCONSOLE, "KEYMAP");
	if (w->name) {
		r = string_set(&w->from, "/" VCONSOLE);
		return r < 0 || streq(w->name, "us") ? r : keymap_file_find(s, w->name, &w->path);
	}
	w->name = value_of(s, KEYBOARD, "XKBLAYOUT");
	variant = value_of(s, KEYBOARD, "XKBVARIANT");
	options = value_of(s, KEYBOARD, "XKBOPTIONS");
	if (!w->name || (streq(w->name, "us") && !variant && !options))
		return 0;
	r = string_set(&w->from, KEYBOARD);
	return r < 0 ? r : find_by_layout(s, w, !variant && !options);
}

static int choose(const struct config *c, struct wanted *w)
{
	const struct settings *s = &c->settings;
	int r;

	if (streq(s->keymap, "no"))
		return 0;
	if (streq(s->keymap, "auto")) {
		r = find_wanted(&c->sysroot, w);
		/* As the kernel has it. */
		if (w->name && streq(w->name, "us") && !w->path)
			(void)string_set(&w->name, NULL);
		return r == -ENOENT ? 0 : r;
	}
	w->from = settings_asked("keymap", s->keymap_from);
	r = w->from ? string_set(&w->name, s->keymap) : -ENOMEM;
	if (r == 0)
		r = keymap_file_find(&c->sysroot, w->name, &w->path);
	return r == -ENOENT ? 0 : r;
}

/* Asked for by name it is an error. For this machine verify() warns of it. */
static int is_missing(const struct build *b, const struct wanted *w, const char *what)
{
	const char *sysroot = b->config->sysroot.path;

	if (!streq(b->config->settings.keymap, "auto")) {
		log_error("cannot take in the keymap %s, %s: %s in %s", w->name, w->from, what, sysroot);
		return -ENOENT;
	}
	if (!b->config->for_host)
		log_warning("cannot take in the keymap %s, %s: %s in %s; a passphrase is typed as on a US keyboard, "
			    "ignoring", w->name, w->from, what, sysroot);
	return 0;
}

static int add_name(struct build *b, const char *path)
{
	_cleanup_free_ char *text = NULL;
	int r;

	if (tree_lookup(&b->tree, VCONSOLE))
		return 0;
	r = asprintf(&text, "KEYMAP=%.*s\n", (int)strlen(path) - (endswith(path, ".gz") ? 3 : 0), path);
	if (r > 0)
		r = tree_add(&b->tree,
			     &(struct tree_node){ .path = VCONSOLE,
						  .mode = S_IFREG | 0644,
						  .flags = TREE_DATA,
						  .bytes = text,
						  .size = strlen(text),
						  .reason = "names the keymap" },
			     NULL);
	return r < 0 ? log_errno(text ? r : -ENOMEM, "cannot add /" VCONSOLE) : 0;
}

int keymap_add(struct build *b)
{
	_cleanup_(wanted_free) struct wanted w = { 0 };
	int r;

	if (!tree_lookup(&b->tree, "usr/sbin/cryptsetup"))
		return 0;
	r = choose(b->config, &w);
	if (r < 0)
		return log_errno(r, "cannot look for keymaps in %s", b->config->sysroot.path);
	if (!w.name)
		return 0;
	if (!w.path)
		return is_missing(b, &w, "there is no such map");
	build_into(b, SEGMENT_RESERVE);
	r = program_add(b, "loadkeys", "usr/bin/loadkeys", "tells the kernel the keyboard's layout", NULL);
	if (r == -ENOENT)
		return is_missing(b, &w, "there is no loadkeys (package kbd)");
	if (r == 0)
		r = keymap_file_add(b, w.path);
	/* It is /init that reads it. */
	build_into(b, SEGMENT_MAIN);
	return r < 0 ? r : add_name(b, w.path);
}
