/* SPDX-License-Identifier: MIT */
/* api: file systems of the kernel's own, and of memory: nothing is lost with them. */
#include <errno.h>
#include <sys/mount.h>

#include "shutdown/layer.h"

/* What holds no data that anybody could want after the end. What is not in the list is data. */
static const char *const types[] = {
	"autofs",   "binfmt_misc", "bpf",        "cgroup",  "cgroup2",    "configfs",
	"debugfs",  "devpts",      "devtmpfs",   "efivarfs", "fusectl",   "hugetlbfs",
	"mqueue",   "nfsd",        "nsfs",       "proc",    "pstore",     "ramfs",
	"resctrl",  "rootfs",      "rpc_pipefs", "securityfs", "selinuxfs", "smackfs",
	"sysfs",    "tmpfs",       "tracefs",    "xenfs",
};

bool mount_is_api(const struct node *n)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (n->label && streq(n->label, types[i]))
			return true;
	return false;
}

/*
 * A lazy unmount takes along what is mounted below, data too: so never with mounts on it. A loop whose file
 * lies on a tmpfs keeps that alive by itself.
 */
bool mount_has_no_mounts(const struct node *n, const struct standing *st)
{
	return st->mounts == 0;
}

int mount_detach(int root, const struct node *n)
{
	return umount2(n->name, UMOUNT_NOFOLLOW | MNT_DETACH) < 0 ? -errno : 0;
}
