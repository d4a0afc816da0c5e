/* SPDX-License-Identifier: MIT */
/* test-line: editing what is typed, and what is seen of it. */
#include <errno.h>
#include <fcntl.h>

#include "base/macro.h"
#include "init/line.h"
#include "unit/unit.h"

#define E_ACUTE "\303\251"

static const struct row {
	enum echo echo;
	const char *typed;
	int result; /* of the last byte */
	const char *secret, *shown;
} rows[] = {
	{ ECHO_NOTHING, "secret\r", 1, "secret", "" },
	{ ECHO_NOTHING, "secret\n", 1, "secret", "" },
	{ ECHO_NOTHING, "\r", 1, "", "" },
	{ ECHO_NOTHING, "a\177", 0, "", "" },
	{ ECHO_NOTHING, "a\bb", 0, "b", "" },
	{ ECHO_NOTHING, "a" E_ACUTE "\177", 0, "a", "" },
	{ ECHO_NOTHING, E_ACUTE "\177\177x", 0, "x", "" },
	{ ECHO_NOTHING, "\251\251\177x", 0, "x", "" }, /* no UTF-8 at all */
	{ ECHO_NOTHING, "wrong\025x", 0, "x", "" },
	{ ECHO_NOTHING, "a\tb", 0, "a\tb", "" },
	{ ECHO_NOTHING, "\003", -ECANCELED, "", "" },
	{ ECHO_NOTHING, "abc\003", -ECANCELED, "abc", "" },
	{ ECHO_NOTHING, "\004", -ECANCELED, "", "" },
	{ ECHO_NOTHING, "a\004", 0, "a\004", "" },
	{ ECHO_NOTHING, "a\177\004", -ECANCELED, "", "" },

	{ ECHO_STARS, "ab\r", 1, "ab", "**" },
	{ ECHO_STARS, E_ACUTE "b", 0, E_ACUTE "b", "**" },
	{ ECHO_STARS, E_ACUTE "\177b", 0, "b", "*\b \b*" },
	{ ECHO_STARS, "\177b", 0, "b", "*" },
	{ ECHO_STARS, "ab\025c", 0, "c", "**\b \b\b \b*" },
	{ ECHO_STARS, "ab\tc\tx\177", 0, "abc\t", "**\b \b\b \b" }, /* hidden from then on; a second Tab is a Tab */

	{ ECHO_TEXT, "a" E_ACUTE "b", 0, "a" E_ACUTE "b", "a" E_ACUTE "b" },
	{ ECHO_TEXT, "a" E_ACUTE "\177", 0, "a", "a" E_ACUTE "\b \b" },
	{ ECHO_TEXT, "a\033[Ab", 0, "a\033[Ab", "a*[Ab" }, /* an arrow moves nothing */
	{ ECHO_TEXT, "a\t", 0, "a", "a\b \b" },
};

static int open_terminal(int *ret_read)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	*ret_read = fds[0];
	return fds[1];
}

static void edited(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct line l = { .echo = row->echo };
		_cleanup_close_ int out = -1, in = open_terminal(&out);
		char shown[100] = "";
		int r = 0;

		for (const char *p = row->typed; *p && r == 0; p++)
			r = line_take(&l, in, *p);
		assert_int_equal(r, row->result);
		assert_int_equal(l.typed.size, strlen(row->secret));
		assert_memory_equal(l.typed.bytes, row->secret, l.typed.size);
		(void)!read(out, shown, sizeof(shown) - 1);
		assert_string_equal(shown, row->shown);
	}
}

/* What has no room is told by a bell, and is not the passphrase cut short in silence. */
static void too_long(void **state)
{
	struct line l = { .echo = ECHO_NOTHING };
	_cleanup_close_ int out = -1, in = open_terminal(&out);
	char shown[10] = "";

	for (size_t i = 0; i < SECRET_SIZE; i++)
		assert_int_equal(line_take(&l, in, 'x'), 0);
	assert_int_equal(read(out, shown, sizeof(shown)), -1);
	assert_int_equal(line_take(&l, in, 'y'), 0);
	assert_int_equal(read(out, shown, sizeof(shown)), 1);
	assert_string_equal(shown, "\a");
	assert_int_equal(l.typed.size, SECRET_SIZE);
	assert_int_equal(l.typed.bytes[SECRET_SIZE - 1], 'x');
	assert_int_equal(line_take(&l, in, '\r'), 1);
}

static void shown_again(void **state)
{
	static const struct {
		enum echo echo;
		const char *shown;
	} again[] = { { ECHO_NOTHING, "" }, { ECHO_STARS, "**" }, { ECHO_TEXT, "a" E_ACUTE } };

	for (size_t i = 0; i < ARRAY_SIZE(again); i++) {
		struct line l = { .echo = again[i].echo, .typed = { .size = 3, .bytes = "a" E_ACUTE } };
		_cleanup_close_ int out = -1, in = open_terminal(&out);
		char shown[10] = "";

		line_show(&l, in);
		(void)!read(out, shown, sizeof(shown) - 1);
		assert_string_equal(shown, again[i].shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edited),
		cmocka_unit_test(too_long),
		cmocka_unit_test(shown_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
