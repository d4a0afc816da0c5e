/* SPDX-License-Identifier: MIT */
/* trace: a boot's profile as /init writes it: JSON, of the kind that chrome://tracing and Perfetto read. */
#pragma once

#include "image/timeline.h"

#define TRACE_FORMAT  1       /* otherData.format, the only one there is */
#define TRACE_BYTES   (16 << 20)
#define TRACE_EVENTS  10000
#define TRACE_PATH    "/run/slipway/profile.json"

struct trace_failure {
	char text[256]; /* "line 3, column 7: …" or "traceEvents[12].ts: …" */
};

/*
 * Takes it apart; the caller frees `ret`. Events of phases that /init does not write are passed over. -EINVAL: it is no
 * such profile, `ret_failure` says where and why; -ENOPKG: there is no library that reads JSON; -ENOMEM.
 */
int trace_parse(const char *data, size_t size, struct timeline *ret, struct trace_failure *ret_failure);

/* The same of a file. Errors are logged. */
int trace_read(const char *path, struct timeline *ret);
