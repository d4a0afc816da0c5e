/* SPDX-License-Identifier: MIT */
/*
 * accounts: who there is in an initrd that systemd runs: root, nobody, and the groups that udev's rules name. Numbers
 * are the sysroot's, since what they are given in the initrd they keep; members and passwords stay outside.
 */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"

#define SYSTEM_MAX 999 /* /etc/login.defs, SYS_GID_MAX */

static int add_text(struct build *b, const char *path, const char *text, mode_t mode)
{
	int r = tree_add(&b->tree,
			 &(struct tree_node){ .path = path,
					      .mode = S_IFREG | mode,
					      .flags = TREE_DATA,
					      .bytes = text,
					      .size = strlen(text),
					      .reason = "accounts and names for systemd" },
			 NULL);

	return r < 0 ? log_errno(r, "cannot add /%s", path) : 0;
}

/* "disk:x:6:" of the sysroot's file, without what stands behind the number. */
static int add_groups(struct build *b)
{
	_cleanup_free_ char *text = NULL, *out = strdup("");
	char *p, *line;
	int r = sysroot_read(&b->config->sysroot, "/etc/group", &text);

	if (r < 0 && r != -ENOENT)
		return log_errno(r, "cannot read /etc/group of %s", b->config->sysroot.path);
	p = text;
	while ((line = strsep(&p, "\n"))) {
		unsigned int number;
		char name[64];
		char *longer;

		if (sscanf(line, "%63[^:]:%*[^:]:%u", name, &number) != 2 || number > SYSTEM_MAX)
			continue;
		if (!out || asprintf(&longer, "%s%s:x:%u:\n", out, name, number) < 0)
			return -ENOMEM;
		free(out);
		out = longer;
	}
	return out ? add_text(b, "etc/group", *out ? out : "root:x:0:\n", 0644) : -ENOMEM;
}

int accounts_add(struct build *b)
{
	int r = add_text(b, "etc/passwd",
			 "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n", 0644);

	if (r == 0)
		r = add_groups(b);
	/* No number of a machine: systemd makes one for the initrd. Without the file it would be a first boot. */
	if (r == 0)
		r = add_text(b, "etc/machine-id", "", 0444);
	if (r == 0)
		r = tree_add(&b->tree,
			     &(struct tree_node){ .path = "etc/os-release",
						  .mode = S_IFLNK | 0777,
						  .target = "initrd-release",
						  .reason = "what this is, for systemd" },
			     NULL);
	if (r == 0)
		r = tree_add(&b->tree,
			     &(struct tree_node){ .path = "root", .mode = S_IFDIR | 0700, .reason = "root's home" },
			     NULL);
	return r;
}
