/* SPDX-License-Identifier: MIT */
/*
 * pool: file systems on several devices. Their superblock has a device number of its own, that of none of them,
 * and the mount table names one of them only; btrfs lists all in /sys/fs/btrfs/UUID/devices.
 */
#include <errno.h>

#include "base/file.h"
#include "base/strv.h"
#include "shutdown/snapshot.h"

static int read_pool(int dirfd, const char *uuid, struct pool *ret)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_strv_ char **devices = NULL;
	_cleanup_free_ char *path = NULL;
	struct dirent *de;
	int r;

	if (asprintf(&path, "%s/devices", uuid) < 0)
		return -ENOMEM;
	r = file_open_dir(dirfd, path, &dir);
	while (r == 0 && (de = readdir(dir)))
		if (de->d_name[0] != '.')
			r = strv_push(&devices, de->d_name);
	if (r == 0)
		ret->devices = TAKE_PTR(devices);
	return r;
}

int pools_read(int root, struct snapshot *s)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *de;
	int r = file_open_dir(root, "sys/fs/btrfs", &dir);

	while (r == 0 && (de = readdir(dir))) {
		struct pool pool = { 0 }, *grown;

		/* "features" and the like, and "." and "..", have no devices. */
		r = read_pool(dirfd(dir), de->d_name, &pool);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		grown = r < 0 ? NULL : realloc(s->pools, (s->n_pools + 1) * sizeof(*grown));
		if (!grown) {
			strv_free(pool.devices);
			return r < 0 ? r : -ENOMEM;
		}
		s->pools = grown;
		s->pools[s->n_pools++] = pool;
	}
	return r == -ENOENT ? 0 : r;
}

void pools_free(struct snapshot *s)
{
	for (size_t i = 0; i < s->n_pools; i++)
		strv_free(s->pools[i].devices);
	free(s->pools);
}
