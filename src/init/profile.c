/* SPDX-License-Identifier: MIT */
/* profile: spans of monotonic time. */
#include "init/profile.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"

/* The buffer grows by so many. */
#define SPANS_STEP 64

const char *span_kind_name(enum span_kind kind)
{
	static const char *const names[SPAN_KINDS] = {
		[SPAN_STAGE] = "stage",   [SPAN_WAIT] = "wait",     [SPAN_MODULE] = "module",
		[SPAN_DEVICE] = "device", [SPAN_HELPER] = "helper", [SPAN_WORKER] = "worker",
		[SPAN_QUESTION] = "question",
	};

	return names[kind];
}

struct span_name span_name(const char *what, const char *whom)
{
	struct span_name name;

	(void)snprintf(name.text, sizeof(name.text), "%s %s", what, whom);
	return name;
}

static bool make_room(struct profile *p)
{
	struct span *grown;

	if (p->n == PROFILE_SPANS)
		return false;
	if (p->n % SPANS_STEP != 0)
		return true;
	grown = realloc(p->spans, (p->n + SPANS_STEP) * sizeof(*grown));
	if (grown)
		p->spans = grown;
	return grown != NULL;
}

/* NULL: no memory. */
static struct span *note(struct profile *p, enum span_kind kind, const char *name, const char *device)
{
	_cleanup_free_ char *own_name = NULL, *own_device = NULL;

	if (make_room(p)) {
		own_name = strndup(name, PROFILE_NAME);
		own_device = device ? strndup(device, PROFILE_NAME) : NULL;
	}
	if (!own_name || (device && !own_device)) {
		p->dropped++;
		return NULL;
	}
	p->spans[p->n] = (struct span){
		.kind = kind, .name = TAKE_PTR(own_name), .device = TAKE_PTR(own_device),
	};
	return &p->spans[p->n++];
}

static void tell(const struct span *s)
{
	if (s->kind == SPAN_DEVICE)
		log_debug("span %s %s came", span_kind_name(s->kind), s->name);
	else
		log_debug("span %s %s took %llu us", span_kind_name(s->kind), s->name,
			  (unsigned long long)(s->end - s->start));
}

int profile_begin(struct profile *p, enum span_kind kind, const char *name, const char *device)
{
	struct span *s = note(p, kind, name, device);

	if (!s)
		return -1;
	s->start = clock_monotonic();
	return (int)(s - p->spans);
}

static void end_at(struct profile *p, int id, uint64_t now)
{
	if (id < 0 || (size_t)id >= p->n)
		return;
	p->spans[id].end = now;
	tell(&p->spans[id]);
}

void profile_end(struct profile *p, int id)
{
	end_at(p, id, clock_monotonic());
}

void profile_end_work(struct profile *p)
{
	uint64_t now = clock_monotonic();

	for (size_t i = 0; i < p->n; i++)
		if (!p->spans[i].end && p->spans[i].kind != SPAN_STAGE)
			end_at(p, (int)i, now);
}

int profile_stage(struct profile *p, int last, const char *name, uint64_t now)
{
	struct span *s;

	end_at(p, last, now);
	s = note(p, SPAN_STAGE, name, NULL);
	if (!s)
		return -1;
	s->start = now;
	return (int)(s - p->spans);
}

void profile_found(struct profile *p, int id, const char *device)
{
	if (device && id >= 0 && (size_t)id < p->n)
		(void)string_set(&p->spans[id].device, device);
	profile_end(p, id);
}

void profile_add(struct profile *p, enum span_kind kind, const char *name, const char *device, uint64_t start,
		 uint64_t end)
{
	struct span *s = note(p, kind, name, device);

	if (!s)
		return;
	s->start = start;
	s->end = end;
	tell(s);
}

void profile_device(struct profile *p, const char *device, const char *mapping)
{
	uint64_t now = clock_monotonic();
	struct span_name name = span_name(device, mapping ?: "");

	profile_add(p, SPAN_DEVICE, mapping ? name.text : device, device, now, now);
}

void profile_free(struct profile *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->spans[i].name);
		free(p->spans[i].device);
	}
	free(p->spans);
	*p = (struct profile){ 0 };
}
