/* SPDX-License-Identifier: MIT */
/* asked: the stage that reads what is asked of us. */
#include <errno.h>

#include "base/dropin.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/run.h"
#include "init/stages.h"

#define CRYPTTAB_MAX (64 * 1024)
#define CMDLINE_MAX (64 * 1024) /* COMMAND_LINE_SIZE is 2048 or 4096; bootconfig may be longer */

int read_cmdline(struct run *run)
{
	static const char *const dirs[] = { "etc/cmdline.d", NULL };
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *image = NULL, *kernel = NULL, *crypttab = NULL;
	int r;

	r = dropin_read(root, dirs, ".conf", &image);
	if (r < 0)
		log_warning("cannot read /etc/cmdline.d: %s, ignoring", strerror(-r));
	else
		dropin_blank_comments(image);
	r = file_read(root, "etc/crypttab", CRYPTTAB_MAX, &crypttab, NULL);
	if (r < 0 && r != -ENOENT)
		log_warning("cannot read /etc/crypttab: %s, ignoring", strerror(-r));
	r = file_read(AT_FDCWD, "/proc/cmdline", CMDLINE_MAX, &kernel, NULL);
	if (r < 0)
		return log_errno(r, "cannot read /proc/cmdline");
	boot_free(&run->boot);
	r = boot_parse(&(struct boot_text){ .crypttab = crypttab, .image = image, .kernel = kernel }, &run->boot);
	if (r < 0)
		return log_errno(r, "cannot read the kernel command line");
	log_set_level(run->boot.debug ? LOG_DEBUG : LOG_INFO);
	STRV_FOREACH(warning, run->boot.warnings)
		log_warning("%s", *warning);
	return 0;
}
