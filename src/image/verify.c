/* SPDX-License-Identifier: MIT */
/* verify: proves, without booting it, that an image will boot what it is for; or says what it lacks. */
#include <errno.h>
#include <stdarg.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/proof.h"

/* In the order of a boot. docs/design.md has the same names, and says what is not proved. */
static const struct row {
	const char *name;
	int (*prove)(struct proof *p);
} rows[] = {
	{ "format", prove_format },         /* the kernel can unpack it */
	{ "microcode", prove_microcode },   /* the kernel will see the microcode */
	{ "init", prove_init },             /* /init can be executed by this kernel */
	{ "console", prove_console },       /* it has somewhere to speak */
	{ "programs", prove_programs },     /* each program has its loader, libraries, symbol versions, interpreter */
	{ "release", prove_release },       /* programs know that they are in an initrd */
	{ "cmdline", prove_cmdline },       /* its own words for the command line can be read */
	{ "modules", prove_modules },       /* each module, and all that it depends on, is there and in the index */
	{ "modprobe", prove_modprobe },     /* the kernel can ask for modules */
	{ "load-list", prove_load_list },   /* what is to be loaded first is there */
	{ "rules", prove_rules },           /* for any machine: what the rules want and the kernel has */
	{ "drivers", prove_drivers },       /* for this machine: each driver from the disks up to the bus */
	{ "firmware", prove_firmware },     /* what these drivers load */
	{ "layers", prove_layers },         /* who opens what lies between the disks and the root */
	{ "keyboard", prove_keyboard },     /* a passphrase can be typed */
	{ "keymap", prove_keymap },         /* … on this keyboard */
	{ "root-fstype", prove_root_type }, /* the root can be mounted */
	{ "fsck", prove_fsck },             /* and checked */
	{ "exitrd", prove_exitrd },         /* the way back */
	{ "reserve", prove_reserve },       /* what each boot does is done without it */
};

static int push(struct proof *p, enum verdict verdict, char *text)
{
	struct findings *f = p->findings;
	struct finding *grown = text ? realloc(f->items, (f->n + 1) * sizeof(*grown)) : NULL;

	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	f->items = grown;
	grown[f->n++] = (struct finding){ .proof = p->name, .verdict = verdict, .text = text };
	f->doubts += verdict == VERDICT_DOUBT;
	f->fatals += verdict == VERDICT_FATAL;
	return 0;
}

static char *_printf_(1, 0) text_of(const char *fmt, va_list args)
{
	char *text;

	return vasprintf(&text, fmt, args) < 0 ? NULL : text;
}

#define TELL(name, verdict)                                                                                            \
	int name(struct proof *p, const char *fmt, ...)                                                                \
	{                                                                                                              \
		va_list args;                                                                                          \
		char *text;                                                                                            \
		va_start(args, fmt);                                                                                   \
		text = text_of(fmt, args);                                                                             \
		va_end(args);                                                                                          \
		return push(p, verdict, text);                                                                         \
	}

TELL(proved, VERDICT_PROVED)
TELL(skipped, VERDICT_SKIPPED)
TELL(doubt, VERDICT_DOUBT)
TELL(fatal, VERDICT_FATAL)

size_t proof_failures(const struct proof *p)
{
	return p->findings->doubts + p->findings->fatals;
}

/* The one of lib/modules that was asked for, or the first. */
static int find_kernel(struct proof *p)
{
	const struct tree_node *top = tree_lookup(p->subject->tree, "lib/modules");
	const char *best = NULL;
	size_t n = top ? strlen(top->path) : 0;

	TREE_FOREACH(node, p->subject->tree)
	{
		const char *name = top && strncmp(node->path, top->path, n) == 0 && node->path[n] == '/'
					   ? node->path + n + 1
					   : NULL;

		if (!name || !S_ISDIR(node->mode) || strchr(name, '/'))
			continue;
		if (p->subject->kernel ? streq(name, p->subject->kernel) : !best || strcmp(name, best) < 0)
			best = name;
	}
	if (!best)
		return 0;
	p->kernel = strdup(best);
	return p->kernel && asprintf(&p->dir, "%s/%s", top->path, best) >= 0 ? 0 : -ENOMEM;
}

static int open_indexes(struct proof *p)
{
	const struct subject *s = p->subject;
	const char *which;
	int r;

	if (p->dir) {
		r = modset_open_tree(s->tree, p->dir, &p->have, &which);
		p->indexed = r == 0;
		if (r < 0 && r != -ENOENT && r != -EBADMSG)
			return log_errno(r, "cannot read /%s/%s", p->dir, which);
	}
	if (s->sysroot && s->modules) {
		r = modset_open_sysroot(s->sysroot, s->modules, &p->all, &which);
		p->known = r == 0;
		if (r < 0 && r != -ENOENT)
			return log_errno(r, "cannot read %s/%s of %s", s->modules, which, s->sysroot->path);
	}
	return 0;
}

static void proof_close(struct proof *p)
{
	modset_close(&p->have);
	modset_close(&p->all);
	strv_free(p->refused);
	free(p->kernel);
	free(p->dir);
}

int verify(const struct subject *s, struct findings *ret)
{
	_cleanup_findings_ struct findings f = { 0 };
	_cleanup_(proof_close) struct proof p = { .subject = s, .findings = &f };
	int r = find_kernel(&p);

	if (r == 0)
		r = open_indexes(&p);
	if (r == 0)
		r = proof_read_refused(&p);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		p.name = rows[i].name;
		r = rows[i].prove(&p);
	}
	if (r == -ENOMEM)
		log_error("cannot verify: out of memory");
	if (r < 0)
		return r;
	*ret = f;
	f = (struct findings){ 0 };
	return 0;
}

void findings_log(const struct findings *f, const char *remark)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *item = &f->items[i];

		if (item->verdict == VERDICT_FATAL)
			log_error("%s", item->text);
		else if (item->verdict == VERDICT_DOUBT)
			log_warning("%s%s", item->text, remark);
		else
			log_debug("%s %s: %s", item->verdict == VERDICT_PROVED ? "ok  " : "skip", item->proof,
				  item->text);
	}
}

void findings_free(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->items[i].text);
	free(f->items);
	*f = (struct findings){ 0 };
}
