/* SPDX-License-Identifier: MIT */
/* rootfile: the root in a file of another file system. */
#include "init/rootfile.h"

#include <errno.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mountinfo.h"
#include "base/strv.h"
#include "init/filesystem.h"
#include "init/loopdev.h"
#include "init/run.h"
#include "init/unit.h"

static int on_path(struct boot *b, const struct cmdline_word *w)
{
	if (w->value && endswith(w->value, "/"))
		return option_warn(b, w, "the path of a file in the file system that root= or img_dev= names");
	return option_text(w, &b->file.path);
}

static int on_fstype(struct boot *b, const struct cmdline_word *w)
{
	return option_fstype(w, &b->file.fstype);
}

static int on_flags(struct boot *b, const struct cmdline_word *w)
{
	return option_text(w, &b->file.flags);
}

static int on_host(struct boot *b, const struct cmdline_word *w)
{
	return option_spec(b, w, &b->file.host.spec);
}

static int on_host_flags(struct boot *b, const struct cmdline_word *w)
{
	return option_text(w, &b->file.host.flags);
}

const struct option rootfile_options[] = {
	{ "loop",       on_path       }, /* initramfs-tools: root= is where it lies */
	{ "loopfstype", on_fstype     },
	{ "loopflags",  on_flags      },
	{ "img_loop",   on_path       }, /* archiso: img_dev= is where it lies */
	{ "img_dev",    on_host       },
	{ "img_flags",  on_host_flags },
	{ NULL,         NULL          },
};

/* With loop= alone root=, rootfstype= and rootflags= are the host's. */
static void take_host(struct boot *b)
{
	if (b->file.host.spec.kind != SPEC_NONE)
		return;
	free(b->file.host.flags);
	b->file.host = b->root;
	b->root = (struct boot_mount){ 0 };
}

/* What is not named is the file system in the file. */
static int name_root(struct boot *b)
{
	struct spec *root = &b->root.spec;

	if (root->kind != SPEC_NONE)
		return 0;
	if (asprintf(&root->text, "loop=%s", b->file.path) < 0) {
		root->text = NULL;
		return -ENOMEM;
	}
	root->kind = SPEC_INSIDE;
	return string_set(&root->value, b->file.path);
}

int rootfile_complete(struct boot *b)
{
	if (!b->file.path)
		return 0;
	take_host(b);
	if (b->file.fstype) {
		free(b->root.fstype);
		b->root.fstype = TAKE_PTR(b->file.fstype);
	}
	if (b->file.flags) {
		free(b->root.flags);
		b->root.flags = TAKE_PTR(b->file.flags);
	}
	return name_root(b);
}

static int mount_host(struct run *run)
{
	const struct boot_mount *host = &run->boot.file.host;
	const struct filesystem fs = {
		.what = "host",
		.spec = &host->spec,
		.fstype = host->fstype,
		.options = host->flags,
		/* For writing, or the loop device could never be written to; ro and rw are the root's. */
		.access = host->flags && mount_has_option(host->flags, "ro") ? NULL : "rw",
		.target = ROOTFILE_HOST,
		.check = true,
		.unit = "",
		.spans = { "root/host-wait", "root/host-fsck", "root/host-mount" },
	};
	struct fsck_result check = { 0 };
	dev_t dev;
	int r = file_mkdir_parents(AT_FDCWD, ROOTFILE_HOST, 0755);

	if (r < 0)
		return log_errno(r, "cannot make " ROOTFILE_HOST);
	if (mount_is_mountpoint(ROOTFILE_HOST))
		return 0;
	r = filesystem_mount(run, &fs, &check, &dev);
	free(check.unit);
	return r;
}

/* ROOTFILE_HOST as systemd writes it: systemd-escape --path --suffix=mount */
#define HOST_UNIT "run-slipway-host.mount"

int rootfile_write_unit(const struct boot *b)
{
	static const char text[] = "# the file that / is in lies there\n"
				   "[Unit]\n"
				   "DefaultDependencies=no\n";

	return b->file.path ? unit_write(HOST_UNIT, text) : 0;
}

void rootfile_remove_unit(const struct boot *b)
{
	if (b->file.path)
		unit_remove(HOST_UNIT);
}

/* Whatever lies there and is attached already was meant. */
static bool is_attached(const struct devices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		if (devices->items[i]->file && startswith(devices->items[i]->file, ROOTFILE_HOST "/"))
			return true;
	return false;
}

static int attach(struct run *run, const struct boot_file *file)
{
	const struct loop_file f = {
		.dir = ROOTFILE_HOST,
		.path = file->path,
		.of = file->host.spec.text,
		.as = run->boot.live.wanted ? "the medium" : "the root's disk",
		.direct = !run->boot.live.wanted,
	};
	_cleanup_free_ char *name = NULL;

	return is_attached(&run->devices) ? 0 : loopdev_attach(run, &f, &name);
}

int rootfile_open(struct run *run)
{
	const struct boot_file *file = &run->boot.file;
	int r;

	if (file->host.spec.kind == SPEC_NONE) {
		log_error("no device is given for the file %s: the kernel command line lacks root= or img_dev= "
			  "(allowed: %s)", file->path, spec_allowed);
		return -EDESTADDRREQ;
	}
	r = mount_host(run);
	return r < 0 ? r : attach(run, file);
}
