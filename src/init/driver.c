/* SPDX-License-Identifier: MIT */
/* driver: the kernel's part of a file system. */
#include "init/driver.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/strv.h"
#include "init/run.h"

/* "nodev\tproc" or "\text4". proc(5) */
bool driver_is_there(const char *fstype)
{
	_cleanup_free_ char *text = NULL;
	char *p, *line;

	/* Who cannot look lets mount(2) find out. */
	if (file_read(AT_FDCWD, "/proc/filesystems", 1 << 20, &text, NULL) < 0)
		return true;
	for (p = text; (line = strsep(&p, "\n"));) {
		const char *tab = strchr(line, '\t');

		if (tab && streq(tab + 1, fstype))
			return true;
	}
	return false;
}

typedef int (*ask_fn)(struct run *run, const char *alias);

static int ask_one(struct run *run, const char *alias)
{
	return modules_ask_first(&run->modules, alias);
}

/* By the alias that the kernel itself asks by: MODULE_ALIAS_FS() of include/linux/fs.h */
static int each_missing(struct run *run, const char *fstypes, ask_fn ask)
{
	_cleanup_strv_ char **types = NULL;
	int r = strv_split(&types, fstypes, ",");

	STRV_FOREACH(type, types) {
		_cleanup_free_ char *alias = NULL;

		if (r < 0 || driver_is_there(*type))
			continue;
		if (asprintf(&alias, "fs-%s", *type) < 0)
			return -ENOMEM;
		r = ask(run, alias);
	}
	return r;
}

int driver_ask(struct run *run, const char *fstypes)
{
	int r = each_missing(run, fstypes, ask_one);

	return r < 0 ? r : modules_start(run);
}

int driver_wait(struct run *run, const char *fstypes)
{
	return each_missing(run, fstypes, modules_need);
}
