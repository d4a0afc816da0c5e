/* SPDX-License-Identifier: MIT */
/*
 * fuzz-uevent: the kernel's device messages, and sysfs's files of the same words.
 * links: init
 */
#include "fuzz/text.h"
#include "init/uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_inside(const char *s, const char *buffer, size_t size)
{
	FUZZ_REQUIRE(!s || (s >= buffer && s + strlen(s) < buffer + size));
}

/* What is believed afterwards: devices are opened by these names. */
static void require_sane(const struct uevent *u, const char *buffer, size_t size)
{
	const char *const strings[] = { u->devpath, u->subsystem, u->devname, u->devtype, u->modalias, u->partname };

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		require_inside(strings[i], buffer, size);
	FUZZ_REQUIRE(!u->devname || (*u->devname && *u->devname != '/' && !path_has_dot_dot(u->devname)));
	FUZZ_REQUIRE(u->partn >= 0 && u->partn <= 65535);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *message = malloc(size ? size : 1), *text = fuzz_text(data, size);
	struct uevent u;

	if (!message)
		abort();
	if (size)
		memcpy(message, data, size);
	if (uevent_parse_message(message, size, &u) == 0) {
		require_sane(&u, message, size);
		FUZZ_REQUIRE(*u.devpath == '/' && !path_has_dot_dot(u.devpath) && strrchr(u.devpath, '/')[1]);
	}
	if (uevent_parse_sysfs(text, &u) == 0)
		require_sane(&u, text, size + 1);
	return 0;
}
