/*-------------------------------------------------------------------------
 *
 * history_bitmap.h
 *	  Which of many versions
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_BITMAP_H
#define TEMPORAL_HISTORY_BITMAP_H

#include "history/history_section.h"

/* Bytes of a bitmap: whole words of 64 bits, and never none */
#define HISTORY_BITMAP_SIZE(nbits)	(((nbits) / 64 + 1) * 8)

static inline void
history_bitmap_clear(uint8 *bits, int nbits)
{
	memset(bits, 0, HISTORY_BITMAP_SIZE(nbits));
}

static inline void
history_bitmap_set(uint8 *bits, int i)
{
	bits[i / 8] |= 1 << (i % 8);
}

static inline bool
history_bitmap_get(const uint8 *bits, int i)
{
	/* that they were read, the analyzer does not see: NOLINTNEXTLINE */
	return (bits[i / 8] >> (i % 8)) & 1;
}

extern void history_bitmap_write(StringInfo buf, const uint8 *bits, int nbits,
								 int level);

/* The answer is how many bits are set; those after nbits are not. */
extern int	history_bitmap_read(HistoryReader *reader, uint8 *bits, int nbits);

/* How many of the first nbits are set */
extern int	history_bitmap_count(const uint8 *bits, int nbits);

/* The first that is not set and has so many before it that are not either */
extern int	history_bitmap_find_clear(const uint8 *bits, int nbits, int before);

#endif							/* TEMPORAL_HISTORY_BITMAP_H */
