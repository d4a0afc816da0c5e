/* SPDX-License-Identifier: MIT */
/*
 * test-question: when a passphrase is asked for, and when the question is taken back, with the real loop, plan and
 * jobs.
 * wrap: open clock_monotonic poll worker_start worker_read worker_finish worker_free
 * wrap: uevent_open uevent_receive coldplug modules_start modules_release
 * wrap: log_line log_console log_errno kill
 */
#include <signal.h>

#include "unit/world.h"

#define ARRAY(a) a, ARRAY_SIZE(a)
#define LUKS(n)  { n, 10, 0, "luks:c" }

static bool stubborn; /* the worker does not end by SIGTERM */

/* The worker takes the question back: 5 ms later it has ended. */
int __wrap_kill(pid_t pid, int sig);
int __wrap_kill(pid_t pid, int sig)
{
	static const struct answer ended = { .result = -EINTR };

	assert_int_equal(sig, SIGTERM);
	trace_note("%llu end", (unsigned long long)((world.now - START) / USEC_PER_MSEC));
	if (stubborn)
		return 0;
	world.workers[pid - 1].answer = &ended;
	world.workers[pid - 1].end = world.now + 5 * USEC_PER_MSEC;
	return 0;
}

/* The trace without what was said. */
static void assert_deeds(const char *deeds)
{
	char text[2048] = "";
	_cleanup_free_ char *copy = strdup(traced.text);
	char *p = copy, *line;

	while ((line = strsep(&p, "\n")))
		if (*line >= '0' && *line <= '9' && !strstr(line, " cold")) {
			strcat(text, line);
			strcat(text, "\n");
		}
	assert_string_equal(text, deeds);
}

static void pulled_out(void **state)
{
	static const struct event events[] = { COMES(1000, "vda"), GOES(2000, "vda"), COMES(5000, "vda") };
	static const struct answer answers[] = { LUKS("vda"), { "?vda", HANGS, 0, NULL }, { "vdb", 10, 0, "a" } };
	struct event all[4] = { events[0], events[1], events[2], COMES(8000, "vdb") };
	char name[16];

	assert_int_equal(await(ARRAY(all), ARRAY(answers), 90, name), 0);
	assert_string_equal(name, "vdb");
	assert_false(world.refused);
	assert_deeds("1000 read vda\n1260 ask vda\n2000 end\n"
		     "5000 read vda\n5260 ask vda\n"
		     "8000 read vdb\n8010 end\n");
	assert_non_null(strstr(traced.text, "the passphrase of /dev/vda is not asked for any more: it has gone"));
	assert_non_null(strstr(traced.text, "is not asked for any more: nothing waits for it"));
}

/* The next question begins when the one before has left the terminals as they were. */
static void one_after_the_other(void **state)
{
	static const struct event events[] = { COMES(1000, "vda"), GOES(2000, "vda"), COMES(2001, "vdb") };
	static const struct answer answers[] = {
		LUKS("vda"), LUKS("vdb"), { "?vda", HANGS, 0, NULL }, { "?vdb", HANGS, 0, NULL },
		{ "vdc", 10, 0, "a" },
	};
	struct event all[4] = { events[0], events[1], events[2], COMES(8000, "vdc") };
	char name[16];

	stubborn = true;
	assert_int_equal(await(ARRAY(all), ARRAY(answers), 90, name), 0);
	stubborn = false;
	/* vda's is killed after its second. */
	assert_deeds("1000 read vda\n1260 ask vda\n2000 end\n2001 read vdb\n3000 ask vdb\n8000 read vdc\n8010 end\n");
}

/* It only changed, or was away for a moment: what is half typed is not thrown away. */
static void the_same_again(void **state)
{
	static const struct event events[] = { COMES(1000, "vda"), CHANGES(2000, "vda"), COMES(3000, "vdb") };
	static const struct answer answers[] = { LUKS("vda"), { "?vda", HANGS, 0, NULL }, { "vdb", 10, 0, "a" } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 90, name), 0);
	assert_deeds("1000 read vda\n1260 ask vda\n2000 read vda\n3000 read vdb\n3010 end\n");
}

/* Then the root is waited for until its own time is over. */
static void nobody_answers(void **state)
{
	static const struct event events[] = { COMES(1000, "vda") };
	static const struct answer answers[] = { LUKS("vda"), { "?vda", 5000, -ETIMEDOUT, NULL } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 90, name), -ETIMEDOUT);
	assert_deeds("1000 read vda\n1260 ask vda\n");
	assert_int_equal(world.now, START + 90 * USEC_PER_SEC);
	/* Who waits is not let in by another door. */
	assert_true(world.refused);
	assert_non_null(strstr(traced.text, "warning: nobody gave the passphrase of /dev/vda in"));
	assert_non_null(strstr(traced.text, "90 s; vda is a LUKS container: nobody gave its passphrase;"));
}

/* "No" is an answer: it is asked again, three times in all. */
static void declined(void **state)
{
	static const struct event events[] = { COMES(1000, "vda") };
	static const struct answer answers[] = { LUKS("vda"), { "?vda", 1000, -ECANCELED, NULL } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 90, name), -EACCES);
	assert_deeds("1000 read vda\n1260 ask vda\n2260 ask vda\n3260 ask vda\n");
}

/* No terminal, no agent: to ask again at once would be to ask for ever. */
static void nobody_to_ask(void **state)
{
	static const struct event events[] = { COMES(1000, "vda") };
	static const struct answer answers[] = { LUKS("vda"), { "?vda", 1, -ENODEV, NULL } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 20, name), -ETIMEDOUT);
	assert_deeds("1000 read vda\n1260 ask vda\n");
	assert_non_null(strstr(traced.text, "the passphrase of /dev/vda: No such device: it stays closed"));
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, world_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pulled_out),     TEST(one_after_the_other), TEST(the_same_again),
		TEST(nobody_answers), TEST(declined),            TEST(nobody_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
