/* SPDX-License-Identifier: MIT */
/* keyboard: the keyboards that are attached, up to the bus. */
#include <errno.h>

#include "base/strv.h"
#include "image/survey.h"
#include "image/sysfs.h"

/* KEY_ESC … KEY_D, bits 1 to 31 of the lowest word: what udev too takes for a whole keyboard. Buttons have a few. */
#define WHOLE 0xfffffffeUL

/* The bitmap is words of the kernel's long in hexadecimal, the highest first. drivers/input/input.c */
static bool is_keyboard(const char *keys)
{
	const char *last = strrchr(keys, ' ');

	return (strtoul(last ? last + 1 : keys, NULL, 16) & WHOLE) == WHOLE;
}

static int add_keyboard(struct survey *s, const char *name)
{
	_cleanup_free_ char *path = NULL, *keys = NULL;
	int r = sysfs_follow(s->from->sysfd, "class/input", name, &path);
	char *end;

	if (r < 0 || !path)
		return r;
	r = sysfs_read(s->from->sysfd, path, "capabilities/key", &keys);
	if (r < 0 || !keys || !is_keyboard(keys))
		return r;
	/* The input device itself asks for evdev, which nothing of an initrd reads. */
	end = strstr(path, "/input/input");
	if (!end)
		return 0;
	*end = '\0';
	return chain_add(s, path, true);
}

int keyboards_add(struct survey *s)
{
	_cleanup_strv_ char **names = NULL;
	int r = sysfs_list(s->from->sysfd, "class/input", "input", &names);

	STRV_FOREACH(name, names)
		if (r == 0)
			r = add_keyboard(s, *name);
	return r;
}
