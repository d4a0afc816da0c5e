/* SPDX-License-Identifier: MIT */
/* test-agent: a question that a password agent answers, over a real socket. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/macro.h"
#include "base/strv.h"
#include "init/agent.h"
#include "init/prompt.h"
#include "unit/scratch.h"

struct world {
	const struct scratch *scratch;
	char directory[80];
	struct agent agent;
};

static const struct question question = {
	.message = "Passphrase for x", .id = "/dev/vda2", .deadline = USEC_FOREVER,
};

static void ask(void **state, struct world *w)
{
	*w = (struct world){ .scratch = *state, .agent = AGENT_NONE };
	(void)snprintf(w->directory, sizeof(w->directory), "%s/run/ask", w->scratch->path);
	assert_int_equal(agent_ask(w->directory, &question, &w->agent), 0);
}

static void answer(const struct world *w, const void *bytes, size_t n)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", w->agent.socket);
	assert_int_equal(sendto(fd, bytes, n, 0, (struct sockaddr *)&to, sizeof(to)), (ssize_t)n);
}

/* What an agent reads: systemd.io/PASSWORD_AGENTS. */
static void the_question(void **state)
{
	_cleanup_free_ char *text = NULL, *socket_line = NULL;
	struct world w;
	struct stat st;

	ask(state, &w);
	assert_non_null(strstr(w.agent.file, "/ask.slipway-"));
	assert_int_equal(file_read(AT_FDCWD, w.agent.file, 4096, &text, NULL), 0);
	assert_true(asprintf(&socket_line, "\nSocket=%s\n", w.agent.socket) > 0);
	assert_non_null(startswith(text, "[Ask]\n"));
	assert_non_null(strstr(text, socket_line));
	assert_non_null(strstr(text, "\nMessage=Passphrase for x\n"));
	assert_non_null(strstr(text, "\nEcho=0\n"));
	assert_non_null(strstr(text, "\nNotAfter=0\n"));
	assert_non_null(strstr(text, "\nId=cryptsetup:/dev/vda2\n"));
	assert_int_equal(stat(w.agent.socket, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	agent_close(&w.agent);
}

/* What a deadline and a visible answer are in it. */
static void a_question_with_more(void **state)
{
	static const struct question more = { .message = "m", .id = "i", .echo = ECHO_TEXT, .deadline = 12345 };
	const struct scratch *s = *state;
	struct agent a = AGENT_NONE;
	_cleanup_free_ char *text = NULL;

	assert_int_equal(agent_ask(s->path, &more, &a), 0);
	assert_int_equal(file_read(AT_FDCWD, a.file, 4096, &text, NULL), 0);
	assert_non_null(strstr(text, "\nEcho=1\n"));
	assert_non_null(strstr(text, "\nNotAfter=12345\n"));
	agent_close(&a);
}

static void answers(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int result;
		const char *secret;
	} rows[] = {
		{ "+secret", 7, 1, "secret" },
		{ "+two words\n", 11, 1, "two words\n" }, /* the agent knows where it ends */
		{ "+secret\0", 8, 1, "secret" },
		{ "+first\0second\0", 14, 1, "first" }, /* several: the first */
		{ "+", 1, 1, "" },
		{ "-", 1, -ECANCELED, NULL },
		{ "", 0, 0, NULL },
		{ "secret", 6, 0, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct secret secret = { 0 };
		struct world w;

		ask(state, &w);
		assert_int_equal(agent_answer(&w.agent, &secret), 0);
		answer(&w, rows[i].bytes, rows[i].n);
		assert_int_equal(agent_answer(&w.agent, &secret), rows[i].result);
		assert_int_equal(secret.size, rows[i].secret ? strlen(rows[i].secret) : 0);
		if (rows[i].secret)
			assert_memory_equal(secret.bytes, rows[i].secret, secret.size);
		agent_close(&w.agent);
	}
}

/* As long as may be, and one byte more. */
static void long_answers(void **state)
{
	char bytes[SECRET_SIZE + 2];
	struct secret secret = { 0 };
	struct world w;

	memset(bytes, 'x', sizeof(bytes));
	bytes[0] = '+';
	ask(state, &w);
	answer(&w, bytes, SECRET_SIZE + 1);
	assert_int_equal(agent_answer(&w.agent, &secret), 1);
	assert_int_equal(secret.size, SECRET_SIZE);
	secret.size = 0;
	answer(&w, bytes, SECRET_SIZE + 2);
	assert_int_equal(agent_answer(&w.agent, &secret), 0);
	assert_int_equal(secret.size, 0);
	agent_close(&w.agent);
}

/* The socket's mode keeps others out; should it not, their word does not count. */
static void only_roots_word_counts(void **state)
{
	struct secret secret = { 0 };
	struct world w;
	pid_t child;
	int status;

	if (geteuid() != 0)
		skip();
	ask(state, &w);
	assert_int_equal(chmod(w.scratch->path, 0755), 0);
	assert_int_equal(chmod(w.agent.socket, 0666), 0);
	child = fork();
	if (child == 0) {
		if (setuid(65534) < 0)
			_exit(1);
		answer(&w, "+theirs", 7);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(agent_answer(&w.agent, &secret), 0);
	assert_int_equal(secret.size, 0);
	agent_close(&w.agent);
}

static void taken_back(void **state)
{
	struct world w;
	struct agent before;

	ask(state, &w);
	before = w.agent;
	agent_close(&w.agent);
	assert_int_equal(access(before.file, F_OK), -1);
	assert_int_equal(access(before.socket, F_OK), -1);
	assert_int_equal(w.agent.fd, -1);
	agent_close(&w.agent);
}

static void no_place_for_it(void **state)
{
	const struct scratch *s = *state;
	struct agent a = AGENT_NONE;
	char directory[80];

	scratch_write(s, "run", "", 0);
	(void)snprintf(directory, sizeof(directory), "%s/run/ask", s->path);
	assert_int_equal(agent_ask(directory, &question, &a), -ENOTDIR);
	assert_int_equal(a.fd, -1);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_question), TEST(answers),    TEST(long_answers), TEST(only_roots_word_counts),
		TEST(taken_back),   TEST(no_place_for_it), TEST(a_question_with_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
