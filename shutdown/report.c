/* SPDX-License-Identifier: MIT */
/* report: what is left, and who holds it. */
#include <errno.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/worker.h"
#include "shutdown/console.h"
#include "shutdown/holders.h"
#include "shutdown/layer.h"
#include "shutdown/report.h"

#define IDENT "slipway-shutdown"

/* The kernel's longest line is 1024 bytes less its prefix; the other fields take at most 200. */
#define LIST_BYTES 350

#define HOLDERS_USEC (5 * USEC_PER_SEC)

int report_item(char **list, const char *item)
{
	size_t have = *list ? strlen(*list) : 0;
	/* Each byte may need four, and there are the comma and the end. */
	char *grown = realloc(*list, have + 4 * strlen(item) + 2), *to;

	if (!grown)
		return -ENOMEM;
	*list = grown;
	to = grown + have;
	if (have)
		*to++ = ',';
	for (const unsigned char *p = (const unsigned char *)item; *p; p++) {
		if (*p <= ' ' || *p > '~' || *p == ',' || *p == '\\')
			to += sprintf(to, "\\%03o", *p);
		else
			*to++ = (char)*p;
	}
	*to = '\0';
	return 0;
}

/* Cuts the list between two items when it is too long, and says how many are missing. */
static int cut_list(const char *list, char **ret)
{
	size_t end = strlen(list), missing = 1;

	if (end <= LIST_BYTES)
		return (*ret = strdup(list)) ? 0 : -ENOMEM;
	for (end = LIST_BYTES; end > 0 && list[end] != ','; end--)
		;
	for (const char *p = list + end + 1; (p = strchr(p, ',')); p++)
		missing++;
	return asprintf(ret, "%.*s+%zu", (int)(end ? end + 1 : 0), list, missing) < 0 ? -ENOMEM : 0;
}

static int list_left(const struct snapshot *s, char **ret)
{
	_cleanup_free_ char *list = NULL;

	for (size_t i = 0; i < s->n; i++)
		if (node_is_left(s, i) && report_item(&list, s->nodes[i].name) < 0)
			return -ENOMEM;
	return cut_list(list ? list : "", ret);
}

bool report_is_clean(const struct report *r)
{
	for (size_t i = 0; i < r->left->n; i++)
		if (node_is_left(r->left, i))
			return false;
	return !r->lost;
}

static size_t count_of(const struct snapshot *s, const char *count)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->nodes[i].layer && !s->nodes[i].keep && streq(s->nodes[i].layer->count, count);
	return n;
}

/* " mounts=1 swaps=0 …": each field once, in the order of the table of layers. */
static int list_counts(const struct snapshot *s, char **ret)
{
	_cleanup_free_ char *text = strdup("");

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < n_layers; i++) {
		char *longer;

		if (i > 0 && streq(layers[i].count, layers[i - 1].count))
			continue;
		if (asprintf(&longer, "%s %s=%zu", text, layers[i].count, count_of(s, layers[i].count)) < 0)
			return -ENOMEM;
		free(text);
		text = longer;
	}
	*ret = TAKE_PTR(text);
	return 0;
}

int report_line(const struct report *r, char **ret)
{
	_cleanup_free_ char *left = NULL, *counts = NULL, *holders = NULL;

	if (list_left(r->left, &left) < 0 || list_counts(r->left, &counts) < 0 ||
	    cut_list(r->holders, &holders) < 0)
		return -ENOMEM;
	if (asprintf(ret, IDENT ": result=%s verb=%s ms=%llu escalation=%d%s left=%s holders=%s",
		     report_is_clean(r) ? "clean" : "dirty", r->verb, (unsigned long long)r->ms, r->escalation,
		     counts, left, holders) < 0)
		return -ENOMEM;
	return 0;
}

struct holders_call {
	int root;
	const struct node **nodes;
	size_t n;
};

static int holders_in_worker(int out, void *data)
{
	const struct holders_call *call = data;
	_cleanup_free_ struct holder *list = NULL;
	size_t n = 0;
	int r = holders_find(call->root, call->nodes, call->n, &list, &n);

	return r < 0 ? r : file_write_fd(out, list, n * sizeof(*list));
}

/* Who holds what is left; an empty list where nobody can be found, or looking for them hangs. */
static size_t find_holders(const struct run *run, const struct node **nodes, size_t n, struct holder **ret)
{
	struct holders_call call = { run->root, nodes, n };
	char *record = NULL;
	size_t size = 0;
	int r = worker_call(holders_in_worker, &call, clock_add(clock_monotonic(), HOLDERS_USEC), &record, &size);

	if (r < 0)
		log_warning("cannot find out who holds what is left: %s, ignoring", strerror(-r));
	*ret = (struct holder *)(void *)record;
	return r < 0 ? 0 : size / sizeof(struct holder);
}

static int name_holder(char **list, const struct holder *h)
{
	_cleanup_free_ char *item = NULL;

	if (asprintf(&item, "%s:%d", h->comm, h->pid) < 0)
		return -ENOMEM;
	return report_item(list, item);
}

/* "left: mount /oldroot (ext4 /dev/vda2), rw: unmount: Device or resource busy; held by a:1,b:2" */
static void log_left(const struct run *run, const struct node *n, const struct holder *list, size_t n_list,
		     size_t index)
{
	const struct tried_node *t = tried_find(&run->tried, n->kind, n->name);
	const char *state = n->super ? n->super : n->state ? n->state : "on";
	_cleanup_free_ char *what = node_describe(n), *who = NULL;

	for (size_t i = 0; i < n_list; i++)
		if (list[i].node == index)
			(void)name_holder(&who, &list[i]);
	log_error("left: %s, %s%s: %s: %s; held by %s", what ? what : n->name, state,
		  n->kind == NODE_DEVICE && n->opened > 0 ? ", open" : "",
		  t && t->act ? t->act : "not tried", t && t->act ? strerror(-t->error) : "others stand on it",
		  who ? who : "nobody that can be seen");
}

/* Logs each thing that is left; returns the names of all holders, each once. NULL: none. */
static char *log_all_left(const struct run *run)
{
	_cleanup_free_ const struct node **nodes = calloc(run->last.n + 1, sizeof(struct node *));
	_cleanup_free_ struct holder *list = NULL;
	size_t n = 0, n_list;
	char *who = NULL;

	for (size_t i = 0; nodes && i < run->last.n; i++)
		if (node_is_left(&run->last, i) && run->last.nodes[i].layer)
			nodes[n++] = &run->last.nodes[i];
	if (n == 0)
		return NULL;
	n_list = find_holders(run, nodes, n, &list);
	for (size_t i = 0; i < n; i++)
		log_left(run, nodes[i], list, n_list, i);
	for (size_t i = 0; i < n_list; i++) {
		size_t first = 0;

		while (list[first].pid != list[i].pid)
			first++;
		if (first == i)
			(void)name_holder(&who, &list[i]);
	}
	return who;
}

void report(struct run *run)
{
	_cleanup_free_ char *holders = NULL, *line = NULL, *with_newline = NULL;
	struct report r = {
		.left = &run->last,
		.lost = run->lost,
		.verb = run->arguments.verb->name,
		.escalation = run->escalation,
	};
	int look = run_look(run);

	if (look < 0)
		r.lost = true;
	holders = log_all_left(run);
	r.holders = holders ? holders : "";
	r.ms = (clock_monotonic() - run->start) / USEC_PER_MSEC;
	if (report_line(&r, &line) < 0 || asprintf(&with_newline, "%s\n", line) < 0) {
		log_crash(IDENT ": result=dirty: no memory\n");
		return;
	}
	/* Whatever --log-level says; and not at a level that the kernel would show on the consoles a second time. */
	log_set_level(LOG_DEBUG);
	log_set_stage(NULL);
	log_debug("%s", line + strlen(IDENT ": "));
	if (console_write(run->root, with_newline) == 0)
		(void)!write(STDERR_FILENO, with_newline, strlen(with_newline));
}
