/*-------------------------------------------------------------------------
 *
 * history_index.c
 *	  Entering versions into the indexes of a history relation
 *
 * What ExecInsertIndexTuples() does, for relations of which we know more than
 * the executor: rows are only ever added, a batch at a time, and two columns
 * need not be read from the tuple, because the caller knows their values.
 *
 *	- Indexes are filled one after the other, not row by row.
 *	- Where many rows are to come, entries of btrees are collected, and made
 *	  when all are known: see history_btree.c.  Not those of unique indexes,
 *	  which have to be asked row by row.
 *	- A minmax BRIN index on the period wants nothing but the least and the
 *	  greatest values of each range of pages: two calls a range instead of one
 *	  a row, with the same summary as the result.
 *	- Only expressions and predicates, in indexes that users add, need an
 *	  executor state.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/brin.h"
#include "access/brin_internal.h"
#include "access/genam.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat_access.h"
#include "history/history_btree.h"
#include "history/history_index.h"

typedef struct HistoryIndexState
{
	Relation	rel;
	IndexInfo  *info;
	bool		minmax;			/* BRIN, minmax, on period columns alone */
	ExprState  *predicate;		/* prepared when first needed */
	HistoryBtree *btree;		/* collects entries; NULL: each is inserted */
} HistoryIndexState;

struct HistoryIndexes
{
	Relation	heap;
	AttrNumber	start_attno;
	AttrNumber	end_attno;
	MemoryContext context;		/* where all this is */
	EState	   *estate;			/* NULL until an index needs one */
	int			nindexes;
	HistoryIndexState indexes[FLEXIBLE_ARRAY_MEMBER];
};

/*
 * Is it an index for which the extremes of a range of pages say all?
 */
static bool
history_index_is_minmax(const HistoryIndexes *indexes, Relation rel,
						const IndexInfo *info)
{
	if (rel->rd_rel->relam != BRIN_AM_OID || info->ii_Predicate != NIL)
		return false;
	for (int i = 0; i < info->ii_NumIndexAttrs; i++)
	{
		AttrNumber	attno = info->ii_IndexAttrNumbers[i];

		if ((attno != indexes->start_attno && attno != indexes->end_attno) ||
			index_getprocid(rel, i + 1,
							BRIN_PROCNUM_OPCINFO) != F_BRIN_MINMAX_OPCINFO)
			return false;
	}
	return true;
}

HistoryIndexes *
history_indexes_open(Relation rel, AttrNumber start_attno,
					 AttrNumber end_attno)
{
	List	   *oids = RelationGetIndexList(rel);
	HistoryIndexes *indexes = palloc(offsetof(HistoryIndexes, indexes) +
									 list_length(oids) *
									 sizeof(HistoryIndexState));
	ListCell   *lc;

	indexes->heap = rel;
	indexes->start_attno = start_attno;
	indexes->end_attno = end_attno;
	indexes->context = CurrentMemoryContext;
	indexes->estate = NULL;
	indexes->nindexes = 0;
	foreach(lc, oids)
	{
		HistoryIndexState *index = &indexes->indexes[indexes->nindexes++];

		index->rel = index_open(lfirst_oid(lc), RowExclusiveLock);
		index->info = BuildIndexInfo(index->rel);
		index->minmax = history_index_is_minmax(indexes, index->rel,
												index->info);
		index->predicate = NULL;
		index->btree = NULL;
	}
	list_free(oids);
	return indexes;
}

static void
history_index_enter(HistoryIndexes *indexes, HistoryIndexState *index,
					Datum *values, bool *nulls, ItemPointer tid)
{
	(void) index_insert(index->rel, values, nulls, tid, indexes->heap,
						index->rel->rd_index->indisunique ?
						UNIQUE_CHECK_YES : UNIQUE_CHECK_NO,
						false, index->info);
}

/*
 * The row's values for an index of plain columns.
 */
static void
history_index_plain_values(const HistoryIndexes *indexes,
						   const IndexInfo *info, const HistoryRow *row,
						   Datum *values, bool *nulls)
{
	for (int i = 0; i < info->ii_NumIndexAttrs; i++)
	{
		AttrNumber	attno = info->ii_IndexAttrNumbers[i];

		nulls[i] = false;
		if (attno == indexes->start_attno)
			values[i] = TimestampTzGetDatum(row->start);
		else if (attno == indexes->end_attno)
			values[i] = TimestampTzGetDatum(row->end);
		else
			values[i] = slot_getattr(row->slot, attno, &nulls[i]);
	}
}

/*
 * The same for an index of a user with expressions or a predicate; false if
 * the row does not belong into it.
 */
static bool
history_index_computed_values(HistoryIndexes *indexes,
							  HistoryIndexState *index,
							  const HistoryRow *row, Datum *values,
							  bool *nulls)
{
	ExprContext *econtext;

	if (indexes->estate == NULL)
	{
		/* the caller's context is reset after each batch */
		MemoryContext old = MemoryContextSwitchTo(indexes->context);

		indexes->estate = CreateExecutorState();
		MemoryContextSwitchTo(old);
	}
	econtext = GetPerTupleExprContext(indexes->estate);
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = row->slot;

	if (index->info->ii_Predicate != NIL)
	{
		if (index->predicate == NULL)
			index->predicate = ExecPrepareQual(index->info->ii_Predicate,
											   indexes->estate);
		if (!ExecQual(index->predicate, econtext))
			return false;
	}
	FormIndexDatum(index->info, row->slot, indexes->estate, values, nulls);
	return true;
}

static void
history_index_insert_rows(HistoryIndexes *indexes, HistoryIndexState *index,
						  const HistoryRow *rows, int nrows)
{
	bool		computed = index->info->ii_Expressions != NIL ||
		index->info->ii_Predicate != NIL;
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	for (int i = 0; i < nrows; i++)
	{
		if (!computed)
			history_index_plain_values(indexes, index->info, &rows[i],
									   values, nulls);
		else if (!history_index_computed_values(indexes, index, &rows[i],
												values, nulls))
			continue;
		if (index->btree != NULL)
			history_btree_add(index->btree, values, nulls,
							  &rows[i].slot->tts_tid);
		else
			history_index_enter(indexes, index, values, nulls,
								&rows[i].slot->tts_tid);
	}
}

/*
 * Rows of one range of pages, by their extremes.  The TID is that of the first
 * row: if it opens the range, BRIN asks for a summary of the one before.
 */
static void
history_index_insert_range(HistoryIndexes *indexes, HistoryIndexState *index,
						   const HistoryRow *rows, int nrows)
{
	HistoryRow	least = rows[0];
	HistoryRow	greatest = rows[0];
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	for (int i = 1; i < nrows; i++)
	{
		least.start = Min(least.start, rows[i].start);
		least.end = Min(least.end, rows[i].end);
		greatest.start = Max(greatest.start, rows[i].start);
		greatest.end = Max(greatest.end, rows[i].end);
	}
	history_index_plain_values(indexes, index->info, &least, values, nulls);
	history_index_enter(indexes, index, values, nulls,
						&rows[0].slot->tts_tid);
	if (least.start == greatest.start && least.end == greatest.end)
		return;
	history_index_plain_values(indexes, index->info, &greatest, values,
							   nulls);
	history_index_enter(indexes, index, values, nulls,
						&rows[0].slot->tts_tid);
}

static void
history_index_insert_minmax(HistoryIndexes *indexes, HistoryIndexState *index,
							const HistoryRow *rows, int nrows)
{
	BlockNumber pages = BrinGetPagesPerRange(index->rel);
	int			first = 0;

	while (first < nrows)
	{
		BlockNumber range =
			ItemPointerGetBlockNumber(&rows[first].slot->tts_tid) / pages;
		int			next = first + 1;

		while (next < nrows &&
			   ItemPointerGetBlockNumber(&rows[next].slot->tts_tid) / pages ==
			   range)
			next++;
		history_index_insert_range(indexes, index, rows + first,
								   next - first);
		first = next;
	}
}

void
history_indexes_expect_many(HistoryIndexes *indexes)
{
	MemoryContext old = MemoryContextSwitchTo(indexes->context);

	for (int i = 0; i < indexes->nindexes; i++)
	{
		HistoryIndexState *index = &indexes->indexes[i];

		if (index->btree == NULL && index->info->ii_ReadyForInserts &&
			history_btree_is_possible(index->rel, index->info))
			index->btree = history_btree_begin(indexes->heap, index->rel);
	}
	MemoryContextSwitchTo(old);
}

void
history_indexes_insert(HistoryIndexes *indexes, const HistoryRow *rows,
					   int nrows)
{
	for (int i = 0; i < indexes->nindexes; i++)
	{
		HistoryIndexState *index = &indexes->indexes[i];

		/* CREATE INDEX CONCURRENTLY has not come that far yet */
		if (!index->info->ii_ReadyForInserts)
			continue;
		if (index->minmax)
			history_index_insert_minmax(indexes, index, rows, nrows);
		else
			history_index_insert_rows(indexes, index, rows, nrows);
	}
}

void
history_indexes_close(HistoryIndexes *indexes)
{
	for (int i = 0; i < indexes->nindexes; i++)
	{
		if (indexes->indexes[i].btree != NULL)
			history_btree_end(indexes->indexes[i].btree);
		temporal_index_insert_cleanup(indexes->indexes[i].rel,
									  indexes->indexes[i].info);
		index_close(indexes->indexes[i].rel, NoLock);
	}
	if (indexes->estate)
		FreeExecutorState(indexes->estate);
}
