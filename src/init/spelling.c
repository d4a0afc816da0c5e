/* SPDX-License-Identifier: MIT */
/* spelling: the words by which layers are asked for. */
#include "init/spelling.h"

#include <errno.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/strv.h"
#include "init/store.h"

/* What the word's own value has to be like. */
enum takes {
	TAKES_ANY,
	TAKES_YES,    /* nothing, or yes; with no the row means nothing */
	TAKES_BARE,   /* nothing at all: with a value it is somebody else's word */
	TAKES_DEVICE, /* likewise, without a device */
	TAKES_TIME,   /* likewise, without a time */
};

typedef int (*set_fn)(struct boot *b, const struct cmdline_word *w, void *field);

static int set_spec(struct boot *b, const struct cmdline_word *w, void *field)
{
	struct spec *spec = field;
	enum removable removable = spec->removable;
	int r = option_spec(b, w, spec);

	spec->removable = removable;
	return r;
}

/* "root=live:LABEL=x" */
static int set_root(struct boot *b, const struct cmdline_word *w, void *field)
{
	b->live.root_is_live = true;
	return option_spec(b, w, &b->root.spec);
}

static int set_type(struct boot *b, const struct cmdline_word *w, void *field)
{
	return option_fstype(w, field);
}

static int set_text(struct boot *b, const struct cmdline_word *w, void *field)
{
	return option_text(w, field);
}

static int set_bool(struct boot *b, const struct cmdline_word *w, void *field)
{
	return option_bool(b, w, field);
}

static int set_span(struct boot *b, const struct cmdline_word *w, void *field)
{
	return option_span(b, w, field);
}

static int set_removable(struct boot *b, const struct cmdline_word *w, void *field)
{
	enum tristate answer = UNSET;
	int r = option_answer(b, w, &answer);

	if (answer != UNSET)
		b->live.medium.spec.removable = answer == YES ? REMOVABLE_ONLY : REMOVABLE_NEVER;
	return r;
}

/* "/a.img:/b.img" */
static int set_steps(struct boot *b, const struct cmdline_word *w, void *field)
{
	_cleanup_strv_ char **steps = NULL;
	char ***list = field;
	int r = strv_split(&steps, w->value ? w->value : "", ":");

	if (r < 0)
		return r;
	STRV_FOREACH(step, steps)
		if (path_has_dot_dot(*step))
			return option_warn(b, w, "paths without .., divided by colons");
	strv_free(*list);
	*list = TAKE_PTR(steps);
	return 0;
}

int spelling_path(struct boot *b, const struct cmdline_word *w, char **ret)
{
	if (w->value && (path_has_dot_dot(w->value) || strpbrk(w->value, SPELLING_SIGNS)))
		return option_warn(b, w, "a path without .. and the signs , : \\");
	return option_text(w, ret);
}

static int set_path(struct boot *b, const struct cmdline_word *w, void *field)
{
	return spelling_path(b, w, field);
}

bool spelling_is_size(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	return digits > 0 && digits < 12 && (!s[digits] || (strchr("kKmMgGtT%", s[digits]) && !s[digits + 1]));
}

static int set_size(struct boot *b, const struct cmdline_word *w, void *field)
{
	if (!w->value || !spelling_is_size(w->value))
		return option_warn(b, w, "a size such as 512M, 1G or 50%");
	return string_set(field, w->value);
}

/* Yes, no, or yes with that size. */
static int set_ram(struct boot *b, const struct cmdline_word *w, void *field)
{
	if (cmdline_answer(w->value) >= 0)
		return option_bool(b, w, &b->live.ram);
	b->live.ram = b->live.ram || spelling_is_size(w->value);
	return set_size(b, w, &b->live.ram_size);
}

static int set_mib(struct boot *b, const struct cmdline_word *w, void *field)
{
	uint64_t mib, *bytes = field;

	if (number_parse(w->value ? w->value : "", 1 << 30, &mib) < 0)
		return option_warn(b, w, "a number of MiB");
	*bytes = mib << 20;
	return 0;
}

/* The medium is itself a file, of whatever file system has it. */
static int set_scan(struct boot *b, const struct cmdline_word *w, void *field)
{
	struct spec *spec = &b->file.host.spec;

	if (!w->value || *w->value != '/' || path_has_dot_dot(w->value))
		return option_warn(b, w, "the absolute path of a file");
	spec_free(spec);
	spec->kind = SPEC_HOLDING;
	if (string_set(&b->file.path, w->value) < 0 || string_set(&spec->value, w->value) < 0)
		return -ENOMEM;
	if (asprintf(&spec->text, "with the file %s", w->value) < 0) {
		spec->text = NULL;
		return -ENOMEM;
	}
	return 0;
}

#define IN_BOOT(member) offsetof(struct boot, member)
#define LIVE(member)    IN_BOOT(live.member)

/*
 * All rows of a word count, in their order. What stands behind '=' is what the value must begin with; the rest is the
 * value, of which `value` makes what is meant, '*' being the word's own.
 */
static const struct spelling {
	const char *word;
	set_fn set;
	size_t field;      /* of struct boot */
	const char *value; /* NULL: "*" */
	enum takes takes;
	const char *with;  /* only beside that word */
} spellings[] = {
	/* Ours */
	{ "rd.slipway.medium",           set_spec, LIVE(medium.spec),   NULL, TAKES_ANY, NULL },
	{ "rd.slipway.medium.type",      set_type, LIVE(medium.fstype), NULL, TAKES_ANY, NULL },
	{ "rd.slipway.medium.flags",     set_text, LIVE(medium.flags),  NULL, TAKES_ANY, NULL },
	{ "rd.slipway.medium.removable", set_removable, 0,              NULL, TAKES_ANY, NULL },
	{ "rd.slipway.medium.keep",      set_path, LIVE(keep_medium),   NULL, TAKES_ANY, NULL },
	{ "rd.slipway.medium.file",      set_scan, 0,                   NULL, TAKES_ANY, NULL },
	{ "rd.slipway.image",            set_steps, LIVE(image),        NULL, TAKES_ANY, NULL },
	{ "rd.slipway.image.dir",        set_path, LIVE(dir),           NULL, TAKES_ANY, NULL },
	{ "rd.slipway.image.keep",       set_path, LIVE(keep_image),    NULL, TAKES_ANY, NULL },
	{ "rd.slipway.copy",             set_ram, 0,                    NULL, TAKES_ANY, NULL },
	{ "rd.slipway.copy.spare",       set_mib, LIVE(ram_spare),      NULL, TAKES_ANY, NULL },
	{ "rd.slipway.upper",            store_set, 0,                  NULL, TAKES_ANY, NULL },
	{ "rd.slipway.upper.type",       set_type, LIVE(store.fstype),  NULL, TAKES_ANY, NULL },
	{ "rd.slipway.upper.flags",      set_text, LIVE(store.flags),   NULL, TAKES_ANY, NULL },
	{ "rd.slipway.upper.size",       set_size, LIVE(upper_size),    NULL, TAKES_ANY, NULL },
	{ "rd.slipway.upper.dir",        store_set_dir, 0,              NULL, TAKES_ANY, NULL },
	{ "rd.slipway.upper.reset",      set_bool, LIVE(reset),         NULL, TAKES_ANY, NULL },
	{ "rd.slipway.upper.readonly",   set_bool, LIVE(read_only),     NULL, TAKES_ANY, NULL },
	{ "rd.slipway.upper.keep",       set_path, LIVE(keep_upper),    NULL, TAKES_ANY, NULL },
	{ "rd.slipway.files",            set_path, LIVE(files),         NULL, TAKES_ANY, NULL },
	/* dracut: dmsquash-live, overlayfs */
	{ "root=live:CDLABEL=",          set_root, 0,                   "LABEL=*", TAKES_ANY, NULL },
	{ "root=live:",                  set_root, 0,                   NULL, TAKES_ANY, NULL },
	{ "rd.live.image",               set_bool, LIVE(root_is_medium),NULL, TAKES_ANY, NULL },
	{ "rd.live.dir",                 set_path, LIVE(dir),           NULL, TAKES_ANY, NULL },
	{ "rd.live.squashimg",           set_steps, LIVE(image),        "*:/LiveOS/rootfs.img?", TAKES_ANY, NULL },
	{ "rd.live.ram",                 set_ram, 0,                    NULL, TAKES_ANY, NULL },
	{ "rd.minmem",                   set_mib, LIVE(ram_spare),      NULL, TAKES_ANY, NULL },
	{ "rd.live.overlay",             store_set_live, 0,             NULL, TAKES_ANY, NULL },
	{ "rd.live.overlay.size",        set_size, LIVE(upper_size),    "*M", TAKES_ANY, NULL },
	{ "rd.live.overlay.reset",       set_bool, LIVE(reset),         NULL, TAKES_ANY, NULL },
	{ "rd.live.overlay.readonly",    set_bool, LIVE(read_only),     NULL, TAKES_ANY, NULL },
	{ "rd.overlay",                  store_set_overlay, 0,          NULL, TAKES_ANY, NULL },
	{ "rd.overlay.reset",            set_bool, LIVE(reset),         NULL, TAKES_ANY, NULL },
	{ "rd.overlay.readonly",         set_bool, LIVE(read_only),     NULL, TAKES_ANY, NULL },
	{ "rd.writable.fsimg",           set_ram, 0,                    "1", TAKES_YES, NULL },
	{ "rd.writable.fsimg",           store_set, 0,                  "none", TAKES_YES, NULL },
	{ "rd.writable.fsimg",           set_bool, IN_BOOT(rw),         "1", TAKES_YES, NULL },
	{ "iso-scan/filename",           set_scan, 0,                   NULL, TAKES_ANY, NULL },
	/* Alpine */
	{ "overlaytmpfs",                store_set, 0,                  "tmpfs", TAKES_YES, NULL },
	{ "overlaytmpfs",                set_path, LIVE(keep_medium),   "/media/root-ro", TAKES_YES, NULL },
	{ "overlaytmpfs",                set_path, LIVE(keep_upper),    "/media/root-rw", TAKES_YES, NULL },
	{ "overlaytmpfsflags=size=",     set_size, LIVE(upper_size),    NULL, TAKES_ANY, NULL },
	/* hanh */
	{ "isodev",                      set_spec, LIVE(medium.spec),   NULL, TAKES_ANY, NULL },
	{ "isodev",                      set_steps, LIVE(image_usual),  "/fs/fs.sfs", TAKES_ANY, NULL },
	{ "isouuid",                     set_spec, LIVE(medium.spec),   "UUID=*", TAKES_ANY, NULL },
	{ "isouuid",                     set_steps, LIVE(image_usual),  "/fs/fs.sfs", TAKES_ANY, NULL },
	{ "isolabel",                    set_spec, LIVE(medium.spec),   "LABEL=*", TAKES_ANY, NULL },
	{ "isolabel",                    set_steps, LIVE(image_usual),  "/fs/fs.sfs", TAKES_ANY, NULL },
	/* venom */
	{ "ram",                         set_ram, 0,                    "75%", TAKES_BARE, NULL },
	{ "wait",                        set_span, LIVE(wait),          NULL, TAKES_TIME, NULL },
	{ "delay",                       set_span, LIVE(wait),          NULL, TAKES_TIME, NULL },
	/* sabotage; boot= alone is the word of others */
	{ "boot",                        set_spec, LIVE(medium.spec),   NULL, TAKES_DEVICE, "sqsh_root" },
	{ "sqsh_root",                   set_steps, LIVE(image),        NULL, TAKES_ANY, "boot" },
	{ "overlay",                     store_set_data, 0,             NULL, TAKES_DEVICE, NULL },
	{ "overlayfstype",               set_type, LIVE(store.fstype),  NULL, TAKES_ANY, "overlay" },
	{ "overlayflags",                set_text, LIVE(store.flags),   NULL, TAKES_ANY, "overlay" },
	/* initrdbo: root= is the medium */
	{ "rd.live",                     set_steps, LIVE(image),        NULL, TAKES_ANY, NULL },
	/* ugrd */
	{ "ugrd_livecd_label",           set_spec, LIVE(medium.spec),   "LABEL=*", TAKES_ANY, NULL },
	{ "ugrd_squashfs_image",         set_steps, LIVE(image),        NULL, TAKES_ANY, NULL },
	/* systemd-volatile-root.service(8) */
	{ "systemd.volatile=overlay",    store_set, 0,                  "tmpfs", TAKES_ANY, NULL },
	{ "systemd.volatile=yes",        store_set_usr_only, 0,         NULL, TAKES_ANY, NULL },
};

static bool may_take(enum takes takes, const char *value)
{
	uint64_t usec;

	if (takes == TAKES_YES)
		return cmdline_answer(value) == 1;
	if (takes == TAKES_BARE)
		return !value;
	if (takes == TAKES_TIME)
		return value && clock_parse_span(value, &usec) == 0;
	return takes != TAKES_DEVICE || (value && (startswith(value, "/dev/") || strchr(value, '=')));
}

/* The end of a key: '-' and '_' are the same letter. NULL: it is another key. */
static const char *after_key(const char *word, const char *key)
{
	for (; *key; word++, key++)
		if (*word != *key && !((*word == '-' || *word == '_') && (*key == '-' || *key == '_')))
			return NULL;
	return word;
}

/* Is it that row's word? `*ret` is its value, without what the row has of it. */
static bool is_word_of(const struct spelling *s, const struct cmdline_word *w, const char **ret)
{
	const char *rest = after_key(s->word, w->key);

	*ret = w->value;
	if (!rest || !*rest)
		return rest;
	*ret = *rest == '=' && w->value ? startswith(w->value, rest + 1) : NULL;
	return *ret;
}

/* The row's value, with the word's own in the place of its '*'. */
static int render(const char *pattern, const char *value, char **ret)
{
	const char *at = pattern ? strchr(pattern, '*') : NULL;

	if (!pattern || (at && !value))
		return string_set(ret, value);
	if (!at)
		return string_set(ret, pattern);
	if (asprintf(ret, "%.*s%s%s", (int)(at - pattern), pattern, value, at + 1) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int take(struct boot *b, const struct cmdline_word *w, const struct spelling *s, const char *value)
{
	struct cmdline_word meant = { .key = w->key };
	int r = render(s->value, value, &meant.value);

	if (r == 0)
		r = s->set(b, &meant, (char *)b + s->field);
	free(meant.value);
	return r;
}

int spelling_take(struct boot *b, const struct cmdline_word *w)
{
	const char *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		const struct spelling *s = &spellings[i];
		const char *value;
		int r;

		/* Of several beginnings the first that fits, and of that all rows. */
		if (!is_word_of(s, w, &value) || (found && !streq(found, s->word)) || !may_take(s->takes, value) ||
		    (s->with && !cmdline_find(&b->cmdline, s->with)))
			continue;
		found = s->word;
		r = take(b, w, s, value);
		if (r < 0)
			return r;
	}
	return found != NULL;
}
