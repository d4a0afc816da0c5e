/* SPDX-License-Identifier: MIT */
/* test-prompt: a passphrase typed on a real (pseudo) terminal. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#include "base/clock.h"
#include "base/macro.h"
#include "init/prompt.h"
#include "unit/scratch.h"

#define TERMINALS 2

struct desk {
	/* The slaves stay open: else what was shown is gone with the last one. */
	int master[TERMINALS], slave[TERMINALS];
	char *path[TERMINALS + 1];
	struct secret *secret; /* shared with the one who asks */
	char directory[80], kmsg[80];
	int kernel; /* what is written here, the kernel has said */
	struct question question;
	pid_t child;
	char seen[TERMINALS][512];
};

static void open_kmsg(struct desk *d, const struct scratch *s)
{
	(void)snprintf(d->kmsg, sizeof(d->kmsg), "%s/kmsg", s->path);
	(void)mkfifo(d->kmsg, 0600);
	d->kernel = open(d->kmsg, O_RDWR | O_CLOEXEC);
	assert_true(d->kernel >= 0);
}

static void open_desk_for(struct desk *d, const struct scratch *s, enum echo echo, uint64_t deadline)
{
	*d = (struct desk){
		.question = { .message = "Passphrase for x", .id = "x", .echo = echo, .deadline = deadline },
	};
	open_kmsg(d, s);
	for (int i = 0; i < TERMINALS; i++) {
		d->master[i] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_true(d->master[i] >= 0);
		assert_int_equal(grantpt(d->master[i]), 0);
		assert_int_equal(unlockpt(d->master[i]), 0);
		d->path[i] = strdup(ptsname(d->master[i]));
		d->slave[i] = open(d->path[i], O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_true(d->slave[i] >= 0);
	}
	d->secret = mmap(NULL, sizeof(*d->secret), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(d->secret, MAP_FAILED);
	(void)snprintf(d->directory, sizeof(d->directory), "%s/ask", s->path);
	d->child = fork();
	if (d->child > 0)
		return;
	/* A master that it kept would keep the line from hanging up. */
	for (int i = 0; i < TERMINALS; i++)
		(void)close(d->master[i]);
	_exit(-prompt_on(&d->question,
			 &(struct places){ .terminals = d->path, .directory = d->directory, .kmsg = d->kmsg },
			 d->secret));
}

static void open_desk(struct desk *d, const struct scratch *s)
{
	open_desk_for(d, s, ECHO_NOTHING, USEC_FOREVER);
}

/* Reads until the terminal has shown that text. */
static void see(struct desk *d, int i, const char *text)
{
	size_t n = strlen(d->seen[i]);

	while (!strstr(d->seen[i], text)) {
		struct pollfd p = { .fd = d->master[i], .events = POLLIN };
		ssize_t got;

		if (poll(&p, 1, 10000) != 1)
			fail_msg("\"%s\" did not come, only \"%s\"", text, d->seen[i]);
		got = read(d->master[i], d->seen[i] + n, sizeof(d->seen[i]) - 1 - n);
		assert_true(got > 0);
		n += (size_t)got;
		d->seen[i][n] = '\0';
	}
}

static void type(const struct desk *d, int i, const char *text)
{
	assert_int_equal(write(d->master[i], text, strlen(text)), (ssize_t)strlen(text));
}

static int close_desk(struct desk *d)
{
	int status;

	assert_int_equal(waitpid(d->child, &status, 0), d->child);
	assert_true(WIFEXITED(status));
	for (int i = 0; i < TERMINALS; i++) {
		(void)close(d->master[i]);
		(void)close(d->slave[i]);
		free(d->path[i]);
	}
	(void)close(d->kernel);
	(void)munmap(d->secret, sizeof(*d->secret));
	return WEXITSTATUS(status);
}

static void typed_lines(void **state)
{
	static const struct {
		const char *typed, *secret;
	} rows[] = {
		{ "secret\r", "secret" },
		{ "secret\n", "secret" },
		{ "two words\r", "two words" },
		{ "\r", "" },
		{ "secreX\177t\r", "secret" },          /* backspace */
		{ "secr\303\251\177et\r", "secret" },     /* takes a whole character of UTF-8 */
		{ "\177\177x\r", "x" },
		{ "wrong\025right\r", "right" },           /* ^U */
		{ "with\004end\r", "with\004end" },        /* ^D is only at the beginning a no */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct desk d;

		open_desk(&d, *state);
		see(&d, 0, "Passphrase for x: ");
		type(&d, 0, rows[i].typed);
		/* Only the line's end is shown: nothing that was typed. */
		see(&d, 0, "Passphrase for x: \r\n");
		assert_int_equal(d.secret->size, strlen(rows[i].secret));
		assert_memory_equal(d.secret->bytes, rows[i].secret, d.secret->size);
		assert_int_equal(close_desk(&d), 0);
	}
}

/* What is begun on one terminal is no part of what is typed on another. */
static void every_terminal(void **state)
{
	struct desk d;

	open_desk(&d, *state);
	see(&d, 0, "Passphrase for x: ");
	see(&d, 1, "Passphrase for x: ");
	type(&d, 0, "half");
	type(&d, 1, "whole\r");
	see(&d, 1, "Passphrase for x: \r\n");
	assert_int_equal(d.secret->size, 5);
	assert_memory_equal(d.secret->bytes, "whole", 5);
	assert_int_equal(close_desk(&d), 0);
}

/* One that hangs up leaves the question to the others. */
static void a_terminal_hangs_up(void **state)
{
	struct desk d;

	open_desk(&d, *state);
	see(&d, 0, "Passphrase for x: ");
	see(&d, 1, "Passphrase for x: ");
	assert_int_equal(close(d.master[0]), 0);
	d.master[0] = -1;
	type(&d, 1, "secret\r");
	see(&d, 1, "Passphrase for x: \r\n");
	assert_int_equal(d.secret->size, 6);
	assert_int_equal(close_desk(&d), 0);
}

static void the_answer_is_no(void **state)
{
	static const char *const no[] = { "\003", "\004", "half\003" };

	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		struct desk d;

		open_desk(&d, *state);
		see(&d, 0, "Passphrase for x: ");
		type(&d, 0, no[i]);
		see(&d, 0, "Passphrase for x: \r\n");
		assert_int_equal(d.secret->size, 0);
		assert_int_equal(close_desk(&d), ECANCELED);
	}
}

/* The terminal is as it was. */
static void afterwards(void **state)
{
	struct termios meanwhile, after;
	struct desk d;
	siginfo_t ended;

	open_desk(&d, *state);
	see(&d, 0, "Passphrase for x: ");
	assert_int_equal(tcgetattr(d.slave[0], &meanwhile), 0);
	assert_int_equal(meanwhile.c_lflag & (ECHO | ICANON), 0);
	type(&d, 0, "x\r");
	assert_int_equal(waitid(P_PID, (id_t)d.child, &ended, WEXITED | WNOWAIT), 0);
	assert_int_equal(tcgetattr(d.slave[0], &after), 0);
	assert_int_equal(after.c_lflag & (ECHO | ICANON), ECHO | ICANON);
	assert_int_equal(close_desk(&d), 0);
}

static void nobody_to_ask(void **state)
{
	const struct scratch *s = *state;
	char *none[] = { (char *)"/nowhere", NULL };
	struct secret secret = { 0 };
	char directory[80];

	scratch_write(s, "file", "", 0);
	(void)snprintf(directory, sizeof(directory), "%s/file/ask", s->path);
	assert_int_equal(prompt_on(&(struct question){ .message = "m", .id = "x", .deadline = USEC_FOREVER },
				   &(struct places){ .terminals = none, .directory = directory, .kmsg = "/nowhere" },
				   &secret),
			 -ENODEV);
}

static void assert_nothing_is_left(struct desk *d, int result)
{
	struct termios after;
	siginfo_t ended;

	assert_int_equal(waitid(P_PID, (id_t)d->child, &ended, WEXITED | WNOWAIT), 0);
	for (int i = 0; i < TERMINALS; i++) {
		assert_int_equal(tcgetattr(d->slave[i], &after), 0);
		assert_int_equal(after.c_lflag & (ECHO | ICANON), ECHO | ICANON);
	}
	/* Neither the question's file nor its socket. */
	assert_int_equal(rmdir(d->directory), 0);
	assert_int_equal(d->secret->size, 0);
	assert_int_equal(close_desk(d), result);
}

/* Its device was pulled out, say: half a line is no answer, and the terminal is usable. */
static void taken_back(void **state)
{
	struct desk d;

	open_desk(&d, *state);
	see(&d, 0, "Passphrase for x: ");
	see(&d, 1, "Passphrase for x: ");
	type(&d, 0, "half");
	assert_int_equal(kill(d.child, SIGTERM), 0);
	see(&d, 1, "Passphrase for x: \r\n");
	assert_nothing_is_left(&d, EINTR);
}

static void nobody_answers_in_time(void **state)
{
	uint64_t deadline = clock_monotonic() + USEC_PER_SEC / 5;
	struct desk d;

	open_desk_for(&d, *state, ECHO_NOTHING, deadline);
	see(&d, 0, "Passphrase for x: ");
	see(&d, 0, "Passphrase for x: \r\n");
	assert_true(clock_monotonic() >= deadline);
	assert_nothing_is_left(&d, ETIMEDOUT);
}

/* The kernel's messages went over it: it is the last line again, with what was typed. */
static void shown_again(void **state)
{
	static const char message[] = "0,1,1000,-;emergency\n";
	struct desk d;

	open_desk_for(&d, *state, ECHO_STARS, USEC_FOREVER);
	see(&d, 0, "Passphrase for x: ");
	type(&d, 0, "abc");
	see(&d, 0, "Passphrase for x: ***");
	assert_int_equal(write(d.kernel, message, strlen(message)), (ssize_t)strlen(message));
	see(&d, 0, "***\rPassphrase for x: ***");
	see(&d, 1, "Passphrase for x: \rPassphrase for x: ");
	type(&d, 0, "d\r");
	see(&d, 0, "\rPassphrase for x: ****\r\n");
	assert_int_equal(d.secret->size, 4);
	assert_memory_equal(d.secret->bytes, "abcd", 4);
	assert_int_equal(close_desk(&d), 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(typed_lines),        TEST(every_terminal), TEST(a_terminal_hangs_up),
		TEST(the_answer_is_no),   TEST(afterwards),     TEST(nobody_to_ask),
		TEST(taken_back),         TEST(nobody_answers_in_time), TEST(shown_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
