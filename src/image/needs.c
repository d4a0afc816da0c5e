/* SPDX-License-Identifier: MIT */
/* needs: which modules a target takes, in the order in which they are to be loaded. */
#include <errno.h>

#include "image/needs.h"

#define DISK     "on the way to the root's disk"
#define LAYER    "the root lies on such a device"
#define LOADED   "loaded here, for a device that the root lies on"
#define FS       "the root's file system"
#define USR_FS   "the file system of /usr"
#define BELOW_FS "the file system that the root's loop device lies on"
#define EFI      "the firmware's variables: which disk it booted from"
#define KEYBOARD "keyboard of this machine"
#define ANY_KEYS "keyboard: any that is plugged in instead"

/* Modules of a layer; a level is appended to a name that ends in '-': "md-raid1" is an alias. */
static const struct layer_row {
	enum layer_kind kind;
	const char *name;
} layer_rows[] = {
	{ LAYER_CRYPT,     "dm_mod"       },
	{ LAYER_CRYPT,     "dm_crypt"     },
	{ LAYER_LVM,       "dm_mod"       },
	{ LAYER_MULTIPATH, "dm_mod"       },
	{ LAYER_MULTIPATH, "dm_multipath" },
	{ LAYER_VERITY,    "dm_mod"       },
	{ LAYER_VERITY,    "dm_verity"    },
	{ LAYER_DM,        "dm_mod"       },
	{ LAYER_RAID,      "md_mod"       },
	{ LAYER_RAID,      "md-"          },
	{ LAYER_LOOP,      "loop"         },
	{ LAYER_BCACHE,    "bcache"       },
};

static const char *const fs_reasons[] = {
	[USE_ROOT] = FS,
	[USE_USR] = USR_FS,
	[USE_BELOW] = BELOW_FS,
	[USE_SWAP] = NULL, /* the kernel reads swap by itself */
};

/* What a file system asks for by no dependency: FAT wants the code page of its mount options or of the kernel. */
static const struct fs_row {
	const char *fstype, *name;
} fs_rows[] = {
	{ "vfat", "nls_cp437"     },
	{ "vfat", "nls_ascii"     },
	{ "vfat", "nls_iso8859_1" },
	{ "vfat", "nls_utf8"      },
};

static const char *const any_keys[] = { "i8042", "atkbd", "usbhid", "hid_generic" };

static int push_pair(struct needs *n, const char *name, const char *alias, const struct need *like)
{
	struct need *grown;

	for (size_t i = 0; i < n->n; i++)
		if (streq(n->items[i].name, name) && streq_null(n->items[i].alias, alias))
			return 0;
	grown = realloc(n->items, (n->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	n->items = grown;
	grown += n->n++;
	*grown = (struct need){ .reason = like->reason, .load = like->load };
	if (string_set(&grown->name, name) < 0 || string_set(&grown->alias, alias) < 0)
		return -ENOMEM;
	return 0;
}

static int push(struct needs *n, const char *name, const char *reason, bool load)
{
	return push_pair(n, name, NULL, &(struct need){ .reason = reason, .load = load });
}

/*
 * The PCI core drives bridges to PCI and to the processor by itself; what else serves them (hot plug, memory errors)
 * no disk waits for.
 */
static bool is_bridge(const char *alias)
{
	return startswith(alias, "pci:") && (strstr(alias, "bc06sc04") || strstr(alias, "bc06sc00"));
}

/* A driver that is built in here often has the name of a module. What nobody drives here is not needed here. */
static int push_device(struct needs *n, const struct target_device *d)
{
	const char *alias = d->modalias && !is_bridge(d->modalias) ? d->modalias : NULL;

	if (!d->driver)
		return 0;
	return push_pair(n, d->module ?: d->driver, alias,
			 &(struct need){ .reason = d->input ? KEYBOARD : DISK, .load = true });
}

/*
 * Loading the driver of a controller ends when it has looked at all that it serves. Where the driver of what it finds
 * is there by then, the first disk is there when the kernel has come to it. src/init/turn.c does so for any machine.
 */
static const char *const uppers[] = { "scsi:", "virtio:", "" };

static int push_devices(struct needs *n, const struct target *t, bool input)
{
	int r = 0;

	for (size_t u = 0; u < ARRAY_SIZE(uppers); u++)
		for (size_t i = 0; r == 0 && i < t->n_devices; i++)
			if (t->devices[i].input == input && startswith(t->devices[i].modalias ?: "", uppers[u]))
				r = push_device(n, &t->devices[i]);
	return r;
}

static int push_layer(struct needs *n, const struct target_layer *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(layer_rows); i++) {
		_cleanup_free_ char *name = NULL;
		const char *row = layer_rows[i].name;

		if (layer_rows[i].kind != l->kind || (endswith(row, "-") && !l->detail))
			continue;
		if (asprintf(&name, "%s%s", row, endswith(row, "-") ? l->detail : "") < 0)
			return -ENOMEM;
		r = push(n, name, LAYER, true);
	}
	return r;
}

/* By the alias that the kernel asks for at mount(2), then by name. */
static int push_filesystem(struct needs *n, const struct target_fs *fs)
{
	const char *reason = fs_reasons[fs->use];
	_cleanup_free_ char *alias = NULL;
	int r;

	if (!reason || !fs->fstype)
		return 0;
	if (asprintf(&alias, "fs-%s", fs->fstype) < 0)
		return -ENOMEM;
	r = push_pair(n, alias, fs->fstype, &(struct need){ .reason = reason, .load = true });
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fs_rows); i++)
		if (streq(fs_rows[i].fstype, fs->fstype))
			r = push(n, fs_rows[i].name, reason, false);
	return r;
}

int needs_of(const struct target *t, bool prompt, struct needs *ret)
{
	_cleanup_needs_ struct needs n = { 0 };
	int r = push_devices(&n, t, false);

	for (size_t i = 0; r == 0 && i < t->n_layers; i++)
		r = push_layer(&n, &t->layers[i]);
	for (char **name = t->modules; r == 0 && name && *name; name++)
		r = push(&n, *name, LOADED, false);
	for (size_t i = 0; r == 0 && i < t->n_filesystems; i++)
		r = push_filesystem(&n, &t->filesystems[i]);
	if (r == 0 && t->efi)
		r = push(&n, "efivarfs", EFI, false);
	if (r == 0 && prompt)
		r = push_devices(&n, t, true);
	for (size_t i = 0; r == 0 && prompt && i < ARRAY_SIZE(any_keys); i++)
		r = push(&n, any_keys[i], ANY_KEYS, false);
	if (r < 0)
		return r;
	*ret = n;
	n = (struct needs){ 0 };
	return 0;
}

void needs_free(struct needs *n)
{
	for (size_t i = 0; i < n->n; i++) {
		free(n->items[i].name);
		free(n->items[i].alias);
	}
	free(n->items);
	*n = (struct needs){ 0 };
}
