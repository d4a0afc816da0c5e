/* SPDX-License-Identifier: MIT */
/*
 * test-trace: the profile as a file that Perfetto takes, byte by byte (docs/profile.md).
 * wrap: uname malloc calloc realloc strdup strndup asprintf open_memstream
 */
#include "init/trace.h"

#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/macro.h"
#include "unit/memory.h"
#include "unit/scratch.h"

FILE *__real_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size)
{
	return memory_is_out() ? NULL : __real_open_memstream(text, size);
}

int __wrap_uname(struct utsname *ret);
int __wrap_uname(struct utsname *ret)
{
	strcpy(ret->release, "6.1.0-1-amd64");
	return 0;
}

#define SPAN(k, n, d, from, to) \
	{ .kind = SPAN_##k, .name = (char *)(n), .device = (char *)(d), .start = from, .end = to }

#define HEAD(dropped) "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"format\":1,\"slipway\":\"" SLIPWAY_VERSION "\"," \
	"\"dropped\":" dropped ",\"rd_timestamp_us\":90,\"exec_us\":400,\"processes\":12,\"kernel\":\"6.1.0-1-amd64\""

static const struct trace_facts facts = { .began = 90, .exec = 400, .root = "LABEL=a\"b", .processes = 12 };

static void a_boot(void **state)
{
	struct span spans[] = {
		SPAN(STAGE, "root", NULL, 100, 300),
		SPAN(WAIT, "root/wait", "vda", 100, 250),
		SPAN(DEVICE, "vda", "vda", 200, 200),
		SPAN(WORKER, "probe vda", "vda", 210, 240),
		SPAN(MODULE, "virtio_blk", NULL, 120, 190),
		SPAN(HELPER, "lvm pvscan vda", "vda", 220, 0),
		SPAN(STAGE, "exec", NULL, 400, 0),
	};
	const struct profile p = { .spans = spans, .n = ARRAY_SIZE(spans), .dropped = 3 };
	_cleanup_free_ char *text = trace_text(&p, &facts);

	assert_string_equal(text, HEAD("3") ",\"root\":\"LABEL=a\\\"b\"},\"traceEvents\":[\n"
		"{\"name\":\"root\",\"cat\":\"stage\",\"pid\":1,\"tid\":1,\"ts\":100,\"ph\":\"X\",\"dur\":200,"
		"\"args\":{\"id\":0,\"cause\":-1}},\n"
		"{\"name\":\"root/wait\",\"cat\":\"wait\",\"pid\":1,\"tid\":2,\"ts\":100,\"ph\":\"X\",\"dur\":150,"
		"\"args\":{\"id\":1,\"cause\":3,\"device\":\"vda\"}},\n"
		"{\"name\":\"vda\",\"cat\":\"device\",\"pid\":1,\"tid\":3,\"ts\":200,\"ph\":\"i\",\"s\":\"t\","
		"\"args\":{\"id\":2,\"cause\":4,\"device\":\"vda\"}},\n"
		"{\"name\":\"probe vda\",\"cat\":\"worker\",\"pid\":1,\"tid\":10,\"ts\":210,\"ph\":\"X\",\"dur\":30,"
		"\"args\":{\"id\":3,\"cause\":2,\"device\":\"vda\"}},\n"
		"{\"name\":\"virtio_blk\",\"cat\":\"module\",\"pid\":1,\"tid\":4,\"ts\":120,\"ph\":\"X\",\"dur\":70,"
		"\"args\":{\"id\":4,\"cause\":-1}},\n"
		/* Beside the probe, and up to now. */
		"{\"name\":\"lvm pvscan vda\",\"cat\":\"helper\",\"pid\":1,\"tid\":11,\"ts\":220,\"ph\":\"X\","
		"\"dur\":180,\"args\":{\"id\":5,\"cause\":2,\"device\":\"vda\"}},\n"
		"{\"name\":\"exec\",\"cat\":\"stage\",\"pid\":1,\"tid\":1,\"ts\":400,\"ph\":\"B\","
		"\"args\":{\"id\":6,\"cause\":0}},\n"
		"{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":1,\"args\":{\"name\":\"stages\"}},\n"
		"{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":2,\"args\":{\"name\":\"waits\"}},\n"
		"{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":3,\"args\":{\"name\":\"devices\"}},\n"
		"{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":4,\"args\":{\"name\":\"modules\"}},\n"
		"{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":10,\"args\":{\"name\":\"helpers\"}},\n"
		"{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":11,\"args\":{\"name\":\"helpers\"}}\n"
		"]}\n");
}

static void nothing_yet(void **state)
{
	const struct trace_facts no_root = { .began = 90, .exec = 400, .processes = 12 };
	_cleanup_free_ char *text = trace_text(&(struct profile){ 0 }, &no_root);

	assert_string_equal(text, HEAD("0") "},\"traceEvents\":[\n]}\n");
}

/* More at once than there are lanes: the last one takes the rest. */
static void lanes_end(void **state)
{
	struct span spans[70];
	const struct profile p = { .spans = spans, .n = ARRAY_SIZE(spans) };
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		spans[i] = (struct span)SPAN(MODULE, "m", NULL, 10 + i, i == 3 ? 20 : 300);
	text = trace_text(&p, &facts);
	assert_non_null(strstr(text, "\"tid\":8,\"ts\":14,"));
	assert_non_null(strstr(text, "\"tid\":9,\"ts\":15,"));
	/* The fourth lane is free again. */
	assert_non_null(strstr(text, "\"tid\":7,\"ts\":20,"));
	assert_non_null(strstr(text, "\"tid\":9,\"ts\":79,"));
	assert_null(strstr(text, "\"tid\":10,"));
}

static void written_for_all_to_read(void **state)
{
	const struct scratch *s = *state;
	_cleanup_free_ char *text = NULL, *wanted = trace_text(&(struct profile){ 0 }, &facts);
	char path[96];
	struct stat st;

	snprintf(path, sizeof(path), "%s/profile.json", s->path);
	assert_int_equal(trace_write(&(struct profile){ 0 }, &facts, path), 0);
	assert_int_equal(file_read(s->fd, "profile.json", 1 << 20, &text, NULL), 0);
	assert_string_equal(text, wanted);
	assert_int_equal(fstatat(s->fd, "profile.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(trace_write(&(struct profile){ 0 }, &facts, "/nowhere/profile.json"), -ENOENT);
}

static int write_it(void *data)
{
	return trace_write(&(struct profile){ 0 }, &facts, "/dev/null");
}

static void out_of_memory_is_reported(void **state)
{
	assert_int_equal(memory_sweep(write_it, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_boot),
		cmocka_unit_test(nothing_yet),
		cmocka_unit_test(lanes_end),
		cmocka_unit_test_setup_teardown(written_for_all_to_read, scratch_setup, scratch_teardown),
		cmocka_unit_test(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
