/* SPDX-License-Identifier: MIT */
/* swap: /proc/swaps, and switching off what keeps a device or a mount from going. */
#include <errno.h>
#include <sys/swap.h>

#include "base/file.h"
#include "base/mountinfo.h"
#include "shutdown/layer.h"

/* "/dev/dm-1    partition	1048572	0	-2", the size and the use in KiB */
static int parse_line(char *line, struct snapshot *s)
{
	char *path = strsep(&line, " \t");
	struct node n = { .kind = NODE_SWAP };
	unsigned long long used;
	char type[16];

	if (!line || *path != '/' || sscanf(line, " %15s %*u %llu", type, &used) != 2)
		return -EINVAL;
	mountinfo_unescape(path);
	n.name = strdup(path);
	if (!n.name)
		return -ENOMEM;
	n.used = used;
	n.file = streq(type, "file");
	n.layer = layer_of(&n);
	return snapshot_add(s, &n);
}

int swaps_parse(const char *text, struct snapshot *s)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;

	if (!copy)
		return -ENOMEM;
	while ((line = strsep(&rest, "\n")))
		if (parse_line(line, s) == -ENOMEM)
			return -ENOMEM;
	return 0;
}

int swaps_read(int root, struct snapshot *s)
{
	_cleanup_free_ char *text = NULL;
	int r = file_read(root, "proc/swaps", 1 << 20, &text, NULL);

	return r < 0 ? r : swaps_parse(text, s);
}

/*
 * A swap on a plain partition does no harm: what is in it is worth nothing after the end (node_is_left()). One
 * that stands in the way of something goes, when there is memory for what is in it.
 */
bool swap_fits(const struct node *n, const struct standing *st)
{
	return n->used <= n->room;
}

/*
 * The path is the one by which it was opened, in a /dev that may be detached by now; any node of the device
 * will do for swapoff(2).
 */
int swap_off(int root, const struct node *n)
{
	const char *slash = strrchr(n->name, '/'), *places[] = { "/dev/", "/dev/mapper/" };
	int r = swapoff(n->name) < 0 ? -errno : 0;

	for (size_t i = 0; r == -ENOENT && !n->file && i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s%s", places[i], slash + 1) < 0)
			return -ENOMEM;
		r = swapoff(path) < 0 ? -errno : 0;
	}
	return r;
}
