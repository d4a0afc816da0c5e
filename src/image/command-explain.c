/* SPDX-License-Identifier: MIT */
/* command-explain: `slipway explain`: why a file or module is in an image. */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"
#include "image/command.h"
#include "image/explain.h"
#include "image/now.h"

/* The system that a given image is of may be another machine's: then nothing is known of it, and that is fine. */
static bool knows_system(struct config *c, const struct image *image)
{
	int level = log_get_level(), r;

	log_set_level(LOG_CRIT);
	r = now_complete(c, image);
	log_set_level(level);
	return r == 0;
}

static int explain_file(struct config *c, const char *path, const char *word)
{
	_cleanup_image_ struct image image = { 0 };
	int r = image_open_whole(path, &image);

	if (r < 0)
		return r;
	return explain_print(&(struct explain){ .image = &image, .config = knows_system(c, &image) ? c : NULL }, word);
}

/* The image that is there, else what build would make. */
static int explain_usual(struct config *c, const char *word)
{
	_cleanup_image_ struct image image = { 0 };
	int r = now_complete(c, NULL);

	if (r == 0)
		r = access(c->image, F_OK) == 0 ? image_open_whole(c->image, &image) : build_now(c, &image);
	return r < 0 ? r : explain_print(&(struct explain){ .image = &image, .config = c }, word);
}

static enum exit_code run_explain(int argc, char *argv[])
{
	_cleanup_config_ struct config c = { .sysroot = SYSROOT_NONE };
	char **words;
	size_t n;

	if (command_parse_build(argc, argv, &c, &words) < 0 || now_check_usage("explain", &c) < 0)
		return EXIT_USAGE;
	n = strv_length(words);
	if (n < 1 || n > 2) {
		log_error("cannot explain: explain takes an image, which may be left out, and one path or module");
		return EXIT_USAGE;
	}
	return command_exit_code(n == 1 ? explain_usual(&c, words[0]) : explain_file(&c, words[0], words[1]));
}

const struct command command_explain = { "explain", "[OPTION…] [IMAGE] PATH|MODULE",
					 "say why a file or module is in an image; default: the one that build writes",
					 run_explain, build_options };
