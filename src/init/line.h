/* SPDX-License-Identifier: MIT */
/* line: what is being typed on one terminal: editing it, and what is shown of it. */
#pragma once

#include "init/secret.h"

/* crypttab(5), password-echo= */
enum echo {
	ECHO_NOTHING, /* neither the letters nor how many there are */
	ECHO_STARS,
	ECHO_TEXT,
};

struct line {
	struct secret typed;
	enum echo echo;
};

/*
 * Takes in a byte, and shows on `fd` what there is to be shown of it. Backspace and Delete take away a whole
 * character of UTF-8, ^U everything; Tab ends the echo; what is too long is refused with a bell. 1: the line is
 * whole, which is not shown; 0: it goes on; -ECANCELED: ^C, or ^D where nothing has been typed.
 */
int line_take(struct line *l, int fd, char byte);

/* Shows it once more. */
void line_show(const struct line *l, int fd);
