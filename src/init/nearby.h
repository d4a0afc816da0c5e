/* SPDX-License-Identifier: MIT */
/*
 * nearby: the modules that lie in the image's first archive, as depmod(8) writes of them: modules.dep and
 * modules.alias. Pure.
 *
 * Both texts are of these modules alone, some dozens, so they are read whole and searched from the front.
 */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct nearby_module {
	char *name;       /* with '_' for '-', as the kernel has it */
	const char *path; /* below the directory of the texts: "kernel/drivers/block/virtio_blk.ko" */
	char *needs;      /* paths with spaces between, what is needed last stands last; loaded in reverse */
};

struct nearby_alias {
	uint32_t key;     /* of the first letters of `pattern`; 0: there is a wildcard among them */
	uint32_t literal; /* so many letters stand before the first wildcard */
	const char *pattern, *module;
};

struct nearby {
	char *dep, *alias; /* the texts, cut up; all else points into them */
	struct nearby_module *modules;
	size_t modules_n;
	struct nearby_alias *aliases;
	size_t aliases_n;
};

/*
 * Takes both texts over, also on failure; NULL for one that is not there. Lines that are no such lines, and modules
 * that are compressed, are left out: the kernel may not be able to load them. 0 or -ENOMEM.
 */
int nearby_read(struct nearby *n, char *dep, char *alias);
void nearby_free(struct nearby *n);

/* By its name, '-' and '_' being the same; NULL: none. */
const struct nearby_module *nearby_by_name(const struct nearby *n, const char *name);

/* By its path of `size` bytes. */
const struct nearby_module *nearby_by_path(const struct nearby *n, const char *path, size_t size);

/*
 * The next module that serves what asks by that modalias; `*at` is 0 for the first. A module may come more than once.
 * NULL: no more.
 */
const struct nearby_module *nearby_next(const struct nearby *n, const char *alias, size_t *at);
