/* SPDX-License-Identifier: MIT */
/*
 * test-loop: waiting for a device, with the real plan, table and attempts, in a time that the test makes: whoever
 * polls is told of the next event at once. Workers and messages are lines of a script.
 * wrap: open clock_monotonic poll worker_start worker_read worker_finish worker_free
 * wrap: uevent_open uevent_receive coldplug modules_start modules_release
 * wrap: log_line log_console log_errno
 */
#include "unit/world.h"

#define ARRAY(a) a, ARRAY_SIZE(a)
#define WAITING(seen) "notice: waiting for the root device UUID=a; block devices seen: " seen \
		      "; no module in this image for: virtio:d00000002v1\n"

static void device_that_is_there(void **state)
{
	static const struct answer answers[] = { { "cold", 5, 0, "a" } };
	char name[16];

	assert_int_equal(await(NULL, 0, ARRAY(answers), 90, name), 0);
	assert_string_equal(name, "cold");
	assert_string_equal(traced.text, "0 coldplug\n0 read cold\n");
	assert_int_equal(world.now, START + 5 * USEC_PER_MSEC);
}

static void device_that_comes_late(void **state)
{
	static const struct event events[] = { COMES(20000, "vda") };
	static const struct answer answers[] = { { "vda", 10, 0, "a" } };
	char name[16];

	/* With and without a deadline. */
	for (uint64_t seconds = 0; seconds <= 90; seconds += 90) {
		trace_reset(0, 0);
		world.now = START;
		world.next = 0;
		assert_int_equal(await(ARRAY(events), ARRAY(answers), seconds, name), 0);
		assert_string_equal(name, "vda");
		assert_string_equal(traced.text,
				    "0 coldplug\n0 read cold\n" WAITING("cold") "20000 read vda\n");
		assert_int_equal(world.now, START + 20010 * USEC_PER_MSEC);
	}
}

/* Its table comes with the change: what was read before is read again. */
static void device_that_changes(void **state)
{
	static const struct event events[] = {
		COMES(10, "vda"), CHANGES(50, "vda"), CHANGES(2000, "vda"),
	};
	static const struct answer answers[] = { { "vda", 100, 0, "b" } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 5, name), -ETIMEDOUT);
	assert_string_equal(traced.text,
		"0 coldplug\n0 read cold\n10 read vda\n50 read vda\n2000 read vda\n" WAITING("cold, vda (ext4 UUID=b)")
		"error: cannot find the root device UUID=a: waited 5 s; block devices seen: cold, vda (ext4 UUID=b); "
		"no module in this image for: virtio:d00000002v1\n");
}

static void device_that_never_comes(void **state)
{
	char name[16];

	assert_int_equal(await(NULL, 0, NULL, 0, 90, name), -ETIMEDOUT);
	assert_string_equal(name, "");
	assert_string_equal(traced.text, "0 coldplug\n0 read cold\n" WAITING("cold")
		"error: cannot find the root device UUID=a: waited 90 s; block devices seen: cold; "
		"no module in this image for: virtio:d00000002v1\n");
	assert_int_equal(world.now, START + 90 * USEC_PER_SEC);
}

static void device_that_goes(void **state)
{
	static const struct event events[] = { COMES(10, "vda"), GOES(12, "vda") };
	static const struct answer answers[] = { { "vda", 10, 0, "a" } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 2, name), -ETIMEDOUT);
	assert_non_null(strstr(traced.text, "block devices seen: cold;"));
}

/* Three times, then it is left alone; the others were not held up. */
static void device_that_cannot_be_read(void **state)
{
	static const struct answer answers[] = { { "cold", 1, -EIO, NULL } };
	static const char warning[] = "warning: cannot read the tags of cold: Input/output error, ignoring\n";
	char name[16], text[512];

	assert_int_equal(await(NULL, 0, ARRAY(answers), 2, name), -ETIMEDOUT);
	snprintf(text, sizeof(text), "0 coldplug\n0 read cold\n%s251 read cold\n%s502 read cold\n%s"
		 "error: cannot find the root device UUID=a: waited 2 s; block devices seen: cold (cannot be read); "
		 "no module in this image for: virtio:d00000002v1\n", warning, warning, warning);
	assert_string_equal(traced.text, text);
}

/* It is killed after 30 s; it comes again and is tried anew. */
static void device_that_hangs(void **state)
{
	static const struct event events[] = { COMES(60000, "vda") };
	static const struct answer answers[] = { { "cold", HANGS, 0, NULL }, { "vda", 10, 0, "a" } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 0, name), 0);
	assert_string_equal(name, "vda");
	assert_non_null(strstr(traced.text, "warning: cannot read the tags of cold: Connection timed out, ignoring\n"));
	assert_non_null(strstr(traced.text, "\n30250 read cold\n"));
	/* Why we wait is told anew, since it is another reason now. */
	assert_non_null(strstr(traced.text, "block devices seen: cold (cannot be read)"));
}

/* One that hangs holds up the one that fits for a quarter of a second, no more. */
static void device_beside_one_that_hangs(void **state)
{
	static const struct event events[] = { COMES(10, "vda") };
	static const struct answer answers[] = { { "cold", HANGS, 0, NULL }, { "vda", 10, 0, "a" } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 90, name), 0);
	assert_string_equal(name, "vda");
	assert_int_equal(world.now, START + 270 * USEC_PER_MSEC);
}

static void two_devices(void **state)
{
	static const struct event events[] = { COMES(10, "vda"), COMES(10, "vdb") };
	static const struct answer answers[] = { { "vda", 10, 0, "a" }, { "vdb", 200, 0, "A" } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 90, name), -ENOTUNIQ);
	assert_true(endswith(traced.text,
			     "error: cannot choose the root device: UUID=a is both vda (ext4 UUID=a) and vdb "
			     "(ext4 UUID=A); name one by PARTUUID= or /dev/NAME, or take the other away\n"));
}

static void lost_messages(void **state)
{
	static const struct event events[] = { COMES(10, "vda"), FAILS(500, -ENOBUFS) };
	static const struct answer answers[] = { { "cold", 300, -EIO, NULL } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 2, name), -ETIMEDOUT);
	assert_true(startswith(traced.text, "0 coldplug\n0 read cold\n10 read vda\n") != NULL);
	/* Read from /sys anew, and what failed is tried anew. */
	assert_non_null(strstr(traced.text, "500 coldplug\n500 read cold\n"));
}

/* Spoofed or not understood: dropped, and what comes after it is heard at once. */
static void messages_that_are_none(void **state)
{
	static const struct event events[] = { FAILS(10, -EINVAL), COMES(10, "vda") };
	static const struct answer answers[] = { { "vda", 10, 0, "a" } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(answers), 2, name), 0);
	assert_string_equal(name, "vda");
	assert_string_equal(traced.text, "0 coldplug\n0 read cold\n10 read vda\n");
}

/* A driver that binds is no new device; a device that is there needs no module again when it changes. */
static void modules_are_asked_for_by_what_is_added(void **state)
{
	static const struct event events[] = {
		COMES(10, "vda", .modalias = "pci:a"), CHANGES(20, "vda", .modalias = "pci:b"),
		BINDS(30, "vdb", .modalias = "pci:c"), GOES(40, "vda", .modalias = "pci:d"),
	};
	char name[16];

	assert_int_equal(await(ARRAY(events), NULL, 0, 2, name), -ETIMEDOUT);
	assert_string_equal(world.asked, "pci:a ");
	assert_non_null(strstr(traced.text, "block devices seen: cold;"));
}

static void again(void)
{
	trace_reset(0, 0);
	world.now = START;
	world.next = 0;
	world.n_workers = 0;
}

/* Not before there is nothing else to do: it would hold up the others. */
static void driver_that_is_held_back(void **state)
{
	static const struct event events[] = { COMES(10, "vda", .modalias = SATA) };
	static const struct answer unknown[] = { { "vda", 20, 0, "b" } }, root[] = { { "vda", 20, 0, "a" } };
	static const struct answer hangs[] = { { "vda", HANGS, 0, NULL } };
	char name[16];

	assert_int_equal(await(ARRAY(events), ARRAY(unknown), 2, name), -ETIMEDOUT);
	assert_true(startswith(traced.text, "0 coldplug\n0 read cold\n10 read vda\n30 load " SATA "\n"));
	again();
	assert_int_equal(await(ARRAY(events), ARRAY(root), 2, name), 0);
	assert_string_equal(traced.text, "0 coldplug\n0 read cold\n10 read vda\n");
	/* A disk that does not answer holds up nobody for long. */
	again();
	assert_int_equal(await(ARRAY(events), ARRAY(hangs), 2, name), -ETIMEDOUT);
	assert_true(startswith(traced.text, "0 coldplug\n0 read cold\n10 read vda\n110 load " SATA "\n"));
}

/* Stages that wait one after the other listen once; what came meanwhile is not read again. */
static void opened_once(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	assert_int_equal(loop_open(&run), 0);
	assert_int_equal(loop_open(&run), 0);
	assert_string_equal(traced.text, "0 coldplug\n");
	assert_int_equal(run.profile.n, 1);
	assert_string_equal(run.profile.spans[0].name, "cold");
	profile_free(&run.profile);
	loop_close(&run.loop);
	assert_int_equal(run.loop.uevent_fd, -1);
	loop_close(&run.loop);
	devices_free(&run.devices);
}

static void nobody_to_listen_to(void **state)
{
	char name[16];

	world.open_error = -EPERM;
	assert_int_equal(await(NULL, 0, NULL, 0, 90, name), -EPERM);
	assert_string_equal(traced.text, "error: cannot wait for the root device: Operation not permitted\n");
}

#define in_world(test) cmocka_unit_test_setup_teardown(test, world_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(device_that_is_there),
		in_world(device_that_comes_late),
		in_world(device_that_changes),
		in_world(device_that_never_comes),
		in_world(device_that_goes),
		in_world(device_that_cannot_be_read),
		in_world(device_that_hangs),
		in_world(device_beside_one_that_hangs),
		in_world(two_devices),
		in_world(lost_messages),
		in_world(messages_that_are_none),
		in_world(modules_are_asked_for_by_what_is_added),
		in_world(driver_that_is_held_back),
		in_world(opened_once),
		in_world(nobody_to_listen_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
