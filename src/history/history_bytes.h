/*-------------------------------------------------------------------------
 *
 * history_bytes.h
 *	  Many values that are bytes: all types by reference
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_BYTES_H
#define TEMPORAL_HISTORY_BYTES_H

#include "history/history_codec.h"
#include "history/history_section.h"

/* A value's bytes; those of a varlena without its header */
typedef struct HistoryBytes
{
	const char *data;
	Size		size;
} HistoryBytes;

extern HistoryBytes history_bytes_of(const HistoryType *type, Datum value);

static inline bool
history_bytes_equal(const HistoryBytes *a, const HistoryBytes *b)
{
	return a->size == b->size &&
		(a->data == b->data || memcmp(a->data, b->data, a->size) == 0);
}

/*
 * Fills distinct with the distinct ones, in the order in which they appear
 * first, and codes with indexes into them.  Returns how many they are, or 0 if
 * they are not few.
 */
extern int	history_bytes_distinct(const HistoryBytes *items, int n,
								   HistoryBytes *distinct, uint64 *codes);

extern void history_bytes_write(StringInfo buf, const HistoryType *type,
								const HistoryBytes *items, int n, int level);

/*
 * Values from one, which counts from 0, to before another of the n, in memory
 * of the current context, as history_codec_decode() promises them.  False if
 * something is wrong.
 */
extern bool history_bytes_read(HistoryReader *reader, const HistoryType *type,
							   Datum *values, int n, int from, int to);

#endif							/* TEMPORAL_HISTORY_BYTES_H */
