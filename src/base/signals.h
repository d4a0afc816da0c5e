/* SPDX-License-Identifier: MIT */
/* signals: back to what a program expects at exec: default dispositions, nothing blocked. */
#pragma once

void signals_reset(void);
