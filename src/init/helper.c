/* SPDX-License-Identifier: MIT */
/* helper: programs that the way back needs for what is attached. */
#include "init/helper.h"

#include <errno.h>
#include <string.h>

#include "base/exitrd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/md.h"

static const struct helper {
	const char *name; /* of its directory */
	bool (*needed)(int sysfd, const char *name); /* by the block device of that name */
	const char *without; /* what may happen */
} helpers[] = {
	{ "mdmon", md_is_external, "its metadata may be left dirty at power-off" },
};

static int stage(const char *name, int from, int to)
{
	_cleanup_close_ int dir = from < 0 ? -EBADF : openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? -ENOENT : exitrd_copy(dir, to);
}

/* The first block device that needs it; NULL: none. The caller frees. */
static char *find_user(const struct helper *h, int sysfd)
{
	_cleanup_closedir_ DIR *block = NULL;
	struct dirent *de;

	if (file_open_dir(sysfd, "block", &block) < 0)
		return NULL;
	while ((de = readdir(block)))
		if (de->d_name[0] != '.' && h->needed(sysfd, de->d_name))
			return strdup(de->d_name);
	return NULL;
}

void helpers_stage(int sysfd, int from, int to)
{
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		_cleanup_free_ char *user = find_user(&helpers[i], sysfd);
		int r = user ? stage(helpers[i].name, from, to) : 0;

		if (r < 0)
			log_warning("cannot stage %s for %s: %s; %s, ignoring", helpers[i].name, user,
				    r == -ENOENT ? "the image lacks it" : strerror(-r), helpers[i].without);
		else if (user)
			log_debug("%s is staged, for %s", helpers[i].name, user);
	}
}
