/* SPDX-License-Identifier: MIT */
/* trace: a boot's profile as /init writes it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "base/file.h"
#include "base/log.h"
#include "image/libjansson.h"
#include "image/trace.h"

/* Three years: sums of them stay far below what 64 bits hold. */
#define USEC_MAX ((uint64_t)1e14)

struct reader {
	const struct libjansson *json;
	const char *place; /* "otherData" */
	size_t event;      /* number of the one that is looked at; SIZE_MAX: none */
	struct trace_failure *failure;
};

/* "traceEvents[12].args.id: must be …" */
static int _printf_(3, 4) refuse(const struct reader *r, const char *key, const char *fmt, ...)
{
	char *text = r->failure->text;
	size_t size = sizeof(r->failure->text);
	va_list ap;
	int n;

	if (r->event == SIZE_MAX)
		n = snprintf(text, size, "%s%s%s: ", r->place, *key && *r->place ? "." : "", key);
	else
		n = snprintf(text, size, "traceEvents[%zu]%s%s: ", r->event, *key ? "." : "", key);
	va_start(ap, fmt);
	(void)vsnprintf(text + n, size - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* A time or a number; `*ret` is left as it is where there is none and none is needed. */
static int take_number(const struct reader *r, const json_t *object, const char *key, bool needed, uint64_t *ret)
{
	const json_t *value = r->json->object_get(object, key);
	double number = r->json->number_value(value);

	if (!value && !needed)
		return 0;
	if (!value)
		return refuse(r, key, "is missing");
	if (!json_is_number(value) || !(number >= 0) || number > (double)USEC_MAX)
		return refuse(r, key, "must be a number from 0 to 1e14");
	/* Other tools write fractions of microseconds. */
	*ret = json_is_integer(value) ? (uint64_t)r->json->integer_value(value) : (uint64_t)(number + 0.5);
	return 0;
}

static int take_id(const struct reader *r, const json_t *args, const char *key, int64_t *ret)
{
	const json_t *value = r->json->object_get(args, key);

	*ret = -1;
	if (!value)
		return 0;
	if (!json_is_integer(value) || r->json->integer_value(value) < -1)
		return refuse(r, key, "must be a whole number from -1 on");
	*ret = r->json->integer_value(value);
	return 0;
}

/* A copy; "" where there is none. */
static int take_text(const struct reader *r, const json_t *object, const char *key, char **ret)
{
	const json_t *value = r->json->object_get(object, key);

	if (value && !json_is_string(value))
		return refuse(r, key, "must be a string");
	return string_set(ret, value ? r->json->string_value(value) : "");
}

/* NULL where there is none. */
static const char *string_of(const struct reader *r, const json_t *object, const char *key)
{
	return r->json->string_value(r->json->object_get(object, key));
}

static int take_category(const struct reader *r, const json_t *event, enum span_category *ret)
{
	const char *word = string_of(r, event, "cat");

	for (size_t i = 0; word && i < SPAN_CATEGORIES; i++)
		if (streq(word, span_categories[i])) {
			*ret = (enum span_category)i;
			return 0;
		}
	return refuse(r, "cat", "must be stage, wait, question, module, device, helper or worker");
}

/* "cryptsetup" of args.device "vda3" is "cryptsetup vda3"; "probe vda" says it by itself. */
static int take_name(const struct reader *r, const json_t *event, const json_t *args, char **ret)
{
	const char *name = string_of(r, event, "name");
	const char *device = string_of(r, args, "device");
	char *text;

	if (!name || !*name)
		return refuse(r, "name", "must be a string that is not empty");
	if (!device || !*device || strstr(name, device))
		return string_set(ret, name);
	if (asprintf(&text, "%s %s", name, device) < 0)
		return -ENOMEM;
	*ret = text;
	return 0;
}

static int take_span(const struct reader *r, const json_t *event, bool lasts, struct span *ret)
{
	const json_t *args = r->json->object_get(event, "args");
	uint64_t duration = 0;
	int e;

	if (args && !json_is_object(args))
		return refuse(r, "args", "must be an object");
	e = take_name(r, event, args, &ret->name);
	if (e == 0)
		e = take_category(r, event, &ret->category);
	if (e == 0)
		e = take_number(r, event, "ts", true, &ret->start);
	if (e == 0)
		e = take_number(r, event, "dur", lasts, &duration);
	if (e == 0)
		e = take_id(r, args, "id", &ret->id);
	if (e == 0)
		e = take_id(r, args, "cause", &ret->cause_id);
	ret->end = ret->start + duration;
	return e;
}

static int take_event(struct reader *r, const json_t *event, struct timeline *t)
{
	const char *phase = string_of(r, event, "ph");
	const char *name = string_of(r, event, "name");
	struct span span = { 0 };
	int e;

	if (!phase)
		return refuse(r, "ph", "must be a string");
	/* What follows the last stage has no end when it is written, as the last stage itself. */
	if (name && streq(name, "exec") && (streq(phase, "B") || streq(phase, "X")))
		return take_number(r, event, "ts", true, &t->exec);
	span.instant = streq(phase, "i") || streq(phase, "I");
	if (!span.instant && !streq(phase, "X") && !streq(phase, "B"))
		return 0;
	e = take_span(r, event, streq(phase, "X"), &span);
	if (streq(phase, "B"))
		span.end = USEC_FOREVER;
	if (e == 0)
		t->spans[t->n++] = span;
	else
		free(span.name);
	return e;
}

static int take_events(struct reader *r, const json_t *events, struct timeline *t)
{
	size_t n = r->json->array_size(events);
	int e = 0;

	if (!json_is_array(events))
		return refuse(r, "traceEvents", "must be an array");
	if (n > TRACE_EVENTS)
		return refuse(r, "traceEvents", "has %zu events, allowed are %d", n, TRACE_EVENTS);
	t->spans = calloc(n + 1, sizeof(*t->spans));
	if (!t->spans)
		return -ENOMEM;
	for (r->event = 0; e == 0 && r->event < n; r->event++)
		e = take_event(r, r->json->array_get(events, r->event), t);
	r->event = SIZE_MAX;
	return e;
}

static int take_header(const struct reader *r, const json_t *other, struct timeline *t)
{
	uint64_t format = 0;
	int e;

	if (!json_is_object(other))
		return refuse(r, "", "must be an object: this is no profile of slipway");
	e = take_number(r, other, "format", true, &format);
	if (e == 0 && format != TRACE_FORMAT)
		return refuse(r, "format", "is %" PRIu64 ", this program knows %d", format, TRACE_FORMAT);
	if (e == 0)
		e = take_number(r, other, "rd_timestamp_us", true, &t->start);
	if (e == 0)
		e = take_number(r, other, "exec_us", false, &t->exec);
	if (e == 0)
		e = take_number(r, other, "userspace_us", false, &t->userspace);
	if (e == 0)
		e = take_number(r, other, "dropped", false, &t->dropped);
	if (e == 0)
		e = take_number(r, other, "processes", false, &t->processes);
	if (e == 0)
		e = take_text(r, other, "slipway", &t->version);
	if (e == 0)
		e = take_text(r, other, "kernel", &t->kernel);
	return e < 0 ? e : take_text(r, other, "root", &t->root);
}

/* Without the moment of the exec it is that of the last end; what was still open ended with it. */
static int take_ends(const struct reader *r, struct timeline *t)
{
	uint64_t given = t->userspace, last = t->start;

	for (size_t i = 0; i < t->n; i++)
		last = MAX(last, t->spans[i].end == USEC_FOREVER ? t->spans[i].start : t->spans[i].end);
	if (t->exec == USEC_FOREVER)
		t->exec = last;
	for (size_t i = 0; i < t->n; i++)
		if (t->spans[i].end == USEC_FOREVER)
			t->spans[i].end = MAX(t->spans[i].start, t->exec);
	if (t->exec < t->start)
		return refuse(r, "exec_us", "must not be before rd_timestamp_us");
	t->userspace = USEC_FOREVER;
	if (given != USEC_FOREVER && given < t->exec)
		return refuse(r, "userspace_us", "must not be before exec_us");
	timeline_close(t, given);
	return 0;
}

static int take_root(struct reader *r, const json_t *root, struct timeline *t)
{
	int e = take_header(r, r->json->object_get(root, "otherData"), t);

	if (e == 0) {
		r->place = "";
		e = take_events(r, r->json->object_get(root, "traceEvents"), t);
		r->place = "otherData";
	}
	if (e == 0)
		e = take_ends(r, t);
	if (e == 0)
		e = timeline_settle(t);
	return e == -EEXIST ? refuse(&(struct reader){ r->json, "", SIZE_MAX, r->failure }, "traceEvents",
				     "two of them have the same args.id") : e;
}

static int parse(struct reader *r, const char *data, size_t size, struct timeline *ret)
{
	_cleanup_timeline_ struct timeline t = {
		.exec = USEC_FOREVER, .userspace = USEC_FOREVER, .processes = USEC_FOREVER,
	};
	json_error_t error = { 0 };
	json_t *root = r->json->loadb(data, size, JSON_REJECT_DUPLICATES, &error);
	int e;

	if (!root && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!root) {
		(void)snprintf(r->failure->text, sizeof(r->failure->text), "line %d, column %d: %s", error.line,
			       error.column, error.text);
		return -EINVAL;
	}
	e = take_root(r, root, &t);
	r->json->delete(root);
	if (e < 0)
		return e;
	*ret = t;
	t = (struct timeline){ 0 };
	return 0;
}

int trace_parse(const char *data, size_t size, struct timeline *ret, struct trace_failure *ret_failure)
{
	_cleanup_libjansson_ struct libjansson json = { 0 };
	int r = libjansson_open(&json);

	return r < 0 ? r : parse(&(struct reader){ &json, "otherData", SIZE_MAX, ret_failure }, data, size, ret);
}

int trace_read(const char *path, struct timeline *ret)
{
	_cleanup_free_ char *data = NULL;
	struct trace_failure failure;
	size_t size;
	int r = file_read(AT_FDCWD, path, TRACE_BYTES, &data, &size);

	if (r == -ENOENT && streq(path, TRACE_PATH)) {
		log_error("cannot read %s: %s; only a boot through slipway leaves it", path, strerror(-r));
		return r;
	}
	if (r < 0)
		return log_errno(r, "cannot read %s", path);
	r = trace_parse(data, size, ret, &failure);
	if (r == -EINVAL) {
		log_error("cannot read %s: %s", path, failure.text);
		return r;
	}
	if (r == -ENOPKG) {
		log_error("cannot read %s: " LIBJANSSON " is not installed (Debian: libjansson4)", path);
		return r;
	}
	return r < 0 ? log_errno(r, "cannot read %s", path) : 0;
}
