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

/* Is the clause a bound of the relation? */
extern bool history_scan_bound(const SegmentTable *table,
							   const SegmentIndexes *indexes, Index relid,
							   Expr *clause, ScanBound *bound);

/*
 * The bounds, of ScanBound, among RestrictInfos; clauses that are not a bound
 * alone are added to *rest.
 */
extern List *history_scan_bounds(const SegmentTable *table,
								 const SegmentIndexes *indexes,
								 RelOptInfo *rel, List *clauses, List **rest);

/* Are values of these types compared as the integers they are? */
extern bool history_scan_are_integers(Oid left, Oid right);

/* A value of such a type */
extern int64 history_scan_integer(Datum value, int16 length);

/* The node without changes of its type's name */
extern Node *history_scan_strip(Node *node);

/* How many keys an array may have */
extern double history_scan_array_length(Expr *array);

#endif							/* TEMPORAL_HISTORY_SCAN_BOUND_H */
