/* SPDX-License-Identifier: MIT */
/*
 * nextinit: the init of a root that only tells how it was started: one "key<TAB>value" a line in /report.
 * Static, so that the root needs nothing else.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell_file(FILE *out, const char *key, const char *path)
{
	char line[8192];
	FILE *f = fopen(path, "re");

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		fprintf(out, "%s\t%.*s\n", key, (int)strcspn(line, "\n"), line);
	fclose(f);
}

static void tell_descriptor(FILE *out, int fd)
{
	char path[64], target[PATH_MAX] = "", data[65536];
	off_t offset = lseek(fd, 0, SEEK_CUR);
	struct stat st;
	ssize_t n;

	if (fcntl(fd, F_GETFD) < 0 || fd == fileno(out))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	fprintf(out, "fd\t%d %s\n", fd, target);
	if (fd < 3 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	fprintf(out, "state-access\t%d\n", fcntl(fd, F_GETFL) & O_ACCMODE);
	fprintf(out, "state-offset\t%lld\n", (long long)offset);
	n = read(fd, data, sizeof(data) - 1);
	data[n > 0 ? n : 0] = '\0';
	for (char *line = data, *end; (end = strchr(line, '\n')); line = end + 1)
		fprintf(out, "state\t%.*s\n", (int)(end - line), line);
}

static void tell_signals(FILE *out)
{
	sigset_t blocked;

	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 1; i < NSIG; i++) {
		struct sigaction sa;

		if (sigismember(&blocked, i) == 1)
			fprintf(out, "blocked\t%d\n", i);
		if (sigaction(i, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL)
			fprintf(out, "ignored\t%d\n", i);
	}
}

static void tell_processes(FILE *out)
{
	DIR *dir = opendir("/proc");
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		char path[PATH_MAX];

		if (!isdigit((unsigned char)de->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/cmdline", de->d_name);
		fprintf(out, "process\t%s\n", de->d_name);
		tell_file(out, "command", path);
	}
	if (dir)
		closedir(dir);
}

static void tell_names(FILE *out)
{
	DIR *dir = opendir("/");
	struct dirent *de;

	while (dir && (de = readdir(dir)))
		if (de->d_name[0] != '.')
			fprintf(out, "name\t%s\n", de->d_name);
	if (dir)
		closedir(dir);
}

/* What is told is read there: where the initramfs took it away it is mounted anew. */
static void need_proc(FILE *out)
{
	if (access("/proc/self", F_OK) == 0)
		return;
	fprintf(out, "without\t/proc\n");
	(void)mount("proc", "/proc", "proc", 0, NULL);
}

int main(int argc, char **argv)
{
	FILE *out = fopen("/report", "we");
	char cwd[PATH_MAX] = "";
	mode_t mask = umask(0);

	if (!out)
		return 3;
	need_proc(out);
	for (int i = 0; i < argc; i++)
		fprintf(out, "argv\t%s\n", argv[i]);
	for (char **e = environ; *e; e++)
		fprintf(out, "env\t%s\n", *e);
	for (int fd = 0; fd < 1024; fd++)
		tell_descriptor(out, fd);
	fprintf(out, "nice\t%d\nscheduler\t%d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
	fprintf(out, "pid\t%d\numask\t%03o\ncwd\t%s\n", getpid(), (unsigned int)mask,
		getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	tell_signals(out);
	tell_processes(out);
	tell_names(out);
	tell_file(out, "mount", "/proc/self/mountinfo");
	if (fclose(out) != 0)
		return 4;
	/* For who wants to look at the root that it runs in. */
	if (argc > 1 && strcmp(argv[argc - 1], "hold") == 0) {
		(void)!write(1, "nextinit holds\n", strlen("nextinit holds\n"));
		pause();
	}
	return 0;
}
