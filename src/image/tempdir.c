/* SPDX-License-Identifier: MIT */
/* tempdir: a directory for a tool that takes files only, removed with all that is in it. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>

#include "base/log.h"
#include "image/tempdir.h"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)remove(path);
	return 0;
}

int tempdir_open(struct tempdir *ret)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_tempdir_ struct tempdir t = TEMPDIR_NONE;
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/slipway-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp") < 0)
		return -ENOMEM;
	if (!mkdtemp(path))
		return log_errno(-errno, "cannot make a temporary directory %s", path);
	t.path = TAKE_PTR(path);
	t.fd = open(t.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (t.fd < 0)
		return log_errno(-errno, "cannot open the temporary directory %s", t.path);
	*ret = t;
	t = (struct tempdir)TEMPDIR_NONE;
	return 0;
}

void tempdir_close(struct tempdir *t)
{
	close_fd(&t->fd);
	if (t->path)
		(void)nftw(t->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(t->path);
	*t = (struct tempdir)TEMPDIR_NONE;
}
