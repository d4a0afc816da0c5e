/* SPDX-License-Identifier: MIT */
/* meminfo: what memory holds. */
#include "base/file.h"
#include "shutdown/meminfo.h"

static uint64_t sum(int root, const char *const *keys, size_t n)
{
	_cleanup_free_ char *text = NULL;
	uint64_t kib = 0;

	if (file_read(root, "proc/meminfo", 1 << 16, &text, NULL) < 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const char *p = strstr(text, keys[i]);

		if (p)
			kib += strtoull(p + strlen(keys[i]), NULL, 10);
	}
	return kib;
}

uint64_t meminfo_dirty(int root)
{
	static const char *const keys[] = { "\nDirty:", "\nWriteback:", "\nNFS_Unstable:" };

	return sum(root, keys, ARRAY_SIZE(keys));
}

uint64_t meminfo_available(int root)
{
	static const char *const keys[] = { "\nMemAvailable:" };

	return sum(root, keys, ARRAY_SIZE(keys));
}
