/* SPDX-License-Identifier: MIT */
/*
 * kernel: a directory in the kernel's place, made of what was recorded. The acts of the layers, in their workers, take
 * out of it what they take down. A test that includes this wraps
 * mount_detach mount_lift mount_unmount mount_readonly mount_freeze mount_thaw swap_off loop_clear dm_remove
 * dm_resume md_stop holders_end sysrq_press.
 */
#pragma once

#include <errno.h>
#include <sys/file.h>

#include "unit/shutdown/graph.h"
#include "unit/shutdown/recorded.h"

static const struct scratch *room;
static const char *stubborn; /* the target of a mount that stays in use */
static bool freezes;         /* the kernel can freeze it */
static bool loses;           /* what is unmounted could not be written */
static bool slow;            /* removing a mapping takes its time */
static size_t seen;          /* of the trace, at the last escalation */

static void note(const char *act, const struct node *n)
{
	_cleanup_close_ int fd = openat(room->fd, "trace", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	(void)dprintf(fd, "%s %s\n", act, n->name);
}

/* Valid until the next call. */
static const char *read_trace(void)
{
	static char trace[1 << 16];
	_cleanup_close_ int fd = openat(room->fd, "trace", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, trace, sizeof(trace) - 1);

	assert_true(n >= 0);
	trace[n] = '\0';
	return trace;
}

/* Workers side by side: one at a time writes, until it ends. */
static void take_turn(void)
{
	int fd = openat(room->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)flock(fd, LOCK_EX);
}

/* Rewrites the file without the lines that begin with `begin`, or with `instead` in their place. */
static void edit(const char *path, const char *begin, const char *instead)
{
	_cleanup_free_ char *text = NULL, *copy = NULL;
	char *rest, *line, *out;

	if (file_read(room->fd, path, 1 << 20, &text, NULL) < 0)
		return;
	copy = calloc(1, strlen(text) + 512);
	out = copy;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		const char *keep = startswith(line, begin) ? instead : line;

		if (*keep)
			out += sprintf(out, "%s\n", keep);
	}
	/* At once, as the kernel's table changes: the loop may be reading it. */
	(void)file_write(room->fd, "new", copy, 0644);
	(void)renameat(room->fd, "new", room->fd, path);
}

static int take_out_mount(const char *act, const struct node *n, const char *instead)
{
	char begin[32];

	take_turn();
	note(act, n);
	(void)snprintf(begin, sizeof(begin), "%d ", n->id);
	edit("proc/self/mountinfo", begin, instead);
	return 0;
}

static void remove_tree(const char *path)
{
	char whole[1024];

	(void)snprintf(whole, sizeof(whole), "%s/%s", room->path, path);
	(void)nftw(whole, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int take_out_device(const char *act, const struct node *n)
{
	_cleanup_close_ int block = openat(room->fd, "sys/block", O_RDONLY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fdopendir(TAKE_FD(block));
	struct dirent *de;
	char path[512];

	take_turn();
	note(act, n);
	(void)snprintf(path, sizeof(path), "sys/block/%s", n->name);
	remove_tree(path);
	while ((de = readdir(dir))) {
		(void)snprintf(path, sizeof(path), "sys/block/%s/holders/%s", de->d_name, n->name);
		remove_tree(path);
	}
	return 0;
}

int __wrap_mount_detach(int root, const struct node *n);
int __wrap_mount_detach(int root, const struct node *n)
{
	return take_out_mount("detach", n, "");
}

int __wrap_mount_unmount(int root, const struct node *n);
int __wrap_mount_unmount(int root, const struct node *n)
{
	if (streq_null(stubborn, n->name)) {
		note("busy", n);
		return -EBUSY;
	}
	(void)take_out_mount("unmount", n, "");
	return loses ? -EIO : 0;
}

/* Mount 32 of the recorded table is the exitrd's /run. */
int __wrap_mount_lift(int root, const struct node *n);
int __wrap_mount_lift(int root, const struct node *n)
{
	char begin[32], line[256];

	take_turn();
	note("lift", n);
	(void)snprintf(begin, sizeof(begin), "%d ", n->id);
	(void)snprintf(line, sizeof(line), "%d 32 %u:%u / /run/held rw - %s x rw", n->id, major(n->dev),
		       minor(n->dev), n->label);
	edit("proc/self/mountinfo", begin, line);
	(void)file_write(room->fd, "sys/block/loop0/loop/backing_file", "/run/held/root.img\n", 0644);
	return 0;
}

int __wrap_holders_end(int root, const struct node *n);
int __wrap_holders_end(int root, const struct node *n)
{
	note("end holders", n);
	return -EAGAIN;
}

int __wrap_mount_readonly(int root, const struct node *n);
int __wrap_mount_readonly(int root, const struct node *n)
{
	note("readonly", n);
	return -EBUSY;
}

int __wrap_mount_freeze(int root, const struct node *n);
int __wrap_mount_freeze(int root, const struct node *n)
{
	note("freeze", n);
	return freezes ? 0 : -EOPNOTSUPP;
}

int __wrap_mount_thaw(int root, const struct node *n);
int __wrap_mount_thaw(int root, const struct node *n)
{
	note("thaw", n);
	return -EINVAL;
}

int __wrap_swap_off(int root, const struct node *n);
int __wrap_swap_off(int root, const struct node *n)
{
	take_turn();
	note("swapoff", n);
	edit("proc/swaps", n->name, "");
	return 0;
}

int __wrap_loop_clear(int root, const struct node *n);
int __wrap_loop_clear(int root, const struct node *n)
{
	return take_out_device("clear", n);
}

int __wrap_dm_remove(int root, const struct node *n);
int __wrap_dm_remove(int root, const struct node *n)
{
	if (slow) {
		note("flush", n);
		(void)usleep(300 * 1000);
	}
	return take_out_device("remove", n);
}

int __wrap_md_stop(int root, const struct node *n);
int __wrap_md_stop(int root, const struct node *n)
{
	return take_out_device("stop", n);
}

int __wrap_dm_resume(int root, const struct node *n);
int __wrap_dm_resume(int root, const struct node *n)
{
	note("resume", n);
	return 0;
}

int __wrap_sysrq_press(int root, const char *keys);
int __wrap_sysrq_press(int root, const char *keys)
{
	note(keys, &(struct node){ .name = (char *)(uintptr_t) "" });
	return 0;
}
