/* SPDX-License-Identifier: MIT */
/*
 * test-act: what becomes of an action: the real jobs and workers, the tools replaced.
 * wrap: tool_run log_line log_console log_errno
 */
#include <errno.h>
#include <poll.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/act.h"
#include "init/run.h"
#include "init/tool.h"
#include "unit/trace.h"

#define T(s) ((char *)(s))

/* What the tool says and how it ends; the worker has it by the fork. */
static struct {
	const char *says;
	int code;
} tool;

int __wrap_tool_run(const struct tool *t, int fd);
int __wrap_tool_run(const struct tool *t, int fd)
{
	for (const char *const *word = t->argv; *word; word++)
		(void)file_write_fd(fd, *word, strlen(*word));
	(void)file_write_fd(fd, "\n", 1);
	(void)file_write_fd(fd, tool.says, strlen(tool.says));
	return tool.code;
}

struct scene {
	struct device vda;
	struct device *items[1];
	struct run run;
};

static void open_scene(struct scene *s, const char *type, const char *says, int code)
{
	*s = (struct scene){ .vda = { .name = T("vda"), .devname = T("vda"), .tags.type = T(type), .announced = 1 } };
	s->items[0] = &s->vda;
	s->run.devices = (struct devices){ .items = s->items, .n = 1 };
	s->run.loop = (struct loop)LOOP_CLOSED;
	tool.says = says;
	tool.code = code;
}

static void start(struct scene *s, enum action action, const char *subject)
{
	const struct step step = {
		.kind = STEP_ACT, .action = action, .device = &s->vda, .subject = subject,
	};

	assert_int_equal(act_start(&s->run, &step), 0);
	assert_true(attempts_get(&s->run.attempts, subject ? subject : "vda", action)->running);
}

static void finish(struct scene *s)
{
	while (s->run.jobs.n > 0) {
		struct pollfd p = { .fd = s->run.jobs.items[0]->worker.fd, .events = POLLIN };

		assert_int_equal(poll(&p, 1, 10000), 1);
		jobs_serve(&s->run);
	}
}

static void close_scene(struct scene *s)
{
	jobs_free(&s->run.jobs);
	attempts_free(&s->run.attempts);
	profile_free(&s->run.profile);
	free(s->vda.membership.group);
}

static void success_and_failure(void **state)
{
	static const struct {
		int code;
		bool done;
		unsigned int failed;
	} rows[] = { { 0, true, 0 }, { 1, false, 1 }, { -ENOENT, false, 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attempt *a;
		struct scene s;

		open_scene(&s, "linux_raid_member", "mdadm: no\n", rows[i].code);
		start(&s, ACTION_ASSEMBLE, NULL);
		finish(&s);
		a = attempts_get(&s.run.attempts, "vda", ACTION_ASSEMBLE);
		assert_int_equal(a->done, rows[i].done);
		assert_int_equal(a->failed, rows[i].failed);
		assert_false(a->running);
		close_scene(&s);
	}
}

/* lvm2's own words, as its udev rule imports them. */
static void groups(void **state)
{
	static const struct {
		const char *says, *group;
		bool complete;
		unsigned int total;
	} rows[] = {
		{ "LVM_VG_NAME_INCOMPLETE='vg'\n  LVM2_PV_COUNT='2'\n", "vg", false, 2 },
		{ "  pvscan[1] PV /dev/vda online.\nLVM_VG_NAME_COMPLETE='my-vg'\n", "my-vg", true, 0 },
		{ "LVM_VG_NAME_INCOMPLETE='vg'\n", "vg", false, 0 },
		{ "  pvscan[1] PV /dev/vda not used.\n", NULL, false, 0 },
		{ "LVM_VG_NAME_COMPLETE='vg", "vg", true, 0 },
		{ "", NULL, false, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s;

		open_scene(&s, "LVM2_member", rows[i].says, 0);
		start(&s, ACTION_SCAN, NULL);
		finish(&s);
		if (rows[i].group)
			assert_string_equal(s.vda.membership.group, rows[i].group);
		else
			assert_null(s.vda.membership.group);
		assert_int_equal(s.vda.membership.complete, rows[i].complete);
		assert_int_equal(s.vda.membership.total, rows[i].total);
		assert_true(attempts_get(&s.run.attempts, "vda", ACTION_SCAN)->done);
		close_scene(&s);
	}
}

/* mdadm --examine --export */
static void members(void **state)
{
	static const struct {
		const char *says;
		unsigned int total;
	} rows[] = {
		{ "MD_LEVEL=raid5\nMD_DEVICES=3\nMD_NAME=host:five\n", 3 }, { "MD_METADATA=imsm\n", 0 }, { "", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s;

		open_scene(&s, "linux_raid_member", rows[i].says, 0);
		start(&s, ACTION_SCAN, NULL);
		finish(&s);
		assert_int_equal(s.vda.membership.total, rows[i].total);
		close_scene(&s);
	}
}

/* What is used without all that belongs to it is told. */
static void announced(void **state)
{
	static char *slaves[] = { T("vda"), T("vdb"), NULL };
	static const struct {
		enum action action;
		const char *subject;
		bool degraded;
		const char *told;
	} rows[] = {
		{ ACTION_START, NULL, false,
		  "warning: array vda is started without all its members (there are: vda vdb)\n" },
		{ ACTION_ACTIVATE, "vg/root", true, "warning: vg/root is used without all its PVs\n" },
		{ ACTION_ACTIVATE, "vg/root", false, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct step step = {
			.kind = STEP_ACT, .action = rows[i].action, .subject = rows[i].subject,
			.degraded = rows[i].degraded,
		};
		struct scene s;

		open_scene(&s, NULL, "", 0);
		s.vda.slaves = slaves;
		step.device = &s.vda;
		trace_reset(0, 0);
		assert_int_equal(act_start(&s.run, &step), 0);
		assert_string_equal(traced.text, rows[i].told);
		finish(&s);
		close_scene(&s);
	}
}

/* The device changed meanwhile: what was found out of it before is nothing any more. */
static void stale(void **state)
{
	struct scene s;

	open_scene(&s, "LVM2_member", "LVM_VG_NAME_COMPLETE='vg'\n", 0);
	start(&s, ACTION_SCAN, NULL);
	attempts_forget(&s.run.attempts, "vda");
	s.vda.announced++;
	finish(&s);
	assert_null(s.vda.membership.group);
	assert_false(attempts_get(&s.run.attempts, "vda", ACTION_SCAN)->done);
	close_scene(&s);
}

/* A volume group is not forgotten with one of its devices: else it would seem to be under way for ever. */
static void a_group_outlives_a_change(void **state)
{
	const struct attempt *a;
	struct scene s;

	open_scene(&s, "LVM2_member", "", 0);
	assert_int_equal(device_set_membership(&s.vda, "vg", true, 0), 0);
	start(&s, ACTION_ACTIVATE, "vg");
	attempts_forget(&s.run.attempts, "vda");
	s.vda.announced++;
	finish(&s);
	a = attempts_get(&s.run.attempts, "vg", ACTION_ACTIVATE);
	assert_true(a->done);
	assert_false(a->running);
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_and_failure),
		cmocka_unit_test(groups),
		cmocka_unit_test(members),
		cmocka_unit_test(announced),
		cmocka_unit_test(stale),
		cmocka_unit_test(a_group_outlives_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
