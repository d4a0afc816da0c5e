/* SPDX-License-Identifier: MIT */
/* layer: what opens a member. */
#include "init/layer.h"

#include <strings.h>

#include "base/strv.h"
#include "init/lvname.h"
#include "init/match.h"

#define SEC UINT64_C(1000000)
/* How long the last member's companions may take before an array or a pool is used without them. */
#define DEGRADED_AFTER (30 * SEC)
/* How long a device with a key on it is waited for before a person is asked instead. */
#define KEY_WAIT (30 * SEC)
/* Once all is read, a second LUKS container gets this long to show up before the first counts as the only one. */
#define SETTLE (SEC / 4)
#define SCAN_TRIES 3
#define SCAN_RETRY (SEC / 4)
#define ASK_TRIES 3

static const struct attempt *tried(const struct view *v, const char *subject, enum action action)
{
	return attempts_get(v->attempts, subject, action);
}

static bool act(struct step *step, enum action action, const struct device *dev)
{
	step->kind = STEP_ACT;
	step->action = action;
	step->device = dev;
	return true;
}

/* Is it `at` already? Else it is looked at again then. */
static bool is_time(const struct view *v, uint64_t at, struct step *step)
{
	if (v->now >= at)
		return true;
	step->wake_at = MIN(step->wake_at, at);
	return false;
}

/* Nobody stands on it yet. */
static bool is_free(const struct view *v, const struct device *dev)
{
	return !devices_upper(v->devices, dev);
}

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

static bool md_member(const struct view *v, const struct device *dev, struct step *step)
{
	const struct attempt *a = tried(v, dev->name, ACTION_ASSEMBLE);

	if (!v->boot->md || !is_listed(v->boot->md_uuids, dev->tags.uuid))
		return false;
	if (a->running || a->done || a->failed > 0 || !is_free(v, dev))
		return false;
	return act(step, ACTION_ASSEMBLE, dev);
}

static bool imsm_member(const struct view *v, const struct device *dev, struct step *step)
{
	return v->boot->md_imsm && md_member(v, dev, step);
}

static bool ddf_member(const struct view *v, const struct device *dev, struct step *step)
{
	return v->boot->md_ddf && md_member(v, dev, step);
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
	return is_time(v, last + DEGRADED_AFTER, step) && act(step, ACTION_START, dev);
}

/* LUKS: what was named, the container that is itself named as root, or the only one there is. */

static bool is_luks(const struct device *dev)
{
	return streq_null(dev->tags.type, "crypto_LUKS");
}

static bool is_only_luks(const struct view *v, const struct device *dev, struct step *step)
{
	uint64_t last = 0;

	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *other = v->devices->items[i];

		if (!spec_reaches(v->want->spec, other, v->devices))
			continue;
		if (other != dev && is_luks(other))
			return false;
		if (other->probe == PROBE_RUNNING)
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
	uint64_t key_wait;

	if (a->running || a->done || key->running || key->done || !is_free(v, dev) ||
	    !luks_wanted(v, dev, volume, step))
		return false;
	if (!volume)
		volume = &v->boot->unnamed;
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

/* LVM: each PV tells its VG, and whether that is whole; then what root needs of it is activated. */

static bool scan(const struct view *v, const struct device *dev, struct step *step)
{
	const struct attempt *a = tried(v, dev->name, ACTION_SCAN);

	if (a->running || a->done || a->failed >= SCAN_TRIES)
		return false;
	if (a->failed > 0 && !is_time(v, a->since + SCAN_RETRY, step))
		return false;
	return act(step, ACTION_SCAN, dev);
}

static bool is_of_group(const char *name, const char *group)
{
	struct lvname lv;

	return lvname_read(name, &lv) && streq(lv.group, group);
}

static bool activate(const struct view *v, const struct device *dev, const char *subject, bool degraded,
		     struct step *step)
{
	const struct attempt *a = tried(v, subject, ACTION_ACTIVATE);

	/* Tried on the whole and failed: once more when it may lack members. */
	if (a->running || a->done || a->failed > (degraded ? 1U : 0U))
		return false;
	step->subject = subject;
	step->degraded = degraded;
	return act(step, ACTION_ACTIVATE, dev);
}

/* rd.lvm.lv=, rd.lvm.vg=, the name in root=; and where nothing names a volume, the whole group. */
static bool activate_wanted(const struct view *v, const struct device *dev, bool degraded, struct step *step)
{
	const struct spec *spec = v->want->spec;
	const char *group = dev->membership.group;

	STRV_FOREACH(lv, v->boot->lvm_lvs)
		if (is_of_group(*lv, group) && activate(v, dev, *lv, degraded, step))
			return true;
	if (strv_contains(v->boot->lvm_vgs, group))
		return activate(v, dev, group, degraded, step);
	if (spec->kind == SPEC_NAME || spec->kind == SPEC_DM_NAME)
		return is_of_group(spec->value, group) && activate(v, dev, spec->value, degraded, step);
	return !v->boot->lvm_lvs && !v->boot->lvm_vgs && activate(v, dev, group, degraded, step);
}

static uint64_t last_scan(const struct view *v, const char *group, bool *ret_complete)
{
	uint64_t last = 0;

	*ret_complete = false;
	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *dev = v->devices->items[i];

		if (!streq_null(dev->membership.group, group))
			continue;
		*ret_complete |= dev->membership.complete;
		last = MAX(last, tried(v, dev->name, ACTION_SCAN)->since);
	}
	return last;
}

static bool lvm(const struct view *v, const struct device *dev, struct step *step)
{
	uint64_t last;
	bool complete;

	if (!v->boot->lvm)
		return false;
	if (scan(v, dev, step))
		return true;
	if (!dev->membership.group)
		return false;
	last = last_scan(v, dev->membership.group, &complete);
	if (!complete && (!v->boot->lvm_partial || !is_time(v, last + DEGRADED_AFTER, step)))
		return false;
	return activate_wanted(v, dev, !complete, step);
}

/* btrfs: the kernel is told of each device of the wanted one, and says when they are all there. */

bool layer_same_btrfs(const struct device *a, const struct device *b)
{
	return streq_null(a->tags.type, "btrfs") && streq_null(b->tags.type, "btrfs") && a->tags.uuid &&
	       b->tags.uuid && streq(a->tags.uuid, b->tags.uuid) && a->tags.sub_uuid && b->tags.sub_uuid &&
	       !streq(a->tags.sub_uuid, b->tags.sub_uuid);
}

static bool btrfs(const struct view *v, const struct device *dev, struct step *step)
{
	bool wanted = spec_matches(v->want->spec, dev, v->devices);

	for (size_t i = 0; !wanted && i < v->devices->n; i++) {
		const struct device *other = v->devices->items[i];

		wanted = other->probe == PROBE_DONE && layer_same_btrfs(dev, other) &&
			 spec_matches(v->want->spec, other, v->devices);
	}
	return wanted && scan(v, dev, step);
}

bool layer_btrfs_ready(const struct view *v, const struct device *dev, struct step *step)
{
	uint64_t last = tried(v, dev->name, ACTION_SCAN)->since;
	bool complete = dev->membership.complete;

	if (!streq_null(dev->tags.type, "btrfs"))
		return true;
	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *other = v->devices->items[i];

		if (!layer_same_btrfs(dev, other))
			continue;
		complete |= other->membership.complete;
		last = MAX(last, tried(v, other->name, ACTION_SCAN)->since);
	}
	return complete || (v->want->degraded && is_time(v, last + DEGRADED_AFTER, step));
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
	{ "LVM2_member",       lvm         },
	{ "btrfs",             btrfs       },
};

bool layer_next(const struct view *v, const struct device *dev, struct step *step)
{
	if (dev->md_state && md_array(v, dev, step))
		return true;
	if (dev->probe == PROBE_DONE && has_header_elsewhere(v, dev))
		return luks(v, dev, step);
	if (dev->probe != PROBE_DONE || dev->tags.ambivalent)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(layers); i++)
		if (streq_null(dev->tags.type, layers[i].type))
			return layers[i].next(v, dev, step);
	return false;
}
