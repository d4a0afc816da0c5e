/* SPDX-License-Identifier: MIT */
/* image: from the medium to the root's lowest layer. */
#include "init/image.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/inroot.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/worker.h"
#include "init/filesystem.h"
#include "init/live.h"
#include "init/loopdev.h"
#include "init/ram.h"
#include "init/run.h"

#define DEADLINE (60 * USEC_PER_SEC) /* a drive may have to spin up */

/* On the way: what was mounted last, and where; the last one becomes LIVE_IMAGE. */
struct way {
	struct run *run;
	const char *dir;  /* where the next step is looked for */
	unsigned int n;   /* how many were taken */
	char places[2][sizeof(IMAGE_OUTER) + 16];
};

struct look {
	const char *dir, *path;
};

/* In the worker: a medium may take its time. The record: "d/where/it/leads", or "f/…" for a file. */
static int look(int fd, void *data)
{
	const struct look *l = data;
	_cleanup_close_ int top = open(l->dir, O_PATH | O_DIRECTORY | O_CLOEXEC), file = -EBADF;
	_cleanup_free_ char *where = NULL;
	struct stat st;
	int r;

	if (top < 0)
		return -errno;
	file = inroot_open(top, l->path, O_PATH);
	if (file < 0)
		return file;
	if (fstat(file, &st) < 0)
		return -errno;
	r = inroot_realpath(top, l->path, &where);
	if (r == 0)
		r = file_write_fd(fd, S_ISDIR(st.st_mode) ? "d" : "f", 1);
	return r < 0 ? r : file_write_fd(fd, where, strlen(where));
}

static const char *next_place(struct way *w)
{
	char *place = w->places[w->n % ARRAY_SIZE(w->places)];

	(void)snprintf(place, sizeof(w->places[0]), IMAGE_OUTER "%u", w->n + 1);
	return place;
}

static int took(struct way *w, const char *place)
{
	w->dir = place;
	w->n++;
	return 0;
}

static int make_place(const char *place)
{
	int r = file_mkdir_parents(AT_FDCWD, place, 0755);

	return r < 0 ? log_errno(r, "cannot make %s", place) : 0;
}

/* `where` is inside of w->dir, without links. */
static int take_directory(struct way *w, const char *where)
{
	_cleanup_free_ char *source = NULL;
	const char *place = next_place(w);
	int r = make_place(place);

	if (r < 0)
		return r;
	if (w->run->boot.live.ram && w->n == 0) {
		log_error("cannot copy the directory %s of the medium to memory: only a file system in a file, or the "
			  "medium itself, can be", where);
		return -EISDIR;
	}
	if (asprintf(&source, "%s%s", w->dir, where) < 0)
		return log_errno(-ENOMEM, "cannot mount %s", where);
	if (mount(source, place, NULL, MS_BIND, NULL) < 0)
		return log_errno(-errno, "cannot mount the directory %s of the medium on %s", where, place);
	return took(w, place);
}

/* Attached, waited for, and mounted as any other file system. */
static int take_file(struct way *w, const char *dir, const char *path)
{
	const struct boot *boot = &w->run->boot;
	/* In memory it is ours alone, and may be written to. */
	bool writable = boot->live.ram && boot->live.upper == UPPER_NONE && boot->rw;
	const struct loop_file file = {
		.dir = dir,
		.path = path,
		.of = boot->live.medium.spec.text,
		.as = "the root's image",
		.read_only = !writable,
	};
	_cleanup_(spec_free) struct spec spec = { .kind = SPEC_NAME };
	struct filesystem fs = {
		.what = "image",
		.spec = &spec,
		.access = writable ? "rw" : "ro",
		.unit = "",
		.spans = { "root/image-wait", "root/image-fsck", "root/image-mount" },
	};
	struct fsck_result check = { 0 };
	dev_t dev;
	int r;

	fs.target = next_place(w);
	r = make_place(fs.target);
	if (r == 0 && !mount_is_mountpoint(fs.target)) {
		r = loopdev_attach(w->run, &file, &spec.value);
		if (r == 0 && string_set(&spec.text, path) < 0)
			r = log_errno(-ENOMEM, "cannot mount %s", path);
		if (r == 0)
			r = filesystem_mount(w->run, &fs, &check, &dev);
	}
	return r < 0 ? r : took(w, fs.target);
}

/* What is on the medium itself is copied first, where that is asked for. */
static int take_step(struct way *w, const char *path, bool optional)
{
	struct look l = { .dir = w->dir, .path = path };
	_cleanup_free_ char *record = NULL, *copy = NULL;
	int r = worker_call(look, &l, clock_add(clock_monotonic(), DEADLINE), &record, NULL);

	if (r == -ENOENT && optional)
		return 0;
	if (r < 0 || !record || !*record) {
		log_error("cannot find the image %s on the medium %s: %s", path, w->run->boot.live.medium.spec.text,
			  r == -ENOENT ? "there is no such file or directory" : strerror(r < 0 ? -r : EPROTO));
		return r < 0 ? r : -EPROTO;
	}
	if (*record == 'd')
		return take_directory(w, record + 1);
	if (!w->run->boot.live.ram || w->n > 0)
		return take_file(w, w->dir, path);
	r = ram_copy_file(w->run, path, &copy);
	return r < 0 ? r : take_file(w, LIVE_RAM, copy);
}

/* "squashfs.img?" in /LiveOS */
static int take_word(struct way *w, const char *word)
{
	const char *dir = w->run->boot.live.dir;
	bool optional = endswith(word, "?");
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s%.*s", *word == '/' || !dir ? "" : dir, *word == '/' ? "" : "/",
		     (int)strlen(word) - optional, word) < 0)
		return log_errno(-ENOMEM, "cannot open the image %s", word);
	return take_step(w, path, optional);
}

/* Of all that might have been there nothing was: then it should at least look like a root. */
static int check_medium(const struct boot_live *l)
{
	_cleanup_free_ char *tried = strv_join(l->image, ", ");

	if (access(LIVE_MEDIUM "/usr", F_OK) == 0 || access(LIVE_MEDIUM "/sbin", F_OK) == 0)
		return 0;
	log_error("cannot find an image on the medium %s: looked for %s in %s, and it is no root itself (no /usr, no "
		  "/sbin); rd.slipway.image= names one", l->medium.spec.text, tried ? tried : "?",
		  l->dir ? l->dir : "/");
	return -ENOENT;
}

int image_open(struct run *run)
{
	const struct boot_live *l = &run->boot.live;
	struct way w = { .run = run, .dir = LIVE_MEDIUM };
	_cleanup_free_ char *copy = NULL;
	int r = 0;

	if (mount_is_mountpoint(LIVE_IMAGE))
		return 0;
	STRV_FOREACH(word, l->image)
		if (r == 0)
			r = take_word(&w, *word);
	if (r == 0 && w.n == 0 && l->image)
		r = check_medium(l);
	if (r == 0 && w.n == 0 && l->ram) {
		r = ram_copy_medium(run, &copy);
		if (r == 0)
			r = take_file(&w, LIVE_RAM, copy);
	}
	if (r == 0 && w.n > 0)
		r = make_place(LIVE_IMAGE);
	if (r < 0 || w.n == 0)
		return r;
	if (mount(w.dir, LIVE_IMAGE, NULL, MS_MOVE, NULL) < 0)
		return log_errno(-errno, "cannot move %s to " LIVE_IMAGE, w.dir);
	(void)rmdir(w.dir);
	return 0;
}
