/* SPDX-License-Identifier: MIT */
/* medium: what must be so of a device beside what a spec names. */
#include "init/medium.h"

/* Is `type` one of the words of "iso9660,vfat"? */
static bool is_of_list(const char *list, const char *type)
{
	size_t n = type ? strlen(type) : 0;

	for (; n > 0 && *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == n && strncmp(list, type, n) == 0)
			return true;
	return false;
}

/*
 * An image of a CD that was written to a stick is seen twice, on the whole of it and in its first partition: that one
 * is meant, since who has the whole has all partitions, and nobody else gets one.
 */
bool medium_is_partition(const struct device *dev, const struct devices *devices)
{
	const struct tags *t = &dev->tags;

	for (size_t i = 0; t->type && i < devices->n; i++) {
		const struct device *part = devices->items[i];

		if (streq_null(part->parent, dev->name) && part->probe == PROBE_DONE &&
		    streq_null(part->tags.type, t->type) && streq_null(part->tags.uuid, t->uuid) &&
		    streq_null(part->tags.label, t->label))
			return true;
	}
	return false;
}

bool medium_fits(const struct spec *spec, const struct device *dev)
{
	if (spec->fstype && !is_of_list(spec->fstype, dev->tags.type))
		return false;
	return spec->removable == REMOVABLE_ANY || dev->removable == (spec->removable == REMOVABLE_ONLY);
}
