/* SPDX-License-Identifier: MIT */
/* devices: /sys/block, as far as a layer knows the kind. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/strv.h"
#include "shutdown/layer.h"

/* "253:0" */
static int read_dev(int dir, const char *path, dev_t *ret)
{
	_cleanup_free_ char *line = NULL;
	unsigned int maj, min;
	int r = file_read_line(dir, path, &line);

	if (r < 0)
		return r;
	if (sscanf(line, "%u:%u", &maj, &min) != 2)
		return -EINVAL;
	*ret = makedev(maj, min);
	return 0;
}

static int add_holders(int dir, const char *path, struct node *n)
{
	_cleanup_closedir_ DIR *holders = NULL;
	struct dirent *de;
	int r = file_open_dir(dir, path, &holders);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	while ((de = readdir(holders)))
		if (de->d_name[0] != '.' && !strv_contains(n->holders, de->d_name)) {
			r = strv_push(&n->holders, de->d_name);
			if (r < 0)
				return r;
		}
	return 0;
}

static int add_part(int dir, const char *name, struct node *n)
{
	_cleanup_free_ char *dev_path = NULL, *holders_path = NULL;
	struct part p = { 0 }, *grown;

	if (asprintf(&dev_path, "%s/dev", name) < 0 || asprintf(&holders_path, "%s/holders", name) < 0)
		return -ENOMEM;
	if (read_dev(dir, dev_path, &p.dev) < 0)
		return 0;
	grown = realloc(n->parts, (n->n_parts + 1) * sizeof(p));
	if (!grown)
		return -ENOMEM;
	n->parts = grown;
	p.name = strdup(name);
	if (!p.name)
		return -ENOMEM;
	n->parts[n->n_parts++] = p;
	return add_holders(dir, holders_path, n);
}

/* Directories of the device's own name with something after it: dm-1 has none, loop0 may have loop0p1. */
static int add_parts(int dir, struct node *n)
{
	_cleanup_closedir_ DIR *entries = NULL;
	struct dirent *de;
	int r = file_open_dir(dir, ".", &entries);

	while (r == 0 && (de = readdir(entries))) {
		const char *rest = startswith(de->d_name, n->name);

		if (rest && *rest)
			r = add_part(dir, de->d_name, n);
	}
	return r;
}

static int read_device(int root, int block, struct node *n)
{
	_cleanup_close_ int dir = openat(block, n->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dir < 0)
		return -errno;
	r = read_dev(dir, "dev", &n->dev);
	if (r == 0)
		r = n->layer->read(root, dir, n);
	if (r == 0)
		r = add_holders(dir, "holders", n);
	if (r == 0 && n->layer->partitions)
		r = add_parts(dir, n);
	return r;
}

static int add_device(int root, int block, const char *name, struct snapshot *s)
{
	struct node n = { .kind = NODE_DEVICE, .opened = -1 };
	int r;

	n.name = strdup(name);
	if (!n.name)
		return -ENOMEM;
	n.layer = layer_of(&n);
	r = n.layer ? read_device(root, block, &n) : -ENOENT;
	if (r < 0) {
		/* A plain disk, one that is not in use, one that went away meanwhile. */
		node_free(&n);
		return r == -ENOMEM ? r : 0;
	}
	return snapshot_add(s, &n);
}

int devices_read(int root, struct snapshot *s)
{
	_cleanup_closedir_ DIR *block = NULL;
	struct dirent *de;
	int r = file_open_dir(root, "sys/block", &block);

	while (r == 0 && (de = readdir(block)))
		if (de->d_name[0] != '.')
			r = add_device(root, dirfd(block), de->d_name, s);
	return r;
}
