/* SPDX-License-Identifier: MIT */
/* kernel-config: what a kernel was built with. */
#include <errno.h>

#include "image/kernel-config.h"

int kernel_config_read(const struct sysroot *s, const char *kver, const char *modules, struct kernel_config *ret)
{
	_cleanup_free_ char *boot = NULL, *beside = NULL;
	int r = -ENOENT;

	if (asprintf(&boot, "boot/config-%s", kver) < 0 || asprintf(&beside, "%s/config", modules) < 0)
		return -ENOMEM;
	char **const paths[] = { &boot, &beside };

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(paths); i++) {
		r = sysroot_read(s, *paths[i], &ret->text);
		if (r == 0)
			ret->path = TAKE_PTR(*paths[i]);
	}
	return r == -ENOENT ? 0 : r;
}

void kernel_config_free(struct kernel_config *k)
{
	free(k->text);
	free(k->path);
	*k = (struct kernel_config){ 0 };
}

bool kernel_config_has(const struct kernel_config *k, const char *option, bool unknown)
{
	size_t n = strlen(option);

	if (!k->text)
		return unknown;
	for (const char *p = k->text; (p = strstr(p, option)); p += n)
		if ((p == k->text || p[-1] == '\n') && p[n] == '=' && (p[n + 1] == 'y' || p[n + 1] == 'm'))
			return true;
	return false;
}
