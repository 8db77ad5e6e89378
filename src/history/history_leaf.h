/*-------------------------------------------------------------------------
 *
 * history_leaf.h
 *	  Leaf pages of a btree, filled with many entries at a time
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_LEAF_H
#define TEMPORAL_HISTORY_LEAF_H

#include "access/itup.h"
#include "utils/relcache.h"

typedef struct HistoryLeaf HistoryLeaf;

/*
 * Prepares for an index that is a btree of version 4, not unique; in the
 * current context, to be freed with it.
 */
extern HistoryLeaf *history_leaf_create(Relation heap, Relation index);

/*
 * Enters tuples, which are in the order of the index, into the leaf page where
 * the first of them belongs, as many as belong there.  Returns how many those
 * were, 0 if the page is not fit for it.  *alone is then the number of tuples,
 * following them, that are to be inserted one by one.
 */
extern int	history_leaf_enter(HistoryLeaf *leaf, const IndexTuple *tuples,
							   int ntuples, int *alone);

#endif							/* TEMPORAL_HISTORY_LEAF_H */
