/*-------------------------------------------------------------------------
 *
 * codec_values.h
 *	  Columns of made-up versions, for tests of history_codec.c
 *
 *-------------------------------------------------------------------------
 */
#ifndef CODEC_VALUES_H
#define CODEC_VALUES_H

#include "server_stubs.h"

#include "history/history_codec.h"

/* What the values of a column look like */
typedef enum CodecPattern
{
	CODEC_ZERO,					/* all the same */
	CODEC_ASCENDING,			/* by one, each a few times */
	CODEC_NEAR,					/* within a range, which differs each time */
	CODEC_EXTREMES,				/* the least and the greatest of the type */
	CODEC_FAR,					/* near, and a few far away */
	CODEC_FEW,					/* few distinct ones, far apart */
	CODEC_REPEATED,				/* anything, each a few times */
	CODEC_FLOAT,				/* float8 or float4: decimals, NaN, -0 ... */
	CODEC_NUMERIC,				/* varlena: as numeric has it */
	CODEC_FORM,					/* varlena: few bytes at each place */
	CODEC_ANY,					/* anything */
	CODEC_PATTERNS
} CodecPattern;

typedef struct CodecColumn
{
	HistoryType type;
	int			n;
	Datum	   *values;
	bool	   *nulls;			/* NULL: none is */
	Datum	   *partner;		/* NULL: none */
} CodecColumn;

/* The same numbers on every machine, for the same seed */
extern uint64 codec_seed;
extern uint64 codec_random(void);
extern int	codec_any(int limit);

/*
 * Makes a column.  nulls is how many of 100 are null; size is about the length
 * of varlenas.
 */
extern void codec_make(CodecColumn *column, HistoryType type, int n,
					   CodecPattern pattern, int nulls, int size);

/* Makes another one's values its own: equal, but for an exception here and
 * there, to those of the version that follows. */
extern void codec_make_partner(CodecColumn *column);

/* NULL, or how what was read differs from the column */
extern const char *codec_compare(const CodecColumn *column,
								 const Datum *values, const bool *nulls);

/* The same of a part of it, which this decodes */
extern const char *codec_compare_part(const CodecColumn *column,
									  const char *bytes, int size, int from,
									  int to);

/* The same of where the integers equal to one of it are */
extern const char *codec_compare_find(const CodecColumn *column,
									  const char *bytes, int size, int at);

#endif							/* CODEC_VALUES_H */
