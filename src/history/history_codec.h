/*-------------------------------------------------------------------------
 *
 * history_codec.h
 *	  One column of many versions, to bytes and back
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_CODEC_H
#define TEMPORAL_HISTORY_CODEC_H

#include "lib/stringinfo.h"

/* What the bytes of a datum are: pg_type's typlen, typbyval and typalign */
typedef struct HistoryType
{
	int16		length;
	bool		byval;
	char		align;
} HistoryType;

/* More than this in one call are refused by both directions */
#define HISTORY_CODEC_VALUES	65535
/* So are more bytes of values by reference, repeats counted once: 54000 */
#define HISTORY_CODEC_BYTES		(256 * 1024 * 1024)

/*
 * Appends the values to buf.  They come in the order in which versions of one
 * row follow each other, which is what makes them small.  nulls may be NULL if
 * there are none.  Varlena values are neither compressed nor out of line nor
 * expanded; level is zstd's, 0 for none of it.  Large values can be cancelled.
 *
 * partner, if not NULL, is a column that is encoded as well, without nulls,
 * whose next value often is this one's: the start of the version that follows.
 * It has to be given again to decode.
 */
extern void history_codec_encode(StringInfo buf, const HistoryType *type,
								 const Datum *values, const bool *nulls,
								 int nvalues, const Datum *partner, int level);

/*
 * The opposite: fills values and nulls (a null's value is 0).  Values by
 * reference are in memory of the current context, aligned, varlenas with a
 * header of four bytes.
 *
 * Returns NULL, or a word on what is wrong with the bytes: nothing about them
 * is believed.  Memory taken is bounded by what size can sensibly stand for.
 */
extern const char *history_codec_decode(const char *bytes, Size size,
										const HistoryType *type, int nvalues,
										const Datum *partner, Datum *values,
										bool *nulls);

/*
 * The same, of the values from one, which counts from 0, to before another.
 * values, nulls, and partner begin with those of the first, and the partner
 * has one more, if there is one more.  Values that are not asked for are not
 * read where that can be avoided, and not looked at for what is wrong.
 */
extern const char *history_codec_decode_part(const char *bytes, Size size,
											 const HistoryType *type,
											 int nvalues, int from, int to,
											 const Datum *partner,
											 Datum *values, bool *nulls);

/*
 * The same, of which only the selected values will be looked at: they count
 * from 0, which is the first of the part, in ascending order.  The others may
 * be anything.
 */
extern const char *history_codec_decode_selected(const char *bytes, Size size,
												 const HistoryType *type,
												 int nvalues, int from, int to,
												 const uint16 *selected,
												 int nselected,
												 const Datum *partner,
												 Datum *values, bool *nulls);

/* Whether there may be nulls in bytes that were decoded without complaint */
extern bool history_codec_has_nulls(const char *bytes);

/*
 * Where the integers equal to one are, which stand together if there are any:
 * from *from to before *to.  *found is false where that was not to be found
 * out without decoding: then they may be anywhere.
 */
extern const char *history_codec_find(const char *bytes, Size size,
									  const HistoryType *type, int nvalues,
									  int64 value, int *from, int *to,
									  bool *found);

#endif							/* TEMPORAL_HISTORY_CODEC_H */
