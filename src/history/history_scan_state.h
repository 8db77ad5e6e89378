/*-------------------------------------------------------------------------
 *
 * history_scan_state.h
 *	  Reading segments as a part of their history: a scan that is executed
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_SCAN_STATE_H
#define TEMPORAL_HISTORY_SCAN_STATE_H

#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "port/atomics.h"

#include "history/history_scan.h"
#include "history/history_segment.h"
#include "history/history_segments.h"

/* A bound, while it is executed */
typedef struct ScanBoundState
{
	HistoryScanBoundKind kind;
	AttrNumber	attno;
	StrategyNumber strategy;
	ExprState  *expr;			/* NULL: a constant */
	Oid			value_type;
	bool		by_value;
	int16		length;
	Oid			low_operator;	/* key_low OP value, for bounds from above */
	Oid			high_strategy;	/* key_high OP value, for those from below */
	FmgrInfo	low_function;
	RegProcedure high_function;
	Datum		value;			/* of this scan */
	bool		is_null;

	/* The keys of an array */
	Oid			key_type;
	int64	   *integers;		/* the same as keys; NULL: no integers */
	FmgrInfo	high_called;	/* high_function */
	Datum	   *keys;			/* of this scan, in order */
	int			nkeys;
	int			key;			/* where we are */
} ScanBoundState;

typedef enum ScanSource
{
	SCAN_BY_DIRECTORY,
	SCAN_BY_KEY,
	SCAN_BY_PERIOD,
	SCAN_ALL,
	SCAN_NOTHING
} ScanSource;

/* What parallel workers share */
typedef struct ScanShared
{
	pg_atomic_uint64 segments_read;
	pg_atomic_uint64 versions;
	pg_atomic_uint64 rows;
	pg_atomic_uint64 bytes;
	/* then a ParallelTableScanDescData, aligned */
} ScanShared;

typedef struct HistoryScanState
{
	CustomScanState css;

	/* The plan */
	SegmentTable table;
	ScanBoundState *bounds;
	int			nbounds;
	bool		has_recheck;
	ExprState  *recheck;		/* all clauses that bounds stand for */
	ExprState  *once;			/* clauses that are asked once a scan */

	/* The segments' relation; NULL until it is needed */
	Relation	segments;
	SegmentIndexes indexes;
	TupleTableSlot *slot;		/* a row of it */
	List	   *runs;			/* of SegmentRun */
	HistorySegment *segment;
	MemoryContext scan_context; /* values of bounds */

	/* Where we are in it */
	bool		started;
	ScanSource	source;
	bool		has_period;		/* bounds on the period, for segments: */
	TimestampTz starts_before;	/* starts <= this */
	TimestampTz ends_after;		/* ends >= this */
	int			key_bound;		/* the bound that the btree is searched by */
	ListCell   *run;			/* the run that it is searched for */
	Relation	index;
	IndexScanDesc index_scan;
	bool		in_run;			/* index_scan is for run */
	bool		has_tie;		/* the greatest key of the last segment of the run */
	Datum		tie;			/* that was passed over, and has no other */
	ItemPointerData *tids;		/* rows whose places are known */
	int			ntids;
	int			next_tid;
	TableScanDesc table_scan;

	/* Where we are in the segment */
	const SegmentRun *open_run; /* whose it is; NULL: not looked for yet */
	int			nselected;
	int			next;
	uint16	   *selected;		/* HISTORY_SEGMENT_VERSIONS */
	ItemPointerData tid;

	/* Columns that are needed, and their place in the node's slot */
	int			ncolumns;
	AttrNumber *attnos;
	const Datum **values;		/* of the segment */
	const bool **nulls;

	/* Rows that need no expression: where each column of the result is */
	bool		direct;
	int		   *outputs;		/* index of attnos */

	HistoryScanCounters counters;
	ScanShared *shared;
	ParallelTableScanDesc parallel;
} HistoryScanState;

/* history_scan_source.c */

/* Opens what a scan needs; once an execution. */
extern void history_scan_open(HistoryScanState *state);

/* Evaluates the bounds, and decides how segments are found; once a scan. */
extern void history_scan_start(HistoryScanState *state);

/* The next row of a segment that has to be opened; false if none is left. */
extern bool history_scan_next_row(HistoryScanState *state, SegmentRow *row);

#endif							/* TEMPORAL_HISTORY_SCAN_STATE_H */
