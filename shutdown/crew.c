/* SPDX-License-Identifier: MIT */
/* crew: a list of orders, and the workers that take from it. */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "shutdown/crew.h"

struct crew *crew_new(int root, int level, uint64_t deadline)
{
	struct crew *c = calloc(1, sizeof(*c));

	if (c)
		*c = (struct crew){ .queue = -EBADF, .root = root, .level = level, .deadline = deadline };
	return c;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++) {
		free(c->orders[i].name);
		free(c->orders[i].what);
	}
	free(c->orders);
	close_fd(&c->queue);
	free(c);
}

int crew_add(struct crew *c, const struct node *n, const struct action *a)
{
	_cleanup_free_ char *name = strdup(n->name), *what = node_describe(n);
	struct order *grown;

	if (!name || !what)
		return -ENOMEM;
	grown = realloc(c->orders, (c->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	c->orders = grown;
	grown[c->n++] = (struct order){
		.node = n,
		.layer = n->layer,
		.kind = n->kind,
		.name = TAKE_PTR(name),
		.what = TAKE_PTR(what),
		.dev = n->dev,
		.acts = a->acts,
		.timeout = a->timeout,
	};
	c->waiting++;
	return 0;
}

static void set_over(struct crew *c, size_t from)
{
	for (size_t i = from; i < c->n; i++)
		c->orders[i].over = true;
	c->waiting = MIN(c->waiting, from);
}

/* The writing end is closed before anybody reads: the end of the list is the end of the file. */
int crew_queue(struct crew *c, size_t members)
{
	_cleanup_close_ int in = -EBADF, out = -EBADF;
	int fds[2];

	if (members >= c->n)
		return 0;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		set_over(c, members);
		return -errno;
	}
	in = fds[0];
	out = fds[1];
	for (uint32_t i = (uint32_t)members; i < c->n; i++)
		/* Full at some sixteen thousand: the rest is for the next plan. */
		if (write(out, &i, sizeof(i)) != sizeof(i)) {
			set_over(c, i);
			break;
		}
	c->queue = TAKE_FD(in);
	return 0;
}

/* Reads of a pipe do not cut what was written at once, and no two get the same. */
static bool take_order(int queue, uint32_t *ret)
{
	ssize_t n;

	do
		n = read(queue, ret, sizeof(*ret));
	while (n < 0 && errno == EINTR);
	return n == sizeof(*ret);
}

void crew_take_back(struct crew *c)
{
	uint32_t i;

	while (c->queue >= 0 && take_order(c->queue, &i)) {
		c->orders[i].over = true;
		c->waiting--;
	}
}

static void do_order(const struct crew *c, uint32_t i, int out)
{
	const struct order *o = &c->orders[i];

	for (int k = 0; k < LAYER_ACTS; k++) {
		struct record rec = { .order = i, .act = k };

		if (!(o->acts & (1U << k)))
			continue;
		rec.result = o->layer->acts[k].run(c->root, o->node);
		(void)file_write_fd(out, &rec, sizeof(rec));
		if (rec.result == 0 || rec.result == -EIO)
			break;
	}
}

int crew_work(const struct crew *c, size_t first, int out)
{
	uint32_t i = (uint32_t)first;

	do_order(c, i, out);
	while (c->queue >= 0 && take_order(c->queue, &i)) {
		struct record begun = { .order = i, .act = RECORD_BEGUN };

		(void)file_write_fd(out, &begun, sizeof(begun));
		do_order(c, i, out);
	}
	return 0;
}
