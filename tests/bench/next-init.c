/* SPDX-License-Identifier: MIT */
/*
 * next-init: what a measured boot ends in, in the place of the real init: it stamps the kernel's log as its first
 * act, says on the serial line what the boot has cost, and ends the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

/* Without an initrd nobody has mounted /dev where the kernel does not by itself. */
static int open_kmsg(void)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0 && mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, NULL) == 0)
		fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	return fd;
}

static void stamp(void)
{
	static const char text[] = "<6>bench: next init\n";
	int fd = open_kmsg();

	(void)!write(fd, text, strlen(text));
	(void)close(fd);
}

/* Some initrds leave one of these out. */
static void mount_missing(void)
{
	(void)mount("proc", "/proc", "proc", 0, NULL);
	if (access("/dev/ttyS0", F_OK) < 0)
		(void)mknod("/dev/ttyS0", S_IFCHR | 0600, makedev(4, 64));
}

/*
 * All at once, and before anything else is read from a disk: how long the kernel has idled until now. The file is
 * longer than that where many timers run; the processors come first, and a measured machine has one.
 */
static void read_timers(char *text, size_t size)
{
	int fd = open("/proc/timer_list", O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t r;

	while (n + 1 < size && (r = read(fd, text + n, size - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
	(void)close(fd);
}

static void print_timers(FILE *out, char *text)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, "sleeptime"))
			(void)fprintf(out, "bench: timers %s\n", line);
}

/* The lines with that word in them. */
static void copy_file(FILE *out, const char *key, const char *path, const char *word)
{
	FILE *f = fopen(path, "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, word))
			(void)fprintf(out, "bench: %s %s", key, line);
	if (f)
		(void)fclose(f);
}

/* One record a read; EPIPE: the oldest were overwritten. */
static void copy_log(FILE *out)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8192];

	for (;;) {
		ssize_t n = read(fd, record, sizeof(record) - 1);

		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		record[strcspn(record, "\n")] = '\0';
		(void)fprintf(out, "bench: log %s\n", record);
	}
	(void)close(fd);
}

int main(void)
{
	static char timers[65536];
	FILE *out;

	stamp();
	mount_missing();
	read_timers(timers, sizeof(timers));
	out = fopen("/dev/ttyS0", "we");
	if (out) {
		print_timers(out, timers);
		copy_file(out, "stat", "/proc/stat", "");
		copy_file(out, "memory", "/proc/meminfo", "");
		copy_file(out, "freed", "/proc/zoneinfo", " count:");
		copy_file(out, "module", "/proc/modules", "");
		copy_file(out, "profile", "/run/slipway/profile.json", "");
		/* Empty unless the command line asked for events. */
		if (mount("tracefs", "/tmp", "tracefs", 0, NULL) == 0) {
			copy_file(out, "trace", "/tmp/trace", "swapper/0");
			copy_file(out, "trace", "/tmp/trace", " console: ");
		}
		copy_log(out);
		(void)fprintf(out, "bench: end\n");
		(void)fflush(out);
		(void)tcdrain(fileno(out));
	}
	(void)reboot(RB_POWER_OFF);
	return 1;
}
