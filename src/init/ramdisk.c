/* SPDX-License-Identifier: MIT */
/* ramdisk: the old kind of initrd. */
#include "init/ramdisk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "base/log.h"
#include "init/filesystem.h"

static int on_root(struct boot *b, const struct cmdline_word *w)
{
	return option_spec(b, w, &b->real.root.spec);
}

static int on_rootflags(struct boot *b, const struct cmdline_word *w)
{
	return option_text(w, &b->real.root.flags);
}

static int on_init(struct boot *b, const struct cmdline_word *w)
{
	if (!w->value || *w->value != '/')
		return option_warn(b, w, "an absolute path in the root file system");
	return string_set(&b->real.init, w->value);
}

const struct option ramdisk_options[] = {
	{ "real_root",      on_root      },
	{ "real_rootflags", on_rootflags },
	{ "real_init",      on_init      },
	{ NULL,             NULL         },
};

/* With these the kernel was told what to start of the ramdisk: us. */
static bool is_initrds(const char *init)
{
	return streq_null(init, "/init") || streq_null(init, "/linuxrc");
}

int ramdisk_complete(struct boot *b)
{
	if (b->real.root.spec.kind != SPEC_NONE) {
		/* The kernel's rootfstype= and rootflags= are of the ramdisk, too. */
		spec_free(&b->root.spec);
		free(b->root.fstype);
		free(b->root.flags);
		b->root = b->real.root;
		b->real.root = (struct boot_mount){ 0 };
		if (is_initrds(b->init))
			(void)string_set(&b->init, NULL);
	}
	if (b->real.init) {
		free(b->init);
		b->init = TAKE_PTR(b->real.init);
	}
	return 0;
}

static bool is_root(struct stat *ret)
{
	return stat("/", ret) == 0 && major(ret->st_dev) == RAMDISK_MAJOR;
}

bool ramdisk_is_named(const struct boot *b)
{
	const struct spec *root = &b->root.spec;
	struct stat st;

	if (root->kind != SPEC_NAME || !startswith(root->value, "ram") || !is_root(&st))
		return false;
	log_error("root=%s is the ramdisk that /init was started from: real_root= names the root (allowed: %s)",
		  root->text, spec_allowed);
	return true;
}

void ramdisk_make_writable(void)
{
	struct stat st;

	if (is_root(&st) && mount(NULL, "/", NULL, MS_REMOUNT, NULL) < 0)
		log_warning("cannot make the ramdisk that / is on writable: %s, ignoring", strerror(errno));
}

void ramdisk_open(struct ramdisk *ret)
{
	char path[64];
	struct stat st;

	if (!is_root(&st))
		return;
	(void)snprintf(path, sizeof(path), "/dev/ram%u", minor(st.st_dev));
	ret->disk = open(path, O_RDONLY | O_CLOEXEC);
	ret->root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void ramdisk_close(struct ramdisk *r)
{
	close_fd(&r->root);
	close_fd(&r->disk);
}

int ramdisk_pivot(void)
{
	/* The old root on top of the new one, which needs no directory for it: pivot_root(2), NOTES. */
	if (chdir(SYSROOT) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return log_errno(-errno, "cannot make " SYSROOT " the root");
	return 0;
}

void ramdisk_free(const struct ramdisk *r)
{
	struct fstrim_range all = { .len = UINT64_MAX };

	/*
	 * What was deleted: brd gives pages back when they are discarded, since Linux 6.10. Not all file systems know
	 * how to.
	 */
	if (ioctl(r->root, FITRIM, &all) < 0)
		log_debug("the ramdisk's memory stays taken: %s", strerror(errno));
	if (umount2(".", MNT_DETACH) < 0 || chroot(".") < 0 || chdir("/") < 0)
		log_warning("cannot unmount the ramdisk: %s, ignoring", strerror(errno));
	if (r->disk >= 0 && ioctl(r->disk, BLKFLSBUF, 0) < 0)
		log_warning("cannot free what is cached of the ramdisk: %s, ignoring", strerror(errno));
}
