/* SPDX-License-Identifier: MIT */
/* command-diff: `slipway diff`: an image against another, or against what would be built now. */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/command.h"
#include "image/difference.h"
#include "image/now.h"

static int compare(const char *first, const char *second, struct config *c)
{
	_cleanup_image_ struct image a = { 0 }, b = { 0 };
	int r = image_open_whole(first, &a);

	if (r == 0)
		r = second ? image_open_whole(second, &b) : now_open(c, &a, &b);
	return r < 0 ? r : difference_print(&a, &b, c->quiet);
}

static enum exit_code run_diff(int argc, char *argv[])
{
	_cleanup_config_ struct config c = { .sysroot = SYSROOT_NONE };
	char **words;
	size_t n;
	int r;

	if (command_parse_build(argc, argv, &c, &words) < 0 || now_check_usage("diff", &c) < 0)
		return EXIT_USAGE;
	n = strv_length(words);
	if (n < 1 || n > 2) {
		log_error("cannot compare: diff takes one image or two");
		return EXIT_USAGE;
	}
	r = compare(words[0], words[1], &c);
	return r > 0 ? EXIT_DOUBT : command_exit_code(r);
}

const struct command command_diff = { "diff", "[OPTION…] IMAGE [IMAGE]",
				      "compare two images, or one with what build would make now, of the same options",
				      run_diff, build_options };
