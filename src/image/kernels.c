/* SPDX-License-Identifier: MIT */
/* kernels: the kernels of a sysroot, by the directories of their modules. */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/kernels.h"

/* Both are the same directory where /usr is merged. */
static const char *const module_dirs[] = { "lib/modules", "usr/lib/modules" };

/* A kernel's directory has modules or at least depmod's index; what else lies there is none. */
static bool is_kernel(const struct sysroot *s, const char *dir, const char *kver)
{
	static const char *const signs[] = { "modules.dep", "modules.order", "kernel" };

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s/%s", dir, kver, signs[i]) >= 0 && sysroot_has(s, path))
			return true;
	}
	return false;
}

int kernels_list(const struct sysroot *s, char ***ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(module_dirs); i++) {
		_cleanup_strv_ char **names = NULL;
		int r = sysroot_list(s, module_dirs[i], "", &names);

		if (r < 0)
			return log_errno(r, "cannot list %s of %s", module_dirs[i], s->path);
		STRV_FOREACH(name, names)
			if (r == 0 && is_kernel(s, module_dirs[i], *name) &&
			    !strv_contains(*ret, *name))
				r = strv_push(ret, *name);
		if (r < 0)
			return r;
	}
	return 0;
}

int kernels_find(const struct sysroot *s, const char *kver, char **ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(module_dirs); i++) {
		_cleanup_free_ char *path = NULL;

		if (!is_kernel(s, module_dirs[i], kver))
			continue;
		if (asprintf(&path, "%s/%s", module_dirs[i], kver) < 0)
			return -ENOMEM;
		return sysroot_resolve(s, path, ret);
	}
	return -ENOENT;
}

int kernels_list_indexed(const struct sysroot *s, char ***ret)
{
	_cleanup_strv_ char **all = NULL;
	int r = kernels_list(s, &all);

	STRV_FOREACH(kver, all) {
		_cleanup_free_ char *dir = NULL, *index = NULL;

		if (r == 0)
			r = kernels_find(s, *kver, &dir);
		if (r == 0 && asprintf(&index, "%s/modules.dep", dir) < 0)
			r = -ENOMEM;
		if (r < 0)
			break;
		if (sysroot_has(s, index))
			r = strv_push(ret, *kver);
		else
			log_info("passing over kernel %s: there is no /%s, which depmod makes", *kver, index);
	}
	return r;
}
