/*-------------------------------------------------------------------------
 *
 * history_segments.h
 *	  The relation that holds a history's segments
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_SEGMENTS_H
#define TEMPORAL_HISTORY_SEGMENTS_H

#include "access/attnum.h"
#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"

/* Columns of a relation of segments */
enum
{
	Anum_segments_run = 1,
	Anum_segments_starts,
	Anum_segments_ends,
	Anum_segments_period,
	Anum_segments_versions,
	Anum_segments_data,
	Anum_segments_key_low,		/* this and the next only if there is a key */
	Anum_segments_key_high,
	Natts_segments = Anum_segments_key_high
};

/* A row of it */
typedef struct SegmentRow
{
	int32		run;
	TimestampTz starts;			/* the earliest start */
	TimestampTz ends;			/* the latest end */
	int32		versions;
	Datum		data;			/* history_segment_form() */
	Datum		key_low;		/* of the key column, if there is one */
	Datum		key_high;
	bool		no_key;			/* there is none, or null in all versions */
} SegmentRow;

/* Its indexes */
typedef struct SegmentIndexes
{
	Oid			by_period;		/* GiST (period) */
	Oid			by_key;			/* btree (run, key_high); InvalidOid: no key */
	Oid			key_type;		/* what its operator class compares */
	Oid			key_opfamily;
	Oid			key_collation;
} SegmentIndexes;

/*
 * Makes the relation for a history.  key_attno is the history's column whose
 * range is kept of each segment, the first of a primary key; 0 for none.  The
 * relation belongs to the extension and its owner.
 */
extern Oid	history_segments_create(Relation history, AttrNumber key_attno);

/*
 * Drops it.  Whoever calls this has put its versions elsewhere.
 */
extern void history_segments_drop(Oid segments);

/* May it be dropped now?  Only history_segments_drop() drops it. */
extern bool history_segments_being_dropped(void);

extern void history_segments_indexes(Relation segments,
									 SegmentIndexes *indexes);

/* [starts, ends] as a tstzrange, in the current context */
extern Datum history_segments_period(TimestampTz starts, TimestampTz ends);

extern void history_segments_insert(Relation segments, const SegmentRow *row);

/* Reads a row; data may be out of line, and what it refers to is the slot's. */
extern void history_segments_read(TupleTableSlot *slot, SegmentRow *row);

#endif							/* TEMPORAL_HISTORY_SEGMENTS_H */
