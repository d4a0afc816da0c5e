/* SPDX-License-Identifier: MIT */
/* rescue: a shell and its tools, for `slipway build --rescue`. */
#include <errno.h>

#include "base/log.h"
#include "image/build.h"
#include "image/program.h"

/*
 * What helps to find out why a machine does not boot, and to mend it. Named here and not asked of
 * busybox: nothing of a sysroot is run. An applet that a busybox lacks says so when it is called.
 */
static const char *const applets[] = {
	"awk",    "basename", "blkid",  "blockdev", "cat",      "chmod",  "chroot",  "clear",
	"cp",     "cut",      "date",   "dd",       "df",       "dirname", "dmesg",  "du",
	"echo",   "env",      "fdisk",  "find",     "free",     "grep",   "head",    "hexdump",
	"hostname", "id",     "ip",     "kill",     "less",     "ln",     "losetup", "ls",
	"lsmod",  "md5sum",   "mkdir",  "mknod",    "more",     "mount",  "mv",      "nc",
	"pidof",  "ping",     "poweroff", "printf", "ps",       "pwd",    "readlink", "reboot",
	"rm",     "rmdir",    "sed",    "setsid",   "sha256sum", "sleep", "sort",    "stat",
	"stty",   "sync",     "tail",   "tar",      "test",     "top",    "touch",   "tr",
	"true",   "tty",      "udhcpc", "umount",   "uname",    "uniq",   "vi",      "wc",
	"which",  "xargs",    "zcat",
};

static int add_applet(struct build *b, const struct tree_node *busybox, const char *path)
{
	_cleanup_free_ char *target = NULL;

	if (asprintf(&target, "/%s", busybox->path) < 0)
		return -ENOMEM;
	/* A program that is in for its own sake stays what it is. */
	if (tree_lookup(&b->tree, path))
		return 0;
	return tree_add(&b->tree,
			&(struct tree_node){ .path = path,
					     .mode = S_IFLNK | 0777,
					     .target = target,
					     .reason = "applet of",
					     .by = busybox },
			NULL);
}

int rescue_add(struct build *b)
{
	const struct tree_node *busybox;
	int r;

	if (!b->config->rescue)
		return 0;
	build_into(b, SEGMENT_RESERVE);
	r = program_add(b, "busybox", "usr/bin/busybox", "--rescue", &busybox);
	if (r == -ENOENT)
		log_error("cannot find busybox in %s, which --rescue needs: install the package "
			  "busybox "
			  "or busybox-static there",
			  b->config->sysroot.path);
	if (r == 0)
		r = add_applet(b, busybox, "bin/sh");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(applets); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "usr/bin/%s", applets[i]) < 0)
			return -ENOMEM;
		r = add_applet(b, busybox, path);
	}
	return r;
}
