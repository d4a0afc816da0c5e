/* SPDX-License-Identifier: MIT */
/* lvm: which volume group a PV is of, and activating what root needs of it, by lvm2's own tool. */
#include <errno.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/act.h"
#include "init/lvname.h"
#include "init/run.h"
#include "init/tool.h"

#define DEADLINE (60 * USEC_PER_SEC)
#define SAID_MAX 65536
#define INCOMPLETE "LVM_VG_NAME_INCOMPLETE='"
#define COUNT "LVM2_PV_COUNT='"

/* What lvm2's own udev rule (69-dm-lvm.rules) asks, for each PV as it comes; pvscan(8). */
static int scan(int fd, void *data)
{
	const struct act *act = data;
	/* Without --vgonline: with it only the first scan of a whole group says so, and a PV may be announced twice. */
	const char *const argv[] = { "lvm", "pvscan", "--cache", "--listvg", "--checkcomplete", "--udevoutput",
				     "--journal=output", act->path, NULL };
	const char *const count[] = { "lvm", "pvs", "--noheadings", "--nameprefixes", "--options", "pv_count",
				      act->path, NULL };
	_cleanup_close_ int said = memfd_create("pvscan", MFD_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	if (said < 0)
		return -errno;
	r = tool_run(&(struct tool){ .argv = argv }, said);
	if (lseek(said, 0, SEEK_SET) < 0 || file_read_fd(said, SAID_MAX, &text, &size) < 0 ||
	    file_write_fd(fd, text, size) < 0)
		return -EIO;
	/* Only who waits for more wants to know for how many. */
	if (r == 0 && strstr(text, INCOMPLETE))
		(void)tool_run(&(struct tool){ .argv = count }, fd);
	return r > 0 ? -EIO : r;
}

/* LVM2_PV_COUNT='2' */
static unsigned int read_total(const char *record)
{
	const char *total = strstr(record, COUNT);

	return total ? (unsigned int)strtoul(total + strlen(COUNT), NULL, 10) : 0;
}

/* LVM_VG_NAME_COMPLETE='vg', or …_INCOMPLETE; a PV of no group says neither. */
static int take(struct run *run, const struct act *act, char *record)
{
	static const struct {
		const char *word;
		bool complete;
	} answers[] = {
		{ "LVM_VG_NAME_COMPLETE='", true },
		{ INCOMPLETE, false },
	};
	struct device *dev = devices_find(&run->devices, act->name);

	for (size_t i = 0; dev && record && i < ARRAY_SIZE(answers); i++) {
		char *name = strstr(record, answers[i].word);
		unsigned int total;

		if (!name)
			continue;
		name += strlen(answers[i].word);
		total = read_total(record);
		name[strcspn(name, "'\n")] = '\0';
		log_debug("%s is of volume group %s, which is %s", act->name, name,
			  answers[i].complete ? "whole" : "not whole yet");
		return device_set_membership(dev, name, answers[i].complete, total);
	}
	return 0;
}

static int activate(int fd, void *data)
{
	const struct act *act = data;
	const struct device *pv = devices_find(&act->run->devices, act->name);
	bool whole = pv && streq_null(pv->membership.group, act->subject);
	char volume[2 * LVNAME_MAX];
	struct lvname lv;
	const char *argv[] = { "lvm", whole ? "vgchange" : "lvchange", "--activate", whole ? "ay" : "y",
			       "--sysinit", "--noudevsync", "--activationmode",
			       act->degraded ? "partial" : "degraded", whole ? act->subject : volume, NULL };
	int r;

	if (!whole && !lvname_read(act->subject, &lv))
		return -EINVAL;
	if (!whole)
		(void)snprintf(volume, sizeof(volume), "%s/%s", lv.group, lv.volume);
	r = tool_run(&(struct tool){ .argv = argv }, fd);
	return r > 0 ? -EIO : r;
}

const struct act_row lvm_scan = { ACTION_SCAN, "read the volume group of", "lvm pvscan", DEADLINE, scan, take, NULL };
const struct act_row lvm_activate = { ACTION_ACTIVATE, "activate", "lvm activate", DEADLINE, activate, NULL, NULL };
