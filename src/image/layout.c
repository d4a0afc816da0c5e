/* SPDX-License-Identifier: MIT */
/* layout: the directories, nodes and names that every image has. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/assignment.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"
#include "image/osrelease.h"
#include "image/pull.h"

/*
 * Nodes are written into the archive, not made on disk, so that no privilege is needed. The
 * kernel opens /dev/console for init before init can mount a devtmpfs; null and kmsg are for what
 * goes wrong until then.
 */
static int add_fixed(struct build *b)
{
	const struct tree_node fixed[] = {
		{ .path = "dev", .mode = S_IFDIR | 0755, .reason = "devtmpfs is mounted on it" },
		{ .path = "dev/console",
		  .mode = S_IFCHR | 0600,
		  .rdev = makedev(5, 1),
		  .reason = "the kernel opens it for /init" },
		{ .path = "dev/null",
		  .mode = S_IFCHR | 0666,
		  .rdev = makedev(1, 3),
		  .reason = "for programs, before devtmpfs" },
		{ .path = "dev/kmsg",
		  .mode = S_IFCHR | 0600,
		  .rdev = makedev(1, 11),
		  .reason = "for messages, before devtmpfs" },
		{ .path = "proc", .mode = S_IFDIR | 0755, .reason = "proc is mounted on it" },
		{ .path = "sys", .mode = S_IFDIR | 0755, .reason = "sysfs is mounted on it" },
		{ .path = "run", .mode = S_IFDIR | 0755, .reason = "a tmpfs is mounted on it" },
		{ .path = "sysroot",
		  .mode = S_IFDIR | 0755,
		  .reason = "the root is mounted on it" },
		{ .path = "tmp", .mode = S_IFDIR | 01777, .reason = "for programs" },
		{ .path = "etc", .mode = S_IFDIR | 0755, .reason = "for configuration" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		int r = tree_add(&b->tree, &fixed[i], NULL);

		if (r < 0)
			return log_errno(r, "cannot add /%s", fixed[i].path);
	}
	return 0;
}

/* Symlinks where the sysroot has merged them, else directories; left out where it has none. */
static const char *const system_dirs[] = {
	"usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "bin", "sbin", "lib", "lib64",
};

static int add_system_dirs(struct build *b)
{
	const struct sysroot *s = &b->config->sysroot;

	for (size_t i = 0; i < ARRAY_SIZE(system_dirs); i++) {
		struct pull dir = {
			.path = system_dirs[i],
			.reason = "a directory of the system, as the sysroot has it",
		};
		int r = pull(&b->tree, s, &dir, NULL);

		if (r < 0 && r != -ENOENT)
			return log_errno(r, "cannot take in /%s from %s", system_dirs[i],
					 s->path);
	}
	return 0;
}

/* The sysroot's own, so that tools see which system this is for; only its pretty name says what
 * it is. */
static int release_text(const struct sysroot *s, char **ret)
{
	_cleanup_free_ char *text = NULL, *out = NULL, *pretty = NULL;
	char *p, *line;
	int r = osrelease_read(s, &text);

	if (r < 0 && r != -ENOENT)
		return log_errno(r, "cannot read /etc/os-release of %s", s->path);
	r = assignment_value(text ?: "", "PRETTY_NAME", &pretty);
	if (r < 0 && r != -ENOENT)
		return r;
	p = text;
	out = strdup(text ? "" : "ID=linux\nNAME=Linux\n");
	while ((line = strsep(&p, "\n"))) {
		char *longer;

		if (!*line || startswith(line, "PRETTY_NAME="))
			continue;
		if (!out || asprintf(&longer, "%s%s\n", out, line) < 0)
			return -ENOMEM;
		free(out);
		out = longer;
	}
	if (!out ||
	    asprintf(ret, "%sPRETTY_NAME=\"%s (slipway " SLIPWAY_VERSION ")\"\n", out, pretty ?: "Linux") < 0)
		return -ENOMEM;
	return 0;
}

/* systemd and storage daemons know by this file that they run from an initrd. */
static int add_release(struct build *b)
{
	_cleanup_free_ char *text = NULL;
	struct tree_node file = {
		.mode = S_IFREG | 0644,
		.flags = TREE_DATA,
		.reason = "says that this is an initrd",
	};
	static const char *const places[] = { "usr/lib/initrd-release",
					      EXITRD "etc/initrd-release" };
	int r = release_text(&b->config->sysroot, &text);

	if (r < 0)
		return r;
	file.bytes = text;
	file.size = strlen(text);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++) {
		file.path = places[i];
		r = tree_add(&b->tree, &file, NULL);
	}
	if (r == 0)
		r = tree_add(&b->tree,
			     &(struct tree_node){ .path = "etc/initrd-release",
						  .mode = S_IFLNK | 0777,
						  .target = "../usr/lib/initrd-release",
						  .reason = file.reason },
			     NULL);
	return r;
}

int layout_add(struct build *b)
{
	int r;

	if ((r = add_fixed(b)) < 0 || (r = add_system_dirs(b)) < 0)
		return r;
	return add_release(b);
}
