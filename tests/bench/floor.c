/* SPDX-License-Identifier: MIT */
/*
 * floor: the least that an initrd can do: the modules that are in its directory, in the order of their names, one
 * mount, and the real init. No waiting, no checking, no way back: what everything else is compared with.
 *
 * The device is the first word after "floor=" of the command line, its type ext4.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load_all(void)
{
	struct dirent **names;
	int n = scandir("/modules", &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[512];
		int fd;

		if (names[i]->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "/modules/%s", names[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		(void)syscall(SYS_finit_module, fd, "", 0);
		(void)close(fd);
	}
}

int main(void)
{
	const char *device = getenv("floor");
	char init[] = "/sbin/init", *argv[] = { init, NULL };

	(void)mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755");
	(void)mount("proc", "/proc", "proc", 0, NULL);
	(void)mount("sysfs", "/sys", "sysfs", 0, NULL);
	(void)mount("tmpfs", "/run", "tmpfs", 0, "mode=0755");
	load_all();
	if (!device || mount(device, "/root", "ext4", MS_RDONLY, NULL) < 0)
		return 1;
	(void)mount("/dev", "/root/dev", NULL, MS_MOVE, NULL);
	(void)mount("/proc", "/root/proc", NULL, MS_MOVE, NULL);
	(void)mount("/sys", "/root/sys", NULL, MS_MOVE, NULL);
	(void)mount("/run", "/root/run", NULL, MS_MOVE, NULL);
	if (chdir("/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return 1;
	(void)execv(argv[0], argv);
	return 1;
}
