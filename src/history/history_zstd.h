/*-------------------------------------------------------------------------
 *
 * history_zstd.h
 *	  Bytes, smaller
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_ZSTD_H
#define TEMPORAL_HISTORY_ZSTD_H

/*
 * Compresses into dst, which has room for capacity bytes.  Returns how many it
 * took, or 0 if they are not enough: then dst is garbage.
 */
extern Size history_zstd_compress(char *dst, Size capacity, const char *src,
								  Size size, int level);

/*
 * The opposite.  False if the bytes are damaged, or are not those of exactly
 * dst_size.
 */
extern bool history_zstd_decompress(char *dst, Size dst_size, const char *src,
									Size size);

#endif							/* TEMPORAL_HISTORY_ZSTD_H */
