/*-------------------------------------------------------------------------
 *
 * history_btree.h
 *	  Entering many versions into a btree index, a leaf page at a time
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_BTREE_H
#define TEMPORAL_HISTORY_BTREE_H

#include "nodes/execnodes.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"

typedef struct HistoryBtree HistoryBtree;

/* Is it an index whose entries may be added this way? */
extern bool history_btree_is_possible(Relation index, const IndexInfo *info);

/*
 * Begins to collect entries, in the current context.  Memory is bounded by
 * work_mem; the index is not touched before history_btree_end().
 */
extern HistoryBtree *history_btree_begin(Relation heap, Relation index);

extern void history_btree_add(HistoryBtree *btree, Datum *values, bool *nulls,
							  ItemPointer tid);

/* Enters what was collected, and frees all but the relations. */
extern void history_btree_end(HistoryBtree *btree);

#endif							/* TEMPORAL_HISTORY_BTREE_H */
