/* SPDX-License-Identifier: MIT */
/* archives: a root that is unpacked from tar archives. */
#include "init/archives.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/inroot.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/filesystem.h"
#include "init/libarchive.h"
#include "init/run.h"

#define MEDIUM "/run/slipway/medium"
/* One archive: gigabytes from the slowest stick. */
#define DEADLINE (1800 * USEC_PER_SEC)

/* What the workers are told, and what one of them says. */
struct request {
	int medium;       /* paths mean that directory as "/" */
	const char *path; /* of the archive, or of the directory */
	const char *name; /* in that directory; NULL: the path is the archive itself */
};

static const char *const suffixes[] = {
	".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.lz4", ".tar.bz2", ".tbz2",
};

static const char suffixes_allowed[] = ".tar, or that with .zst, .xz, .gz, .lz4, .bz2 behind it";

static bool is_archive(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (*name != '.' && endswith(name, suffixes[i]))
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int collect(int fd, char ***names)
{
	_cleanup_closedir_ DIR *dir = fdopendir(fd);
	struct dirent *de;
	int r = 0;

	if (!dir) {
		(void)close(fd);
		return -ENOMEM;
	}
	while (r == 0 && (errno = 0, de = readdir(dir)))
		if (is_archive(de->d_name))
			r = strv_push(names, de->d_name);
	return r == 0 ? -errno : r;
}

/* In a worker: the names of a directory's archives, each with its NUL; nothing for a file. */
static int list(int fd, void *data)
{
	const struct request *q = data;
	_cleanup_close_ int at = inroot_open(q->medium, q->path, O_RDONLY | O_NONBLOCK);
	_cleanup_strv_ char **names = NULL;
	struct stat st;
	int r;

	if (at < 0)
		return at;
	if (fstat(at, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return S_ISREG(st.st_mode) ? 0 : -ENOTDIR;
	r = collect(TAKE_FD(at), &names);
	if (r == 0 && !names)
		r = -ENODATA;
	if (r < 0)
		return r;
	qsort(names, strv_length(names), sizeof(char *), by_name);
	STRV_FOREACH(name, names)
		if (r == 0)
			r = file_write_fd(fd, *name, strlen(*name) + 1);
	return r;
}

static int open_archive(const struct request *q)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s%s", q->path, q->name ? "/" : "", q->name ? q->name : "") < 0)
		return -ENOMEM;
	return inroot_open(q->medium, path, O_RDONLY);
}

static void close_library(struct libarchive **l)
{
	libarchive_close(*l);
}

/* In a worker. From here on nothing that an archive names is outside of the new root. */
static int unpack(int fd, void *data)
{
	const struct request *q = data;
	_cleanup_(close_library) struct libarchive *l = NULL;
	_cleanup_close_ int file = open_archive(q);
	struct unpacked told;
	int r = file < 0 ? file : libarchive_open(&l);

	if (r < 0)
		return r;
	if (chroot(SYSROOT) < 0 || chdir("/") < 0)
		return -errno;
	(void)umask(022);
	r = libarchive_unpack(l, file, &told);
	(void)file_write_fd(fd, &told, sizeof(told));
	return r;
}

/* What errno's own words do not say here. */
static const struct {
	int error;
	const char *why;
} reasons[] = {
	{ ENOPKG,    "this image lacks libarchive (slipway build --archives yes puts it in)"    },
	{ ENOSYS,    "the image's libarchive lacks a function"                                   },
	{ ENODATA,   "there is no archive in it"                                                 },
	{ ENOTDIR,   "it is neither a file nor a directory"                                      },
	{ EPIPE,     "the process that unpacked it crashed"                                      },
};

static const char *reason_of(int r)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].error == -r)
			return reasons[i].why;
	return strerror(-r);
}

static const char *remedy_of(int r)
{
	return r == -ENOSPC ? "; rd.slipway.ram=size= says how large the root may become" : "";
}

static int unpack_one(struct run *run, struct request *q, const char *name)
{
	const char *called = name ? name : q->path;
	_cleanup_free_ char *record = NULL;
	struct unpacked told = { 0 };
	size_t size = 0;
	int span, r;

	q->name = name;
	span = profile_begin(&run->profile, SPAN_WORKER, span_name("unpack", called).text, NULL);
	r = worker_call(unpack, q, clock_add(clock_monotonic(), DEADLINE), &record, &size);
	profile_end(&run->profile, span);
	if (size == sizeof(told))
		memcpy(&told, record, sizeof(told));
	told.why[sizeof(told.why) - 1] = '\0';
	if (r < 0) {
		log_error("cannot unpack %s for the root: %s%s; nothing of it is used", called,
			  told.why[0] ? told.why : reason_of(r), remedy_of(r));
		return r;
	}
	if (told.warned > 0)
		log_warning("%s: %s, and %zu more like that, ignoring", called, told.why, told.warned - 1);
	log_info("unpacked %s: %zu files", called, told.files);
	return 0;
}

static int unpack_all(struct run *run, struct request *q)
{
	_cleanup_free_ char *names = NULL;
	size_t size = 0;
	int r = worker_call(list, q, clock_add(clock_monotonic(), DEADLINE), &names, &size);

	if (r < 0) {
		const char *on = run->boot.ram.medium.spec.text;

		log_error("cannot unpack the root from %s of %s: %s (archives have names that end in %s)", q->path,
			  on ? on : "the image", reason_of(r), suffixes_allowed);
		return r;
	}
	if (size == 0)
		return unpack_one(run, q, NULL);
	for (const char *name = names; r == 0 && name < names + size; name += strlen(name) + 1)
		r = unpack_one(run, q, name);
	return r;
}

static int mount_medium(struct run *run)
{
	const struct boot_mount *medium = &run->boot.ram.medium;
	const struct filesystem fs = {
		.what = "medium",
		.spec = &medium->spec,
		.fstype = medium->fstype,
		.options = medium->flags,
		.access = "ro",
		.target = MEDIUM,
		.spans = { "root/medium-wait", "root/medium-fsck", "root/medium-mount" },
	};
	struct fsck_result none = { 0 };
	dev_t dev;
	int r = file_mkdir_parents(AT_FDCWD, MEDIUM, 0700);

	if (r < 0)
		return log_errno(r, "cannot make " MEDIUM);
	if (mount_is_mountpoint(MEDIUM))
		return 0;
	return filesystem_mount(run, &fs, &none, &dev);
}

/* Nobody has anything of it open: it is gone at once, and may be pulled out. */
static void leave_medium(void)
{
	if (umount2(MEDIUM, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
		log_warning("cannot unmount " MEDIUM ": %s, ignoring", strerror(errno));
	(void)rmdir(MEDIUM);
}

int archives_unpack(struct run *run)
{
	const struct boot_ram *ram = &run->boot.ram;
	bool on_medium = ram->medium.spec.kind != SPEC_NONE;
	struct request q = { .medium = -EBADF, .path = ram->archives };
	int r = on_medium ? mount_medium(run) : 0;

	if (r < 0)
		return r;
	q.medium = open(on_medium ? MEDIUM : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = q.medium < 0 ? log_errno(-errno, "cannot open " MEDIUM) : unpack_all(run, &q);
	close_fd(&q.medium);
	if (on_medium)
		leave_medium();
	return r;
}
