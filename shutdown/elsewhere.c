/* SPDX-License-Identifier: MIT */
/*
 * elsewhere: mounts in other mount namespaces: of daemons that stay, as a unit with PrivateMounts= has one.
 *
 * An unmount in ours does not reach them: the file system stays in use and its journal open, though nothing of it
 * is to be seen any more. They go when the last process of their namespace does.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/strv.h"
#include "shutdown/layer.h"

#define MOUNTINFO_MAX (64U << 20)

bool mount_is_elsewhere(const struct node *n)
{
	return n->elsewhere;
}

/* Its name is a path that leads to it from here. The kernel's own and those in memory lose nothing. */
static int add_mount(struct snapshot *s, const char *pid, struct mount_entry *e)
{
	struct node n = { .kind = NODE_MOUNT, .label = e->fstype };
	char *path;

	if (mount_is_api(&n))
		return 0;
	if (asprintf(&path, "/proc/%s/root%s", pid, e->target) < 0)
		return -ENOMEM;
	free(e->target);
	e->target = path;
	n = node_of_mount(e);
	n.elsewhere = true;
	n.layer = layer_of(&n);
	return snapshot_add(s, &n);
}

/* A process that has ended meanwhile has no mounts. */
static int add_namespace(struct snapshot *s, int proc, const char *pid)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };
	_cleanup_free_ char *path = NULL, *text = NULL;
	int r;

	if (asprintf(&path, "%s/mountinfo", pid) < 0)
		return -ENOMEM;
	if (file_read(proc, path, MOUNTINFO_MAX, &text, NULL) < 0)
		return 0;
	r = mountinfo_parse(text, &m);
	for (size_t i = 0; r == 0 && i < m.n; i++)
		r = add_mount(s, pid, &m.items[i]);
	return r;
}

static int add_process(struct snapshot *s, int proc, const char *pid, char ***seen)
{
	char path[32], space[64] = "";

	(void)snprintf(path, sizeof(path), "%.15s/ns/mnt", pid);
	if (readlinkat(proc, path, space, sizeof(space) - 1) < 0 || strv_contains(*seen, space))
		return 0;
	if (strv_push(seen, space) < 0)
		return -ENOMEM;
	return add_namespace(s, proc, pid);
}

int elsewhere_read(int root, struct snapshot *s)
{
	_cleanup_closedir_ DIR *proc = NULL;
	_cleanup_strv_ char **seen = NULL;
	char own[64] = "";
	struct dirent *de;
	int r = file_open_dir(root, "proc", &proc);

	if (r < 0)
		return r;
	if (readlinkat(dirfd(proc), "self/ns/mnt", own, sizeof(own) - 1) < 0)
		return -errno;
	r = strv_push(&seen, own);
	while (r == 0 && (de = readdir(proc)))
		if (isdigit((unsigned char)de->d_name[0]))
			r = add_process(s, dirfd(proc), de->d_name, &seen);
	return r;
}
