/*-------------------------------------------------------------------------
 *
 * history_btree.c
 *	  Entering many versions into a btree index
 *
 * Entries are collected, sorted in the order of the index, and entered a leaf
 * page at a time (history_leaf.c).  Those that are alone on their page are
 * inserted one by one, but in order, which is cheaper than in any other.
 *
 * SORTING
 *		Rows are mostly captured in long ascending runs of their key: as they
 *		were loaded, updated, or found by an index.  A merge sort that begins
 *		with the runs that are there takes little more than a look at them.
 *		Entries of equal columns are in order of their place in the heap, as
 *		they are in the index.
 *
 * MEMORY
 *		work_mem bounds what is collected; what is more is entered in several
 *		goes.  So keys in random order, many more than the index has pages for,
 *		are faster with a larger work_mem.
 *
 * WHEN THE INDEX LAGS BEHIND
 *		Until history_btree_end() versions are in the heap that are not in the
 *		index.  They were written by this very command, which nobody can see
 *		yet; and if it fails they are dead.  An index that is not complete for
 *		versions that nobody sees is what a crash between heap and index
 *		leaves, too.
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
#include "utils/sortsupport.h"

#include "base/compat_access.h"
#include "history/history_btree.h"
#include "history/history_leaf.h"

/* Room for so many entries to begin with, and never for more than these */
#define HISTORY_BTREE_FIRST		1024
#define HISTORY_BTREE_MOST		(1 << 28)

typedef struct HistoryEntry
{
	IndexTuple	tuple;
	Datum		first;			/* its first column */
	bool		first_isnull;
} HistoryEntry;

/* What an entry takes beside its tuple: see history_btree_sort() */
#define HISTORY_ENTRY_SPACE \
	(2 * sizeof(HistoryEntry) + sizeof(int) + sizeof(IndexTuple))

struct HistoryBtree
{
	/* Relations */
	Relation	heap;
	Relation	index;

	/* Entries */
	HistoryEntry *entries;
	int			space;			/* of entries */
	int			nentries;
	Size		nbytes;

	/* Order */
	SortSupport columns;
	int			ncolumns;

	/* Memory */
	MemoryContext context;		/* of all this */
	MemoryContext tuple_context;	/* of the entries' tuples */
	MemoryContext work_context; /* while they are entered */
};

static void history_btree_flush(HistoryBtree *btree);

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

static void
history_btree_prepare_sort(HistoryBtree *btree)
{
	BTScanInsert key = _bt_mkscankey(btree->index, NULL);

	btree->ncolumns = IndexRelationGetNumberOfKeyAttributes(btree->index);
	btree->columns = palloc0(btree->ncolumns * sizeof(SortSupportData));
	for (int i = 0; i < btree->ncolumns; i++)
	{
		ScanKey		scankey = &key->scankeys[i];
		SortSupport column = &btree->columns[i];

		column->ssup_cxt = CurrentMemoryContext;
		column->ssup_collation = scankey->sk_collation;
		column->ssup_nulls_first =
			(scankey->sk_flags & SK_BT_NULLS_FIRST) != 0;
		column->ssup_attno = scankey->sk_attno;
		temporal_prepare_index_sort(btree->index,
									(scankey->sk_flags & SK_BT_DESC) != 0,
									column);
	}
	pfree(key);
}

HistoryBtree *
history_btree_begin(Relation heap, Relation index)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "temporal history btree",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	HistoryBtree *btree = palloc0(sizeof(HistoryBtree));

	btree->context = context;
	btree->tuple_context = GenerationContextCreate(context,
												   "temporal history entries",
												   ALLOCSET_DEFAULT_SIZES);
	btree->work_context = AllocSetContextCreate(context,
												"temporal history pages",
												ALLOCSET_DEFAULT_SIZES);
	btree->heap = heap;
	btree->index = index;
	btree->space = HISTORY_BTREE_FIRST;
	btree->entries = palloc(btree->space * sizeof(HistoryEntry));
	history_btree_prepare_sort(btree);
	MemoryContextSwitchTo(old);
	return btree;
}

void
history_btree_add(HistoryBtree *btree, Datum *values, bool *nulls,
				  ItemPointer tid)
{
	TupleDesc	desc = RelationGetDescr(btree->index);
	MemoryContext old = MemoryContextSwitchTo(btree->tuple_context);
	IndexTuple	tuple = index_form_tuple(desc, values, nulls);
	HistoryEntry *entry;

	MemoryContextSwitchTo(old);
	tuple->t_tid = *tid;

	if (btree->nentries == btree->space)
	{
		btree->space *= 2;
		btree->entries = repalloc_huge(btree->entries, btree->space *
									   sizeof(HistoryEntry));
	}
	entry = &btree->entries[btree->nentries++];
	entry->tuple = tuple;
	entry->first = index_getattr(tuple, 1, desc, &entry->first_isnull);

	btree->nbytes += IndexTupleSize(tuple) + HISTORY_ENTRY_SPACE;
	if (btree->nbytes >= work_mem * (Size) 1024 ||
		btree->nentries == HISTORY_BTREE_MOST)
		history_btree_flush(btree);
}

static int
history_btree_compare(const HistoryBtree *btree, const HistoryEntry *left,
					  const HistoryEntry *right)
{
	TupleDesc	desc = RelationGetDescr(btree->index);
	int			result;

	CHECK_FOR_INTERRUPTS();
	result = ApplySortComparator(left->first, left->first_isnull,
								 right->first, right->first_isnull,
								 &btree->columns[0]);
	for (int i = 1; result == 0 && i < btree->ncolumns; i++)
	{
		bool		left_isnull;
		bool		right_isnull;
		Datum		left_value = index_getattr(left->tuple, i + 1, desc,
											   &left_isnull);
		Datum		right_value = index_getattr(right->tuple, i + 1, desc,
												&right_isnull);

		result = ApplySortComparator(left_value, left_isnull,
									 right_value, right_isnull,
									 &btree->columns[i]);
	}
	if (result == 0)
		result = ItemPointerCompare(&left->tuple->t_tid,
									&right->tuple->t_tid);
	return result;
}

/*
 * Finds the runs that are there, turns those that descend, and writes down
 * where each ends; returns how many there are.
 */
static int
history_btree_find_runs(HistoryBtree *btree, int *ends)
{
	HistoryEntry *entries = btree->entries;
	int			nruns = 0;
	int			next = 0;

	while (next < btree->nentries)
	{
		int			first = next++;
		bool		descends = next < btree->nentries &&
			history_btree_compare(btree, &entries[first],
								  &entries[next]) > 0;

		while (next < btree->nentries &&
			   (history_btree_compare(btree, &entries[next - 1],
									  &entries[next]) > 0) == descends)
			next++;
		for (int i = first, j = next - 1; descends && i < j; i++, j--)
		{
			HistoryEntry swap = entries[i];

			entries[i] = entries[j];
			entries[j] = swap;
		}
		ends[nruns++] = next;
	}
	return nruns;
}

/*
 * Merges each two runs that are neighbours; returns how many there are then.
 */
static int
history_btree_merge_runs(const HistoryBtree *btree, const HistoryEntry *from,
						 HistoryEntry *to, int *ends, int nruns)
{
	int			merged = 0;
	int			start = 0;

	for (int run = 0; run < nruns; run += 2)
	{
		int			middle = ends[run];
		int			end = ends[Min(run + 1, nruns - 1)];
		int			left = start;
		int			right = middle;

		while (left < middle && right < end)
			*to++ = history_btree_compare(btree, &from[left],
										  &from[right]) <= 0 ?
				from[left++] : from[right++];
		while (left < middle)
			*to++ = from[left++];
		while (right < end)
			*to++ = from[right++];
		ends[merged++] = start = end;
	}
	return merged;
}

/*
 * The tuples of all entries, in order.
 */
static IndexTuple *
history_btree_sort(HistoryBtree *btree)
{
	HistoryEntry *scratch = palloc_extended(btree->nentries *
											sizeof(HistoryEntry),
											MCXT_ALLOC_HUGE);
	int		   *ends = palloc_extended(btree->nentries * sizeof(int),
									   MCXT_ALLOC_HUGE);
	IndexTuple *tuples = palloc_extended(btree->nentries * sizeof(IndexTuple),
										 MCXT_ALLOC_HUGE);
	HistoryEntry *from = btree->entries;
	HistoryEntry *to = scratch;
	int			nruns = history_btree_find_runs(btree, ends);

	while (nruns > 1)
	{
		HistoryEntry *swap = from;

		nruns = history_btree_merge_runs(btree, from, to, ends, nruns);
		from = to;
		to = swap;
	}
	for (int i = 0; i < btree->nentries; i++)
		tuples[i] = from[i].tuple;
	pfree(ends);
	pfree(scratch);
	return tuples;
}

/*
 * Enters what is collected.
 */
static void
history_btree_flush(HistoryBtree *btree)
{
	MemoryContext old = MemoryContextSwitchTo(btree->work_context);
	HistoryLeaf *leaf = history_leaf_create(btree->heap, btree->index);
	IndexTuple *tuples = history_btree_sort(btree);
	int			next = 0;

	while (next < btree->nentries)
	{
		int			alone;

		CHECK_FOR_INTERRUPTS();
		next += history_leaf_enter(leaf, tuples + next, btree->nentries - next,
								   &alone);
		while (alone-- > 0)
		{
			CHECK_FOR_INTERRUPTS();
			(void) _bt_doinsert(btree->index, tuples[next++], UNIQUE_CHECK_NO,
								false, btree->heap);
		}
	}
	btree->nentries = 0;
	btree->nbytes = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(btree->work_context);
	MemoryContextReset(btree->tuple_context);
}

void
history_btree_end(HistoryBtree *btree)
{
	history_btree_flush(btree);
	MemoryContextDelete(btree->context);
}
