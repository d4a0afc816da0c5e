/* SPDX-License-Identifier: MIT */
/* layer: what opens a member. */
#include "init/layer.h"

#include <strings.h>

#include "base/strv.h"
#include "init/gpt.h"
#include "init/match.h"
#include "init/pool.h"

/* How long a device with a key on it is waited for before a person is asked instead. */
#define KEY_WAIT (30 * SEC)
/* An array that is whole by then needs nobody to look how many members it should have. */
#define EXAMINE_AFTER SEC
#define ASK_TRIES 3

/* An empty list names all. */
static bool is_listed(char *const *list, const char *uuid)
{
	if (!list)
		return true;
	STRV_FOREACH(item, list)
		if (uuid && strcasecmp(*item, uuid) == 0)
			return true;
	return false;
}

/* MD: each member is given to its array; the kernel starts it when all are there. */

/* A member of an array that waits for others, so that it can be told for how many. */
static bool md_examine(const struct view *v, const struct device *dev, struct step *step)
{
	const struct attempt *given = tried(v, dev->name, ACTION_ASSEMBLE), *a = tried(v, dev->name, ACTION_SCAN);
	const struct device *array = devices_upper(v->devices, dev);

	return given->done && array && streq_null(array->md_state, "inactive") &&
	       !streq_null(array->md_level, "container") && !a->running && !a->done && a->failed == 0 &&
	       is_time(v, given->since + EXAMINE_AFTER, step) && act(step, ACTION_SCAN, dev);
}

static bool md_give(const struct view *v, const struct device *dev, struct step *step)
{
	const struct attempt *a = tried(v, dev->name, ACTION_ASSEMBLE);

	if (!v->boot->md)
		return false;
	if (!is_free(v, dev))
		return md_examine(v, dev, step);
	if (a->running || a->done || a->failed > 0 || devices_copy(v->devices, dev))
		return false;
	return act(step, ACTION_ASSEMBLE, dev);
}

static bool md_member(const struct view *v, const struct device *dev, struct step *step)
{
	return is_listed(v->boot->md_uuids, dev->tags.uuid) && md_give(v, dev, step);
}

/* libblkid tells no UUID of their containers. */
static bool imsm_member(const struct view *v, const struct device *dev, struct step *step)
{
	return v->boot->md_imsm && md_give(v, dev, step);
}

static bool ddf_member(const struct view *v, const struct device *dev, struct step *step)
{
	return v->boot->md_ddf && md_give(v, dev, step);
}

/* When the last of its members was given to it. */
static uint64_t last_member(const struct view *v, const struct device *array)
{
	uint64_t last = 0;

	STRV_FOREACH(name, array->slaves)
		last = MAX(last, tried(v, *name, ACTION_ASSEMBLE)->since);
	return last;
}

/* The volumes of a container stand on the same disks as itself. */
static bool has_volumes(const struct view *v, const struct device *container)
{
	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *other = v->devices->items[i];

		if (other != container && other->md_state && container->slaves &&
		    strv_contains(other->slaves, container->slaves[0]))
			return true;
	}
	return false;
}

/* Of two copies one may be the newer: without either it is not started. */
static bool has_copied_member(const struct view *v, const struct device *array)
{
	STRV_FOREACH(name, array->slaves) {
		const struct device *member = devices_find(v->devices, *name);

		for (size_t i = 0; member && member->tags.uuid && i < v->devices->n; i++) {
			const struct device *other = v->devices->items[i];

			if (streq_null(other->tags.uuid, member->tags.uuid) && is_free(v, other) &&
			    devices_copy(v->devices, other))
				return true;
		}
	}
	return false;
}

/*
 * Only arrays that we assembled: one that somebody else left half-built is left alone. A container shows no
 * state of its own: what counts is whether its volumes run.
 */
static bool md_array(const struct view *v, const struct device *dev, struct step *step)
{
	const struct attempt *a = tried(v, dev->name, ACTION_START);
	uint64_t last = last_member(v, dev);

	if (!v->boot->md || !v->boot->md_degraded || a->running || a->done || a->failed > 0 || last == 0)
		return false;
	if (!streq_null(dev->md_state, "inactive") ||
	    (streq_null(dev->md_level, "container") && has_volumes(v, dev)))
		return false;
	return !has_copied_member(v, dev) && is_time(v, last + DEGRADED_AFTER, step) &&
	       act(step, ACTION_START, dev);
}

/* LUKS: what was named, the container that is itself named as root, or the only one there is. */

static bool is_luks(const struct device *dev)
{
	return streq_null(dev->tags.type, "crypto_LUKS");
}

/* Once all is read, a second container gets a moment to show up before the first counts as the only one. */
static bool is_only_luks(const struct view *v, const struct device *dev, struct step *step)
{
	uint64_t last = 0;

	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *other = v->devices->items[i];

		if (!spec_reaches(v->want->spec, other, v->devices))
			continue;
		if (other != dev && is_luks(other))
			return false;
		if (is_being_read(other))
			return false;
		last = MAX(last, other->probed_at);
	}
	return is_time(v, last + SETTLE, step);
}

static bool luks_wanted(const struct view *v, const struct device *dev, const struct volume *volume,
			struct step *step)
{
	const struct spec *spec = v->want->spec;

	if (!v->boot->luks)
		return false;
	if (volume && !volume->noauto)
		return true;
	if (spec->kind == SPEC_UUID && dev->tags.uuid && strcasecmp(spec->value, dev->tags.uuid) == 0)
		return true;
	if (spec->kind == SPEC_GPT)
		return gpt_names(spec, dev, v->devices);
	if (volume)
		return spec->kind == SPEC_DM_NAME && streq_null(volume->name, spec->value);
	return v->boot->volumes_n == 0 && is_only_luks(v, dev, step);
}

static bool somebody_is_asked(const struct view *v)
{
	for (size_t i = 0; i < v->attempts->n; i++)
		if (v->attempts->items[i].action == ACTION_ASK && v->attempts->items[i].running)
			return true;
	return false;
}

/* By passphrase: those that were typed for others first, then up to three of its own, one prompt at a time. */
static bool luks_passphrase(const struct view *v, const struct device *dev, unsigned int used, struct step *step)
{
	const struct attempt *asked = tried(v, dev->name, ACTION_ASK);
	unsigned int tries = step->volume->tries > 0 ? step->volume->tries : ASK_TRIES;

	if (used < v->attempts->secrets) {
		step->secret = used;
		return act(step, ACTION_UNLOCK, dev);
	}
	if (step->volume->headless || asked->over || somebody_is_asked(v))
		return false;
	if (asked->times >= tries && tries < TRIES_FOREVER) {
		if (step->volume->nofail)
			return false;
		step->kind = STEP_REFUSED;
		step->device = dev;
		return true;
	}
	return act(step, ACTION_ASK, dev);
}

static bool luks(const struct view *v, const struct device *dev, struct step *step)
{
	const struct attempt *key = tried(v, dev->name, ACTION_KEY), *a = tried(v, dev->name, ACTION_UNLOCK);
	const struct volume *volume = volume_of(v->boot, dev, v->devices);
	const struct device *copy;
	uint64_t key_wait;

	if (a->running || a->done || key->running || key->done || !is_free(v, dev) ||
	    !luks_wanted(v, dev, volume, step))
		return false;
	if (!volume)
		volume = &v->boot->unnamed;
	copy = devices_copy(v->devices, dev);
	/* Where one is in use already the other does no harm as long as it stays closed. A header alone is no copy. */
	if (copy && !place_is_on(&volume->header, copy, v->devices))
		return is_free(v, copy) && !tried(v, copy->name, ACTION_UNLOCK)->done &&
		       !tried(v, copy->name, ACTION_KEY)->done && ambiguous(step, dev, copy);
	/* Without its header nothing can be done with it. */
	if (!place_is_there(&volume->header, v->devices))
		return false;
	step->volume = volume;
	key_wait = volume->key_timeout > 0 ? volume->key_timeout : KEY_WAIT;
	if (!place_is_set(&volume->key) || key->failed > 0)
		return luks_passphrase(v, dev, a->failed, step);
	if (place_is_there(&volume->key, v->devices))
		return act(step, ACTION_KEY, dev);
	return is_time(v, v->want->since + key_wait, step) && luks_passphrase(v, dev, a->failed, step);
}

/* What is named as the data of a container whose header lies elsewhere: libblkid sees noise there. */
static bool has_header_elsewhere(const struct view *v, const struct device *dev)
{
	const struct volume *volume = volume_of(v->boot, dev, v->devices);

	return volume && place_is_set(&volume->header);
}

/* By what libblkid calls the member. */
static const struct layer {
	const char *type;
	bool (*next)(const struct view *v, const struct device *dev, struct step *step);
} layers[] = {
	{ "linux_raid_member", md_member   },
	{ "isw_raid_member",   imsm_member },
	{ "ddf_raid_member",   ddf_member  },
	{ "crypto_LUKS",       luks        },
	{ "LVM2_member",       pool_lvm    },
	{ "btrfs",             pool_btrfs  },
};

/* As in plan(): of two copies none is opened by chance. */
static bool is_settled(const struct view *v, const struct device *dev, struct step *step)
{
	return !any_probe_running(v->devices) || is_time(v, dev->probed_at + SETTLE, step);
}

/* The file may be on any file system: each is looked at once. */
static bool look_for_file(const struct view *v, const struct device *dev, struct step *step)
{
	const struct attempt *a = tried(v, dev->name, ACTION_LOOK);

	return v->want->spec->kind == SPEC_HOLDING && streq_null(dev->tags.usage, "filesystem") && !a->running &&
	       !a->done && a->failed == 0 && is_free(v, dev) && act(step, ACTION_LOOK, dev);
}

bool layer_next(const struct view *v, const struct device *dev, struct step *step)
{
	if (dev->md_state && md_array(v, dev, step))
		return true;
	if (dev->probe != PROBE_DONE || !is_settled(v, dev, step))
		return false;
	if (has_header_elsewhere(v, dev))
		return luks(v, dev, step);
	if (dev->tags.ambivalent || devices_origin(v->devices, dev))
		return false;
	if (look_for_file(v, dev, step))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(layers); i++)
		if (streq_null(dev->tags.type, layers[i].type))
			return layers[i].next(v, dev, step);
	return false;
}
