/* SPDX-License-Identifier: MIT */
/* diskstats: what the disks have done. */
#include "base/file.h"
#include "shutdown/diskstats.h"

#define SECTORS_PER_KIB 2

/* "253 0 dm-0", then reads, merged, sectors, ms, writes, merged, sectors …: Documentation/admin-guide/iostats.rst */
uint64_t diskstats_written(int root)
{
	_cleanup_free_ char *text = NULL;
	uint64_t sectors = 0;
	char *rest, *line;

	if (file_read(root, "proc/diskstats", 1 << 20, &text, NULL) < 0)
		return 0;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		unsigned long long n;

		if (sscanf(line, "%*u %*u %*s %*u %*u %*u %*u %*u %*u %llu", &n) == 1)
			sectors += n;
	}
	return sectors / SECTORS_PER_KIB;
}
