/*-------------------------------------------------------------------------
 *
 * segment_table.h
 *	  Which histories have segments, and what these hold
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SEGMENT_TABLE_H
#define TEMPORAL_SEGMENT_TABLE_H

#include "access/attnum.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/snapshot.h"

/* Times that divide the versions of a run into parts of equal number */
#define SEGMENT_RUN_QUANTILES	33

/*
 * Segments that were built together: their key ranges do not overlap, and all
 * their versions ended in one slice of time.
 */
typedef struct SegmentRun
{
	int32		run;
	int32		slice;			/* runs of one slice of time have the same */
	TimestampTz starts;			/* the earliest start */
	TimestampTz ends;			/* the latest end */
	TimestampTz last_start;		/* bounds, too; ignored when it is written: */
	TimestampTz first_end;		/* they are among the quantiles */
	int64		versions;
	int32		segments;
	int64		bytes;			/* of the segments, compressed */
	int64		raw_bytes;		/* of the versions in the heap, before */
	TimestampTz start_quantiles[SEGMENT_RUN_QUANTILES];
	TimestampTz end_quantiles[SEGMENT_RUN_QUANTILES];
} SegmentRun;

/* Where the segments of a history are */
typedef struct SegmentTable
{
	Oid			segments;		/* the relation that holds them */
	AttrNumber	start_attno;	/* the history's period columns */
	AttrNumber	end_attno;
	AttrNumber	key_attno;		/* the history's column whose range is known of
								 * each segment; 0: none */
} SegmentTable;

extern void segment_table_init(void);

/*
 * False if the history has no segments.  Cached: where it matters that nothing
 * changed since, the caller has a lock on the history.
 */
extern bool segment_table_get(Oid history, SegmentTable *table);

/* The history whose segments the relation holds; InvalidOid if none */
extern Oid	segment_table_history(Oid segments);

/* Has any history of this database segments? */
extern bool segment_table_any(void);

/*
 * Writes.  The caller has the lock on the history that keeps readers from
 * having a plan without segments: see history_compact.c.
 */
extern void segment_table_insert(Oid history, const SegmentTable *table);
extern void segment_table_delete(Oid history);

/*
 * The runs of a history, of SegmentRun, in the order in which they were made;
 * their quantiles are 0 if not asked for.
 */
extern List *segment_run_list(Oid history, Snapshot snapshot,
							  bool quantiles);

extern void segment_run_insert(Oid history, const SegmentRun *run);
extern void segment_run_delete(Oid history, int32 run);

/* Replaces the row of a run; one without segments goes. */
extern void segment_run_update(Oid history, const SegmentRun *run);

#endif							/* TEMPORAL_SEGMENT_TABLE_H */
