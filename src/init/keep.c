/* SPDX-License-Identifier: MIT */
/* keep: where the layers of a live system are seen in the booted system. */
#include "init/keep.h"

#include <errno.h>
#include <sys/mount.h>

#include "base/file.h"
#include "base/log.h"
#include "base/unitname.h"
#include "init/filesystem.h"
#include "init/image.h"
#include "init/live.h"
#include "init/mount.h"
#include "init/overlay.h"
#include "init/unit.h"

/*
 * "/mnt/x" is the new root's; "/run/x" goes along as it is. A link in the root may lead out of it: mount(2) would
 * follow that to the initramfs, where the layer would be lost with it, so there is none on the way.
 */
static int move_to(const char *from, const char *path)
{
	bool along = startswith(path, "/run/");
	_cleanup_close_ int top = open(along ? "/" : SYSROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *to = NULL;
	int r;

	if (top < 0)
		return -errno;
	path += strspn(path, "/");
	if (asprintf(&to, "%s/%s", along ? "" : SYSROOT, path) < 0)
		return -ENOMEM;
	r = file_mkdir_parents(top, path, 0755);
	if (r < 0)
		return r;
	return mount(from, to, NULL, MS_MOVE, NULL) < 0 ? -errno : 0;
}

struct kept {
	const char *from, *to;
};

#define LAYERS 3

static void list_layers(const struct boot_live *l, struct kept ret[LAYERS])
{
	ret[0] = (struct kept){ LIVE_UPPER, l->keep_upper };
	ret[1] = (struct kept){ LIVE_IMAGE, l->keep_image };
	ret[2] = (struct kept){ LIVE_MEDIUM, l->keep_medium };
}

void keep_layers(const struct boot_live *l)
{
	struct kept layers[LAYERS];

	list_layers(l, layers);
	for (size_t i = 0; i < LAYERS; i++) {
		int r;

		if (!layers[i].to || !mount_is_mountpoint(layers[i].from))
			continue;
		r = move_to(layers[i].from, layers[i].to);
		if (r < 0)
			log_warning("cannot move %s to %s: %s, ignoring", layers[i].from, layers[i].to, strerror(-r));
	}
}

typedef int (*unit_fn)(const char *unit);

static int each_unit(const char *path, unit_fn fn)
{
	_cleanup_free_ char *name = NULL, *unit = NULL;
	int r = unitname_escape_path(path, &name);

	if (r < 0)
		return r;
	return asprintf(&unit, "%s.mount", name) < 0 ? -ENOMEM : fn(unit);
}

/* Of a layer that is not there nothing is said either: nobody ever starts its unit. */
static int for_layers(const struct boot_live *l, unit_fn fn)
{
	static const char *const others[] = { LIVE_RAM, IMAGE_OUTER "1", IMAGE_OUTER "2", OVERLAY_SECOND };
	struct kept layers[LAYERS];
	int r = 0;

	if (!l->wanted)
		return 0;
	list_layers(l, layers);
	for (size_t i = 0; r == 0 && i < LAYERS; i++) {
		r = each_unit(layers[i].from, fn);
		/* What is below /run/initramfs systemd leaves alone by itself. */
		if (r == 0 && layers[i].to)
			r = each_unit(layers[i].to, fn);
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(others); i++)
		r = each_unit(others[i], fn);
	return r;
}

static int write_one(const char *unit)
{
	return unit_write(unit, "# the root is made of what is mounted there\n"
				"[Unit]\n"
				"DefaultDependencies=no\n");
}

static int remove_one(const char *unit)
{
	unit_remove(unit);
	return 0;
}

/* The row of / in the root's fstab is that of the lower layer: overlayfs would refuse its options. */
#define REMOUNT "systemd-remount-fs.service"

int keep_write_units(const struct boot_live *l)
{
	int r = for_layers(l, write_one);

	if (r == 0 && l->wanted && l->upper != UPPER_NONE)
		r = unit_write(REMOUNT, "# / is made of layers, and its row in /etc/fstab is that of one of them\n"
					"[Unit]\n"
					"ConditionPathExists=!" LIVE_DIR "\n");
	return r;
}

void keep_remove_units(const struct boot_live *l)
{
	(void)for_layers(l, remove_one);
	if (l->wanted)
		unit_remove(REMOUNT);
}
