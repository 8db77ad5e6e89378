/*-------------------------------------------------------------------------
 *
 * history_scan_bound.h
 *	  Reading segments as a part of their history: clauses that are bounds
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_SCAN_BOUND_H
#define TEMPORAL_HISTORY_SCAN_BOUND_H

#include "datatype/timestamp.h"
#include "nodes/pathnodes.h"

#include "history/history_scan.h"
#include "history/history_segments.h"

/* A clause that is a bound */
typedef struct ScanBound
{
	HistoryScanBoundKind kind;
	AttrNumber	attno;
	int			strategy;
	Oid			operator;
	Expr	   *value;
	Expr	   *clause;
	bool		exact;			/* the clause need not be asked of rows */
	TimestampTz time;			/* of one on the period, as far as is known */
	bool		never;			/* it is null */
} ScanBound;

extern Node *history_scan_strip_relabel(Node *node);

/* Is the clause a bound of the relation? */
extern bool history_scan_bound(const SegmentTable *table,
							   const SegmentIndexes *indexes, Index relid,
							   Expr *clause, ScanBound *bound);

/*
 * The bounds among RestrictInfos; what is not a bound alone is added to *rest.
 */
extern List *history_scan_bounds(const SegmentTable *table,
								 const SegmentIndexes *indexes,
								 RelOptInfo *rel, List *clauses, List **rest);

#endif							/* TEMPORAL_HISTORY_SCAN_BOUND_H */
