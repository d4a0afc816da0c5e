/* SPDX-License-Identifier: MIT */
/*
 * systemd: the image's /init is systemd, with those of its units that an initrd has a use for (bootup(7)), udevd with
 * the rules for storage, and our own units.
 *
 * What a version of systemd or a distribution lacks is left out: units that are wanted and not there are no error for
 * systemd either. What must be there has a row in needed[].
 */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"
#include "image/program.h"
#include "image/pull.h"
#include "image/unitfile.h"

#define UNITS "usr/lib/systemd/system"
#define RULES "usr/lib/udev/rules.d"
#define TOOLS "usr/lib/systemd/"

static const struct needed {
	const char *path, *reason, *package; /* of Debian */
} needed[] = {
	{ TOOLS "systemd", "PID 1 of the initrd", "systemd" },
	{ TOOLS "systemd-shutdown", "ends the machine, where the boot cannot go on", "systemd" },
	{ UNITS "/initrd.target", "what systemd starts in an initrd", "systemd" },
	{ "usr/bin/udevadm", "finds devices", "udev" },
	{ RULES "/99-systemd.rules", "tells systemd of devices", "udev" },
	{ "usr/bin/mount", "systemd calls it", "mount" },
	{ "usr/bin/umount", "systemd calls it", "mount" },
};

/* Taken in where the sysroot has them, with the programs that they execute. */
static const char *const units[] = {
	"basic.target", "blockdev@.target", "cryptsetup-pre.target", "cryptsetup.target", "ctrl-alt-del.target",
	"emergency.service", "emergency.target", "final.target", "halt.target", "initrd-cleanup.service",
	"initrd-fs.target", "initrd-parse-etc.service", "initrd-root-device.target", "initrd-root-fs.target",
	"initrd-switch-root.service", "initrd-switch-root.target", "initrd-udevadm-cleanup-db.service",
	"initrd-usr-fs.target", "initrd.target", "kmod-static-nodes.service", "local-fs-pre.target", "local-fs.target",
	"mdadm-last-resort@.service", "mdadm-last-resort@.timer", "mdmon@.service", "modprobe@.service", "paths.target",
	"poweroff.target", "reboot.target", "rescue.target", "shutdown.target", "slices.target", "sockets.target",
	"swap.target", "sysinit.target", "systemd-ask-password-console.path", "systemd-ask-password-console.service",
	"systemd-fsck-root.service", "systemd-fsck@.service", "systemd-halt.service",
	"systemd-hibernate-resume.service", "systemd-hibernate-resume@.service", "systemd-journald-dev-log.socket",
	"systemd-journald.service", "systemd-journald.socket", "systemd-modules-load.service",
	"systemd-poweroff.service", "systemd-reboot.service", "systemd-tmpfiles-setup-dev-early.service",
	"systemd-tmpfiles-setup-dev.service", "systemd-udev-settle.service", "systemd-udev-trigger.service",
	"systemd-udevd-control.socket", "systemd-udevd-kernel.socket", "systemd-udevd.service",
	"systemd-udevd-varlink.socket", "systemd-volatile-root.service", "timers.target", "umount.target",
	"veritysetup-pre.target", "veritysetup.target",
};

static const char *const rules[] = {
	"50-udev-default.rules", "55-dm.rules", "56-dm-mpath.rules", "56-lvm.rules", "60-block.rules",
	"60-cdrom_id.rules", "60-persistent-storage-dm.rules", "60-persistent-storage.rules",
	"63-md-raid-arrays.rules", "64-btrfs-dm.rules", "64-btrfs.rules", "64-ext4.rules", "64-md-raid-assembly.rules",
	"69-lvm.rules", "69-md-clustered-confirm-device.rules", "80-drivers.rules", "95-dm-notify.rules",
	"99-systemd.rules",
};

/* What no unit names: systemd's own helpers, generators, what udev's rules call. Where the sysroot has them. */
static const struct {
	const char *path, *reason;
} programs[] = {
	{ TOOLS "systemd-executor", "systemd starts all else by it" },
	{ TOOLS "systemd-cgroups-agent", "systemd calls it" },
	{ TOOLS "systemd-sysroot-fstab-check", "initrd-parse-etc.service calls it" },
	{ TOOLS "system-generators/systemd-debug-generator", "generator: rd.systemd.mask=, rd.systemd.wants=" },
	{ TOOLS "system-generators/systemd-fstab-generator", "generator: root=, /etc/fstab" },
	{ TOOLS "system-generators/systemd-gpt-auto-generator", "generator: the root's partition by its type" },
	{ TOOLS "system-generators/systemd-hibernate-resume-generator", "generator: resume=" },
	{ TOOLS "system-generators/systemd-cryptsetup-generator", "generator: rd.luks.…=, /etc/crypttab" },
	{ TOOLS "systemd-cryptsetup", "opens LUKS containers" },
	{ TOOLS "systemd-reply-password", "answers a question for a passphrase" },
	{ TOOLS "systemd-growfs", "x-systemd.growfs" },
	{ TOOLS "systemd-makefs", "x-systemd.makefs" },
	{ "usr/bin/systemctl", "switch-root" },
	{ "usr/bin/journalctl", "for whoever looks why the boot does not go on" },
	{ "usr/bin/systemd-tty-ask-password-agent", "asks for passphrases" },
	{ "usr/bin/systemd-run", "69-lvm.rules calls it" },
	{ "usr/lib/udev/ata_id", "udev's rules call it" },
	{ "usr/lib/udev/cdrom_id", "udev's rules call it" },
	{ "usr/lib/udev/scsi_id", "udev's rules call it" },
	{ "usr/sbin/dmsetup", "udev's rules call it" },
	{ "usr/sbin/fsck", "systemd-fsck calls it" },
};

/* Ours, from beside init. A drop-in's directory is made with it. */
static const char *const ours[] = {
	"slipway-stage.service", "slipway-no-shell.service", "emergency.service.d/50-slipway.conf",
	"mdmon@.service.d/50-slipway.conf",
};

static const struct {
	const char *wants, *unit;
} our_wants[] = {
	{ "initrd.target", "slipway-stage.service" },
	{ "emergency.target", "slipway-no-shell.service" },
};

static int add_path(struct build *b, const char *path, unsigned int flags, const char *reason)
{
	const struct sysroot *s = &b->config->sysroot;
	int r = pull(&b->tree, s, &(struct pull){ .path = path, .flags = flags, .reason = reason }, NULL);

	return r < 0 ? log_errno(r, "cannot take in /%s from %s", path, s->path) : 0;
}

static int add_optional(struct build *b, const char *path, unsigned int flags, const char *reason)
{
	return sysroot_has(&b->config->sysroot, path) ? add_path(b, path, flags, reason) : 0;
}

static int add_needed(struct build *b)
{
	const struct sysroot *s = &b->config->sysroot;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(needed); i++) {
		if (!sysroot_has(s, needed[i].path)) {
			log_error("cannot find /%s in %s, which --init systemd needs (%s): Debian has it in %s",
				  needed[i].path, s->path, needed[i].reason, needed[i].package);
			return -ENOENT;
		}
		r = add_path(b, needed[i].path, 0, needed[i].reason);
	}
	return r;
}

/* By its path, or by its name in one of the directories of programs. What is not there a unit has marked with '-'. */
static int add_executed(struct build *b, const char *word, const char *reason)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (*word == '/')
		return add_optional(b, word + strspn(word, "/"), 0, reason);
	r = program_find(&b->config->sysroot, word, &path);
	return r == 0 ? add_path(b, path + 1, 0, reason) : r == -ENOENT ? 0 : r;
}

static int add_programs_of(struct build *b, const char *text, const char *unit)
{
	_cleanup_strv_ char **words = NULL;
	_cleanup_free_ char *reason = NULL;
	int r = asprintf(&reason, "%s executes it", unit) < 0 ? -ENOMEM : unitfile_programs(text, &words);

	STRV_FOREACH (word, words)
		if (r == 0)
			r = add_executed(b, *word, reason);
	return r;
}

static int add_unit(struct build *b, const char *name)
{
	const struct sysroot *s = &b->config->sysroot;
	_cleanup_free_ char *path = NULL, *text = NULL;
	int r;

	if (asprintf(&path, UNITS "/%s", name) < 0)
		return -ENOMEM;
	if (!sysroot_has(s, path))
		return 0;
	r = add_path(b, path, TREE_DATA, "unit of systemd's for an initrd");
	if (r < 0)
		return r;
	r = sysroot_read(s, path, &text);
	return r < 0 ? log_errno(r, "cannot read /%s of %s", path, s->path) : add_programs_of(b, text, name);
}

/* The links of NAME.wants and NAME.requires that lead to what is in the image. */
static int add_links(struct build *b, const char *name, const char *kind)
{
	const struct sysroot *s = &b->config->sysroot;
	_cleanup_free_ char *dir = NULL;
	_cleanup_strv_ char **names = NULL;
	int r = asprintf(&dir, UNITS "/%s.%s", name, kind) < 0 ? -ENOMEM : sysroot_list(s, dir, "", &names);

	STRV_FOREACH (each, names) {
		_cleanup_free_ char *unit = NULL, *link = NULL, *target = NULL;

		if (r < 0)
			break;
		if (asprintf(&unit, UNITS "/%s", *each) < 0 || asprintf(&link, "%s/%s", dir, *each) < 0 ||
		    asprintf(&target, "../%s", *each) < 0)
			return -ENOMEM;
		if (tree_lookup(&b->tree, unit))
			r = tree_add(&b->tree,
				     &(struct tree_node){ .path = link,
							  .mode = S_IFLNK | 0777,
							  .target = target,
							  .reason = "wanted by a unit of systemd's for an initrd" },
				     NULL);
	}
	return r;
}

static int add_units(struct build *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(units); i++)
		r = add_unit(b, units[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(units); i++) {
		r = add_links(b, units[i], "wants");
		if (r == 0)
			r = add_links(b, units[i], "requires");
	}
	return r;
}

static int add_udev(struct build *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rules); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, RULES "/%s", rules[i]) < 0)
			return -ENOMEM;
		r = add_optional(b, path, TREE_DATA, "udev's rules for storage");
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(programs); i++)
		r = add_optional(b, programs[i].path, 0, programs[i].reason);
	return r;
}

static int add_our_unit(struct build *b, const char *name)
{
	_cleanup_free_ char *source = NULL, *path = NULL, *text = NULL;
	int r;

	if (asprintf(&source, "%s/initrd/%s", b->config->programs, name) < 0 ||
	    asprintf(&path, UNITS "/%s", name) < 0)
		return -ENOMEM;
	r = tree_add(&b->tree,
		     &(struct tree_node){ .path = path,
					  .mode = S_IFREG | 0644,
					  .flags = TREE_DATA,
					  .source_root = AT_FDCWD,
					  .source = source,
					  .reason = "slipway's unit for an initrd" },
		     NULL);
	if (r < 0)
		return log_errno(r, "cannot take in %s (--libexecdir says where it is)", source);
	r = file_read(AT_FDCWD, source, 65536, &text, NULL);
	return r < 0 ? log_errno(r, "cannot read %s", source) : add_programs_of(b, text, name);
}

static int add_ours(struct build *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ours); i++)
		r = add_our_unit(b, ours[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(our_wants); i++) {
		_cleanup_free_ char *link = NULL, *target = NULL;

		if (asprintf(&link, UNITS "/%s.wants/%s", our_wants[i].wants, our_wants[i].unit) < 0 ||
		    asprintf(&target, "../%s", our_wants[i].unit) < 0)
			return -ENOMEM;
		r = tree_add(&b->tree,
			     &(struct tree_node){ .path = link,
						  .mode = S_IFLNK | 0777,
						  .target = target,
						  .reason = "slipway's unit for an initrd" },
			     NULL);
	}
	return r;
}

/* Only --rescue brings sulogin, which the unit for an emergency calls; whether it may run our drop-in says. */
static int add_shell(struct build *b)
{
	return b->config->rescue ? add_optional(b, "usr/sbin/sulogin", 0, "--rescue: gives the shell") : 0;
}

int systemd_add(struct build *b)
{
	int (*const parts[])(struct build *b) = { add_needed, add_units, add_udev, add_ours, add_shell, accounts_add };
	int r = 0;

	for (size_t i = 0; b->systemd && r == 0 && i < ARRAY_SIZE(parts); i++)
		r = parts[i](b);
	return r;
}
