/* SPDX-License-Identifier: MIT */
/* module: what is asked of the workers that load modules, and what they answer. */
#include "init/module.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/answer.h"
#include "init/modserver.h"
#include "init/run.h"

/* How long one request may take before the rest goes to another worker. */
#define STALL (5 * USEC_PER_SEC)

/* What one worker was given. */
struct batch {
	char **aliases;
	size_t n;
	size_t sent;  /* how many of them have gone into the socket */
	size_t next;  /* the request being served */
	int socket;
	bool stalled; /* it was given up on; what comes still counts */
	struct modserver server;
};

/*
 * By what their aliases hold. finit_module(2) comes back when all asynchronous probing has ended (the kernel's
 * do_init_module(), async_synchronize_full()), and libata's is waiting for links: 0.3 s for six ports without a disk.
 */
static const char *const slow[] = {
	"bc01sc06", /* PCI class of SATA: ahci */
	"bc01sc05", /* ATA with DMA */
	"bc01sc01", /* IDE */
};

static bool is_slow(const char *alias)
{
	if (!startswith(alias, "pci:"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
		if (strstr(alias, slow[i]))
			return true;
	return false;
}

static int queue(struct modules *m, const char *alias)
{
	return strv_push(is_slow(alias) ? &m->held : &m->pending, alias);
}

int modules_ask(struct modules *m, const char *alias)
{
	int r;

	if (!*alias || strv_contains(m->asked, alias))
		return 0;
	r = queue(m, alias);
	return r < 0 ? r : strv_push(&m->asked, alias);
}

/* Nothing more is sent to it: when all that it has is served it ends. */
static void retire(struct modules *m)
{
	struct batch *b = TAKE_PTR(m->live);

	if (!b)
		return;
	close_fd(&b->socket);
	b->socket = -EBADF;
	m->open -= b->n - b->sent;
	b->n = b->sent;
}

int modules_ask_again(struct modules *m)
{
	struct modules again = { 0 };

	STRV_FOREACH(alias, m->asked)
		if (queue(&again, *alias) < 0) {
			modules_free(&again);
			return -ENOMEM;
		}
	strv_free(m->pending);
	strv_free(m->held);
	m->pending = again.pending;
	m->held = again.held;
	strv_free(TAKE_PTR(m->unserved));
	retire(m);
	return 0;
}

bool modules_busy(const struct modules *m)
{
	return m->pending || m->open > 0;
}

static void take_loaded(struct run *run, const char *text)
{
	unsigned long long begin, end;
	char name[64]; /* MODULE_NAME_LEN is less */

	run->modules.loaded++;
	if (sscanf(text, "%63s %llu %llu", name, &begin, &end) == 3)
		profile_add(&run->profile, SPAN_MODULE, name, NULL, begin, end);
}

static void take_line(struct run *run, struct batch *b, const char *line)
{
	struct modules *m = &run->modules;

	switch (line[0]) {
	case ANSWER_LOADED:
		take_loaded(run, line + 1);
		break;
	case ANSWER_FAILED:
		log_warning("cannot load module %s, ignoring", line + 1);
		(void)strv_push(&m->failed, line + 1);
		break;
	case ANSWER_UNSERVED:
		(void)strv_push(&m->unserved, line + 1);
		/* "fs-ext4" is a name that we ask by, and modules_need() sees to it. */
		m->names_unserved |= !strchr(line + 1, ':') && !startswith(line + 1, "fs-");
		break;
	case ANSWER_END:
		b->next++;
		m->open -= !b->stalled;
		break;
	}
}

/* What the worker has not begun goes back to the queue; the one it is at does not. */
static void give_back(struct run *run, const struct batch *b)
{
	for (size_t i = b->next + 1; i < b->n; i++)
		(void)strv_push(&run->modules.pending, b->aliases[i]);
}

/* Nobody waits for it any more. */
static void give_up(struct run *run, struct batch *b)
{
	struct modules *m = &run->modules;

	give_back(run, b);
	if (m->live == b)
		retire(m);
	m->open -= b->n - b->next;
}

static bool batch_late(struct run *run, struct job *job)
{
	struct batch *b = job->data;

	job->worker.deadline = USEC_FOREVER;
	if (b->next == b->n)
		return true;
	log_warning("loading %s takes longer than %d s; the other modules go on without it",
		    b->aliases[b->next], (int)(STALL / USEC_PER_SEC));
	give_up(run, b);
	b->stalled = true;
	return true;
}

/* Until when the worker must have said something; one that has nothing to do says nothing. */
static uint64_t deadline_of(const struct batch *b)
{
	return b->stalled || b->next == b->n ? USEC_FOREVER : clock_add(clock_monotonic(), STALL);
}

static void batch_progress(struct run *run, struct job *job)
{
	struct batch *b = job->data;
	char *line, *end;

	for (;;) {
		line = job->worker.record + job->used;
		end = job->worker.record ? strchr(line, '\n') : NULL;
		if (!end)
			break;
		*end = '\0';
		job->used = (size_t)(end + 1 - job->worker.record);
		take_line(run, b, line);
		job->worker.deadline = deadline_of(b);
	}
}

static void batch_done(struct run *run, struct job *job, int result)
{
	struct batch *b = job->data;

	/* A module that crashes in the kernel takes its worker along, and nobody else's module. */
	if (result < 0 && b->next < b->n)
		log_warning("cannot load %s: %s, ignoring", b->aliases[b->next], strerror(-result));
	if (!b->stalled)
		give_up(run, b);
	close_fd(&b->socket);
	strv_free(TAKE_PTR(b->aliases));
}

static const struct job_kind batch_kind = {
	.name = "modules",
	.progress = batch_progress,
	.late = batch_late,
	.done = batch_done,
};

/* As many as go into one message. */
static int make_message(const struct batch *b, struct buffer *ret, size_t *ret_sent)
{
	size_t i = b->sent;

	for (; i < b->n; i++) {
		size_t size = strlen(b->aliases[i]);

		if (ret->size > 0 && ret->size + size + 1 > MODSERVER_BYTES)
			break;
		if (buffer_append(ret, b->aliases[i], size) < 0 || buffer_append(ret, "\n", 1) < 0)
			return -ENOMEM;
	}
	*ret_sent = i;
	return 0;
}

/* What the socket does not take now is sent when the worker has answered something. */
static int send_aliases(struct batch *b)
{
	while (b->sent < b->n) {
		_cleanup_buffer_ struct buffer message = { 0 };
		size_t sent;
		int r = make_message(b, &message, &sent);

		if (r < 0)
			return r;
		if (send(b->socket, message.data, message.size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			/* That it has died batch_done() is told. */
			return errno == EAGAIN || errno == EPIPE || errno == ECONNRESET ? 0 : -errno;
		b->sent = sent;
	}
	return 0;
}

static int take_pending(struct modules *m, struct batch *b)
{
	int r = 0;

	STRV_FOREACH(alias, m->pending)
		if (r == 0)
			r = strv_push(&b->aliases, *alias);
	if (r < 0)
		return r;
	m->open += strv_length(b->aliases) - b->n;
	b->n = strv_length(b->aliases);
	strv_free(TAKE_PTR(m->pending));
	return 0;
}

static int run_batch(int fd, void *data)
{
	struct batch *b = data;

	/* The last to hold our end shall be init. */
	close_fd(&b->socket);
	return modserver_run(fd, &b->server);
}

static int start_worker(struct run *run)
{
	struct batch *b = calloc(1, sizeof(*b));
	_cleanup_close_ int theirs = -EBADF;
	int pair[2], r;

	if (!b)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		r = -errno;
		free(b);
		return r;
	}
	b->socket = pair[0];
	b->server.socket = theirs = pair[1];
	/* What the reserve has brought libkmod finds, and what was near, too. */
	b->server.nearby = run->reserve.state != RESERVE_UNPACKED;
	b->server.all = reserve_complete(run);
	r = jobs_start(&run->jobs, &batch_kind, NULL, run_batch, b, USEC_FOREVER);
	if (r < 0)
		(void)close(pair[0]);
	else
		run->modules.live = b;
	return r;
}

/* The clock begins for one that had nothing to do. */
static void set_deadline(struct run *run, const struct batch *b)
{
	for (size_t i = 0; i < run->jobs.n; i++)
		if (run->jobs.items[i]->data == b)
			run->jobs.items[i]->worker.deadline = deadline_of(b);
}

int modules_start(struct run *run)
{
	struct modules *m = &run->modules;
	bool idle;
	int r = m->pending && !m->live ? start_worker(run) : 0;

	if (r < 0 || !m->live)
		return r;
	idle = m->live->next == m->live->n;
	r = take_pending(m, m->live);
	if (idle)
		set_deadline(run, m->live);
	return r < 0 ? r : send_aliases(m->live);
}

int modules_release(struct run *run)
{
	struct modules *m = &run->modules;

	int r = 0;

	STRV_FOREACH(alias, m->held)
		r = r < 0 ? r : strv_push(&m->pending, *alias);
	if (r < 0)
		return r;
	strv_free(TAKE_PTR(m->held));
	return modules_start(run);
}

void modules_stop(struct modules *m)
{
	m->live = NULL;
	m->open = 0;
}

static int settle(struct run *run)
{
	int r = modules_start(run);

	while (r == 0 && modules_busy(&run->modules))
		r = loop_wait(run, USEC_FOREVER);
	return r;
}

int modules_need(struct run *run, const char *alias)
{
	int r = modules_ask(&run->modules, alias);

	if (r == 0)
		r = settle(run);
	if (r == 0 && strv_contains(run->modules.unserved, alias) && reserve_pending(run)) {
		reserve_bring(run);
		r = settle(run);
	}
	return r;
}

void modules_free(struct modules *m)
{
	strv_free(m->asked);
	strv_free(m->pending);
	strv_free(m->held);
	strv_free(m->unserved);
	strv_free(m->failed);
	*m = (struct modules){ 0 };
}
