/* SPDX-License-Identifier: MIT */
/* unserved: the devices that there is no module for, in words. */
#include "init/unserved.h"

#include <fnmatch.h>

#include "base/strv.h"

/* Classes of devices behind which a disk may be. */
static bool looks_like_storage(const char *alias)
{
	static const char *const patterns[] = {
		"pci:*bc01*", "usb:*ic08*", "virtio:d00000002v*", "virtio:d00000008v*", "scsi:*",
		"xen:vbd",    "vmbus:*",    "mmc:*",              "sd:*",               "ata:*",
	};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (fnmatch(patterns[i], alias, 0) == 0)
			return true;
	return false;
}

char *unserved_describe(char *const *aliases)
{
	_cleanup_free_ char *text = NULL;
	size_t size, shown = 0, others = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	STRV_FOREACH(alias, aliases) {
		if (!looks_like_storage(*alias)) {
			others++;
			continue;
		}
		(void)fprintf(f, "%s%s", shown++ > 0 ? ", " : "", *alias);
	}
	if (others > 0)
		(void)fprintf(f, "%s%zu device%s that %s no storage", shown > 0 ? " and " : "", others,
			      others == 1 ? "" : "s", others == 1 ? "is" : "are");
	if (fclose(f) != 0 || shown + others == 0)
		return NULL;
	return TAKE_PTR(text);
}
