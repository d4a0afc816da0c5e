/* SPDX-License-Identifier: MIT */
/* load: the stage that asks for modules: what the command line and the image list, then what the devices want. */
#include <errno.h>

#include "base/dropin.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/run.h"
#include "init/stages.h"

/* /etc/modules-load.d: a name a line; '#' and ';' begin comments. modules-load.d(5) */
static int ask_listed(struct modules *m)
{
	static const char *const dirs[] = { "etc/modules-load.d", "usr/lib/modules-load.d", NULL };
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	char *p, *line;
	int r = dropin_read(root, dirs, ".conf", &text);

	if (r < 0)
		return r;
	dropin_blank_comments(text);
	for (p = text; (line = strsep(&p, "\n"));) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t\r")] = '\0';
		if (!*line)
			continue;
		r = modules_ask(m, line);
		if (r < 0)
			return r;
	}
	return 0;
}

int load_modules(struct run *run)
{
	int span, r = 0;

	STRV_FOREACH(name, run->boot.modules)
		if (r == 0)
			r = modules_ask(&run->modules, *name);
	if (r == 0)
		r = ask_listed(&run->modules);
	span = profile_begin(&run->profile, SPAN_STAGE, "modules/coldplug", NULL);
	if (r == 0)
		r = loop_open(run);
	profile_end(&run->profile, span);
	if (r == 0)
		r = modules_start(run);
	return r < 0 ? log_errno(r, "cannot listen for devices and load modules") : 0;
}
