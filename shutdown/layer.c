/* SPDX-License-Identifier: MIT */
/* layer: the table of kinds. */
#include "base/clock.h"
#include "base/mountinfo.h"
#include "shutdown/layer.h"

#define SECONDS(n) ((n)*USEC_PER_SEC)

bool when_leaf(const struct node *n, const struct standing *st)
{
	return st->uppers == 0;
}

bool when_writable(const struct node *n, const struct standing *st)
{
	return !mount_has_option(n->super, "ro");
}

static bool always(const struct node *n, const struct standing *st)
{
	return true;
}

/*
 * The time limits are those of an act that hangs, not of one that is busy: EBUSY comes back at once and is
 * tried again with the next snapshot. What flushes a device gets more than what only asks the kernel.
 */
const struct layer layers[] = {
	{ "mount elsewhere", "mounts", NODE_MOUNT, mount_is_elsewhere, NULL, false, {
		{ "end holders", E_HOLDERS, SECONDS(5), when_leaf, holders_end },
		{ "freeze", E_FREEZE, SECONDS(15), mount_may_freeze, mount_freeze },
	} },
	{ "api mount", "mounts", NODE_MOUNT, mount_is_api, NULL, false, {
		/* Nothing is lost with it: lazily, since a daemon's open /dev/console pins it. */
		{ "detach", E_PLAIN, SECONDS(2), mount_has_no_mounts, mount_detach },
	} },
	{ "remote mount", "mounts", NODE_MOUNT, mount_is_remote, NULL, false, {
		{ "lift", E_PLAIN, SECONDS(2), mount_is_in_the_way, mount_lift },
		{ "unmount", E_PLAIN, SECONDS(15), when_leaf, mount_unmount },
		{ "end holders", E_HOLDERS, SECONDS(5), when_leaf, holders_end },
		{ "force", E_FORCE, SECONDS(15), when_leaf, mount_force },
		{ "read-only", E_READONLY, SECONDS(15), when_writable, mount_readonly },
	} },
	{ "mount", "mounts", NODE_MOUNT, NULL, NULL, false, {
		{ "lift", E_PLAIN, SECONDS(2), mount_is_in_the_way, mount_lift },
		{ "unmount", E_PLAIN, SECONDS(15), when_leaf, mount_unmount },
		{ "end holders", E_HOLDERS, SECONDS(5), when_leaf, holders_end },
		{ "read-only", E_READONLY, SECONDS(15), when_writable, mount_readonly },
		{ "freeze", E_FREEZE, SECONDS(15), mount_may_freeze, mount_freeze },
	} },
	{ "swap", "swaps", NODE_SWAP, NULL, NULL, false, {
		{ "swapoff", E_PLAIN, SECONDS(20), swap_fits, swap_off },
	} },
	{ "loop", "loop", NODE_DEVICE, loop_matches, loop_read, true, {
		{ "clear", E_PLAIN, SECONDS(10), when_leaf, loop_clear },
		{ "end holders", E_HOLDERS, SECONDS(5), when_leaf, holders_end },
		{ "autoclear", E_FREEZE, SECONDS(2), always, loop_autoclear },
	} },
	{ "dm", "dm", NODE_DEVICE, dm_matches, dm_read, false, {
		{ "remove", E_PLAIN, SECONDS(30), when_leaf, dm_remove },
		{ "end holders", E_HOLDERS, SECONDS(5), when_leaf, holders_end },
		{ "deferred remove", E_FREEZE, SECONDS(10), always, dm_remove_deferred },
	} },
	{ "md", "md", NODE_DEVICE, md_matches, md_read, true, {
		{ "stop", E_PLAIN, SECONDS(10), when_leaf, md_stop }, /* of which mdmon gets eight */
		{ "end holders", E_HOLDERS, SECONDS(5), when_leaf, holders_end },
		/* Without a mdmon that lives. */
		{ "clear", E_HOLDERS, SECONDS(10), md_is_forsaken, md_clear },
	} },
};
const size_t n_layers = ARRAY_SIZE(layers);

const struct layer *layer_of(const struct node *n)
{
	for (size_t i = 0; i < ARRAY_SIZE(layers); i++)
		if (layers[i].kind == n->kind && (!layers[i].matches || layers[i].matches(n)))
			return &layers[i];
	return NULL;
}

char *node_describe(const struct node *n)
{
	char *text;

	bool detailed = n->detail && *n->detail;

	if (asprintf(&text, "%s %s (%s%s%s)", n->layer->name, n->name, n->label ? n->label : "",
		     detailed ? " " : "", detailed ? n->detail : "") < 0)
		return NULL;
	return text;
}
