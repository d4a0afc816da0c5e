/* SPDX-License-Identifier: MIT */
/* verb: how it ends. */
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/log.h"
#include "shutdown/sysrq.h"
#include "shutdown/verb.h"

static void crash(const char *text, int command)
{
	log_crash(text);
	/* The guard ends it all when this hangs. */
	sync();
	(void)reboot(command);
	for (;;)
		(void)pause();
}

/* A handler has no arguments of its own and there is no state at file scope: one function a command. */
static void crash_power_off(int sig)
{
	crash("slipway-shutdown: crashed, powering off\n", RB_POWER_OFF);
}

static void crash_reboot(int sig)
{
	crash("slipway-shutdown: crashed, rebooting\n", RB_AUTOBOOT);
}

static void crash_halt(int sig)
{
	crash("slipway-shutdown: crashed, halting\n", RB_HALT_SYSTEM);
}

static const struct verb verbs[] = {
	{ "reboot",   RB_AUTOBOOT,              'b', crash_reboot    },
	{ "poweroff", RB_POWER_OFF,             'o', crash_power_off },
	{ "halt",     RB_HALT_SYSTEM,           0,   crash_halt      },
	{ "kexec",    LINUX_REBOOT_CMD_KEXEC,   'b', crash_reboot    },
	/* systemd's manager leaving with a code: on a machine there is nobody to leave to. */
	{ "exit",     RB_POWER_OFF,             'o', crash_power_off },
};

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (streq(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

const struct verb *verb_default(void)
{
	return &verbs[0];
}

int reboot_param_check(const char *data, size_t size, char ret[static REBOOT_PARAM_MAX + 1])
{
	if (size > 0 && data[size - 1] == '\n')
		size--;
	if (size == 0 || size > REBOOT_PARAM_MAX)
		return -EINVAL;
	for (size_t i = 0; i < size; i++)
		if (data[i] < ' ' || data[i] > '~')
			return -EINVAL;
	memcpy(ret, data, size);
	ret[size] = '\0';
	return 0;
}

int reboot_param_read(int root, char ret[static REBOOT_PARAM_MAX + 1])
{
	/* Not blocking: a fifo in its place is opened before it is refused. */
	_cleanup_close_ int fd = openat(root, "run/systemd/reboot-param",
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_free_ char *data = NULL;
	size_t size = 0;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0)
		return -EPERM;
	r = file_read_fd(fd, REBOOT_PARAM_MAX + 1, &data, &size);
	return r < 0 ? r : reboot_param_check(data, size, ret);
}

/* A parameter changes what the next boot is (firmware setup, recovery): a bad one is left out, aloud. */
static void reboot_with_param(int root)
{
	char param[REBOOT_PARAM_MAX + 1];
	int r = reboot_param_read(root, param);

	if (r == -ENOENT)
		return;
	if (r < 0) {
		log_warning("cannot use /run/systemd/reboot-param: %s, ignoring", strerror(-r));
		return;
	}
	log_info("rebooting with parameter '%s'", param);
	(void)syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART2, param);
}

static bool kexec_is_loaded(int root)
{
	uint64_t loaded = 0;

	return file_read_u64(root, "sys/kernel/kexec_loaded", &loaded) == 0 && loaded == 1;
}

_Noreturn void verb_end(const struct verb *verb, int root, bool machine)
{
	int command = verb->command;

	if (command == (int)LINUX_REBOOT_CMD_KEXEC && !kexec_is_loaded(root)) {
		log_error("cannot kexec: no kernel is loaded, rebooting");
		command = RB_AUTOBOOT;
	}
	if (command == RB_AUTOBOOT)
		reboot_with_param(root);
	(void)reboot(command);
	log_errno(-errno, "cannot %s", verb->name);
	(void)reboot(RB_AUTOBOOT);
	if (machine && verb->sysrq)
		(void)sysrq_press(root, (const char[]){ verb->sysrq, '\0' });
	/* PID 1 never ends by itself: that would be a panic. The guard or the watchdog will. */
	for (;;)
		(void)pause();
}
