/* SPDX-License-Identifier: MIT */
/* place: where the key or the header of a LUKS container lies. crypttab(5): key file, header= */
#pragma once

#include "init/spec.h"

/* A file of the image, a file on the file system of a device, a device itself; or nothing of these is said. */
struct place {
	char *path;         /* NULL: the device itself */
	struct spec device; /* SPEC_NONE: the image */
};

/*
 * "PATH", "PATH:DEVICE", "DEVICE" (in /dev, or a tag). What was there is freed. 0; -ENOMEM, or -EINVAL for a
 * path that is not absolute and for a colon behind which there is no device: then there is none.
 */
int place_parse(const char *text, struct place *ret);

/* Already taken apart; `device` may be NULL. A path may be any text. */
int place_set(struct place *p, const char *path, const char *device);
int place_copy(struct place *p, const struct place *from);
void place_free(struct place *p);
bool place_is_set(const struct place *p);
