/* SPDX-License-Identifier: MIT */
/* place: where the key or the header of a LUKS container lies. */
#include <errno.h>

#include "base/crypttab.h"
#include "base/strv.h"
#include "init/place.h"

/* Of these a key may be read, and they hold no file system and come with no uevent of a disk. */
static char *const generators[] = { (char *)"/dev/random", (char *)"/dev/urandom", (char *)"/dev/hwrng", NULL };

int place_set(struct place *p, const char *path, const char *device)
{
	int r = 0;

	place_free(p);
	if (!device && crypttab_is_device(path) && !strv_contains(generators, path))
		return spec_parse(path, &p->device);
	if (device)
		r = spec_parse(device, &p->device);
	return r < 0 ? r : string_set(&p->path, path);
}

int place_parse(const char *text, struct place *ret)
{
	const char *device = crypttab_is_device(text) ? NULL : crypttab_find_device(text);
	_cleanup_free_ char *path = NULL;

	place_free(ret);
	if (!device && !crypttab_is_device(text) && (*text != '/' || strchr(text, ':')))
		return -EINVAL;
	path = device ? strndup(text, (size_t)(device - 1 - text)) : strdup(text);
	return path ? place_set(ret, path, device) : -ENOMEM;
}

int place_copy(struct place *p, const struct place *from)
{
	if (from->path)
		return place_set(p, from->path, from->device.text);
	place_free(p);
	return from->device.text ? spec_parse(from->device.text, &p->device) : 0;
}

void place_free(struct place *p)
{
	free(p->path);
	p->path = NULL;
	spec_free(&p->device);
}

bool place_is_set(const struct place *p)
{
	return p->path || p->device.kind != SPEC_NONE;
}
