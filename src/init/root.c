/* SPDX-License-Identifier: MIT */
/* root: waiting for the root file system, checking it, mounting it on /sysroot. */
#include <errno.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/filesystem.h"
#include "init/gptauto.h"
#include "init/live.h"
#include "init/ramdisk.h"
#include "init/ramroot.h"
#include "init/rootfile.h"
#include "init/run.h"
#include "init/stages.h"

/* The one on the disk that the firmware booted from. */
static int mount_discovered(struct run *run, struct filesystem *root)
{
	int r = gptauto_read(run);

	if (r < 0)
		return r;
	root->spec = &run->gpt.root;
	r = filesystem_mount(run, root, &run->root_fsck, &run->root_dev);
	if (r == 0)
		gptauto_say_unverified(run);
	return r;
}

int mount_root(struct run *run)
{
	const struct boot *boot = &run->boot;
	struct filesystem root = {
		.what = "root",
		.spec = &boot->root.spec,
		.fstype = boot->root.fstype,
		.options = boot->root.flags,
		.access = boot->rw ? "rw" : "ro",
		.target = SYSROOT,
		.check = true,
		.unit = "systemd-fsck-root.service",
		.spans = { "root/wait", "root/fsck", "root/mount" },
	};
	int r = file_mkdir_parents(AT_FDCWD, SYSROOT, 0755);

	if (r < 0)
		return log_errno(r, "cannot make " SYSROOT);
	/* A person in the rescue shell, or the stage's first try, has done it. */
	if (mount_is_mountpoint(SYSROOT)) {
		log_notice(SYSROOT " is mounted already, taking it as it is");
		return 0;
	}
	if (ramroot_is_asked(boot))
		return ramroot_make(run);
	if (boot->verity) {
		log_error("cannot mount the root: %s= asks for dm-verity, which this initramfs cannot do",
			  boot->verity);
		return -EOPNOTSUPP;
	}
	if (boot->live.wanted)
		return live_open(run);
	if (gptauto_is_asked(boot))
		return mount_discovered(run, &root);
	if (boot->root.spec.kind == SPEC_NONE) {
		log_error("no root device is given: the kernel command line lacks root= (allowed: %s)", spec_allowed);
		return -EDESTADDRREQ;
	}
	if (ramdisk_is_named(boot))
		return -EBUSY;
	if (boot->file.path && (r = rootfile_open(run)) < 0)
		return r;
	return filesystem_mount(run, &root, &run->root_fsck, &run->root_dev);
}
