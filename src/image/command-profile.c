/* SPDX-License-Identifier: MIT */
/* command-profile: `slipway profile`: what the boot was doing when, as a table or a picture. */
#include <errno.h>

#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/command.h"
#include "image/picture.h"
#include "image/timetable.h"
#include "image/trace.h"
#include "image/userspace.h"

struct profile_options {
	const char *svg;
};

static const struct option_row profile_options[] = {
	{ "svg", 0, "FILE", "draw a picture into this file, \"-\" for standard output, in place of the table",
	  offsetof(struct profile_options, svg) },
	{ 0 },
};

/* This boot's own: the recording ends with the exec, systemd knows when it ran. Under another init nobody does. */
static int read_own(struct timeline *ret)
{
	uint64_t userspace;
	int r = trace_read(TRACE_PATH, ret);

	if (r == 0 && ret->userspace == USEC_FOREVER && userspace_ask(&userspace) == 0)
		timeline_close(ret, userspace);
	return r;
}

static int finish(FILE *f)
{
	if (fflush(f) == 0 && !ferror(f))
		return 0;
	return log_errno(errno ? -errno : -EIO, "cannot write to standard output");
}

static int draw(const struct timeline *t, const struct critical *c, const char *path)
{
	_cleanup_free_ char *text = NULL;
	int r = picture_draw(t, c, &text);

	if (r < 0)
		return log_errno(r, "cannot draw the picture");
	if (streq(path, "-")) {
		(void)fputs(text, stdout);
		return finish(stdout);
	}
	r = file_write(AT_FDCWD, path, text, 0644);
	return r < 0 ? log_errno(r, "cannot write %s", path) : 0;
}

static int show(const char *path, const char *svg)
{
	_cleanup_timeline_ struct timeline t = { 0 };
	_cleanup_critical_ struct critical c = { 0 };
	int r = path ? trace_read(path, &t) : read_own(&t);

	if (r < 0)
		return r;
	r = critical_find(&t, &c);
	if (r < 0)
		return log_errno(r, "cannot find the critical path");
	if (svg)
		return draw(&t, &c, svg);
	timetable_print(stdout, &t, &c);
	return finish(stdout);
}

static enum exit_code run_profile(int argc, char *argv[])
{
	struct profile_options o = { 0 };
	char **words;

	if (options_parse(profile_options, argc, argv, &o, &words) < 0)
		return EXIT_USAGE;
	if (strv_length(words) > 1) {
		log_error("cannot show: profile takes one recording; default: this boot's, " TRACE_PATH);
		return EXIT_USAGE;
	}
	return command_exit_code(show(words[0], o.svg));
}

const struct command command_profile = { "profile", "[--svg FILE] [FILE]",
					 "show what this boot, or a recorded one, was doing when, and waiting for",
					 run_profile, profile_options };
