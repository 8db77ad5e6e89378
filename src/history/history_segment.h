/*-------------------------------------------------------------------------
 *
 * history_segment.h
 *	  Many versions as one datum, column by column
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_SEGMENT_H
#define TEMPORAL_HISTORY_SEGMENT_H

#include "access/tupdesc.h"
#include "utils/relcache.h"

/* Versions in a segment, at most */
#define HISTORY_SEGMENT_VERSIONS	4000

/*
 * What a segment should have in bytes, to fill a page together with the rest
 * of its row
 */
#define HISTORY_SEGMENT_BYTES		7900

/* The columns of many versions: [attno - 1][version] */
typedef struct SegmentColumns
{
	int			nversions;
	Datum	  **values;
	bool	  **nulls;			/* [attno - 1] NULL: none is */
} SegmentColumns;

/*
 * Makes a bytea of the versions, in the current context.  Varlenas are neither
 * compressed nor out of line.
 */
extern Datum history_segment_form(TupleDesc desc, AttrNumber start_attno,
								  AttrNumber end_attno,
								  const SegmentColumns *columns, int level);

/* A segment that is being read */
typedef struct HistorySegment HistorySegment;

/*
 * Prepares to read segments of a history, in the current context.
 */
extern HistorySegment *history_segment_create(Relation history,
											  AttrNumber start_attno,
											  AttrNumber end_attno);

/*
 * Takes the next one; what was read of the one before is no more.  What is
 * said of it in errors is its tuple identifier in the segments' relation.
 * ncolumns is how many columns are going to be read, to fetch no more bytes
 * than it takes.  Returns the number of versions.
 */
extern int	history_segment_open(HistorySegment *segment, Datum data,
								 ItemPointer tid, int ncolumns);

/*
 * Leaves of the segment that is open only the versions in which a column of
 * integers has the value, if they can be found: they stand together, as those
 * of a key do.  To be called before any column is read, which then has only
 * these.  Returns how many; *found is false if all are left.
 */
extern int	history_segment_narrow(HistorySegment *segment, AttrNumber attno,
								   int64 value, bool *found);

/*
 * A column of all its versions; the second time at no cost.  XX001 where it is
 * damaged.  *nulls may be NULL: none is.
 */
extern void history_segment_read(HistorySegment *segment, AttrNumber attno,
								 const Datum **values, const bool **nulls);

/* The same, of which only the selected versions will be looked at */
extern void history_segment_read_selected(HistorySegment *segment,
										  AttrNumber attno,
										  const uint16 *selected,
										  int nselected,
										  const Datum **values,
										  const bool **nulls);

/* Bytes that were fetched, of all segments so far */
extern int64 history_segment_bytes(const HistorySegment *segment);

#endif							/* TEMPORAL_HISTORY_SEGMENT_H */
