/* SPDX-License-Identifier: MIT */
/* usr: /usr, where the root's fstab or mount.usr= has it on a file system of its own. */
#include <errno.h>

#include "base/log.h"
#include "base/mountinfo.h"
#include "base/unitname.h"
#include "init/filesystem.h"
#include "init/gptauto.h"
#include "init/ramroot.h"
#include "init/run.h"
#include "init/stages.h"

#define USR SYSROOT "/usr"

/*
 * systemd's instance for this check is named after the node that fstab's source leads to
 * (systemd.unit(5), "string escaping for inclusion in unit names").
 */
static int make_unit(const struct spec *spec, char **ret)
{
	_cleanup_free_ char *node = NULL, *escaped = NULL;
	int r = spec_udev_node(spec, &node);

	if (r == 0)
		r = unitname_escape_path(node, &escaped);
	if (r < 0)
		return r;
	return asprintf(ret, "systemd-fsck@%s.service", escaped) < 0 ? -ENOMEM : 0;
}

static int mount_it(struct run *run, const struct spec *spec, const char *fstype, const char *options,
		    const char *access, bool check)
{
	_cleanup_free_ char *unit = NULL;
	struct filesystem usr = {
		.what = "usr",
		.spec = spec,
		.fstype = fstype,
		.options = options,
		.access = access,
		.target = USR,
		.check = check,
		.spans = { "usr/wait", "usr/fsck", "usr/mount" },
	};
	dev_t dev;

	/* Of what no fstab names systemd has no check. */
	if (spec->kind == SPEC_GPT ? string_set(&unit, "") < 0 : make_unit(spec, &unit) < 0)
		return log_errno(-ENOMEM, "cannot mount /usr");
	usr.unit = unit;
	return filesystem_mount(run, &usr, &run->usr_fsck, &dev);
}

/* Where neither fstab nor the command line has one: of the partitions beside the root. */
static int from_partition(struct run *run, bool wanted)
{
	const struct boot_mount *usr = &run->boot.usr;
	int r = wanted ? gptauto_read(run) : 0;

	if (r < 0 || (!wanted && !gptauto_has_usr(run)))
		return r;
	return mount_it(run, &run->gpt.usr, usr->fstype, usr->flags, run->boot.rw ? "rw" : "ro", true);
}

static int from_fstab(struct run *run)
{
	_cleanup_(fstab_row_free) struct fstab_row row = { 0 };
	_cleanup_(spec_free) struct spec spec = { 0 };
	const char *fstype;
	int r = fstab_find(SYSROOT "/etc/fstab", "/usr", &row);

	if (r == -ENOENT)
		return from_partition(run, false);
	if (r < 0) {
		log_warning("cannot read the root's /etc/fstab: %s, ignoring", strerror(-r));
		return 0;
	}
	if (mount_has_option(row.options, "noauto"))
		return 0;
	r = spec_parse(row.source ? row.source : "", &spec);
	if (r < 0) {
		log_warning("/usr in the root's /etc/fstab is on %s, which is no block device, ignoring",
			    row.source ? row.source : "nothing");
		return 0;
	}
	fstype = streq_null(row.fstype, "auto") ? NULL : row.fstype;
	return mount_it(run, &spec, fstype, row.options, NULL, row.passno > 0);
}

int mount_usr(struct run *run)
{
	const struct boot_mount *usr = &run->boot.usr;

	/* What stays has its own. */
	if (ramroot_stays(&run->boot) || mount_is_mountpoint(USR))
		return 0;
	if (usr->spec.kind == SPEC_NONE)
		return from_fstab(run);
	if (usr->spec.kind == SPEC_GPT)
		return from_partition(run, true);
	return mount_it(run, &usr->spec, usr->fstype, usr->flags, run->boot.rw ? "rw" : "ro", true);
}
