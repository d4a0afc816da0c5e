/* SPDX-License-Identifier: MIT */
/* cpu: which x86 processors a machine has, as far as microcode asks. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct cpu {
	bool intel, amd;
	unsigned int family, model, stepping; /* as /proc/cpuinfo counts them: the extended ones added in */
};

struct cpus {
	struct cpu *items; /* each kind once */
	size_t n;
	bool guest;             /* of a hypervisor, which loads no microcode for its guests */
	uint32_t platform_flags; /* a bit of it is set in an Intel update that is for this platform; 0: not known */
};

/* The text of /proc/cpuinfo. 0 or -ENOMEM; other machines have no such processors. */
int cpus_parse(const char *cpuinfo, struct cpus *ret);

/* /proc/cpuinfo, and /sys for the platform. 0, -ENOMEM or what reading says. */
int cpus_read(struct cpus *ret);
void cpus_free(struct cpus *c);

/* CPUID's EAX for leaf 1, put together again. */
uint32_t cpu_signature(const struct cpu *c);

#define _cleanup_cpus_ _cleanup_(cpus_free)
