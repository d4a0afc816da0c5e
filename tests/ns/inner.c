/* SPDX-License-Identifier: MIT */
/* inner: an init that says what it was given, unmounts what is not in use, and ends the machine as its name says. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	int command;
} ends[] = {
	{ "poweroff", RB_POWER_OFF }, { "halt", RB_HALT_SYSTEM }, { "reboot", RB_AUTOBOOT },
};

static void on_signal(int signal)
{
	printf("inner: signal %d\n", signal);
	fflush(stdout);
}

/* What was started and forgotten: the kernel ends it with the namespace. */
static void start_others(void)
{
	for (int i = 0; i < 3; i++)
		if (fork() == 0) {
			signal(SIGTERM, SIG_IGN);
			for (;;)
				pause();
		}
}

int main(int argc, char **argv)
{
	char self[64] = "";
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	printf("inner: pid %d /proc/self %.*s argc %d argv1 %s CRADLE %s X %s exitrd %s\n", getpid(), (int)n, self,
	       argc, argc > 1 ? argv[1] : "", getenv("CRADLE") ? "set" : "unset", getenv("X") ? getenv("X") : "",
	       access("/run/initramfs/shutdown", X_OK) == 0 ? "there" : "missing");
	fflush(stdout);
	start_others();
	printf("inner: umount %d\n", umount("/run/initramfs"));
	fflush(stdout);
	if (strstr(argv[0], "waits")) {
		signal(SIGINT, on_signal);
		printf("inner: waits\n");
		fflush(stdout);
		pause();
	}
	for (unsigned int i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strstr(argv[0], ends[i].name))
			reboot(ends[i].command);
	return 7;
}
