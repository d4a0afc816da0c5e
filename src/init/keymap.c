/* SPDX-License-Identifier: MIT */
/* keymap: the layout of the keyboard, for what is typed at a prompt. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "base/assignment.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "init/keymap.h"
#include "init/tool.h"

#define CONSOLE   "/dev/tty0" /* the one that is seen; there is one map for all. console_ioctl(2), KDSKBENT */
#define VCONSOLE  "/etc/vconsole.conf"
#define TEXT_MAX  65536
#define PATIENCE  (10 * USEC_PER_SEC)

/* As the running system has it: a key that is no ASCII gives UTF-8, not Latin-1. Raw and off are somebody's wish. */
static void set_unicode(int fd)
{
	int mode;

	if (ioctl(fd, KDGKBMODE, &mode) == 0 && mode == K_XLATE && ioctl(fd, KDSKBMODE, K_UNICODE) < 0)
		log_warning("cannot set the keyboard to UTF-8: %s, ignoring", strerror(errno));
}

static char *name_in_image(void)
{
	_cleanup_free_ char *text = NULL, *name = NULL;

	if (file_read(AT_FDCWD, VCONSOLE, TEXT_MAX, &text, NULL) < 0 || assignment_value(text, "KEYMAP", &name) < 0)
		return NULL;
	return *name ? TAKE_PTR(name) : NULL;
}

static void warn(const char *name, int r, int said)
{
	_cleanup_free_ char *text = NULL;
	const char *line = "";

	if (lseek(said, 0, SEEK_SET) == 0 && file_read_fd(said, TEXT_MAX, &text, NULL) == 0)
		line = tool_last_line(text);
	if (!*line)
		line = "loadkeys failed";
	log_warning("cannot load the keymap %s: %s, ignoring", name, r < 0 ? strerror(-r) : line);
}

void keymap_load(const char *asked)
{
	_cleanup_close_ int console = open(CONSOLE, O_RDWR | O_NOCTTY | O_CLOEXEC);
	_cleanup_close_ int said = memfd_create("loadkeys", MFD_CLOEXEC);
	_cleanup_free_ char *own = asked ? NULL : name_in_image();
	const char *name = asked ? asked : own;
	const char *const argv[] = { "loadkeys", "-q", "-u", "-C", CONSOLE, name, NULL };
	int r;

	if (console < 0 || !name)
		return;
	set_unicode(console);
	r = tool_run(&(struct tool){ .argv = argv, .patience = PATIENCE }, said);
	if (r != 0)
		warn(name, r, said);
}
