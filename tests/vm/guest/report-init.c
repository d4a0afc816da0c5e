/* SPDX-License-Identifier: MIT */
/*
 * report-init: an init that only says what was handed to it, and ends the machine.
 *
 * A program, not a script: shells change the signal mask and keep descriptors of their own. It speaks on the
 * second serial port, since on the console the kernel's messages come in between. Each line is "report: KEY TEXT";
 * trial.py reads them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define OUT 200 /* no number that anybody would have handed to us */

extern char **environ;

static void open_out(void)
{
	int fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	(void)dup3(fd, OUT, O_CLOEXEC);
	(void)close(fd);
}

static void say(const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)!write(OUT, "report: ", 8);
	(void)!write(OUT, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
	(void)!write(OUT, "\n", 1);
}

/* Each line of a file. */
static void say_lines(const char *key, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		say("%s %s", key, line);
	}
	if (f)
		(void)fclose(f);
}

static void say_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		char target[256] = "";
		int fd = atoi(de->d_name);

		if (de->d_name[0] == '.' || fd == dirfd(dir) || fd == OUT)
			continue;
		if (readlinkat(dirfd(dir), de->d_name, target, sizeof(target) - 1) > 0)
			say("fd %s %s", de->d_name, target);
	}
	(void)closedir(dir);
}

/* User processes besides us: kernel threads are kthreadd, PID 2, and its children. */
static void say_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		char path[300], stat[512] = "", *after;
		int fd, pid = atoi(de->d_name), parent = -1;

		if (pid <= 2)
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, stat, sizeof(stat) - 1) <= 0)
			continue;
		(void)close(fd);
		after = strrchr(stat, ')');
		if (after && sscanf(after + 1, " %*c %d", &parent) == 1 && parent != 2)
			say("process %s", stat);
	}
	(void)closedir(dir);
}

static void say_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		struct stat st;

		if (de->d_name[0] == '.' || fstatat(dirfd(dir), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		say("file %06o %u:%u %s/%s", st.st_mode, st.st_uid, st.st_gid, path, de->d_name);
	}
	if (dir)
		(void)closedir(dir);
}

static void say_process(char **argv)
{
	char cwd[4096];
	mode_t mask = umask(0);

	for (int i = 0; argv[i]; i++)
		say("argv %s", argv[i]);
	for (char **e = environ; *e; e++)
		say("env %s", *e);
	say("umask %04o", mask);
	say("cwd %s", getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	say_descriptors();
	say_lines("status", "/proc/self/status");
}

int main(int argc, char **argv)
{
	open_out();
	say("begin %d", argc);
	say_process(argv);
	say_processes();
	say_lines("mount", "/proc/self/mountinfo");
	say_lines("memory", "/proc/meminfo");
	say_lines("uptime", "/proc/uptime");
	say("date %lld", (long long)time(NULL));
	say_directory("/run");
	say_directory("/run/initramfs");
	say_directory("/run/initramfs/etc");
	say_directory("/run/slipway");
	say_lines("content root-fsck", "/run/initramfs/root-fsck");
	say_lines("content usr-fsck", "/run/initramfs/usr-fsck");
	say_lines("content fsck-root", "/run/initramfs/fsck-root");
	say_lines("content fsck-usr", "/run/initramfs/fsck-usr");
	say("end");
	(void)tcdrain(OUT);
	sync();
	(void)reboot(RB_POWER_OFF);
	return 1;
}
