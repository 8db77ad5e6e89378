/*-------------------------------------------------------------------------
 *
 * history_scan.h
 *	  Reading segments as a part of their history: a custom scan
 *
 * history_scan_plan.c makes paths and plans, history_scan_exec.c executes
 * them, history_scan_explain.c shows them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_SCAN_H
#define TEMPORAL_HISTORY_SCAN_H

#include "nodes/execnodes.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"

#include "catalog/segment_table.h"

#define HISTORY_SCAN_NAME		"Temporal Segments"

extern void history_scan_init(void);

/*
 * Adds the segments to all paths of a history, whose heap the paths so far
 * read; to be called as set_rel_pathlist_hook is.
 */
extern void history_scan_add_paths(PlannerInfo *root, RelOptInfo *rel,
								   RangeTblEntry *rte,
								   const SegmentTable *table);

/*
 * custom_exprs has the values of bounds, then the clauses that these stand for,
 * then those that are asked once a scan.
 *
 * A bound is what a clause tells of the versions that are wanted: column OP
 * value.  Its value is at the same place in custom_exprs as the rest of it is in
 * the lists of custom_private.
 */
typedef enum HistoryScanBoundKind
{
	SCAN_BOUND_INTEGER,			/* of a column of integers, or times: the clause
								 * is no more than this */
	SCAN_BOUND_KEY,				/* of the key column, by its operator: finds
								 * segments; versions are asked again */
	SCAN_BOUND_KEYS				/* the same, = ANY (value); of integers, or
								 * times, the clause is no more than this */
} HistoryScanBoundKind;

/* Elements of custom_private */
enum
{
	SCAN_PRIVATE_TABLE,			/* of int: segments, start, end, key */
	SCAN_PRIVATE_COLUMNS,		/* of int: columns that are needed */
	SCAN_PRIVATE_ATTNOS,		/* of int, one a bound: its column */
	SCAN_PRIVATE_STRATEGIES,	/* of int: btree strategy of OP */
	SCAN_PRIVATE_KINDS,			/* of int: HistoryScanBoundKind */
	SCAN_PRIVATE_OPERATORS,		/* of Oid: OP */
	SCAN_PRIVATE_ONCE,			/* of int: how many clauses are asked once */
	SCAN_PRIVATE_Count
};

/* Elements of the first of them */
enum
{
	SCAN_TABLE_SEGMENTS,
	SCAN_TABLE_START,
	SCAN_TABLE_END,
	SCAN_TABLE_KEY,
	SCAN_TABLE_Count
};

/* What EXPLAIN ANALYZE shows */
typedef struct HistoryScanCounters
{
	uint64		segments_total;	/* that the history has */
	uint64		segments_read;	/* that were opened */
	uint64		versions;		/* whose period was decompressed */
	uint64		rows;			/* of them, that the bounds left */
	uint64		bytes;			/* compressed, that were fetched */
} HistoryScanCounters;

/* history_scan_exec.c */
extern Node *history_scan_create_state(CustomScan *plan);

/* The clauses that bounds stand for, if they are not in the plan's qual */
extern List *history_scan_conditions(const CustomScan *plan);

/* The clauses that are asked once a scan */
extern List *history_scan_once(const CustomScan *plan);

/* What a scan did that was executed, and may not have come to its segments */
extern const HistoryScanCounters *history_scan_counters(CustomScanState *node);

/* history_scan_explain.c */

/* Shows clauses, if there are any, that are not PostgreSQL's to show. */
extern void history_scan_explain_clauses(CustomScanState *node,
										 List *conditions, const char *label,
										 List *ancestors,
										 struct ExplainState *es);
extern void history_scan_explain(CustomScanState *node, List *ancestors,
								 struct ExplainState *es);

#endif							/* TEMPORAL_HISTORY_SCAN_H */
