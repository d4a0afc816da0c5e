/* SPDX-License-Identifier: MIT */
/* ramroot: a root that is in memory. */
#include "init/ramroot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/archives.h"
#include "init/filesystem.h"
#include "init/run.h"
#include "init/treecopy.h"

/* Memory is fast, and a machine that swaps while it copies is none to stay in. */
#define COPY_DEADLINE (600 * USEC_PER_SEC)

static int on_archives(struct boot *b, const struct cmdline_word *w)
{
	if (w->value && *w->value && (*w->value != '/' || path_has_dot_dot(w->value)))
		return option_warn(b, w, "an absolute path without \"..\", on what root= names or in the image");
	return option_text(w, &b->ram.archives);
}

static int on_ram(struct boot *b, const struct cmdline_word *w)
{
	return option_text(w, &b->ram.options);
}

static int on_stay(struct boot *b, const struct cmdline_word *w)
{
	enum tristate answer = UNSET;
	int r;

	if (streq_null(w->value, "copy")) {
		b->ram.stay = STAY_COPIED;
		return 0;
	}
	if (w->value && cmdline_answer(w->value) < 0)
		return option_warn(b, w, "copy, 1, yes, true, on, 0, no, false, off");
	r = option_answer(b, w, &answer);
	if (answer != UNSET)
		b->ram.stay = answer == YES ? STAY_HERE : STAY_NOT;
	return r;
}

const struct option ramroot_options[] = {
	{ "rd.slipway.stay",     on_stay     },
	{ "rd.slipway.archives", on_archives },
	{ "rd.slipway.ram",      on_ram      },
	{ NULL,                  NULL        },
};

/* Who stays has no other root. */
int ramroot_complete(struct boot *b)
{
	if (b->ram.stay != STAY_NOT)
		return string_set(&b->ram.archives, NULL);
	if (b->ram.archives) {
		b->ram.medium = b->root;
		b->root = (struct boot_mount){ 0 };
	}
	return 0;
}

bool ramroot_is_asked(const struct boot *b)
{
	return b->ram.stay != STAY_NOT || b->ram.archives;
}

/* With these systemd takes the system for an initrd, and waits for somebody who switches the root. */
static int forget_initrd(int root)
{
	static const char *const marks[] = { "etc/initrd-release", "usr/lib/initrd-release" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (unlinkat(root, marks[i], 0) < 0 && errno != ENOENT)
			r = -errno;
	return r;
}

/* In a worker. */
static int copy(int fd, void *data)
{
	_cleanup_close_ int from = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int to = open(SYSROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	int r = from < 0 || to < 0 ? -errno : treecopy(from, to);

	return r == 0 ? forget_initrd(to) : r;
}

static int copy_image(struct run *run)
{
	int span = profile_begin(&run->profile, SPAN_WORKER, "copy the image", NULL);
	int r = worker_call(copy, NULL, clock_add(clock_monotonic(), COPY_DEADLINE), NULL, NULL);

	profile_end(&run->profile, span);
	if (r < 0)
		return log_errno(r, "cannot copy the initramfs to a tmpfs%s",
				 r == -ENOSPC ? " (rd.slipway.ram=size= says how large that may become)" : "");
	log_info("copied the initramfs to a tmpfs");
	return 0;
}

static int mount_tmpfs(struct run *run)
{
	const struct boot_ram *ram = &run->boot.ram;
	_cleanup_free_ char *options = NULL;
	struct mount_request request = { .source = "root", .target = SYSROOT, .fstype = "tmpfs", .access = "rw" };

	if (asprintf(&options, "mode=0755%s%s", ram->options ? "," : "", ram->options ? ram->options : "") < 0)
		return log_errno(-ENOMEM, "cannot mount the root");
	request.options = options;
	return mount_fs(run, &request);
}

int ramroot_make(struct run *run)
{
	const struct boot_ram *ram = &run->boot.ram;
	int r;

	/* libarchive, or the rest of what shall be the system. */
	reserve_bring(run);
	if (ram->stay == STAY_HERE)
		return 0;
	r = mount_tmpfs(run);
	if (r < 0)
		return r;
	r = ram->archives ? archives_unpack(run) : copy_image(run);
	/* Tried again it begins anew, and no half of a root is ever entered. */
	if (r < 0)
		(void)umount2(SYSROOT, MNT_DETACH);
	return r;
}

/* The kernel makes the rootfs a ramfs, which knows no limit, where root= is given and rootfstype= names no tmpfs. */
static void limit(const char *options)
{
	struct statfs fs;

	if (statfs("/", &fs) == 0 && fs.f_type == RAMFS_MAGIC) {
		log_warning("the initramfs is a ramfs, which may fill all memory: leave root= out, or say "
			    "rootfstype=tmpfs; ignoring");
		return;
	}
	if (options && mount(NULL, "/", NULL, MS_REMOUNT, options) < 0)
		log_warning("cannot limit the initramfs to %s: %s, ignoring", options, strerror(errno));
}

void ramroot_stay(const struct run *run)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = root < 0 ? -errno : forget_initrd(root);

	if (r < 0)
		log_warning("cannot remove /etc/initrd-release: %s, ignoring", strerror(-r));
	limit(run->boot.ram.options);
}
