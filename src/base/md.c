/* SPDX-License-Identifier: MIT */
/* md: what /sys tells of an array. */
#include "base/file.h"
#include "base/md.h"

/* "external:imsm", or "external:/md127/0" of a volume. */
bool md_is_external(int sysfd, const char *name)
{
	_cleanup_free_ char *path = NULL, *version = NULL;

	return startswith(name, "md") && asprintf(&path, "block/%s/md/metadata_version", name) >= 0 &&
	       file_read_line(sysfd, path, &version) == 0 && startswith(version, "external:");
}
