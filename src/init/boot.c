/* SPDX-License-Identifier: MIT */
/* boot: the options, one row each. */
#include <errno.h>

#include "base/clock.h"
#include "base/strv.h"
#include "init/boot.h"
#include "init/gptauto.h"
#include "init/livespec.h"
#include "init/passage.h"
#include "init/ramdisk.h"
#include "init/ramroot.h"
#include "init/rootfile.h"
#include "init/spelling.h"
#include "init/stack.h"
#include "init/volume.h"

#define TIMEOUT_DEFAULT (90 * USEC_PER_SEC)

static int option_root(struct boot *b, const struct cmdline_word *w, struct spec *spec)
{
	int r = gptauto_word(w, spec);

	return r != 0 ? MIN(r, 0) : option_spec(b, w, spec);
}

static int on_root(struct boot *b, const struct cmdline_word *w)
{
	b->live.root_is_live = false;
	return option_root(b, w, &b->root.spec);
}

static int on_rootfstype(struct boot *b, const struct cmdline_word *w)
{
	return option_fstype(w, &b->root.fstype);
}

static int on_rootflags(struct boot *b, const struct cmdline_word *w)
{
	return option_text(w, &b->root.flags);
}

/* The kernel's two words have no value (init/do_mounts.c). */
static int set_access(struct boot *b, const struct cmdline_word *w, bool rw)
{
	if (w->value)
		return option_warn(b, w, "the word alone");
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
	int r = option_span(b, w, &b->timeout);

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
	return option_span(b, w, &b->delay);
}

static int on_usr(struct boot *b, const struct cmdline_word *w)
{
	return option_root(b, w, &b->usr.spec);
}

static int on_usrfstype(struct boot *b, const struct cmdline_word *w)
{
	return option_fstype(w, &b->usr.fstype);
}

static int on_usrflags(struct boot *b, const struct cmdline_word *w)
{
	return option_text(w, &b->usr.flags);
}

static int on_fsck_mode(struct boot *b, const struct cmdline_word *w)
{
	static const struct option_choice modes[] = {
		{ "auto", FSCK_AUTO }, { "force", FSCK_FORCE }, { "skip", FSCK_SKIP }, { NULL, 0 },
	};

	return option_choice(b, w, modes, "auto, force, skip", (int *)&b->fsck_mode);
}

static int on_fsck_repair(struct boot *b, const struct cmdline_word *w)
{
	static const struct option_choice repairs[] = {
		{ "preen", REPAIR_PREEN }, { "yes", REPAIR_YES }, { "no", REPAIR_NO }, { NULL, 0 },
	};

	return option_choice(b, w, repairs, "preen, yes, no", (int *)&b->fsck_repair);
}

/* Words that say yes to one mode; their "no" says nothing of the others. */
static int set_fsck_mode(struct boot *b, const struct cmdline_word *w, enum fsck_mode mode)
{
	enum tristate answer = UNSET;
	int r = option_answer(b, w, &answer);

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
		return option_warn(b, w, "an absolute path in the root file system");
	return string_set(&b->init, w->value);
}

static int on_resume(struct boot *b, const struct cmdline_word *w)
{
	return option_spec(b, w, &b->resume);
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
	return option_answer(b, w, &b->shell);
}

static int on_emergency(struct boot *b, const struct cmdline_word *w)
{
	static const struct option_choice acts[] = {
		{ "exit", EMERGENCY_EXIT },         { "reboot", EMERGENCY_REBOOT },
		{ "poweroff", EMERGENCY_POWEROFF }, { "halt", EMERGENCY_HALT }, { NULL, 0 },
	};

	return option_choice(b, w, acts, "exit, reboot, poweroff, halt", (int *)&b->emergency);
}

static int on_modules_load(struct boot *b, const struct cmdline_word *w)
{
	return w->value ? strv_split(&b->modules, w->value, ",") : 0;
}

static int on_debug(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->debug);
}

static int on_keymap(struct boot *b, const struct cmdline_word *w)
{
	return option_text(w, &b->keymap);
}

static int on_serialize(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->serialize);
}

/* Rows are tried for each word in the order of the command line: the last word of a kind wins. */
static const struct option options[] = {
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
	{ "vconsole.keymap",      on_keymap       }, /* systemd-vconsole-setup(8) */
	{ "rd.vconsole.keymap",   on_keymap       }, /* dracut */
	{ "rd.slipway.serialize", on_serialize    },
	{ NULL,                   NULL            },
};

/* The tables are one. */
static const struct option *find_option(const char *key)
{
	static const struct option *const tables[] = {
		options, rootfile_options, volume_options, stack_options, passage_options, ramroot_options,
		ramdisk_options, gptauto_options,
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct option *o = tables[i]; o->name; o++)
			if (cmdline_key_is(key, o->name))
				return o;
	return NULL;
}

/* What says something of layers is that alone. */
static int take_word(struct boot *b, const struct cmdline_word *w)
{
	const struct option *o = find_option(w->key);
	int r = spelling_take(b, w);

	return r != 0 || !o ? MIN(r, 0) : o->set(b, w);
}

static int apply(struct boot *b)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < b->cmdline.n; i++)
		r = take_word(b, &b->cmdline.words[i]);
	if (cmdline_find(&b->cmdline, "noresume"))
		spec_free(&b->resume);
	if (r == 0)
		r = ramdisk_complete(b);
	if (r == 0)
		r = ramroot_complete(b);
	if (r == 0)
		r = rootfile_complete(b);
	if (r == 0)
		r = livespec_complete(b);
	return r < 0 ? r : volumes_complete(b);
}

int boot_parse(const struct boot_text *text, struct boot *ret)
{
	_cleanup_(boot_free) struct boot b = {
		.timeout = TIMEOUT_DEFAULT,
		.shell = UNSET,
		.live.ram_spare = LIVE_SPARE_USUAL,
		.serialize = true,
		.gpt_auto = true,
		.luks = true,
		.md = true,
		.md_imsm = true,
		.md_ddf = true,
		.lvm = true,
		.md_degraded = true,
	};
	int r = 0;

	if (text->crypttab)
		r = volumes_crypttab(&b, text->crypttab);
	if (r == 0 && text->image)
		r = cmdline_parse(text->image, &b.cmdline);
	if (r == 0 && text->kernel)
		r = cmdline_parse(text->kernel, &b.cmdline);
	if (r == 0)
		r = apply(&b);
	if (r < 0)
		return r;
	*ret = b;
	b = (struct boot){ 0 };
	return 0;
}

static void volume_free(struct volume *v)
{
	spec_free(&v->source);
	free(v->name);
	free(v->uuid);
	place_free(&v->key);
	place_free(&v->header);
	strv_free(v->options);
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
	boot_mount_free(&b->file.host);
	boot_mount_free(&b->ram.medium);
	boot_mount_free(&b->real.root);
	free(b->real.init);
	free(b->ram.archives);
	free(b->ram.options);
	livespec_free(&b->live);
	free(b->file.path);
	free(b->file.fstype);
	free(b->file.flags);
	free(b->init);
	spec_free(&b->resume);
	strv_free(b->breaks);
	strv_free(b->modules);
	for (size_t i = 0; i < b->volumes_n; i++)
		volume_free(&b->volumes[i]);
	free(b->volumes);
	volume_free(&b->unnamed);
	free(b->keymap);
	free(b->verity);
	strv_free(b->md_uuids);
	strv_free(b->lvm_vgs);
	strv_free(b->lvm_lvs);
	strv_free(b->warnings);
	*b = (struct boot){ 0 };
}

bool boot_breaks_at(const struct boot *b, const char *stage)
{
	return strv_contains(b->breaks, stage);
}

const char *boot_root_text(const struct boot *b)
{
	return b->live.wanted ? b->live.medium.spec.text : b->root.spec.text;
}
