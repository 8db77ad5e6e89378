/*-------------------------------------------------------------------------
 *
 * history_btree.c
 *	  Entering many versions into a btree index
 *
 * Entries are collected and sorted as CREATE INDEX does it, and then entered a
 * leaf page at a time (history_leaf.c).  Those that are alone on their page
 * are inserted one by one, but in order, which is cheaper than in any other.
 *
 * MEMORY
 *		The sort has work_mem, and spills to disk what is more.
 *
 * WHILE THE INDEX LAGS BEHIND
 *		Until history_btree_end() versions are in the heap that are not in the
 *		index.  They were written by this very command, whose rows nobody can
 *		see yet; and if it fails they are dead.  A crash between heap and index
 *		leaves the same.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/itup.h"
#include "access/nbtree.h"
#include "catalog/pg_am.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplesort.h"

#include "history/history_btree.h"
#include "history/history_leaf.h"

/* Entries, in order, that are looked at together: so many, or of such size */
#define HISTORY_BTREE_WINDOW	4096
#define HISTORY_BTREE_WINDOW_BYTES	(16 * BLCKSZ)

struct HistoryBtree
{
	Relation	heap;
	Relation	index;
	Tuplesortstate *sort;
	MemoryContext context;		/* of all this, and of the sort */
};

bool
history_btree_is_possible(Relation index, const IndexInfo *info)
{
	bool		heapkeyspace;
	bool		allequalimage;

	if (index->rd_rel->relam != BTREE_AM_OID ||
		index->rd_index->indisunique || index->rd_index->indisexclusion ||
		info->ii_Expressions != NIL || info->ii_Predicate != NIL)
		return false;
	_bt_metaversion(index, &heapkeyspace, &allequalimage);
	return heapkeyspace;
}

HistoryBtree *
history_btree_begin(Relation heap, Relation index)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "temporal history btree",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	HistoryBtree *btree = palloc(sizeof(HistoryBtree));

	btree->heap = heap;
	btree->index = index;
	btree->context = context;
	btree->sort = tuplesort_begin_index_btree(heap, index,
											  false /* not unique */ , false,
											  work_mem, NULL, TUPLESORT_NONE);
	MemoryContextSwitchTo(old);
	return btree;
}

void
history_btree_add(HistoryBtree *btree, Datum *values, bool *nulls,
				  ItemPointer tid)
{
	tuplesort_putindextuplevalues(btree->sort, btree->index, tid, values,
								  nulls);
}

/*
 * Reads the next entries; returns how many.
 */
static int
history_btree_read(HistoryBtree *btree, IndexTuple *tuples, char *space)
{
	char	   *last = space + HISTORY_BTREE_WINDOW_BYTES - INDEX_SIZE_MASK;
	int			ntuples = 0;

	while (ntuples < HISTORY_BTREE_WINDOW && space < last)
	{
		IndexTuple	tuple = tuplesort_getindextuple(btree->sort, true);

		if (tuple == NULL)
			break;
		tuples[ntuples++] = memcpy(space, tuple, IndexTupleSize(tuple));
		space += MAXALIGN(IndexTupleSize(tuple));
	}
	return ntuples;
}

/*
 * Enters what has been collected.
 */
static void
history_btree_enter(HistoryBtree *btree)
{
	IndexTuple *tuples = palloc(HISTORY_BTREE_WINDOW * sizeof(IndexTuple));
	char	   *space = palloc(HISTORY_BTREE_WINDOW_BYTES);
	HistoryLeaf *leaf = history_leaf_create(btree->heap, btree->index);
	MemoryContext window_context = AllocSetContextCreate(CurrentMemoryContext,
														 "temporal history pages",
														 ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(window_context);
	int			ntuples;

	tuplesort_performsort(btree->sort);
	while ((ntuples = history_btree_read(btree, tuples, space)) > 0)
	{
		int			next = 0;

		while (next < ntuples)
		{
			int			alone;

			CHECK_FOR_INTERRUPTS();
			next += history_leaf_enter(leaf, tuples + next, ntuples - next,
									   &alone);
			while (alone-- > 0)
			{
				CHECK_FOR_INTERRUPTS();
				(void) _bt_doinsert(btree->index, tuples[next++],
									UNIQUE_CHECK_NO, false, btree->heap);
			}
		}
		/* comparing keys may need memory */
		MemoryContextReset(window_context);
	}
	MemoryContextSwitchTo(old);
}

void
history_btree_end(HistoryBtree *btree)
{
	MemoryContext old = MemoryContextSwitchTo(btree->context);

	history_btree_enter(btree);
	tuplesort_end(btree->sort);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(btree->context);
}
