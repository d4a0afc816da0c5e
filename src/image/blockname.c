/* SPDX-License-Identifier: MIT */
/* blockname: the block device that a name means: MAJ:MIN, /dev/NAME, /dev/mapper/NAME, UUID=… */
#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include "base/strv.h"
#include "image/blockname.h"
#include "image/sysfs.h"

static const struct tag {
	const char *prefix, *directory;
} tags[] = {
	{ "UUID=",      "disk/by-uuid"      },
	{ "LABEL=",     "disk/by-label"     },
	{ "PARTUUID=",  "disk/by-partuuid"  },
	{ "PARTLABEL=", "disk/by-partlabel" },
};

/* As udev writes a label into a file's name: what is neither of these nor beyond ASCII is \xNN. libudev, udev_util */
static void encode(const char *value, char ret[PATH_MAX])
{
	size_t used = 0;

	for (const unsigned char *p = (const unsigned char *)value; *p && used + 5 < PATH_MAX; p++) {
		if (isalnum(*p) || *p >= 0x80 || strchr("#+-.:=@_", *p))
			ret[used++] = (char)*p;
		else
			used += (size_t)sprintf(ret + used, "\\x%02x", *p);
	}
	ret[used] = '\0';
}

/* sda1; or cciss/c0d0, where sysfs has cciss!c0d0. */
static int find_kernel_name(const struct target_source *from, const char *name, char **ret)
{
	_cleanup_free_ char *plain = strdup(name);

	if (!plain)
		return -ENOMEM;
	for (char *p = plain; (p = strchr(p, '/')); p++)
		*p = '!';
	return sysfs_follow(from->sysfd, "class/block", plain, ret);
}

static int find_dm_name(const struct target_source *from, const char *wanted, char **ret)
{
	_cleanup_strv_ char **names = NULL;
	int r = sysfs_list(from->sysfd, "class/block", "dm-", &names);

	STRV_FOREACH(name, names) {
		_cleanup_free_ char *path = NULL, *dm_name = NULL;

		if (r == 0)
			r = sysfs_follow(from->sysfd, "class/block", *name, &path);
		if (r == 0 && path)
			r = sysfs_read(from->sysfd, path, "dm/name", &dm_name);
		if (r == 0 && dm_name && streq(dm_name, wanted)) {
			*ret = TAKE_PTR(path);
			return 0;
		}
	}
	return r;
}

/* Links of udev end at the kernel's name: "../../sda1", "../dm-0". */
static int find_link(const struct target_source *from, const char *path, char **ret)
{
	char target[PATH_MAX];
	ssize_t n = from->devfd < 0 ? -1 : readlinkat(from->devfd, path, target, sizeof(target) - 1);

	if (n < 0)
		return 0;
	target[n] = '\0';
	return sysfs_follow(from->sysfd, "class/block", sysfs_name(target), ret);
}

static int find_tag(const struct target_source *from, const char *name, const struct tag *tag, char **ret)
{
	char value[PATH_MAX], path[PATH_MAX + 32];
	int r;

	encode(name + strlen(tag->prefix), value);
	(void)snprintf(path, sizeof(path), "%s/%s", tag->directory, value);
	r = find_link(from, path, ret);
	if (r < 0 || *ret)
		return r;
	/* GPT's UUIDs are often written in capitals. */
	for (char *p = path; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return endswith(tag->prefix, "UUID=") ? find_link(from, path, ret) : 0;
}

static int find_path(const struct target_source *from, const char *path, char **ret)
{
	const char *mapped = startswith(path, "mapper/");
	int r = find_kernel_name(from, path, ret);

	if (r == 0 && !*ret && mapped)
		r = find_dm_name(from, mapped, ret);
	return r == 0 && !*ret ? find_link(from, path, ret) : r;
}

int blockname_find(const struct target_source *from, const char *name, char **ret)
{
	const char *path = startswith(name, "/dev/");

	*ret = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (startswith(name, tags[i].prefix))
			return find_tag(from, name, &tags[i], ret);
	return path ? find_path(from, path, ret) : sysfs_follow(from->sysfd, "dev/block", name, ret);
}
