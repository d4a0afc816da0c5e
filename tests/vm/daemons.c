/* SPDX-License-Identifier: MIT */
/*
 * daemons: stands in for fsck.ext4 in an initrd: starts a storage daemon ('@') and an ordinary one, then becomes
 * the real checker.
 *
 * The storage daemon keeps the rules: root's, argv[0] begins with '@', its own session, chdir /, stdio on a memfd.
 * What it has to say it says through a node of its own on the first root: one in /dev would pin that devtmpfs.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define REAL "/usr/sbin/fsck.real"
#define LOOK_NSEC (20 * 1000 * 1000)

/* A /proc that is mounted nowhere, so that looking into it holds nothing. */
static int open_proc(void)
{
	int fs = (int)syscall(SYS_fsopen, "proc", 0);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, 0, 0);
}

/* Who is PID 1 now? */
static void read_comm(int proc, char comm[32])
{
	int fd = openat(proc, "1/comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, comm, 31);

	comm[n > 0 ? n : 0] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

/* Says each name that PID 1 takes on while this lives. */
static _Noreturn void survive(int kmsg)
{
	const struct timespec pause = { .tv_nsec = LOOK_NSEC };
	char comm[32], last[32] = "", line[96];
	int proc = open_proc();

	for (;;) {
		read_comm(proc, comm);
		if (strcmp(comm, last) != 0) {
			/* dprintf(3) would seek, which /dev/kmsg refuses. */
			int n = snprintf(line, sizeof(line), "<5>slip-survivor: alive with PID 1 %s\n", comm);

			(void)!write(kmsg, line, (size_t)n);
			(void)strcpy(last, comm);
		}
		(void)nanosleep(&pause, NULL);
	}
}

static void start(const char *self, const char *name, int kmsg)
{
	char fd[16];
	int null;

	if (fork() != 0)
		return;
	(void)setsid();
	if (fork() != 0)
		_exit(0);
	(void)chdir("/");
	null = memfd_create("stdio", 0);
	for (int i = 0; i < 3; i++)
		(void)dup2(null, i);
	(void)snprintf(fd, sizeof(fd), "%d", kmsg);
	(void)execl(self, name, fd, (char *)NULL);
	_exit(127);
}

int main(int argc, char **argv)
{
	int kmsg;

	if (argc == 2 && strstr(argv[0], "slip-")) {
		(void)sscanf(argv[1], "%d", &kmsg);
		if (argv[0][0] == '@')
			survive(kmsg);
		for (;;)
			(void)pause();
	}
	(void)mknod("/slip-kmsg", S_IFCHR | 0600, makedev(1, 11));
	kmsg = open("/slip-kmsg", O_WRONLY);
	start("/proc/self/exe", "@slip-survivor", kmsg);
	start("/proc/self/exe", "slip-ordinary", kmsg);
	argv[0] = "fsck.ext4";
	(void)execv(REAL, argv);
	return 8;
}
