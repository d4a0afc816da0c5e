/* SPDX-License-Identifier: MIT */
/* passage: what becomes of the API file systems at the switch. */
#include "init/passage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "init/filesystem.h"

static int on_api(struct boot *b, const struct cmdline_word *w)
{
	static const struct option_choice ways[] = { { "move", API_MOVE }, { "clean", API_CLEAN }, { NULL, 0 } };

	return option_choice(b, w, ways, "move, clean", (int *)&b->api);
}

const struct option passage_options[] = {
	{ "rd.slipway.api", on_api },
	{ NULL,             NULL   },
};

static int move(const char *name)
{
	_cleanup_free_ char *target = NULL;

	if (asprintf(&target, SYSROOT "%s", name) < 0)
		return log_errno(-ENOMEM, "cannot move %s", name);
	if (mount(name, target, NULL, MS_MOVE, NULL) < 0)
		return log_errno(-errno, "cannot move %s to %s", name, target);
	return 0;
}

/* Lazily: what is mounted below goes along, and who has something of it open keeps that. */
static int detach(const char *name)
{
	if (umount2(name, MNT_DETACH) < 0)
		return log_errno(-errno, "cannot unmount %s", name);
	return 0;
}

/*
 * Then we have it as standard input, output and error, since the devtmpfs goes. A root that is mounted nodev, or whose
 * node is no device, has none that could be used.
 */
static bool takes_roots_console(void)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (lstat(SYSROOT "/dev/console", &st) < 0 || !S_ISCHR(st.st_mode))
		return false;
	fd = open(SYSROOT "/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) < 0)
			return false;
	return true;
}

static int leave_dev(const char *name)
{
	return takes_roots_console() ? detach(name) : move(name);
}

int passage_make(const struct boot *b)
{
	static const struct {
		const char *name;
		int (*pass[API_WAYS])(const char *name);
	} filesystems[] = {
		{ "/dev",  { [API_MOVE] = move, [API_CLEAN] = leave_dev } },
		{ "/proc", { [API_MOVE] = move, [API_CLEAN] = detach    } },
		{ "/sys",  { [API_MOVE] = move, [API_CLEAN] = detach    } },
		{ "/run",  { [API_MOVE] = move, [API_CLEAN] = move      } },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(filesystems); i++)
		r = filesystems[i].pass[b->api](filesystems[i].name);
	return r;
}
