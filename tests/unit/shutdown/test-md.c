/* SPDX-License-Identifier: MIT */
/*
 * test-md: arrays whose metadata mdmon writes, call by call.
 * wrap: ioctl fsync mdmon_await
 */
#include <errno.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>
#include <sys/ioctl.h>

#include "base/file.h"
#include "shutdown/mdmon.h"
#include "unit/scratch.h"
#include "unit/shutdown/graph.h"

static char trace[256];
static const char *fails;
static int error;

static int answer(const char *call)
{
	(void)snprintf(trace + strlen(trace), sizeof(trace) - strlen(trace), "%s%s", *trace ? "; " : "", call);
	errno = error;
	return fails && streq(fails, call) ? -1 : 0;
}

int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	return answer("fsync");
}

int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	assert_int_equal(request, STOP_ARRAY);
	return answer("stop");
}

int __wrap_mdmon_await(int root, const char *container, const char *volume);
int __wrap_mdmon_await(int root, const char *container, const char *volume)
{
	assert_string_equal(container, "md127");
	assert_string_equal(volume, "md126");
	return answer("await") < 0 ? -errno : 0;
}

static void assert_act(int r, int expected, const char *calls)
{
	assert_string_equal(trace, calls);
	assert_int_equal(r, expected);
	trace[0] = '\0';
	fails = NULL;
}

static void fail_next(const char *call, int e)
{
	fails = call;
	error = e;
}

static struct node device(const struct scratch *s, const char *name, const char *state)
{
	struct node n = { .kind = NODE_DEVICE, .name = copy_of(name), .state = copy_of(state), .opened = -1 };
	_cleanup_free_ char *path = NULL;

	assert_true(asprintf(&path, "dev/%s", name) > 0);
	assert_int_equal(file_mkdir_parents(s->fd, "dev", 0755), 0);
	scratch_write(s, path, "", 0);
	return n;
}

/* Not before mdmon has written the metadata, or it would be left dirty. */
static void external_metadata_is_left_to_mdmon(void **state)
{
	static const char *const labels[] = { "external:/md127/0", "external:-md127/0" };
	const struct scratch *s = *state;
	const struct standing leaf = { 0 }, lower = { .uppers = 1 };
	struct node n = device(s, "md126", "active");

	assert_int_equal(file_mkdir_parents(s->fd, "sys/block/md126/md", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		_cleanup_free_ char *asked = NULL;

		scratch_write(s, "sys/block/md126/md/array_state", "", 0);
		string_set(&n.label, labels[i]);
		assert_false(md_is_forsaken(&n, &leaf));
		assert_act(md_stop(s->fd, &n), 0, "fsync");
		assert_int_equal(file_read_line(s->fd, "sys/block/md126/md/array_state", &asked), 0);
		assert_string_equal(asked, "inactive");
	}
	fail_next("fsync", EIO);
	assert_act(md_stop(s->fd, &n), -EIO, "fsync");
	assert_int_equal(unlinkat(s->fd, "sys/block/md126/md/array_state", 0), 0);
	assert_act(md_stop(s->fd, &n), -ENOENT, "fsync");
	string_set(&n.state, "inactive");
	assert_act(md_stop(s->fd, &n), 0, "await; stop");
	fail_next("await", ECHILD);
	assert_act(md_stop(s->fd, &n), -EINPROGRESS, "await");
	fail_next("await", ENOENT);
	assert_act(md_stop(s->fd, &n), -EINPROGRESS, "await");
	fail_next("await", EIO);
	assert_act(md_stop(s->fd, &n), -EIO, "await");
	fail_next("stop", EBUSY);
	assert_act(md_stop(s->fd, &n), -EBUSY, "await; stop");
	/* Nobody does: it can still go, but not clean. */
	assert_false(md_is_forsaken(&n, &lower));
	assert_true(md_is_forsaken(&n, &leaf));
	assert_act(md_clear(s->fd, &n), -EIO, "stop");
	fail_next("stop", EBUSY);
	assert_act(md_clear(s->fd, &n), -EBUSY, "stop");
	node_free(&n);
}

static void without_redundancy_there_is_no_mdmon(void **state)
{
	static const char *const levels[] = { "raid0", "linear" };
	const struct scratch *s = *state;
	const struct standing leaf = { 0 };
	struct node n = device(s, "md126", "active");

	string_set(&n.label, "external:/md127/0");
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		string_set(&n.detail, levels[i]);
		string_set(&n.state, "active");
		assert_act(md_stop(s->fd, &n), 0, "fsync; stop");
		string_set(&n.state, "inactive");
		assert_act(md_stop(s->fd, &n), 0, "stop");
		assert_false(md_is_forsaken(&n, &leaf));
	}
	/* Nor for the container itself. */
	string_set(&n.detail, "container");
	string_set(&n.label, "external:imsm");
	assert_act(md_stop(s->fd, &n), 0, "stop");
	assert_false(md_is_forsaken(&n, &leaf));
	node_free(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(external_metadata_is_left_to_mdmon, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(without_redundancy_there_is_no_mdmon, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
