/* SPDX-License-Identifier: MIT */
/* test-trace: what /init writes is read, and what is no such recording is refused, with its place. */
#include <errno.h>

#include "image/trace.h"
#include "unit/unit.h"

#define HEAD    "\"format\":1,\"rd_timestamp_us\":1000"
#define TRACE(other, events) "{\"otherData\":{" other "},\"traceEvents\":[" events "]}"
#define EVENT(more) TRACE(HEAD, "{\"name\":\"a\",\"cat\":\"stage\",\"ph\":\"X\",\"ts\":1000,\"dur\":5" more "}")

static void whole(void **state)
{
	static const char text[] = TRACE(
		"\"format\":1,\"slipway\":\"0.1.0\",\"dropped\":2,\"rd_timestamp_us\":1000,\"exec_us\":3000,"
		"\"kernel\":\"6.1.0\",\"root\":\"UUID=1\",\"processes\":4,\"userspace_us\":3500,\"later\":[1,{}]",
		"{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":1,\"args\":{\"name\":\"stages\"}},"
		"{\"name\":\"root/wait\",\"cat\":\"wait\",\"ph\":\"X\",\"ts\":1500,\"dur\":1000.6,"
		"\"args\":{\"id\":1,\"cause\":2}},"
		"{\"name\":\"vda\",\"cat\":\"device\",\"ph\":\"i\",\"s\":\"t\",\"ts\":2400,"
		"\"args\":{\"id\":2,\"cause\":-1}},"
		"{\"name\":\"cryptsetup\",\"cat\":\"helper\",\"ph\":\"X\",\"ts\":2410,\"dur\":3,"
		"\"args\":{\"id\":3,\"device\":\"vda\"}},"
		"{\"name\":\"probe vda\",\"cat\":\"worker\",\"ph\":\"X\",\"ts\":2411,\"dur\":3,"
		"\"args\":{\"device\":\"vda\"}},"
		"{\"name\":\"switch-root\",\"cat\":\"stage\",\"ph\":\"B\",\"ts\":2900,\"args\":{\"id\":5}},"
		"{\"name\":\"exec\",\"ph\":\"B\",\"pid\":1,\"tid\":1,\"ts\":3000},"
		"{\"name\":\"counter\",\"ph\":\"C\",\"ts\":2900}");
	_cleanup_timeline_ struct timeline t = { 0 };
	struct trace_failure failure = { "" };

	assert_int_equal(trace_parse(text, strlen(text), &t, &failure), 0);
	assert_true(t.start == 1000 && t.exec == 3000 && t.userspace == 3500 && t.dropped == 2 && t.processes == 4);
	assert_string_equal(t.version, "0.1.0");
	assert_string_equal(t.kernel, "6.1.0");
	assert_string_equal(t.root, "UUID=1");
	assert_int_equal(t.n, 5);
	assert_string_equal(t.spans[0].name, "root/wait");
	assert_true(t.spans[0].category == SPAN_WAIT && t.spans[0].end == 2501 && t.spans[0].cause == 1);
	assert_string_equal(t.spans[1].name, "vda");
	assert_true(t.spans[1].instant && t.spans[1].start == t.spans[1].end && t.spans[1].cause == SPAN_NONE);
	assert_string_equal(t.spans[2].name, "cryptsetup vda");
	assert_string_equal(t.spans[3].name, "probe vda");
	assert_string_equal(t.spans[4].name, "switch-root");
	assert_true(t.spans[4].end == 3000); /* open when it was written */
}

/* Without the moments of the exec: the last end; and what is not known is "". */
static void least(void **state)
{
	static const char text[] = EVENT("");
	_cleanup_timeline_ struct timeline t = { 0 };
	struct trace_failure failure = { "" };

	assert_int_equal(trace_parse(text, strlen(text), &t, &failure), 0);
	assert_true(t.exec == 1005 && t.userspace == USEC_FOREVER && t.processes == USEC_FOREVER && t.dropped == 0);
	assert_string_equal(t.version, "");
	assert_string_equal(t.root, "");
}

static void refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "line 1, column 0: '[' or '{' expected near end of file" },
		{ "{\n\"a\": [1,\n2", "line 3, column 1: ']' expected near end of file" },
		{ "{\"a\":1,\"a\":2}", "line 1, column 10: duplicate object key near '\"a\"'" },
		{ "[]", "otherData: must be an object: this is no profile of slipway" },
		{ "{\"traceEvents\":[]}", "otherData: must be an object: this is no profile of slipway" },
		{ TRACE("", ""), "otherData.format: is missing" },
		{ TRACE("\"format\":2", ""), "otherData.format: is 2, this program knows 1" },
		{ TRACE("\"format\":\"1\"", ""), "otherData.format: must be a number from 0 to 1e14" },
		{ TRACE("\"format\":1", ""), "otherData.rd_timestamp_us: is missing" },
		{ TRACE("\"format\":1,\"rd_timestamp_us\":-1", ""),
		  "otherData.rd_timestamp_us: must be a number from 0 to 1e14" },
		{ TRACE(HEAD ",\"dropped\":true", ""), "otherData.dropped: must be a number from 0 to 1e14" },
		{ TRACE(HEAD ",\"kernel\":6", ""), "otherData.kernel: must be a string" },
		{ TRACE(HEAD ",\"exec_us\":999", ""), "otherData.exec_us: must not be before rd_timestamp_us" },
		{ TRACE(HEAD ",\"exec_us\":2000,\"userspace_us\":1999", ""),
		  "otherData.userspace_us: must not be before exec_us" },
		{ "{\"otherData\":{" HEAD "}}", "traceEvents: must be an array" },
		{ "{\"otherData\":{" HEAD "},\"traceEvents\":{}}", "traceEvents: must be an array" },
		{ TRACE(HEAD, "7"), "traceEvents[0].ph: must be a string" },
		{ TRACE(HEAD, "{\"ph\":\"M\"},{\"ph\":1}"), "traceEvents[1].ph: must be a string" },
		{ TRACE(HEAD, "{\"ph\":\"X\"}"), "traceEvents[0].name: must be a string that is not empty" },
		{ TRACE(HEAD, "{\"ph\":\"X\",\"name\":\"a\"}"),
		  "traceEvents[0].cat: must be stage, wait, question, module, device, helper or worker" },
		{ TRACE(HEAD, "{\"ph\":\"X\",\"name\":\"a\",\"cat\":\"gpu\"}"),
		  "traceEvents[0].cat: must be stage, wait, question, module, device, helper or worker" },
		{ TRACE(HEAD, "{\"ph\":\"X\",\"name\":\"a\",\"cat\":\"wait\"}"), "traceEvents[0].ts: is missing" },
		{ TRACE(HEAD, "{\"ph\":\"X\",\"name\":\"a\",\"cat\":\"wait\",\"ts\":1e300}"),
		  "traceEvents[0].ts: must be a number from 0 to 1e14" },
		{ TRACE(HEAD, "{\"ph\":\"X\",\"name\":\"a\",\"cat\":\"wait\",\"ts\":1}"),
		  "traceEvents[0].dur: is missing" },
		{ TRACE(HEAD, "{\"ph\":\"B\",\"name\":\"exec\"}"), "traceEvents[0].ts: is missing" },
		{ EVENT(",\"args\":[]"), "traceEvents[0].args: must be an object" },
		{ EVENT(",\"args\":{\"id\":1.5}"), "traceEvents[0].id: must be a whole number from -1 on" },
		{ EVENT(",\"args\":{\"cause\":-2}"), "traceEvents[0].cause: must be a whole number from -1 on" },
		{ TRACE(HEAD, "{\"name\":\"a\",\"cat\":\"device\",\"ph\":\"i\",\"ts\":1,\"args\":{\"id\":4}},"
			      "{\"name\":\"b\",\"cat\":\"device\",\"ph\":\"i\",\"ts\":2,\"args\":{\"id\":4}}"),
		  "traceEvents: two of them have the same args.id" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_timeline_ struct timeline t = { 0 };
		struct trace_failure failure = { "" };

		if (trace_parse(rows[i].text, strlen(rows[i].text), &t, &failure) != -EINVAL)
			fail_msg("taken: %s", rows[i].text);
		if (!streq(failure.text, rows[i].why))
			fail_msg("%s: %s", rows[i].text, failure.text);
		assert_int_equal(t.n, 0);
	}
}

/* A stranger's file may be anything; one byte more than is allowed is too many. */
static void too_many(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	_cleanup_timeline_ struct timeline t = { 0 };
	struct trace_failure failure;

	assert_non_null(f);
	fputs("{\"otherData\":{" HEAD "},\"traceEvents\":[{\"ph\":\"M\"}", f);
	for (int i = 1; i < TRACE_EVENTS; i++)
		fputs(",{\"ph\":\"M\"}", f);
	fputs("]}", f);
	assert_int_equal(fflush(f), 0);
	assert_int_equal(trace_parse(text, size, &t, &failure), 0);
	timeline_free(&t);
	assert_int_equal(fseek(f, -2, SEEK_END), 0);
	fputs(",{\"ph\":\"M\"}]}", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(trace_parse(text, size, &t, &failure), -EINVAL);
	assert_string_equal(failure.text, "traceEvents: has 10001 events, allowed are 10000");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(least), cmocka_unit_test(refused), cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
