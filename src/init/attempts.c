/* SPDX-License-Identifier: MIT */
/* attempts: what was tried, and how it went. */
#include <errno.h>

#include "init/attempts.h"

static struct attempt *find(const struct attempts *a, const char *subject, enum action action)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].action == action && streq(a->items[i].subject, subject))
			return &a->items[i];
	return NULL;
}

const struct attempt *attempts_get(const struct attempts *a, const char *subject, enum action action)
{
	static const struct attempt none = { 0 };
	const struct attempt *found = find(a, subject, action);

	return found ? found : &none;
}

static int find_or_add(struct attempts *a, const char *subject, enum action action, struct attempt **ret)
{
	struct attempt *grown, *found = find(a, subject, action);

	if (!found) {
		struct attempt fresh = { .subject = strdup(subject), .action = action };

		grown = realloc(a->items, (a->n + 1) * sizeof(*grown));
		if (grown)
			a->items = grown;
		if (!grown || !fresh.subject) {
			free(fresh.subject);
			return -ENOMEM;
		}
		found = &grown[a->n++];
		*found = fresh;
	}
	*ret = found;
	return 0;
}

enum outcome { RUNNING, FAILED, OVER, DONE };

static int record(struct attempts *a, const char *subject, enum action action, enum outcome outcome, uint64_t now)
{
	struct attempt *t;
	int r = find_or_add(a, subject, action, &t);

	if (r < 0)
		return r;
	t->running = outcome == RUNNING;
	t->times += outcome == RUNNING;
	t->failed += outcome == FAILED || outcome == OVER;
	t->over = outcome == OVER;
	t->done = t->done || outcome == DONE;
	t->since = now;
	return 0;
}

int attempts_running(struct attempts *a, const char *subject, enum action action, uint64_t now)
{
	return record(a, subject, action, RUNNING, now);
}

int attempts_failed(struct attempts *a, const char *subject, enum action action, uint64_t now)
{
	return record(a, subject, action, FAILED, now);
}

int attempts_done(struct attempts *a, const char *subject, enum action action, uint64_t now)
{
	return record(a, subject, action, DONE, now);
}

int attempts_over(struct attempts *a, const char *subject, enum action action, uint64_t now)
{
	return record(a, subject, action, OVER, now);
}

static void remove_at(struct attempts *a, size_t i)
{
	free(a->items[i].subject);
	a->items[i] = a->items[--a->n];
}

void attempts_drop(struct attempts *a, const char *subject, enum action action)
{
	struct attempt *found = find(a, subject, action);

	if (found)
		remove_at(a, (size_t)(found - a->items));
}

static void forget(struct attempts *a, const char *subject, bool used)
{
	for (size_t i = a->n; i-- > 0;) {
		const struct attempt *t = &a->items[i];

		if (streq(t->subject, subject) && !(t->action == ACTION_ASK && t->running) &&
		    !(t->action == ACTION_ASSEMBLE && used))
			remove_at(a, i);
	}
}

void attempts_forget(struct attempts *a, const char *subject)
{
	forget(a, subject, false);
}

void attempts_forget_used(struct attempts *a, const char *subject)
{
	forget(a, subject, true);
}

void attempts_free(struct attempts *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->items[i].subject);
	free(a->items);
	*a = (struct attempts){ 0 };
}
