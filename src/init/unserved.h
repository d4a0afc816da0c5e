/* SPDX-License-Identifier: MIT */
/* unserved: the devices that there is no module for, in words. Pure. */
#pragma once

/* Of a strv of modaliases those that look like storage, "pci:…, usb:…", and how many others; NULL when none. */
char *unserved_describe(char *const *aliases);
