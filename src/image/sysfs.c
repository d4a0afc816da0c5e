/* SPDX-License-Identifier: MIT */
/* sysfs: attributes and links below a /sys that is given by its descriptor. */
#include <errno.h>
#include <limits.h>

#include "base/file.h"
#include "base/strv.h"
#include "image/sysfs.h"

static bool join(const char *dir, const char *name, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	return n > 0 && n < PATH_MAX;
}

int sysfs_read(int sysfd, const char *dir, const char *name, char **ret)
{
	char path[PATH_MAX];
	char *line = NULL;

	/* A device may go while we look, and some attributes are only for root. */
	if (join(dir, name, path) && file_read_line(sysfd, path, &line) == -ENOMEM)
		return -ENOMEM;
	*ret = line;
	return 0;
}

/* "a/b/c" and "../../x" are "a/x". */
static bool append(char path[PATH_MAX], const char *target)
{
	while (*target) {
		size_t n = strcspn(target, "/"), used = strlen(path);

		if (n == 2 && strncmp(target, "..", 2) == 0) {
			char *slash = strrchr(path, '/');

			*(slash ?: path) = '\0';
		} else if (n > 0 && !(n == 1 && *target == '.')) {
			if (used + n + 2 > PATH_MAX)
				return false;
			(void)sprintf(path + used, "%s%.*s", used ? "/" : "", (int)n, target);
		}
		target += n;
		target += strspn(target, "/");
	}
	return true;
}

int sysfs_follow(int sysfd, const char *dir, const char *name, char **ret)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t n = join(dir, name, path) ? readlinkat(sysfd, path, target, sizeof(target) - 1) : -1;

	*ret = NULL;
	if (n < 0)
		return 0;
	target[n] = '\0';
	*strrchr(path, '/') = '\0';
	if (!append(path, target))
		return 0;
	*ret = strdup(path);
	return *ret ? 0 : -ENOMEM;
}

int sysfs_list(int sysfd, const char *dir, const char *prefix, char ***ret)
{
	_cleanup_strv_ char **names = NULL;
	_cleanup_free_ struct dirent **found = NULL;
	int n = scandirat(sysfd, dir, &found, NULL, alphasort), r = 0;

	if (n < 0 && errno == ENOMEM)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		if (r == 0 && found[i]->d_name[0] != '.' && startswith(found[i]->d_name, prefix))
			r = strv_push(&names, found[i]->d_name);
		free(found[i]);
	}
	if (r == 0)
		*ret = TAKE_PTR(names);
	return r;
}

bool sysfs_has(int sysfd, const char *dir, const char *name)
{
	char path[PATH_MAX];

	return join(dir, name, path) && faccessat(sysfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

const char *sysfs_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *sysfs_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, (size_t)(slash - path)) : NULL;
}
