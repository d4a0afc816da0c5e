/* SPDX-License-Identifier: MIT */
/* obstacle: what stands between the devices that are there and the one that is waited for. */
#include "init/obstacle.h"

#include <stdio.h>

#include "base/strv.h"
#include "init/lvname.h"
#include "init/match.h"

struct teller {
	FILE *f;
	const struct boot *boot;
	const struct devices *devices;
	const struct attempts *attempts;
	bool any;
};

static void begin(struct teller *t)
{
	if (t->any)
		(void)fputs("; ", t->f);
	t->any = true;
}

static const struct attempt *tried(const struct teller *t, const struct device *dev, enum action action)
{
	return attempts_get(t->attempts, dev->name, action);
}

static bool is_type(const struct device *dev, const char *type)
{
	return dev->probe == PROBE_DONE && streq_null(dev->tags.type, type);
}

static const char *luks_state(const struct teller *t, const struct device *dev)
{
	const struct volume *volume = volume_of(t->boot, dev, t->devices);

	if (tried(t, dev, ACTION_ASK)->running)
		return "its passphrase is being asked for";
	if (tried(t, dev, ACTION_UNLOCK)->running || tried(t, dev, ACTION_KEY)->running)
		return "it is being opened";
	if (tried(t, dev, ACTION_ASK)->over)
		return "nobody gave its passphrase";
	if (tried(t, dev, ACTION_UNLOCK)->failed > 0)
		return "no passphrase fitted";
	if (!t->boot->luks)
		return "rd.luks=0 keeps it closed";
	if (volume && volume->headless)
		return "nobody is asked for its passphrase (headless)";
	if (volume && volume->noauto)
		return "it is not opened by itself (noauto)";
	if (volume)
		return "it can be opened";
	if (t->boot->volumes_n > 0)
		return "neither rd.luks.uuid= nor crypttab name it";
	return "which of them to open, rd.luks.uuid= would say";
}

/* What it takes to open it, and is not there. */
static const struct spec *missing_of(const struct teller *t, const struct volume *volume, const char **ret_what)
{
	*ret_what = "header";
	if (!place_is_there(&volume->header, t->devices))
		return &volume->header.device;
	*ret_what = "key";
	return place_is_there(&volume->key, t->devices) ? NULL : &volume->key.device;
}

static void tell_luks(struct teller *t, const struct device *dev)
{
	const struct volume *volume = volume_of(t->boot, dev, t->devices);
	bool elsewhere = volume && place_is_set(&volume->header);
	const struct spec *missing;
	const char *what;

	/* Of copies tell_copy() tells. */
	if (!(is_type(dev, "crypto_LUKS") || elsewhere) || devices_upper(t->devices, dev) ||
	    devices_copy(t->devices, dev))
		return;
	begin(t);
	(void)fprintf(t->f, "%s is a LUKS container: ", dev->devname);
	if (!volume)
		volume = &t->boot->unnamed;
	missing = missing_of(t, volume, &what);
	if (missing && !tried(t, dev, ACTION_ASK)->running)
		(void)fprintf(t->f, "its %s is waited for on %s", what, missing->text);
	else
		(void)fputs(luks_state(t, dev), t->f);
}

/* What it stands on, down to where that is nothing or more than one: "dm-0 ← vda2". */
static void tell_device(const struct teller *t, const char *name)
{
	const struct device *dev = devices_find(t->devices, name);

	(void)fputs(dev ? dev->devname : name, t->f);
	while (dev && strv_length(dev->slaves) == 1) {
		const char *below = dev->slaves[0];

		(void)fprintf(t->f, " ← %s", below);
		dev = devices_find(t->devices, below);
	}
}

/* "(1 of 2: vda", or where nobody told how many it should be "(there are: vda". */
static void tell_count(const struct teller *t, size_t n, unsigned int total)
{
	if (total > 0)
		(void)fprintf(t->f, " (%zu of %u:", n, total);
	else
		(void)fputs(" (there are:", t->f);
}

static void tell_array(struct teller *t, const struct device *dev)
{
	unsigned int total = 0;

	if (!streq_null(dev->md_state, "inactive") || streq_null(dev->md_level, "container"))
		return;
	STRV_FOREACH(name, dev->slaves) {
		const struct device *member = devices_find(t->devices, *name);

		total = MAX(total, member ? member->membership.total : 0);
	}
	begin(t);
	(void)fprintf(t->f, "array %s lacks members", dev->devname);
	tell_count(t, strv_length(dev->slaves), total);
	STRV_FOREACH(name, dev->slaves) {
		(void)fputc(' ', t->f);
		tell_device(t, *name);
	}
	(void)fputs(t->boot->md_degraded ? ")" : "; rd.md.degraded=0)", t->f);
}

/* Told at the first of its members, and not at all when one says that it is whole. */
static void tell_pool(struct teller *t, const struct device *dev, const char *what, const char *name)
{
	const struct devices *all = t->devices;
	unsigned int total = 0;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (!device_is_of_same(dev, all->items[i]))
			continue;
		if (all->items[i]->membership.complete || (n++ == 0 && all->items[i] != dev))
			return;
		total = MAX(total, all->items[i]->membership.total);
	}
	begin(t);
	(void)fprintf(t->f, "%s %s lacks devices", what, name);
	tell_count(t, n, total);
	for (size_t i = 0; i < all->n; i++)
		if (device_is_of_same(dev, all->items[i])) {
			(void)fputc(' ', t->f);
			tell_device(t, all->items[i]->name);
		}
	(void)fputs(")", t->f);
}

static void tell_member(struct teller *t, const struct device *dev)
{
	if (is_type(dev, "LVM2_member") && dev->membership.group)
		tell_pool(t, dev, "volume group", dev->membership.group);
	else if (is_type(dev, "btrfs") && dev->tags.uuid && tried(t, dev, ACTION_SCAN)->done)
		tell_pool(t, dev, "btrfs", dev->tags.uuid);
}

/* lvm2 said why when it was tried. */
static void tell_activation(struct teller *t, const struct attempt *a)
{
	struct lvname lv;
	const char *wanted = lvname_read(a->subject, &lv) ? lv.group : a->subject;

	if (a->action != ACTION_ACTIVATE || a->failed == 0 || a->done || a->running)
		return;
	begin(t);
	(void)fprintf(t->f, "%s could not be activated (its PVs:", a->subject);
	for (size_t i = 0; i < t->devices->n; i++) {
		const struct device *dev = t->devices->items[i];

		if (streq_null(dev->membership.group, wanted))
			(void)fprintf(t->f, " %s", dev->devname);
	}
	(void)fputs(")", t->f);
}

/* At the first of the two. */
static void tell_copy(struct teller *t, const struct device *dev)
{
	const struct device *copy = devices_copy(t->devices, dev);
	bool used;

	for (size_t i = 0; copy && t->devices->items[i] != dev; i++)
		if (t->devices->items[i] == copy)
			return;
	if (!copy)
		return;
	begin(t);
	used = devices_upper(t->devices, dev) || devices_upper(t->devices, copy);
	(void)fprintf(t->f, "%s and %s are copies of one another (%s UUID=%s): %s", dev->devname, copy->devname,
		      dev->tags.type, dev->tags.uuid,
		      used ? "one is in use, the other is left alone" : "neither is used");
}

/* A container that was named and has not come: nothing of it is in the table. */
static void tell_absent(struct teller *t, const struct volume *volume)
{
	if (volume->noauto)
		return;
	for (size_t i = 0; i < t->devices->n; i++)
		if (spec_names_container(&volume->source, t->devices->items[i], t->devices))
			return;
	begin(t);
	(void)fprintf(t->f, "no LUKS container %s is there", volume->source.text);
}

/* "vg/root" is waited for, and no PV has said that it is of vg. */
static void tell_no_group(struct teller *t, const struct spec *spec)
{
	struct lvname lv;

	/* MD's names look like that, too. */
	if (spec->kind != SPEC_NAME || !strchr(spec->value, '/') || startswith(spec->value, "md/") || !t->boot->lvm ||
	    !lvname_read(spec->value, &lv))
		return;
	for (size_t i = 0; i < t->devices->n; i++)
		if (streq_null(t->devices->items[i]->membership.group, lv.group))
			return;
	begin(t);
	(void)fprintf(t->f, "no PV of volume group %s is there", lv.group);
}

char *obstacles_describe(const struct boot *boot, const struct spec *spec, const struct devices *devices,
			 const struct attempts *attempts)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	struct teller t = {
		.f = open_memstream(&text, &size), .boot = boot, .devices = devices, .attempts = attempts,
	};

	if (!t.f)
		return NULL;
	tell_no_group(&t, spec);
	for (size_t i = 0; i < devices->n; i++) {
		tell_array(&t, devices->items[i]);
		tell_luks(&t, devices->items[i]);
		tell_member(&t, devices->items[i]);
		tell_copy(&t, devices->items[i]);
	}
	for (size_t i = 0; i < attempts->n; i++)
		tell_activation(&t, &attempts->items[i]);
	for (size_t i = 0; boot->luks && i < boot->volumes_n; i++)
		tell_absent(&t, &boot->volumes[i]);
	return fclose(t.f) == 0 ? TAKE_PTR(text) : NULL;
}
