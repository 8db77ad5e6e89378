/*-------------------------------------------------------------------------
 *
 * history_integers.h
 *	  Many integers, in as few bits as they need
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_INTEGERS_H
#define TEMPORAL_HISTORY_INTEGERS_H

#include "port/pg_bswap.h"

#include "history/history_section.h"

typedef enum IntegersMode
{
	INTEGERS_FRAME = 0,
	INTEGERS_DELTA = 1,
	INTEGERS_ENDS = 2,
	INTEGERS_DICTIONARY = 3
} IntegersMode;

/* How some integers are going to be written */
typedef struct HistoryIntegers
{
	IntegersMode mode;
	int			width;			/* bits of each; of a dictionary: of the code */
	uint64		base;
	uint64		scale;			/* what all have in common */
	uint64		inverse;		/* that of its odd part, modulo 2^64 */
	int			shift;			/* its even part */
	uint64		min;			/* of INTEGERS_ENDS */
	uint64		max;

	/* Of INTEGERS_DICTIONARY */
	uint64	   *distinct;
	int			ndistinct;
	uint64	   *codes;
} HistoryIntegers;

/* Eight bytes as they were packed: the least first, on every machine */
static inline uint64
history_integers_load(const uint8 *bytes)
{
	uint64		number;

	memcpy(&number, bytes, sizeof(number));
#ifdef WORDS_BIGENDIAN
	number = pg_bswap64(number);
#endif
	return number;
}

/* Bits that a number needs */
extern int	history_integers_bits(uint64 number);

/*
 * Chooses, for integers of either sign.  Memory of the plan is of the current
 * context, and history_integers_forget() gives it back.
 */
extern void history_integers_plan(HistoryIntegers *plan, const uint64 *values,
								  int n);
extern void history_integers_forget(HistoryIntegers *plan);

extern void history_integers_write(StringInfo buf, const HistoryIntegers *plan,
								   const uint64 *values, int n, int level);

/* Both, and forgets. */
extern void history_integers_append(StringInfo buf, const uint64 *values,
									int n, int level);

/* False if something is wrong. */
extern bool history_integers_read(HistoryReader *reader, uint64 *values,
								  int n);

/* Only those from one, which counts from 0, to before another of the n. */
extern bool history_integers_read_part(HistoryReader *reader, uint64 *values,
									   int n, int from, int to);

/*
 * The first of n: all, or as many as there are up to some that are greater than
 * the limit, if those that follow are greater too.  Returns how many; 0 if
 * something is wrong.
 */
extern int	history_integers_read_until(HistoryReader *reader,
										uint64 *values, int n, int64 limit);

#endif							/* TEMPORAL_HISTORY_INTEGERS_H */
