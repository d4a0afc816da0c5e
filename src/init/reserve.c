/* SPDX-License-Identifier: MIT */
/* reserve: unpacking the rest of the image when a boot needs it. */
#include "init/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "init/merge.h"
#include "init/run.h"
#include "init/unpacker.h"

#define STAGING  "/usr/lib/slipway/reserve"
/* Half a minute is what the largest takes on the slowest machine that was measured, an emulated one. */
#define DEADLINE (300 * USEC_PER_SEC)

struct request {
	bool idle;
};

static void free_stream(ZSTD_DStream **s)
{
	(void)ZSTD_freeDStream(*s);
}

/* What the worker says when it fails, in one piece. */
static int say(int fd, int r, uint64_t at, const char *why)
{
	_cleanup_free_ char *text = NULL;

	if (asprintf(&text, "%s, at byte %llu of it", why ? why : strerror(-r), (unsigned long long)at) > 0)
		(void)file_write_fd(fd, text, strlen(text));
	return r;
}

/* All that one piece of the file unpacks to. */
static int unpack_piece(ZSTD_DStream *s, ZSTD_inBuffer *in, struct unpacker *u, int fd)
{
	_cleanup_free_ char *room = malloc(ZSTD_DStreamOutSize());
	ZSTD_outBuffer out = { .dst = room, .size = ZSTD_DStreamOutSize() };
	const char *why = NULL;

	if (!room)
		return -ENOMEM;
	/* What does not fill the room is all there is. */
	do {
		size_t left;
		int r;

		out.pos = 0;
		left = ZSTD_decompressStream(s, &out, in);
		if (ZSTD_isError(left))
			return say(fd, -EBADMSG, u->at, ZSTD_getErrorName(left));
		r = unpacker_feed(u, out.dst, out.pos, &why);
		if (r < 0)
			return say(fd, r, u->at, why);
	} while (in->pos < in->size || out.pos == out.size);
	return 0;
}

static int unpack_file(int file, int directory, int fd)
{
	_cleanup_(free_stream) ZSTD_DStream *s = ZSTD_createDStream();
	_cleanup_free_ char *room = malloc(ZSTD_DStreamInSize());
	_cleanup_unpacker_ struct unpacker u = UNPACKER_NONE;
	int r = s && room ? 0 : -ENOMEM;

	u.parent.root = directory;
	while (r == 0) {
		ssize_t n = read(file, room, ZSTD_DStreamInSize());
		ZSTD_inBuffer in = { .src = room, .size = n < 0 ? 0 : (size_t)n };

		if (n < 0)
			return say(fd, -errno, u.at, NULL);
		if (n == 0)
			break;
		r = unpack_piece(s, &in, &u, fd);
	}
	if (r == 0 && unpacker_finish(&u) < 0)
		r = say(fd, -EBADMSG, u.at, "it is cut off");
	return r;
}

/* In the worker. */
static int unpack(int fd, void *data)
{
	const struct request *request = data;
	_cleanup_close_ int file = open(RESERVE_PATH, O_RDONLY | O_CLOEXEC), directory = -EBADF;

	if (request->idle)
		(void)sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 });
	if (file < 0 || (mkdir(STAGING, 0755) < 0 && errno != EEXIST))
		return -errno;
	directory = open(STAGING, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return directory < 0 ? -errno : unpack_file(file, directory, fd);
}

/* The file goes: what it held is there now, and memory is short on some machines. */
static int lay_over(void)
{
	_cleanup_close_ int from = open(STAGING, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_close_ int to = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = from < 0 || to < 0 ? -errno : merge(from, to);

	if (r == 0)
		(void)unlink(RESERVE_PATH);
	return r;
}

static void reserve_done(struct run *run, struct job *job, int result)
{
	const char *said = job->worker.record ? job->worker.record : "";

	if (result == 0)
		result = lay_over();
	profile_end(&run->profile, run->reserve.span);
	run->reserve.state = result < 0 ? RESERVE_FAILED : RESERVE_UNPACKED;
	if (result < 0)
		log_error("cannot unpack " RESERVE_PATH ": %s; going on without the tools and modules in it",
			  *said ? said : strerror(-result));
	else
		log_info("unpacked the image's reserve");
	if (result == 0 && modules_ask_again(&run->modules) < 0)
		log_warning("cannot ask for the modules of the reserve: out of memory, ignoring");
}

static const struct job_kind reserve_kind = { .name = "reserve", .done = reserve_done };

static enum reserve_state look(struct run *run)
{
	enum reserve_state *state = &run->reserve.state;

	if (*state == RESERVE_UNSEEN)
		*state = access(RESERVE_PATH, F_OK) == 0 ? RESERVE_PACKED : RESERVE_NONE;
	return *state;
}

bool reserve_pending(struct run *run)
{
	return look(run) == RESERVE_PACKED || run->reserve.state == RESERVE_UNPACKING;
}

bool reserve_complete(struct run *run)
{
	return look(run) == RESERVE_NONE || run->reserve.state == RESERVE_UNPACKED;
}

/* Somebody waits for it now. */
static void hurry(const struct run *run)
{
	const struct job *job = jobs_find(&run->jobs, &reserve_kind);

	if (job)
		(void)sched_setscheduler(job->worker.pid, SCHED_OTHER, &(struct sched_param){ 0 });
}

int reserve_start(struct run *run, bool idle)
{
	struct request *request;
	int r;

	if (look(run) == RESERVE_UNPACKING && !idle)
		hurry(run);
	if (run->reserve.state != RESERVE_PACKED)
		return 0;
	request = calloc(1, sizeof(*request));
	if (!request)
		return -ENOMEM;
	request->idle = idle;
	r = jobs_start(&run->jobs, &reserve_kind, NULL, unpack, request, clock_add(clock_monotonic(), DEADLINE));
	if (r < 0)
		return r;
	run->reserve.state = RESERVE_UNPACKING;
	run->reserve.span = profile_begin(&run->profile, SPAN_WORKER, "unpack reserve", NULL);
	return 0;
}

void reserve_bring(struct run *run)
{
	int r = reserve_start(run, false);

	while (r == 0 && run->reserve.state == RESERVE_UNPACKING)
		r = loop_wait(run, USEC_FOREVER);
	if (r < 0) {
		log_errno(r, "cannot unpack " RESERVE_PATH);
		reserve_drop(run);
	}
}

void reserve_drop(struct run *run)
{
	jobs_end(&run->jobs, &reserve_kind);
	if (run->reserve.state != RESERVE_UNPACKING)
		return;
	run->reserve.state = RESERVE_PACKED;
	profile_end(&run->profile, run->reserve.span);
}
