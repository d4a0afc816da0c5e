/* SPDX-License-Identifier: MIT */
/* luks: opening a container by cryptsetup, with a key file or with what somebody typed. */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/act.h"
#include "init/crypt-option.h"
#include "init/match.h"
#include "init/prompt.h"
#include "init/run.h"
#include "init/secret.h"
#include "init/tool.h"

#define DEADLINE (5 * 60 * USEC_PER_SEC) /* argon2 on a small machine takes its time */
#define KEY_DIR "/run/slipway/key"
#define NO_PERMISSION 2 /* cryptsetup(8), RETURN CODES: no key slot fits */

static int push_option(const char *word, char ***argv)
{
	const char *value, *option = crypt_option_for_cryptsetup(word, &value);
	int r = option ? strv_push(argv, option) : 0;

	return r == 0 && option && value ? strv_push(argv, value) : r;
}

static int push_all(char ***argv, const char *const words[])
{
	int r = 0;

	for (; r == 0 && *words; words++)
		r = strv_push(argv, *words);
	return r;
}

static int open_container(const struct act *act, const char *key, const struct secret *secret, int fd)
{
	const char *const first[] = { "cryptsetup", "open", "--type", "luks", "--batch-mode", "--tries", "1",
				      "--key-file", key, NULL };
	_cleanup_free_ char *usual = NULL;
	_cleanup_strv_ char **argv = NULL;
	const struct volume *volume = act->volume;
	struct tool tool = { 0 };
	int r = push_all(&argv, first);

	if (asprintf(&usual, "luks-%s", act->uuid) < 0)
		return -ENOMEM;
	STRV_FOREACH(word, volume->options)
		if (r == 0)
			r = push_option(*word, &argv);
	if (r == 0)
		r = push_all(&argv, (const char *const[]){ act->path, volume->name ? volume->name : usual,
							   NULL });
	if (r < 0)
		return r;
	tool.argv = (const char *const *)argv;
	if (secret) {
		tool.input = secret->bytes;
		tool.input_size = secret->size;
	}
	r = tool_run(&tool, fd);
	return r == NO_PERMISSION ? -EPERM : r > 0 ? -EIO : r;
}

static int unlock(int fd, void *data)
{
	const struct act *act = data;
	const struct secret *secret = secrets_at(act->run->secrets, act->secret);

	return secret ? open_container(act, "-", secret, fd) : -EINVAL;
}

/* In a mount namespace of the worker's own: the device is free again when it ends, however it ends. */
static int mount_key_device(const struct run *run, const struct spec *spec)
{
	int r = file_mkdir_parents(AT_FDCWD, KEY_DIR, 0700);

	if (r < 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < run->devices.n; i++) {
		const struct device *dev = run->devices.items[i];
		_cleanup_free_ char *path = NULL;

		if (dev->probe != PROBE_DONE || !dev->tags.type || !spec_matches(spec, dev, &run->devices))
			continue;
		if (asprintf(&path, "/dev/%s", dev->devname) < 0)
			return -ENOMEM;
		if (mount(path, KEY_DIR, dev->tags.type, MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC, NULL) < 0)
			return -errno;
		return 0;
	}
	return -ENODEV;
}

static int unlock_by_key(int fd, void *data)
{
	const struct act *act = data;
	const struct volume *volume = act->volume;
	_cleanup_free_ char *path = NULL;
	int r;

	if (volume->key_device.kind == SPEC_NONE)
		return open_container(act, volume->key, NULL, fd);
	r = mount_key_device(act->run, &volume->key_device);
	if (r < 0)
		return r;
	if (asprintf(&path, KEY_DIR "/%s", volume->key + strspn(volume->key, "/")) < 0)
		return -ENOMEM;
	return open_container(act, path, NULL, fd);
}

static int ask(int fd, void *data)
{
	const struct act *act = data;
	const struct volume *volume = act->volume;
	const struct attempt *before = attempts_get(&act->run->attempts, act->subject, ACTION_UNLOCK);
	struct secret *secret = secrets_at(act->run->secrets, act->run->attempts.secrets);
	_cleanup_free_ char *message = NULL;
	struct question q = { .id = act->path, .echo = volume->echo, .deadline = USEC_FOREVER };
	const char *name = volume->name ? volume->name : act->path;

	if (!secret)
		return -ENOMEM;
	if (asprintf(&message, "%sPassphrase for %s%s%s%s", before->failed > 0 ? "It does not fit. " : "", name,
		     name == act->path ? "" : " (", name == act->path ? "" : act->path,
		     name == act->path ? "" : ")") < 0)
		return -ENOMEM;
	q.message = message;
	if (volume->ask_timeout > 0)
		q.deadline = clock_add(clock_monotonic(), volume->ask_timeout);
	return prompt(&q, secret);
}

static int take(struct run *run, const struct act *act, char *record)
{
	run->attempts.secrets++;
	return 0;
}

const struct act_row luks_ask = { ACTION_ASK, "ask for the passphrase of", USEC_FOREVER, ask, take };
const struct act_row luks_key = { ACTION_KEY, "open with its key", DEADLINE, unlock_by_key, NULL };
const struct act_row luks_unlock = { ACTION_UNLOCK, "open", DEADLINE, unlock, NULL };
