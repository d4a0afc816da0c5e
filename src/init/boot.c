/* SPDX-License-Identifier: MIT */
/* boot: the options, one row each. */
#include <errno.h>

#include "base/clock.h"
#include "base/strv.h"
#include "init/boot.h"

#define TIMEOUT_DEFAULT (90 * USEC_PER_SEC)

static int warn(struct boot *b, const struct cmdline_word *w, const char *allowed)
{
	_cleanup_free_ char *text = NULL;

	if (asprintf(&text, "%s=%s on the command line is not understood (allowed: %s), ignoring", w->key,
		     w->value ? w->value : "", allowed) < 0)
		return -ENOMEM;
	return strv_push(&b->warnings, text);
}

static int set_spec(struct boot *b, const struct cmdline_word *w, struct spec *spec)
{
	struct spec s;
	int r = spec_parse(w->value ? w->value : "", &s);

	if (r == -EINVAL)
		return warn(b, w, spec_allowed);
	if (r < 0)
		return r;
	spec_free(spec);
	*spec = s;
	return 0;
}

static int set_span(struct boot *b, const struct cmdline_word *w, uint64_t *ret)
{
	uint64_t usec;

	if (clock_parse_span(w->value ? w->value : "", &usec) < 0)
		return warn(b, w, "seconds, or a time span such as 1min 30s");
	*ret = usec;
	return 0;
}

struct choice {
	const char *word;
	int value;
};

/* One of the words of a table that ends in { NULL }. */
static int set_choice(struct boot *b, const struct cmdline_word *w, const struct choice *choices,
		      const char *allowed, int *ret)
{
	for (; choices->word; choices++)
		if (w->value && streq(w->value, choices->word)) {
			*ret = choices->value;
			return 0;
		}
	return warn(b, w, allowed);
}

/* Bare is yes; what is neither yes nor no changes nothing: rd.shell=maybe gives no shell. */
static int set_answer(struct boot *b, const struct cmdline_word *w, enum tristate *ret)
{
	struct cmdline one = { .words = (struct cmdline_word *)w, .n = 1 };
	bool yes = cmdline_bool(&one, w->key, false);

	if (yes != cmdline_bool(&one, w->key, true))
		return warn(b, w, "1, yes, true, on, 0, no, false, off");
	*ret = yes ? YES : NO;
	return 0;
}

static int set_bool(struct boot *b, const struct cmdline_word *w, bool *ret)
{
	enum tristate answer = UNSET;
	int r = set_answer(b, w, &answer);

	if (answer != UNSET)
		*ret = answer == YES;
	return r;
}

/* A word; an empty one is none. */
static int set_text(const struct cmdline_word *w, char **ret)
{
	return string_set(ret, w->value && *w->value ? w->value : NULL);
}

/* Where "auto" means what the device holds. */
static int set_fstype(const struct cmdline_word *w, char **ret)
{
	return streq_null(w->value, "auto") ? string_set(ret, NULL) : set_text(w, ret);
}

static int on_root(struct boot *b, const struct cmdline_word *w)
{
	return set_spec(b, w, &b->root.spec);
}

static int on_rootfstype(struct boot *b, const struct cmdline_word *w)
{
	return set_fstype(w, &b->root.fstype);
}

static int on_rootflags(struct boot *b, const struct cmdline_word *w)
{
	return set_text(w, &b->root.flags);
}

/* The kernel's two words have no value (init/do_mounts.c). */
static int set_access(struct boot *b, const struct cmdline_word *w, bool rw)
{
	if (w->value)
		return warn(b, w, "the word alone");
	b->rw = rw;
	return 0;
}

static int on_ro(struct boot *b, const struct cmdline_word *w)
{
	return set_access(b, w, false);
}

static int on_rw(struct boot *b, const struct cmdline_word *w)
{
	return set_access(b, w, true);
}

static int on_timeout(struct boot *b, const struct cmdline_word *w)
{
	int r = set_span(b, w, &b->timeout);

	if (b->timeout == 0)
		b->timeout = USEC_FOREVER;
	return r;
}

static int on_rootwait(struct boot *b, const struct cmdline_word *w)
{
	/* Bare: for ever; since Linux 6.6 a number of seconds. */
	if (w->value)
		return on_timeout(b, w);
	b->timeout = USEC_FOREVER;
	return 0;
}

static int on_rootdelay(struct boot *b, const struct cmdline_word *w)
{
	return set_span(b, w, &b->delay);
}

static int on_usr(struct boot *b, const struct cmdline_word *w)
{
	return set_spec(b, w, &b->usr.spec);
}

static int on_usrfstype(struct boot *b, const struct cmdline_word *w)
{
	return set_fstype(w, &b->usr.fstype);
}

static int on_usrflags(struct boot *b, const struct cmdline_word *w)
{
	return set_text(w, &b->usr.flags);
}

static int on_fsck_mode(struct boot *b, const struct cmdline_word *w)
{
	static const struct choice modes[] = {
		{ "auto", FSCK_AUTO }, { "force", FSCK_FORCE }, { "skip", FSCK_SKIP }, { NULL, 0 },
	};

	return set_choice(b, w, modes, "auto, force, skip", (int *)&b->fsck_mode);
}

static int on_fsck_repair(struct boot *b, const struct cmdline_word *w)
{
	static const struct choice repairs[] = {
		{ "preen", REPAIR_PREEN }, { "yes", REPAIR_YES }, { "no", REPAIR_NO }, { NULL, 0 },
	};

	return set_choice(b, w, repairs, "preen, yes, no", (int *)&b->fsck_repair);
}

/* Words that say yes to one mode; their "no" says nothing of the others. */
static int set_fsck_mode(struct boot *b, const struct cmdline_word *w, enum fsck_mode mode)
{
	enum tristate answer = UNSET;
	int r = set_answer(b, w, &answer);

	if (answer == YES)
		b->fsck_mode = mode;
	return r;
}

static int on_forcefsck(struct boot *b, const struct cmdline_word *w)
{
	return set_fsck_mode(b, w, FSCK_FORCE);
}

static int on_fastboot(struct boot *b, const struct cmdline_word *w)
{
	return set_fsck_mode(b, w, FSCK_SKIP);
}

static int on_init(struct boot *b, const struct cmdline_word *w)
{
	if (!w->value || *w->value != '/')
		return warn(b, w, "an absolute path in the root file system");
	return string_set(&b->init, w->value);
}

static int on_resume(struct boot *b, const struct cmdline_word *w)
{
	return set_spec(b, w, &b->resume);
}

/* dracut's words for the same moments. */
static const char *stage_of(const char *word)
{
	static const struct {
		const char *word, *stage;
	} others[] = {
		{ "pre-udev", "modules" }, { "pre-trigger", "modules" },   { "initqueue", "root" },
		{ "pre-mount", "root" },   { "mount", "usr" },             { "pre-pivot", "switch-root" },
		{ "pre-switch-root", "switch-root" }, { "cleanup", "switch-root" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (streq(word, others[i].word))
			return others[i].stage;
	return word;
}

static int on_break(struct boot *b, const struct cmdline_word *w)
{
	_cleanup_strv_ char **words = NULL;
	int r;

	/* Bare, as with dracut: just before the switch. */
	if (!w->value || !*w->value)
		return strv_push(&b->breaks, "switch-root");
	r = strv_split(&words, w->value, ",");
	STRV_FOREACH(word, words)
		if (r == 0)
			r = strv_push(&b->breaks, stage_of(*word));
	return r;
}

static int on_shell(struct boot *b, const struct cmdline_word *w)
{
	return set_answer(b, w, &b->shell);
}

static int on_emergency(struct boot *b, const struct cmdline_word *w)
{
	static const struct choice acts[] = {
		{ "exit", EMERGENCY_EXIT },         { "reboot", EMERGENCY_REBOOT },
		{ "poweroff", EMERGENCY_POWEROFF }, { "halt", EMERGENCY_HALT }, { NULL, 0 },
	};

	return set_choice(b, w, acts, "exit, reboot, poweroff, halt", (int *)&b->emergency);
}

static int on_modules_load(struct boot *b, const struct cmdline_word *w)
{
	return w->value ? strv_split(&b->modules, w->value, ",") : 0;
}

static int on_debug(struct boot *b, const struct cmdline_word *w)
{
	return set_bool(b, w, &b->debug);
}

static int on_serialize(struct boot *b, const struct cmdline_word *w)
{
	return set_bool(b, w, &b->serialize);
}

/* Rows are tried for each word in the order of the command line: the last word of a kind wins. */
static const struct option {
	const char *name;
	int (*set)(struct boot *b, const struct cmdline_word *w);
} options[] = {
	{ "root",                 on_root         },
	{ "rootfstype",           on_rootfstype   },
	{ "rootflags",            on_rootflags    },
	{ "ro",                   on_ro           },
	{ "rw",                   on_rw           },
	{ "rootwait",             on_rootwait     },
	{ "rootdelay",            on_rootdelay    },
	{ "rd.timeout",           on_timeout      },
	{ "rd.retry",             on_timeout      }, /* dracut's older name */
	{ "mount.usr",            on_usr          },
	{ "mount.usrfstype",      on_usrfstype    },
	{ "mount.usrflags",       on_usrflags     },
	{ "fsck.mode",            on_fsck_mode    },
	{ "fsck.repair",          on_fsck_repair  },
	{ "forcefsck",            on_forcefsck    },
	{ "fastboot",             on_fastboot     },
	{ "rd.skipfsck",          on_fastboot     }, /* dracut */
	{ "init",                 on_init         },
	{ "resume",               on_resume       },
	{ "rd.break",             on_break        },
	{ "rd.shell",             on_shell        },
	{ "rd.emergency",         on_emergency    },
	{ "modules_load",         on_modules_load }, /* systemd-modules-load(8) */
	{ "rd.modules_load",      on_modules_load },
	{ "rd.driver.pre",        on_modules_load }, /* dracut */
	{ "rd.debug",             on_debug        },
	{ "rd.slipway.serialize", on_serialize    },
};

static int apply(struct boot *b)
{
	for (size_t i = 0; i < b->cmdline.n; i++)
		for (size_t o = 0; o < ARRAY_SIZE(options); o++) {
			const struct cmdline_word *w = &b->cmdline.words[i];
			int r = 0;

			if (cmdline_key_is(w->key, options[o].name))
				r = options[o].set(b, w);
			if (r < 0)
				return r;
		}
	if (cmdline_find(&b->cmdline, "noresume"))
		spec_free(&b->resume);
	return 0;
}

int boot_parse(const char *image_words, const char *kernel_words, struct boot *ret)
{
	_cleanup_(boot_free) struct boot b = {
		.timeout = TIMEOUT_DEFAULT,
		.shell = UNSET,
		.serialize = true,
	};
	int r = 0;

	if (image_words)
		r = cmdline_parse(image_words, &b.cmdline);
	if (r == 0)
		r = cmdline_parse(kernel_words, &b.cmdline);
	if (r == 0)
		r = apply(&b);
	if (r < 0)
		return r;
	*ret = b;
	b = (struct boot){ 0 };
	return 0;
}

static void boot_mount_free(struct boot_mount *m)
{
	spec_free(&m->spec);
	free(m->fstype);
	free(m->flags);
}

void boot_free(struct boot *b)
{
	cmdline_free(&b->cmdline);
	boot_mount_free(&b->root);
	boot_mount_free(&b->usr);
	free(b->init);
	spec_free(&b->resume);
	strv_free(b->breaks);
	strv_free(b->modules);
	strv_free(b->warnings);
	*b = (struct boot){ 0 };
}

bool boot_breaks_at(const struct boot *b, const char *stage)
{
	return strv_contains(b->breaks, stage);
}
