/*-------------------------------------------------------------------------
 *
 * retention_keys.c
 *	  The newest versions of each key
 *
 * All versions are sorted by key and end, to find when the last one ended that
 * stays of a key which has too many.  It is kept in a hash table; versions of
 * the key that ended earlier are too many, and those that ended with it are
 * not: rows with the same key may, null ones, since there is a primary key on
 * other columns.  A query reads them, from the heap and segments, but does not
 * sort: a worker could not pause in that, nor give way to who waits for the
 * table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "base/compat_access.h"
#include "catalog/job_progress.h"
#include "maintenance/retention_rules.h"

/* Versions that are read at a time */
#define KEYS_FETCH	1000

struct RetentionKeys
{
	int			nkeys;
	AttrNumber *attnos;			/* of the primary key, in the history */
	TupleDesc	desc;			/* of the key alone */
	FmgrInfo   *equal;			/* of its columns */
	TupleHashTable hash;		/* with the end of the last that stays */
	TupleTableSlot *slot;
	MemoryContext temp;
};

/*
 * The primary key's columns; 55000 if there is none any more.
 */
static void
keys_find_columns(RetentionKeys *keys, const VersionedTable *table)
{
	Relation	rel = table_open(table->relation, AccessShareLock);
	Relation	history = table_open(table->history, AccessShareLock);
	Relation	index;

	(void) RelationGetIndexList(rel);
	if (!OidIsValid(rel->rd_pkindex))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no primary key any more",
						RelationGetRelationName(rel)),
				 errdetail("Its retention policy counts versions for each key.")));
	index = index_open(rel->rd_pkindex, AccessShareLock);
	keys->nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	keys->attnos = palloc(keys->nkeys * sizeof(AttrNumber));
	keys->desc = CreateTemplateTupleDesc(keys->nkeys);
	for (int i = 0; i < keys->nkeys; i++)
	{
		char	   *name = get_attname(table->relation,
									   index->rd_index->indkey.values[i],
									   false);

		keys->attnos[i] = get_attnum(table->history, name);
		if (keys->attnos[i] == InvalidAttrNumber)
			elog(ERROR, "history \"%s\" has no column \"%s\"",
				 RelationGetRelationName(history), name);
		TupleDescCopyEntry(keys->desc, i + 1, RelationGetDescr(history),
						   keys->attnos[i]);
	}
	index_close(index, AccessShareLock);
	table_close(history, NoLock);
	table_close(rel, NoLock);
}

static void
keys_create_hash(RetentionKeys *keys)
{
	AttrNumber *attnos = palloc(keys->nkeys * sizeof(AttrNumber));
	Oid		   *operators = palloc(keys->nkeys * sizeof(Oid));
	Oid		   *collations = palloc(keys->nkeys * sizeof(Oid));
	Oid		   *equal;
	FmgrInfo   *hash;

	for (int i = 0; i < keys->nkeys; i++)
	{
		Form_pg_attribute att = TupleDescAttr(keys->desc, i);

		attnos[i] = i + 1;
		operators[i] = retention_key_operator(att->atttypid);
		collations[i] = att->attcollation;
	}
	execTuplesHashPrepare(keys->nkeys, operators, &equal, &hash);
	keys->equal = palloc(keys->nkeys * sizeof(FmgrInfo));
	for (int i = 0; i < keys->nkeys; i++)
		fmgr_info(equal[i], &keys->equal[i]);
	keys->temp = AllocSetContextCreate(CurrentMemoryContext,
									   "temporal retention key",
									   ALLOCSET_SMALL_SIZES);
	keys->hash = temporal_tuple_hash(keys->desc, keys->nkeys, attnos, equal,
									 hash, collations, sizeof(TimestampTz),
									 CurrentMemoryContext,
									 CurrentMemoryContext, keys->temp);
	keys->slot = MakeSingleTupleTableSlot(keys->desc, &TTSOpsVirtual);
}

/*
 * SELECT key, end, start FROM the history
 */
static char *
keys_query(const RetentionKeys *keys, const VersionedTable *table)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	for (int i = 0; i < keys->nkeys; i++)
		appendStringInfo(&query, "h.%s, ",
						 quote_identifier(NameStr(TupleDescAttr(keys->desc,
																i)->attname)));
	appendStringInfo(&query, "h.%s, ",
					 quote_identifier(NameStr(table->end_column)));
	appendStringInfo(&query, "h.%s FROM ONLY %s h",
					 quote_identifier(NameStr(table->start_column)),
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(table->history)),
												get_rel_name(table->history)));
	return query.data;
}

/*
 * By key, and of each the newest first
 */
static Tuplesortstate *
keys_begin_sort(const RetentionKeys *keys, TupleDesc desc)
{
	int			n = keys->nkeys + 2;
	AttrNumber *attnos = palloc(n * sizeof(AttrNumber));
	Oid		   *operators = palloc(n * sizeof(Oid));
	Oid		   *collations = palloc(n * sizeof(Oid));
	bool	   *nulls_first = palloc0(n * sizeof(bool));

	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		TypeCacheEntry *type = lookup_type_cache(att->atttypid,
												 TYPECACHE_LT_OPR |
												 TYPECACHE_GT_OPR);

		attnos[i] = i + 1;
		operators[i] = i < keys->nkeys ? type->lt_opr : type->gt_opr;
		collations[i] = att->attcollation;
		if (!OidIsValid(operators[i]))
			elog(ERROR, "no ordering operator for type %u", att->atttypid);
	}
	return tuplesort_begin_heap(desc, n, attnos, operators, collations,
								nulls_first, maintenance_work_mem, NULL,
								TUPLESORT_NONE);
}

/*
 * Reads all versions; the result is sorted.
 */
static Tuplesortstate *
keys_sort(const RetentionKeys *keys, const VersionedTable *table,
		  TupleDesc *desc)
{
	Portal		portal = SPI_cursor_open_with_args(NULL,
												   keys_query(keys, table), 0,
												   NULL, NULL, NULL, false, 0);
	Tuplesortstate *sort;
	TupleTableSlot *slot;
	uint64		n;

	*desc = CreateTupleDescCopy(portal->tupDesc);
	sort = keys_begin_sort(keys, *desc);
	slot = MakeSingleTupleTableSlot(*desc, &TTSOpsHeapTuple);
	do
	{
		SPI_cursor_fetch(portal, true, KEYS_FETCH);
		n = SPI_processed;
		for (uint64 i = 0; i < n; i++)
		{
			job_progress_give_way();
			ExecStoreHeapTuple(SPI_tuptable->vals[i], slot, false);
			tuplesort_puttupleslot(sort, slot);
		}
		ExecClearTuple(slot);
		SPI_freetuptable(SPI_tuptable);
	} while (n > 0);
	ExecDropSingleTupleTableSlot(slot);
	SPI_cursor_close(portal);
	tuplesort_performsort(sort);
	return sort;
}

/*
 * Puts the key's columns of a version, or of a row of the query, in the slot.
 */
static TupleTableSlot *
keys_fill_slot(RetentionKeys *keys, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot = keys->slot;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, keys->nkeys * sizeof(Datum));
	memcpy(slot->tts_isnull, nulls, keys->nkeys * sizeof(bool));
	return ExecStoreVirtualTuple(slot);
}

static void
keys_add(RetentionKeys *keys, TupleTableSlot *row, TimestampTz stays)
{
	TupleHashEntry entry;
	bool		isnew;

	entry = LookupTupleHashEntry(keys->hash,
								 keys_fill_slot(keys, row->tts_values,
												row->tts_isnull), &isnew,
								 NULL);
	*(TimestampTz *) temporal_tuple_hash_new(keys->hash, entry,
											 sizeof(TimestampTz)) = stays;
}

static bool
keys_same(RetentionKeys *keys, TupleTableSlot *a, TupleTableSlot *b)
{
	for (int i = 0; i < keys->nkeys; i++)
	{
		if (a->tts_isnull[i] != b->tts_isnull[i])
			return false;
		if (!a->tts_isnull[i] &&
			!DatumGetBool(FunctionCall2Coll(&keys->equal[i],
											TupleDescAttr(keys->desc,
														  i)->attcollation,
											a->tts_values[i],
											b->tts_values[i])))
			return false;
	}
	return true;
}

/*
 * Adds the keys that have too many versions, to what is in the context; the
 * latest of those ended at *latest.
 */
static void
keys_add_sorted(RetentionKeys *keys, Tuplesortstate *sort, TupleDesc desc,
				int versions, MemoryContext context, TimestampTz *latest)
{
	TupleTableSlot *row = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	TupleTableSlot *first = MakeSingleTupleTableSlot(desc,
													 &TTSOpsMinimalTuple);
	TimestampTz stays = DT_NOEND;
	bool		added = false;
	int			place = 0;

	while (tuplesort_gettupleslot(sort, true, false, row, NULL))
	{
		MemoryContext old;
		TimestampTz end;

		CHECK_FOR_INTERRUPTS();
		job_progress_give_way();
		slot_getallattrs(row);
		if (row->tts_isnull[keys->nkeys])
			continue;			/* an import's: it stays */
		end = DatumGetTimestampTz(row->tts_values[keys->nkeys]);
		old = MemoryContextSwitchTo(keys->temp);
		if (TTS_EMPTY(first) || !keys_same(keys, first, row))
		{
			ExecCopySlot(first, row);
			slot_getallattrs(first);
			place = 0;
			added = false;
		}
		MemoryContextSwitchTo(context);
		if (place < versions)
		{
			place++;
			stays = end;
		}
		else if (!added && end < stays)
		{
			keys_add(keys, row, stays);
			*latest = Max(*latest, end);
			added = true;
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(keys->temp);
	}
	ExecDropSingleTupleTableSlot(row);
	ExecDropSingleTupleTableSlot(first);
}

RetentionKeys *
retention_keys_find(const VersionedTable *table, int versions,
					TimestampTz *latest)
{
	RetentionKeys *keys = palloc0(sizeof(RetentionKeys));
	MemoryContext context = CurrentMemoryContext;
	Tuplesortstate *sort;
	TupleDesc	desc;

	*latest = DT_NOBEGIN;
	keys_find_columns(keys, table);
	keys_create_hash(keys);
	job_progress_set_phase("counting versions");
	SPI_connect();
	sort = keys_sort(keys, table, &desc);
	keys_add_sorted(keys, sort, desc, versions, context, latest);
	tuplesort_end(sort);
	SPI_finish();
	job_progress_set_phase("removing");
	return keys;
}

Bitmapset *
retention_keys_columns(const RetentionKeys *keys)
{
	Bitmapset  *columns = NULL;

	for (int i = 0; i < keys->nkeys; i++)
		columns = bms_add_member(columns, keys->attnos[i]);
	return columns;
}

bool
retention_keys_exceed(RetentionKeys *keys, TupleTableSlot *version,
					  TimestampTz end)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
	TupleHashEntry entry;
	bool		exceeds;

	for (int i = 0; i < keys->nkeys; i++)
		values[i] = slot_getattr(version, keys->attnos[i], &nulls[i]);
	entry = LookupTupleHashEntry(keys->hash,
								 keys_fill_slot(keys, values, nulls), NULL,
								 NULL);
	exceeds = entry != NULL &&
		end < *(TimestampTz *) temporal_tuple_hash_data(keys->hash, entry);
	MemoryContextReset(keys->temp);
	return exceeds;
}
