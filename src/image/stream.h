/* SPDX-License-Identifier: MIT */
/* stream: bytes of one compressed format on their way into memory; what each unpacker is given. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct stream {
	const uint8_t *in;
	size_t in_size, in_pos;
	char *out; /* malloc(3)ed */
	size_t out_size, out_room, max;
};

/* Makes room for so many bytes more. -EFBIG where there are more than `max` already; -ENOMEM. */
int stream_reserve(struct stream *s, size_t wanted);

/*
 * The unpackers: one frame that begins at `in_pos`, up to what follows it. 0, -ENODATA (cut off), -EBADMSG (damaged),
 * -EFBIG, -ENOMEM, -ENOPKG (the library for it is not installed).
 */
int stream_bzip2(struct stream *s);
int stream_gzip(struct stream *s);
int stream_lz4(struct stream *s);        /* the frames of `lz4` */
int stream_lz4_legacy(struct stream *s); /* the older ones of `lz4 -l`, which the kernel takes */
int stream_lzma(struct stream *s);
int stream_lzo(struct stream *s);        /* files of lzop(1) */
int stream_xz(struct stream *s);
int stream_zstd(struct stream *s);
