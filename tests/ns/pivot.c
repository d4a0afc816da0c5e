/* SPDX-License-Identifier: MIT */
/*
 * pivot: leaves the root that it was started in as /init leaves a ramdisk, and tells what it sees on the way: the
 * directory it stands in, the names in it, and each mount. Static, so that nothing but itself is of the old root.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "init/ramdisk.h"

static void tell(const char *when)
{
	char line[4096], cwd[512] = "";
	DIR *dir = opendir("/");
	struct dirent *de;
	FILE *mounts;

	while (dir && (de = readdir(dir)))
		if (de->d_name[0] != '.')
			printf("%s name %s\n", when, de->d_name);
	if (dir)
		closedir(dir);
	printf("%s cwd %s\n", when, getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	mounts = fopen("/proc/self/mountinfo", "re");
	while (mounts && fgets(line, sizeof(line), mounts))
		printf("%s mount %s", when, line);
	if (mounts)
		fclose(mounts);
}

int main(void)
{
	struct ramdisk r = { .root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), .disk = -1 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	tell("before");
	if (mount("/proc", "/sysroot/proc", NULL, MS_MOVE, NULL) < 0 || ramdisk_pivot() < 0)
		return 1;
	tell("pivoted");
	ramdisk_free(&r);
	ramdisk_close(&r);
	tell("after");
	return 0;
}
