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
#include "init/keymap.h"
#include "init/match.h"
#include "init/prompt.h"
#include "init/run.h"
#include "init/secret.h"
#include "init/tool.h"

#define DEADLINE (5 * 60 * USEC_PER_SEC) /* argon2 on a small machine takes its time */
#define KEY_DIR "/run/slipway/key"
#define HEADER_DIR "/run/slipway/header"
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

/*
 * The file on that device, mounted in a mount namespace of the worker's own: the device is free again when that
 * ends, however it ends.
 */
static int mount_place(const struct place *place, const struct device *dev, const char *dir, char **ret)
{
	_cleanup_free_ char *source = NULL, *path = NULL;
	int r = file_mkdir_parents(AT_FDCWD, dir, 0700);

	if (r < 0)
		return r;
	if (asprintf(&source, "/dev/%s", dev->devname) < 0 ||
	    asprintf(&path, "%s/%s", dir, place->path + strspn(place->path, "/")) < 0)
		return -ENOMEM;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(source, dir, dev->tags.type, MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC, NULL) < 0)
		return -errno;
	if (access(path, R_OK) < 0) {
		r = -errno;
		(void)umount2(dir, MNT_DETACH);
		return r;
	}
	*ret = TAKE_PTR(path);
	return 0;
}

/* Where a key or a header can be read: of several devices that fit, on the first that has it. */
static int reach(const struct run *run, const struct place *place, const char *dir, char **ret)
{
	int r = -ENODEV;

	if (place->device.kind == SPEC_NONE)
		return string_set(ret, place->path);
	for (size_t i = 0; r < 0 && i < run->devices.n; i++) {
		const struct device *dev = run->devices.items[i];

		if (!place_is_on(place, dev, &run->devices))
			continue;
		if (!place->path)
			return asprintf(ret, "/dev/%s", dev->devname) < 0 ? -ENOMEM : 0;
		r = mount_place(place, dev, dir, ret);
	}
	return r;
}

/* What the mapping is called where nobody has said it: by what is known of its container. */
static int choose_name(const struct act *act, char **ret)
{
	const struct volume *v = act->volume;

	if (v->name)
		return string_set(ret, v->name);
	return asprintf(ret, "luks-%s", v->uuid ? v->uuid : *act->uuid ? act->uuid : act->name) < 0 ? -ENOMEM : 0;
}

static int push_header(const struct act *act, char ***argv)
{
	const struct place *header = &act->volume->header;
	_cleanup_free_ char *path = NULL;
	int r;

	if (!place_is_set(header))
		return 0;
	r = reach(act->run, header, HEADER_DIR, &path);
	return r < 0 ? r : push_all(argv, (const char *const[]){ "--header", path, NULL });
}

static int open_container(const struct act *act, const char *key, const struct secret *secret, int fd)
{
	const char *const first[] = { "cryptsetup", "open", "--type", "luks", "--batch-mode", "--tries", "1",
				      "--key-file", key, NULL };
	_cleanup_free_ char *name = NULL;
	_cleanup_strv_ char **argv = NULL;
	struct tool tool = { 0 };
	int r = push_all(&argv, first);

	if (r == 0)
		r = push_header(act, &argv);
	STRV_FOREACH(word, act->volume->options)
		if (r == 0)
			r = push_option(*word, &argv);
	if (r == 0)
		r = choose_name(act, &name);
	if (r == 0)
		r = push_all(&argv, (const char *const[]){ act->path, name, NULL });
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

static int unlock_by_key(int fd, void *data)
{
	const struct act *act = data;
	_cleanup_free_ char *path = NULL;
	int r = reach(act->run, &act->volume->key, KEY_DIR, &path);

	return r < 0 ? r : open_container(act, path, NULL, fd);
}

/* What is needed for a question is made ready for the first: a boot that asks nothing does not pay for it. */
static bool is_first_question(const struct attempts *attempts)
{
	unsigned int times = 0;

	for (size_t i = 0; i < attempts->n; i++)
		times += attempts->items[i].action == ACTION_ASK ? attempts->items[i].times : 0;
	return times == 1;
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
	if (is_first_question(&act->run->attempts))
		keymap_load(act->run->boot.keymap);
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

const struct act_row luks_ask = { ACTION_ASK, "ask for the passphrase of", "passphrase for", USEC_FOREVER, ask,
				  take, NULL };
const struct act_row luks_key = { ACTION_KEY, "open with its key", "cryptsetup open", DEADLINE, unlock_by_key,
				  NULL, NULL };
const struct act_row luks_unlock = { ACTION_UNLOCK, "open", "cryptsetup open", DEADLINE, unlock, NULL, NULL };
