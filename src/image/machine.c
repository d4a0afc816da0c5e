/* SPDX-License-Identifier: MIT */
/* machine: this machine's /proc, /sys and /dev, asked what it boots from. */
#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "image/machine.h"

/* Who made the container has left one of these: systemd-nspawn and its like, podman, docker. */
static const char *const container_signs[] = { "/run/systemd/container", "/run/.containerenv", "/.dockerenv" };

static bool is_container(const struct sysroot *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(container_signs); i++)
		if (sysroot_has(s, container_signs[i]))
			return true;
	return false;
}

int machine_ask(const struct config *c, struct target *ret, char **ret_why)
{
	_cleanup_close_ int sysfd = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int devfd = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *fstab = NULL;
	const char *missing = NULL;

	if (streq(c->sysroot.path, "/") && !c->root_device && is_container(&c->sysroot))
		missing = "this is a container";
	else if (procfd < 0 || faccessat(procfd, "self/mountinfo", R_OK, 0) < 0)
		missing = "/proc is not mounted here";
	else if (sysfd < 0 || faccessat(sysfd, "dev/block", R_OK, 0) < 0)
		missing = "/sys is not mounted here";
	if (missing) {
		*ret_why = strdup(missing);
		return *ret_why ? -ENODEV : -ENOMEM;
	}
	if (sysroot_read(&c->sysroot, "/etc/fstab", &fstab) == -ENOMEM)
		return -ENOMEM;
	return target_read(&(struct target_source){ .sysfd = sysfd,
						    .procfd = procfd,
						    .devfd = devfd,
						    .mountpoint = c->sysroot.path,
						    .fstab = fstab,
						    .root_device = c->root_device },
			   ret, ret_why);
}

int machine_read(const struct config *c, struct target *ret)
{
	_cleanup_free_ char *why = NULL;
	int r = machine_ask(c, ret, &why);

	if (r >= 0 || r == -ENOMEM)
		return r;
	if (c->host || c->root_device) {
		log_error("cannot tell what this machine boots from: %s; --root-device names it, --generic makes an "
			  "image for any machine",
			  why ?: strerror(-r));
		return r;
	}
	log_warning("cannot tell what this machine boots from: %s; the image is one for any machine although %s says "
		    "mode = host, ignoring",
		    why ?: strerror(-r), c->settings.mode_from ?: "a file");
	return 1;
}
