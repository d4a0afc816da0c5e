/* SPDX-License-Identifier: MIT */
/* api: /proc /sys /dev /run, mounted as the interface wants them, and the console. */
#include <errno.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "init/mount.h"
#include "init/ramdisk.h"
#include "init/run.h"
#include "init/stages.h"

/*
 * /run/initramfs is a file system of its own: a noexec on /run would make systemd pass over the exitrd
 * without a word.
 */
static const struct api_mount {
	const char *target, *fstype, *data;
	unsigned long flags;
	long magic; /* of a file system that is taken as it is when it is mounted already; 0: none */
} api_mounts[] = {
	{ "/proc",          "proc",     NULL,                MS_NOSUID | MS_NODEV | MS_NOEXEC, PROC_SUPER_MAGIC  },
	{ "/sys",           "sysfs",    NULL,                MS_NOSUID | MS_NODEV | MS_NOEXEC, SYSFS_MAGIC       },
	{ "/dev",           "devtmpfs", "mode=0755",         MS_NOSUID,                        TMPFS_MAGIC       },
	{ "/run",           "tmpfs",    "mode=755,size=20%", MS_NOSUID | MS_NODEV | MS_STRICTATIME, TMPFS_MAGIC  },
	{ "/run/initramfs", "tmpfs",    "mode=755,size=64m", MS_NOSUID | MS_NODEV,             TMPFS_MAGIC       },
};

static int mount_one(const struct api_mount *m)
{
	struct statfs fs;
	int r = file_mkdir_parents(AT_FDCWD, m->target, 0755);

	if (r < 0)
		return log_errno(r, "cannot make %s", m->target);
	/* Already there: a stage that is tried again, a container, or CONFIG_DEVTMPFS_MOUNT. */
	if (mount_is_mountpoint(m->target) && statfs(m->target, &fs) == 0 && fs.f_type == m->magic)
		return 0;
	if (mount(m->fstype, m->target, m->fstype, m->flags, m->data) < 0)
		return log_errno(-errno, "cannot mount %s on %s", m->fstype, m->target);
	return 0;
}

/*
 * The kernel opened /dev/console of the rootfs for us, if the image has it; from here on it is the one of the
 * devtmpfs that the next init will see too. Without a console the three are /dev/null, never closed: the next
 * file opened would become somebody's stdout.
 */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		(void)dup2(fd, i);
	if (fd > 2)
		(void)close(fd);
}

int mount_api(struct run *run)
{
	static const struct {
		const char *path;
		mode_t mode;
	} directories[] = { { "/run/slipway", 0755 }, { "/run/slipway/log", 0700 } };

	(void)umask(022);
	ramdisk_make_writable();
	for (size_t i = 0; i < ARRAY_SIZE(api_mounts); i++) {
		int r = mount_one(&api_mounts[i]);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdir(directories[i].path, directories[i].mode) < 0 && errno != EEXIST)
			return log_errno(-errno, "cannot make %s", directories[i].path);
	run->processes = process_newest();
	if (getpid() == 1)
		open_console();
	return 0;
}
