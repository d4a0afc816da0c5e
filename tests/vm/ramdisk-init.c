/* SPDX-License-Identifier: MIT */
/*
 * ramdisk-init: the init of an initramfs that makes of it what kernels of old made of an initrd: it loads /brd.ko, puts
 * /initrd.img on /dev/ram0, mounts that, moves it over / and starts its /init as PID 1. Its last words tell how much
 * memory that took.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(const char *what)
{
	perror(what);
	sleep(3);
	return 1;
}

static int fill(void)
{
	int from = open("/initrd.img", O_RDONLY | O_CLOEXEC), to = open("/dev/ram0", O_WRONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (from < 0 || to < 0)
		return -1;
	while (n > 0)
		n = sendfile(to, from, NULL, 1 << 20);
	if (n < 0 || fsync(to) < 0)
		return -1;
	return close(from) < 0 || close(to) < 0 ? -1 : unlink("/initrd.img");
}

int main(int argc, char **argv, char **envp)
{
	int module;

	(void)mkdir("/dev", 0755);
	(void)mkdir("/old", 0755);
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) < 0)
		return failed("devtmpfs");
	module = open("/brd.ko", O_RDONLY | O_CLOEXEC);
	if (module < 0 || syscall(SYS_finit_module, module, "rd_size=131072 rd_nr=1", 0) < 0)
		return failed("brd");
	(void)close(module);
	if (fill() < 0)
		return failed("initrd.img");
	if (mount("/dev/ram0", "/old", "ext4", MS_RDONLY, NULL) < 0)
		return failed("mount");
	if (umount2("/dev", MNT_DETACH) < 0 || chdir("/old") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 ||
	    chroot(".") < 0 || chdir("/") < 0)
		return failed("switch");
	printf("ramdisk-init: / is /dev/ram0\n");
	fflush(stdout);
	argv[0] = (char *)"/init";
	execve("/init", argv, envp);
	return failed("/init");
}
