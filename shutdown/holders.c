/* SPDX-License-Identifier: MIT */
/* holders: the processes that keep mounts and devices from going. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <linux/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mountinfo.h"
#include "base/process.h"
#include "shutdown/holders.h"
#include "shutdown/layer.h"

#define TEXT_MAX (64U << 20)

struct search {
	const struct node *const *nodes;
	size_t n;
	struct holder *found;
	size_t n_found;
	bool *seen;      /* by node, for the process that is looked at */
	struct stat own; /* our program: our own workers hold nothing */
	char space[64];  /* our mount namespace */
};

static bool is_device(const struct node *n, dev_t dev)
{
	bool same = n->dev == dev;

	for (size_t i = 0; i < n->n_parts; i++)
		same |= n->parts[i].dev == dev;
	return same;
}

/* Marks the nodes on which the file behind a link of /proc/PID lies, or which it is. */
static void look_at_link(struct search *s, int dir, const char *path)
{
	struct statx stx;

	/* musl had no statx() before 1.2.5. */
	if (syscall(SYS_statx, dir, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_MODE | STATX_MNT_ID, &stx) < 0)
		return;
	for (size_t i = 0; i < s->n; i++) {
		const struct node *n = s->nodes[i];

		if (n->kind == NODE_MOUNT)
			s->seen[i] |= n->dev == makedev(stx.stx_dev_major, stx.stx_dev_minor) ||
				      ((stx.stx_mask & STATX_MNT_ID) && stx.stx_mnt_id == (uint64_t)n->id);
		else if (n->kind == NODE_DEVICE && S_ISBLK(stx.stx_mode))
			s->seen[i] |= is_device(n, makedev(stx.stx_rdev_major, stx.stx_rdev_minor));
	}
}

static void look_at_files(struct search *s, int dir)
{
	_cleanup_closedir_ DIR *files = NULL;
	struct dirent *de;

	if (file_open_dir(dir, "fd", &files) < 0)
		return;
	while ((de = readdir(files)))
		if (de->d_name[0] != '.')
			look_at_link(s, dirfd(files), de->d_name);
}

/* "7f2c…-7f2d… r-xp 00000000 fd:00 1234    /usr/lib/…": the device in hexadecimal */
bool maps_have_dev(const char *text, dev_t dev)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		unsigned int maj, min;
		unsigned long inode;

		line += *line == '\n';
		if (sscanf(line, "%*x-%*x %*s %*x %x:%x %lu", &maj, &min, &inode) == 3 && inode &&
		    makedev(maj, min) == dev)
			return true;
	}
	return false;
}

static void look_at_maps(struct search *s, int dir)
{
	_cleanup_free_ char *text = NULL;

	if (file_read(dir, "maps", TEXT_MAX, &text, NULL) < 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		s->seen[i] |= s->nodes[i]->kind == NODE_MOUNT && maps_have_dev(text, s->nodes[i]->dev);
}

/* A mount namespace of its own holds all that is mounted in it, without any file being open. */
static void look_at_namespace(struct search *s, int dir)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };
	_cleanup_free_ char *text = NULL;
	char space[64] = "";

	if (readlinkat(dir, "ns/mnt", space, sizeof(space) - 1) < 0 || streq(space, s->space))
		return;
	if (file_read(dir, "mountinfo", TEXT_MAX, &text, NULL) < 0 || mountinfo_parse(text, &m) < 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < m.n; k++)
			s->seen[i] |= s->nodes[i]->kind == NODE_MOUNT && m.items[k].dev == s->nodes[i]->dev;
}

static int add_seen(struct search *s, const struct process *p)
{
	for (size_t i = 0; i < s->n; i++) {
		struct holder *grown;

		if (!s->seen[i])
			continue;
		grown = realloc(s->found, (s->n_found + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->found = grown;
		grown[s->n_found] = (struct holder){ .pid = p->pid, .node = i };
		memcpy(grown[s->n_found++].comm, p->comm, sizeof(p->comm));
	}
	return 0;
}

static int look_at_process(struct search *s, int procfd, const struct process *p)
{
	static const char *const links[] = { "cwd", "root", "exe" };
	_cleanup_close_ int dir = -EBADF;
	char name[16];
	struct stat exe;

	(void)snprintf(name, sizeof(name), "%d", p->pid);
	dir = openat(procfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || p->kernel)
		return 0;
	if (fstatat(dir, "exe", &exe, 0) == 0 && exe.st_dev == s->own.st_dev && exe.st_ino == s->own.st_ino)
		return 0;
	memset(s->seen, 0, s->n * sizeof(*s->seen));
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		look_at_link(s, dir, links[i]);
	look_at_files(s, dir);
	look_at_maps(s, dir);
	look_at_namespace(s, dir);
	return add_seen(s, p);
}

int holders_find(int root, const struct node *const *nodes, size_t n, struct holder **ret, size_t *ret_n)
{
	_cleanup_close_ int procfd = openat(root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ struct process *list = NULL;
	_cleanup_free_ bool *seen = calloc(n + 1, sizeof(*seen));
	_cleanup_free_ struct holder *found = NULL;
	struct search s = { .nodes = nodes, .n = n, .seen = seen };
	size_t count = 0;
	int r;

	if (!seen)
		return -ENOMEM;
	if (procfd < 0 || fstatat(procfd, "self/exe", &s.own, 0) < 0)
		return -errno;
	if (readlinkat(procfd, "self/ns/mnt", s.space, sizeof(s.space) - 1) < 0)
		return -errno;
	r = process_list(procfd, &list, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = look_at_process(&s, procfd, &list[i]);
	found = s.found;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(found);
	*ret_n = s.n_found;
	return 0;
}

struct prey {
	const struct holder *list;
	size_t n;
};

/*
 * mdmon writes the metadata of a whole array, the one that its root file system may stand on: without it every
 * write to the array waits for ever, so it is worth more than a clean unmount.
 */
static bool is_spared(const struct process *p, void *data)
{
	const struct prey *prey = data;

	for (size_t i = 0; i < prey->n; i++)
		if (prey->list[i].pid == p->pid)
			return streq(p->comm, "mdmon");
	return true;
}

int holders_end(int root, const struct node *n)
{
	_cleanup_free_ struct holder *list = NULL;
	_cleanup_free_ char *left = NULL;
	_cleanup_close_ int procfd = openat(root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct prey prey = { 0 };
	int r = holders_find(root, &n, 1, &list, &prey.n);

	if (r < 0)
		return r;
	if (prey.n == 0)
		return -ESRCH;
	prey.list = list;
	r = process_end_all(&(struct process_end){
				    .procfd = procfd,
				    .spare = is_spared,
				    .data = &prey,
				    .term_usec = USEC_PER_SEC,
				    .kill_usec = USEC_PER_SEC,
			    },
			    &left);
	/* Ended or not: whether that freed the node is for the next attempt to see. */
	return r < 0 ? r : -EAGAIN;
}
