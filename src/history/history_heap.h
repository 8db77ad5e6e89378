/*-------------------------------------------------------------------------
 *
 * history_heap.h
 *	  Reading the rows of a heap that were valid at a time: a custom scan
 *
 * history_heap_plan.c makes paths and plans, history_heap_exec.c executes and
 * shows them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_HEAP_H
#define TEMPORAL_HISTORY_HEAP_H

#include "nodes/extensible.h"
#include "nodes/pathnodes.h"

#define HISTORY_HEAP_NAME		"Temporal Heap"

extern void history_heap_init(void);

/*
 * Adds a path to those of a relation, a versioned table or a history, whose
 * period columns have these numbers; to be called as set_rel_pathlist_hook is.
 */
extern void history_heap_add_paths(PlannerInfo *root, RelOptInfo *rel,
								   RangeTblEntry *rte,
								   AttrNumber start_attno,
								   AttrNumber end_attno);

/*
 * custom_exprs has the values of bounds, then the clauses that these stand for,
 * as many.  A bound is "column OP value", of one of the last two columns.  Its
 * value is at the same place as the rest of it in the lists of custom_private.
 */
enum
{
	HEAP_PRIVATE_ATTNOS,		/* of int: the column */
	HEAP_PRIVATE_STRATEGIES,	/* of int: btree strategy of OP */
	HEAP_PRIVATE_INDEX,			/* of Oid: BRIN's that knows pages; may be none */
	HEAP_PRIVATE_Count
};

/* history_heap_exec.c */
extern Node *history_heap_create_state(CustomScan *plan);

/* The clauses that bounds stand for; NIL for another node */
extern List *history_heap_conditions(const CustomScan *plan);

#endif							/* TEMPORAL_HISTORY_HEAP_H */
