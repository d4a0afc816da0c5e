/* SPDX-License-Identifier: MIT */
/*
 * test-job: acts in real workers: in order, at once, and against time.
 * wrap: clock_monotonic
 */
#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "shutdown/job.h"
#include "unit/shutdown/graph.h"

#define MSEC(n) ((uint64_t)(n) * USEC_PER_MSEC)

/* Time that passes when a test says so, beside that which does. */
static uint64_t skew;

uint64_t __real_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return __real_clock_monotonic() + skew;
}

static int busy(int root, const struct node *n)
{
	return -EBUSY;
}

static int again(int root, const struct node *n)
{
	return -EAGAIN;
}

static int done(int root, const struct node *n)
{
	return 0;
}

static int lost(int root, const struct node *n)
{
	return -EIO;
}

static int hang(int root, const struct node *n)
{
	while (pause() < 0)
		;
	return 0;
}

static int slow(int root, const struct node *n)
{
	const struct timespec ts = { .tv_nsec = 300 * 1000 * 1000 };

	(void)nanosleep(&ts, NULL);
	return 0;
}

static int late(int root, const struct node *n)
{
	const struct timespec ts = { .tv_nsec = 100 * 1000 * 1000 };

	(void)nanosleep(&ts, NULL);
	return -EBUSY;
}

static int crash(int root, const struct node *n)
{
	abort();
}

#define ACT(f, timeout) { #f, E_PLAIN, timeout, when_leaf, f }

static const struct layer good = {
	"test", "x", NODE_DEVICE, .acts = { ACT(again, MSEC(5000)), ACT(done, 0), ACT(lost, 0) },
};
static const struct layer bad = { "test", "x", NODE_DEVICE, .acts = { ACT(busy, MSEC(5000)), ACT(again, 0) } };
static const struct layer losing = { "test", "x", NODE_DEVICE, .acts = { ACT(lost, MSEC(5000)), ACT(hang, 0) } };
static const struct layer hanging = { "test", "x", NODE_DEVICE, .acts = { ACT(hang, MSEC(3600000)) } };
static const struct layer slowly = { "test", "x", NODE_DEVICE, .acts = { ACT(slow, MSEC(5000)) } };
static const struct layer lately = { "test", "x", NODE_DEVICE, .acts = { ACT(late, MSEC(5000)) } };
static const struct layer crashing = { "test", "x", NODE_DEVICE, .acts = { ACT(crash, MSEC(5000)) } };
static const struct layer freezing = {
	"test", "x", NODE_MOUNT, .acts = { { "freeze", E_PLAIN, MSEC(5000), when_leaf, mount_freeze } },
};

static void add(struct snapshot *s, const char *name, const struct layer *layer)
{
	struct node n = { .kind = layer->kind, .layer = layer, .name = copy_of(name), .dev = 77 };

	assert_int_equal(snapshot_add(s, &n), 0);
}

/* A plan that has all acts of each node. */
static void run(const struct snapshot *s, struct jobs *j, struct tried *tried, uint64_t usec)
{
	_cleanup_free_ struct action *actions = calloc(s->n, sizeof(*actions));
	struct plan p = { .actions = actions, .n = s->n };

	for (size_t i = 0; i < s->n; i++) {
		actions[i] = (struct action){ .node = i };
		for (unsigned int k = 0; k < LAYER_ACTS && s->nodes[i].layer->acts[k].name; k++) {
			actions[i].acts |= 1U << k;
			actions[i].timeout += s->nodes[i].layer->acts[k].timeout;
		}
	}
	jobs_start(j, -1, s, &p, E_HOLDERS, UINT64_MAX);
	jobs_wait(j, usec, tried);
}

static void the_first_failure_is_noted_unless_it_is_done(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();
	const struct tried_node *t;

	add(&s, "good", &good);
	add(&s, "bad", &bad);
	run(&s, &j, &tried, MSEC(5000));
	assert_int_equal(j.running, 0);
	/* After what is done nothing more is tried. */
	t = tried_find(&tried, NODE_DEVICE, "good");
	assert_string_equal(t->act, "again");
	t = tried_find(&tried, NODE_DEVICE, "bad");
	assert_string_equal(t->act, "busy");
	assert_int_equal(t->error, -EBUSY);
	assert_int_equal(t->spent, 0);
	assert_false(j.lost);
	assert_null(tried_find(&tried, NODE_MOUNT, "bad"));
}

static void lost_data_ends_the_job_and_is_remembered(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();

	log_set_level(LOG_CRIT);
	add(&s, "losing", &losing);
	run(&s, &j, &tried, MSEC(5000));
	assert_int_equal(j.running, 0);
	assert_true(j.lost);
	assert_true(tried_find(&tried, NODE_DEVICE, "losing")->lost);
}

static void one_that_hangs_is_given_up_and_marked(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();

	log_set_level(LOG_CRIT);
	add(&s, "hanging", &hanging);
	add(&s, "good", &good);
	run(&s, &j, &tried, MSEC(100));
	assert_true(j.running >= 1);
	skew += MSEC(3600000);
	while (j.running)
		jobs_wait(&j, MSEC(10), &tried);
	assert_int_equal(tried_find(&tried, NODE_DEVICE, "hanging")->spent, E_HOLDERS + 1);
	assert_int_equal(tried_find(&tried, NODE_DEVICE, "hanging")->error, -ETIMEDOUT);
	tried_mark(&tried, &s);
	assert_int_equal(s.nodes[0].spent, E_HOLDERS + 1);
	assert_int_equal(s.nodes[1].spent, 0);
	/* When something has moved it may be tried again. */
	tried_again(&tried);
	tried_mark(&tried, &s);
	assert_int_equal(s.nodes[0].spent, 0);
}

/* A slow disk at work has its time again and again, up to the deadline. */
static void with_progress_there_is_more_time(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();
	uint64_t deadline = clock_monotonic() + 3 * MSEC(3600000);

	log_set_level(LOG_CRIT);
	add(&s, "hanging", &hanging);
	run(&s, &j, &tried, 0);
	for (int i = 0; i < 4; i++) {
		skew += MSEC(2400000);
		jobs_extend(&j, deadline);
		jobs_wait(&j, 0, &tried);
		assert_int_equal(j.running, 1);
	}
	skew += MSEC(2400000);
	jobs_extend(&j, deadline);
	jobs_wait(&j, 0, &tried);
	assert_int_equal(j.running, 0);
}

static void they_work_side_by_side(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();
	uint64_t began = clock_monotonic();
	char name[16];

	for (int i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof(name), "slow%d", i);
		add(&s, name, &slowly);
	}
	run(&s, &j, &tried, MSEC(5000));
	assert_int_equal(j.running, 0);
	/* One after the other would be six seconds. */
	assert_true(clock_monotonic() - began < MSEC(5000));
}

static void a_node_has_one_job_and_slots_are_limited(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();
	char name[16];

	add(&s, "slow", &slowly);
	run(&s, &j, &tried, 0);
	assert_int_equal(j.running, 1);
	run(&s, &j, &tried, 0);
	assert_int_equal(j.running, 1);
	for (int i = 0; i < JOBS + 5; i++) {
		(void)snprintf(name, sizeof(name), "hanging%d", i);
		add(&s, name, &slowly);
	}
	run(&s, &j, &tried, 0);
	assert_true(j.running <= JOBS);
	jobs_abandon(&j);
	assert_int_equal(j.running, 0);
}

static void add_many(struct snapshot *s, const char *name, const struct layer *layer, int n)
{
	char numbered[32];

	for (int i = 0; i < n; i++) {
		(void)snprintf(numbered, sizeof(numbered), "%s%d", name, i);
		add(s, numbered, layer);
	}
}

static size_t count_tried(const struct tried *t, const char *prefix)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += startswith(t->nodes[i].name, prefix) != NULL;
	return n;
}

/* Many are done by few, each gets its own record, and one that hangs keeps back nothing but itself. */
static void a_long_list_is_worked_off(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();

	log_set_level(LOG_CRIT);
	add_many(&s, "bad", &bad, 150);
	add(&s, "hanging", &hanging);
	add_many(&s, "worse", &bad, 150);
	run(&s, &j, &tried, MSEC(1000));
	assert_int_equal(j.running, 1);
	assert_int_equal(count_tried(&tried, "bad"), 150);
	assert_int_equal(count_tried(&tried, "worse"), 150);
	for (size_t i = 0; i < tried.n; i++)
		assert_string_equal(tried.nodes[i].act, "busy");
	/* The time of the one that hangs began when it did. */
	skew += MSEC(3500000);
	jobs_wait(&j, 0, &tried);
	assert_int_equal(j.running, 1);
	skew += MSEC(100000);
	jobs_wait(&j, 0, &tried);
	assert_int_equal(j.running, 0);
	assert_int_equal(tried_find(&tried, NODE_DEVICE, "hanging")->spent, E_HOLDERS + 1);
}

/* Seven rounds of a tenth of a second: longer than is waited without news, but there is some. */
static void a_list_that_gets_on_is_waited_for(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();

	add_many(&s, "late", &lately, 7 * CREW);
	run(&s, &j, &tried, MSEC(400));
	assert_int_equal(j.running, 0);
	assert_int_equal(count_tried(&tried, "late"), 7 * CREW);
}

/* All of a crew hang: what they have not begun is free, and the next plan has others begin with it. */
static void what_a_stuck_crew_leaves_goes_to_others(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();

	add_many(&s, "hanging", &hanging, CREW);
	add_many(&s, "bad", &bad, 10);
	run(&s, &j, &tried, MSEC(50));
	assert_int_equal(j.running, CREW);
	assert_int_equal(count_tried(&tried, "bad"), 0);
	run(&s, &j, &tried, MSEC(1000));
	assert_int_equal(j.running, CREW);
	assert_int_equal(count_tried(&tried, "bad"), 10);
	jobs_abandon(&j);
	assert_int_equal(j.running, 0);
}

static void a_crash_in_a_worker_is_only_the_workers(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();

	add(&s, "crashing", &crashing);
	run(&s, &j, &tried, MSEC(5000));
	assert_int_equal(j.running, 0);
}

/* The name does not exist, so freezing fails: and a file system counts as frozen only when it was. */
static void only_what_is_frozen_is_marked_so(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_(tried_free) struct tried tried = { 0 };
	struct jobs j = jobs_none();

	add(&s, "/nonexistent", &freezing);
	run(&s, &j, &tried, MSEC(5000));
	assert_int_equal(tried.n_frozen, 0);
	assert_int_equal(tried_freeze(&tried, 77), 0);
	tried_mark(&tried, &s);
	assert_true(s.nodes[0].frozen);
	s.nodes[0].frozen = false;
	s.nodes[0].dev = 78;
	tried_mark(&tried, &s);
	assert_false(s.nodes[0].frozen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_failure_is_noted_unless_it_is_done),
		cmocka_unit_test(lost_data_ends_the_job_and_is_remembered),
		cmocka_unit_test(one_that_hangs_is_given_up_and_marked),
		cmocka_unit_test(with_progress_there_is_more_time),
		cmocka_unit_test(they_work_side_by_side),
		cmocka_unit_test(a_node_has_one_job_and_slots_are_limited),
		cmocka_unit_test(a_long_list_is_worked_off),
		cmocka_unit_test(a_list_that_gets_on_is_waited_for),
		cmocka_unit_test(what_a_stuck_crew_leaves_goes_to_others),
		cmocka_unit_test(a_crash_in_a_worker_is_only_the_workers),
		cmocka_unit_test(only_what_is_frozen_is_marked_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
