/* SPDX-License-Identifier: MIT */
/*
 * test-profile: the boot profile: bounded, and a file that a JSON reader takes.
 * wrap: clock_monotonic
 */
#include <errno.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/macro.h"
#include "init/profile.h"
#include "unit/scratch.h"

static uint64_t now;

uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return now;
}

static char *written(const struct scratch *s, const struct profile *p)
{
	char path[96], *text = NULL;

	snprintf(path, sizeof(path), "%s/profile.json", s->path);
	assert_int_equal(profile_write(p, path), 0);
	assert_int_equal(file_read(s->fd, "profile.json", 1 << 20, &text, NULL), 0);
	return text;
}

static void spans_of_a_boot(void **state)
{
	const struct scratch *s = *state;
	struct profile p = { 0 };
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t root, wait, open;

	now = 100;
	root = profile_begin(&p, "root");
	wait = profile_begin(&p, "root/wait");
	now = 250;
	profile_end(&p, wait);
	now = 300;
	profile_end(&p, root);
	open = profile_begin(&p, "switch-root");
	assert_int_equal(open, 2);
	now = 310;
	text = written(s, &p);
	assert_string_equal(text,
		"{\"displayTimeUnit\":\"ms\",\"otherData\":{\"dropped\":0},\"traceEvents\":[\n"
		"{\"name\":\"root\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":100,\"dur\":200},\n"
		"{\"name\":\"root/wait\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":100,\"dur\":150},\n"
		/* Still open: up to now. */
		"{\"name\":\"switch-root\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":300,\"dur\":10}\n"
		"]}\n");
	assert_int_equal(fstatat(s->fd, "profile.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void nothing_yet(void **state)
{
	struct profile p = { 0 };
	_cleanup_free_ char *text = written(*state, &p);

	assert_string_equal(text,
		"{\"displayTimeUnit\":\"ms\",\"otherData\":{\"dropped\":0},\"traceEvents\":[\n]}\n");
}

static void full_buffer_drops_the_newest(void **state)
{
	static struct profile p;
	_cleanup_free_ char *text = NULL;
	size_t n = 0;

	now = 1;
	for (size_t i = 0; i < PROFILE_SPANS; i++)
		assert_int_equal(profile_begin(&p, "kept"), i);
	for (int i = 0; i < 3; i++) {
		size_t span = profile_begin(&p, "dropped");

		now = 5;
		profile_end(&p, span);
	}
	assert_int_equal(p.n, PROFILE_SPANS);
	assert_int_equal(p.dropped, 3);
	for (size_t i = 0; i < PROFILE_SPANS; i++)
		assert_int_equal(p.spans[i].end, 0);
	text = written(*state, &p);
	assert_non_null(strstr(text, "\"otherData\":{\"dropped\":3}"));
	for (const char *at = strstr(text, "\"kept\""); at; at = strstr(at + 1, "\"kept\""))
		n++;
	assert_int_equal(n, PROFILE_SPANS);
	assert_null(strstr(text, "\"dropped\",\"ph\""));
}

/* Just enough of JSON: objects, arrays, strings without escapes, natural numbers. */
static const char *json_value(const char *p);

static const char *json_list(const char *p, char close, bool pairs)
{
	for (p += strspn(p, " \n"); *p != close; p += strspn(p, " \n")) {
		if (pairs) {
			assert_int_equal(*p, '"');
			p = json_value(p);
			assert_int_equal(*p++, ':');
		}
		p = json_value(p);
		p += strspn(p, " \n");
		if (*p != ',')
			break;
		p++;
		assert_int_not_equal(p[strspn(p, " \n")], close);
	}
	assert_int_equal(*p, close);
	return p + 1;
}

static const char *json_value(const char *p)
{
	p += strspn(p, " \n");
	if (*p == '{')
		return json_list(p + 1, '}', true);
	if (*p == '[')
		return json_list(p + 1, ']', false);
	if (*p == '"') {
		p += 1 + strcspn(p + 1, "\"\\");
		assert_int_equal(*p, '"');
		return p + 1;
	}
	assert_in_range(*p, '0', '9');
	return p + strspn(p, "0123456789");
}

static void json_reader_takes_it(void **state)
{
	static struct profile p;

	for (size_t n = 0; n < 4; n++) {
		_cleanup_free_ char *text = written(*state, &p);

		assert_string_equal(json_value(text), "\n");
		profile_end(&p, profile_begin(&p, "stage"));
	}
}

static void place_that_is_not_there(void **state)
{
	struct profile p = { 0 };

	assert_int_equal(profile_write(&p, "/nowhere/profile.json"), -ENOENT);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(spans_of_a_boot),
		in_scratch(nothing_yet),
		in_scratch(full_buffer_drops_the_newest),
		in_scratch(json_reader_takes_it),
		cmocka_unit_test(place_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
