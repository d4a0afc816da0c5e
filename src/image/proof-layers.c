/* SPDX-License-Identifier: MIT */
/* proof-layers: what lies between the disks and the root can be opened; its passphrase can be typed. */
#include <errno.h>

#include "base/assignment.h"
#include "base/strv.h"
#include "image/program.h"
#include "image/proof.h"

static const struct opener {
	enum layer_kind kind;
	const char *what;
	const char *program; /* that opens it; NULL: the kernel does */
	const char *module;  /* NULL: target->modules has it */
	bool ours;           /* slipway's /init knows how */
} openers[] = {
	{ LAYER_CRYPT, "the encrypted layer", "cryptsetup", "dm_crypt", true },
	{ LAYER_LVM, "the logical volume", "lvm", "dm_mod", true },
	{ LAYER_MULTIPATH, "the multipath layer", "multipathd", "dm_multipath", false },
	{ LAYER_VERITY, "the verity layer", "veritysetup", "dm_verity", false },
	{ LAYER_DM, "the mapping", "dmsetup", "dm_mod", false },
	{ LAYER_RAID, "the RAID array", "mdadm", "md_mod", true },
	{ LAYER_LOOP, "the loop device", NULL, "loop", true },
	{ LAYER_BCACHE, "the cached device", NULL, "bcache", false },
	{ LAYER_OTHER, "the device", NULL, NULL, false },
};

/* The module of a RAID level, as md asks for it: drivers/md/md.c, "md-level-%s". */
static const char *raid_module(const char *level)
{
	static const char *const shared[] = { "raid4", "raid5", "raid6" };

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (streq(shared[i], level))
			return "raid456";
	return level;
}

/* "cryptsetup, dm_crypt, aes_generic": appended to `*text`. */
static int add_missing(char **text, const char *name)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", *text ?: "", *text ? ", " : "", name) < 0)
		return -ENOMEM;
	free(*text);
	*text = longer;
	return 0;
}

static bool has_program(const struct proof *p, const char *name)
{
	for (size_t i = 0; program_dirs[i]; i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", program_dirs[i], name) >= 0 && proof_program(p, path))
			return true;
	}
	return false;
}

/* What was loaded here is told of once: ciphers at what they decrypt, targets of dm at the layer that asks for them. */
static bool is_of(const struct target *t, enum layer_kind kind, const char *module)
{
	if (target_has_layer(t, LAYER_CRYPT))
		return kind == LAYER_CRYPT;
	return (kind == LAYER_LVM || kind == LAYER_MULTIPATH || kind == LAYER_DM) && startswith(module, "dm_");
}

static int add_missing_modules(const struct proof *p, const struct opener *o, const struct target_layer *l, char **text)
{
	const struct target *t = p->subject->target;
	const char *level = l->kind == LAYER_RAID && l->detail ? raid_module(l->detail) : NULL;
	int r = 0;

	if (o->module && proof_lacks(p, o->module))
		r = add_missing(text, o->module);
	if (r == 0 && level && proof_lacks(p, level))
		r = add_missing(text, level);
	STRV_FOREACH(module, t->modules)
		if (r == 0 && is_of(t, l->kind, *module) && !streq_null(*module, o->module) && proof_lacks(p, *module))
			r = add_missing(text, *module);
	return r;
}

static int prove_layer(struct proof *p, const struct opener *o, const struct target_layer *l)
{
	_cleanup_free_ char *missing = NULL;
	int r = 0;

	if (o->program && !has_program(p, o->program))
		r = add_missing(&missing, o->program);
	if (r == 0 && l->external && !has_program(p, "mdmon"))
		r = add_missing(&missing, "mdmon");
	if (r == 0)
		r = add_missing_modules(p, o, l, &missing);
	if (r < 0)
		return r;
	if (p->subject->ours && !o->ours)
		return doubt(p, "cannot open %s %s below the root: slipway's /init does not know how yet%s%s", o->what,
			     l->name, missing ? "; missing from the image: " : "", missing ?: "");
	if (missing)
		return doubt(p, "cannot open %s %s below the root: missing from the image: %s", o->what, l->name,
			     missing);
	return proved(p, "%s %s can be opened", o->what, l->name);
}

static const struct opener *opener_of(enum layer_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(openers); i++)
		if (openers[i].kind == kind)
			return &openers[i];
	return NULL;
}

int prove_layers(struct proof *p)
{
	const struct target *t = p->subject->target;
	size_t n = 0;
	int r = 0;

	if (!t)
		return skipped(p, "%s", p->subject->no_target);
	for (size_t i = 0; r == 0 && i < t->n_layers; i++) {
		const struct opener *o = opener_of(t->layers[i].kind);

		if (!o)
			continue;
		n++;
		r = prove_layer(p, o, &t->layers[i]);
	}
	return r < 0 || n > 0 ? r : skipped(p, "the root lies on a disk or partition itself");
}

/* Of vconsole.conf(5), or as Debian has it, keyboard(5). */
static char *keymap_of(const struct proof *p, const char **ret_from)
{
	static const struct {
		const char *path, *key;
	} places[] = { { "/etc/vconsole.conf", "KEYMAP" }, { "/etc/default/keyboard", "XKBLAYOUT" } };

	for (size_t i = 0; p->subject->sysroot && i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *text = NULL, *value = NULL;

		if (sysroot_read(p->subject->sysroot, places[i].path, &text) < 0)
			continue;
		*ret_from = places[i].path;
		if (assignment_value(text, places[i].key, &value) == 0 && *value)
			return TAKE_PTR(value);
	}
	return NULL;
}

/* Where loadkeys(1), setupcon(1) and systemd-vconsole-setup(8) have theirs. */
static bool has_keymap(const struct proof *p)
{
	static const char *const suffixes[] = { ".map", ".map.gz", ".kmap", ".kmap.gz", ".bmap", ".bkeymap" };

	TREE_FOREACH(n, p->subject->tree)
	for (size_t i = 0; S_ISREG(n->mode) && i < ARRAY_SIZE(suffixes); i++)
		if (endswith(n->path, suffixes[i]))
			return true;
	return false;
}

int prove_keymap(struct proof *p)
{
	_cleanup_free_ char *keymap = NULL;
	const char *from = NULL;

	if (!p->subject->target)
		return skipped(p, "%s", p->subject->no_target);
	if (!target_may_prompt(p->subject->target))
		return skipped(p, "nothing asks for a passphrase");
	keymap = keymap_of(p, &from);
	if (!keymap || streq(keymap, "us"))
		return skipped(p, "the keyboard is as the kernel has it");
	if (has_keymap(p))
		return proved(p, "there is a keymap for %s (%s)", keymap, from);
	return doubt(p,
		     "cannot type a passphrase as on this system's keyboard (%s, %s): there is no keymap in the image",
		     keymap, from);
}
