/* SPDX-License-Identifier: MIT */
/* layer-story: the words in which stories of stacks are told, one a row. */
#pragma once

#include "base/macro.h"
#include "init/layer.h"
#include "init/match.h"
#include "unit/story.h"

#define MS UINT64_C(1000) /* all times of a row are ms after the wait began */
#define T(s) ((char *)(s))
#define FOREVER UINT64_MAX

#define LIST(...) (char **)(const char *[]){ __VA_ARGS__, NULL }
/* All was read at 100 ms. */
#define NAMED(n) .name = T(n), .devname = T(n), .sectors = 8
#define DEVICE(n, ...) { NAMED(n), .probe = PROBE_DONE, .probed_at = 100 * MS, __VA_ARGS__ }
#define TAGS(t, u, id, ...) .tags = { .type = T(t), .usage = T(u), .uuid = T(id), __VA_ARGS__ }
#define ON(...) .slaves = LIST(__VA_ARGS__)
#define EXT4(n, id, ...) DEVICE(n, TAGS("ext4", "filesystem", id), __VA_ARGS__)
#define LUKS(n, id, ...) DEVICE(n, TAGS("crypto_LUKS", "crypto", id), __VA_ARGS__)
#define RAID(n, id, ...) DEVICE(n, TAGS("linux_raid_member", "raid", id, .label = T("host:home")), __VA_ARGS__)
#define DISK_OF(kind, n, ...) DEVICE(n, TAGS(kind "_raid_member", "raid", NULL), __VA_ARGS__)
#define MEMBER(n, id, sub) DEVICE(n, TAGS("linux_raid_member", "raid", id, .sub_uuid = T(sub)))
#define PV(n, ...) DEVICE(n, TAGS("LVM2_member", "raid", "pv-" n), __VA_ARGS__)
#define BTRFS(n, id, sub, ...) DEVICE(n, TAGS("btrfs", "filesystem", id, .sub_uuid = T(sub)), __VA_ARGS__)
#define IN(vg, whole) .membership = { .group = T(vg), .complete = whole }
#define CRYPT(name, on) .dm_name = T(name), .dm_uuid = T("CRYPT-LUKS2-x-" name), ON(on)
#define LV(name, ...) .dm_name = T(name), .dm_uuid = T("LVM-x"), ON(__VA_ARGS__)
#define ARRAY(n, level, state, ...) DEVICE(n, .md_level = T(level), .md_state = T(state), ON(__VA_ARGS__))

#define DID(n, what, at) { .subject = T(n), .action = ACTION_##what, .done = true, .times = 1, .since = (at) * MS }
/* To an array that waits for more of them; it was looked how many. */
#define GIVEN(n, at) DID(n, ASSEMBLE, at), DID(n, SCAN, at)
#define DOES(n, what, at) { .subject = T(n), .action = ACTION_##what, .running = true, .times = 1, .since = (at) * MS }
#define FAILED(n, what, k, at) { .subject = T(n), .action = ACTION_##what, .failed = k, .times = k, .since = (at) * MS }
#define ASKED(n, k) { .subject = T(n), .action = ACTION_ASK, .times = k, .done = true }
#define OVER(n) { .subject = T(n), .action = ACTION_ASK, .times = 1, .failed = 1, .over = true }
#define TOLD { .subject = T("root"), .action = ACTION_REPORT, .done = true, .since = FOREVER }

#define WAIT(until) { .kind = STEP_WAIT, .wake_at = (until) * MS }
#define WAIT_FOR_NEWS { .kind = STEP_WAIT, .wake_at = FOREVER }
#define ACT(what, n) { .kind = STEP_ACT, .action = ACTION_##what, .device = n }
#define ACTIVATE(n, s) { .kind = STEP_ACT, .action = ACTION_ACTIVATE, .device = n, .subject = s }
#define FOUND(n) { .kind = STEP_FOUND, .device = n }

struct story {
	const char *name, *root;
	struct device devices[5]; /* up to the first without a name */
	struct attempt tried[6];
	uint64_t now;             /* 0: 1000 */
	struct {
		enum step_kind kind;
		enum action action;
		const char *device, *subject;
		uint64_t wake_at;
		unsigned int secret;
		bool degraded;
	} step;
	struct boot boot; /* luks, md and lvm are on unless `off`; IMSM and DDF unless they are */
	bool off, no_imsm, no_ddf, degraded;
	unsigned int secrets;
};

#define A_NAMED(id, ...) .boot = { .volumes_n = 1, .volumes = (struct volume[]){ \
	{ .source = { .kind = SPEC_UUID, .value = T(id) }, __VA_ARGS__ } } }

static const char *text(const char *s)
{
	return s ? s : "-";
}

static bool as_told(const struct story *s, const struct step *step)
{
	const char *device = step->device ? step->device->name : NULL;

	if (step->kind != s->step.kind || (s->step.device && !streq(text(device), s->step.device)))
		return false;
	if (step->kind == STEP_WAIT)
		return step->wake_at == s->step.wake_at;
	return step->kind != STEP_ACT ||
	       (step->action == s->step.action && streq(text(step->subject), text(s->step.subject)) &&
		step->secret == s->step.secret && step->degraded == s->step.degraded);
}

static void tell(const struct story *s)
{
	_cleanup_(spec_free) struct spec spec = { 0 };
	struct story_tables t;
	struct want want = { .what = "root", .spec = &spec, .deadline = 90000 * MS, .degraded = s->degraded };
	struct boot boot = s->boot;
	struct step step;

	if (streq(s->root, "loop"))
		spec.kind = SPEC_INSIDE;
	else
		assert_int_equal(spec_parse(s->root, &spec), 0);
	boot.luks = boot.md = boot.lvm = !s->off;
	boot.md_imsm = !s->no_imsm;
	boot.md_ddf = !s->no_ddf;
	STORY_FILL(&t, s);
	t.attempts.secrets = s->secrets;
	plan(&boot, &want, &t.devices, &t.attempts, (s->now ? s->now : 1000) * MS, &step);
	if (!as_told(s, &step))
		fail_msg("%s: kind %d, action %d, device %s, subject %s, secret %u, wake at %llu us", s->name,
			 step.kind, step.action, text(step.device ? step.device->name : NULL), text(step.subject),
			 step.secret, (unsigned long long)step.wake_at);
}

#define STORIES(name)                                            \
	static void name##_stories(void **state)                 \
	{                                                        \
		for (size_t i = 0; i < ARRAY_SIZE(name); i++)    \
			tell(&name[i]);                          \
	}
