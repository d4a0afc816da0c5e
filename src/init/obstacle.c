/* SPDX-License-Identifier: MIT */
/* obstacle: what stands between the devices that are there and the one that is waited for. */
#include "init/obstacle.h"

#include <stdio.h>

#include "base/strv.h"
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

	if (!(is_type(dev, "crypto_LUKS") || elsewhere) || devices_upper(t->devices, dev))
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

static void tell_array(struct teller *t, const struct device *dev)
{
	if (!streq_null(dev->md_state, "inactive") || streq_null(dev->md_level, "container"))
		return;
	begin(t);
	(void)fprintf(t->f, "array %s lacks members (there are:", dev->devname);
	STRV_FOREACH(name, dev->slaves)
		(void)fprintf(t->f, " %s", *name);
	(void)fputs(t->boot->md_degraded ? ")" : "; rd.md.degraded=0)", t->f);
}

static bool is_of_same(const struct device *a, const struct device *b)
{
	if (a->membership.group)
		return streq_null(b->membership.group, a->membership.group);
	return is_type(b, "btrfs") && streq_null(b->tags.uuid, a->tags.uuid);
}

/* Told at the first of its members, and not at all when one says that it is whole. */
static void tell_pool(struct teller *t, const struct device *dev, const char *what, const char *name)
{
	const struct devices *all = t->devices;
	bool first = true;

	for (size_t i = 0; i < all->n; i++) {
		if (!is_of_same(dev, all->items[i]))
			continue;
		if (all->items[i]->membership.complete || (first && all->items[i] != dev))
			return;
		first = false;
	}
	begin(t);
	(void)fprintf(t->f, "%s %s lacks devices (there are:", what, name);
	for (size_t i = 0; i < all->n; i++)
		if (is_of_same(dev, all->items[i]))
			(void)fprintf(t->f, " %s", all->items[i]->devname);
	(void)fputs(")", t->f);
}

static void tell_member(struct teller *t, const struct device *dev)
{
	if (is_type(dev, "LVM2_member") && dev->membership.group)
		tell_pool(t, dev, "volume group", dev->membership.group);
	else if (is_type(dev, "btrfs") && dev->tags.uuid && tried(t, dev, ACTION_SCAN)->done)
		tell_pool(t, dev, "btrfs", dev->tags.uuid);
}

char *obstacles_describe(const struct boot *boot, const struct devices *devices, const struct attempts *attempts)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	struct teller t = {
		.f = open_memstream(&text, &size), .boot = boot, .devices = devices, .attempts = attempts,
	};

	if (!t.f)
		return NULL;
	for (size_t i = 0; i < devices->n; i++) {
		tell_array(&t, devices->items[i]);
		tell_luks(&t, devices->items[i]);
		tell_member(&t, devices->items[i]);
	}
	return fclose(t.f) == 0 ? TAKE_PTR(text) : NULL;
}
