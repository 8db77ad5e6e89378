/*-------------------------------------------------------------------------
 *
 * retention_keys.c
 *	  The newest versions of each key
 *
 * One query finds, of each key that has more versions than it may, when the
 * first one ended that is too many.  It is kept in a hash table; a version of
 * the key that ended then or earlier is too many as well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat_access.h"
#include "maintenance/retention_rules.h"

struct RetentionKeys
{
	int			nkeys;
	AttrNumber *attnos;			/* of the primary key, in the history */
	TupleDesc	desc;			/* of the key alone */
	TupleHashTable hash;		/* with the end of the first too many */
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
 * SELECT key, end FROM the history: of each key, the version behind the newest
 */
static char *
keys_query(const RetentionKeys *keys, const VersionedTable *table,
		   int versions)
{
	StringInfoData names;
	const char *end = quote_identifier(NameStr(table->end_column));

	initStringInfo(&names);
	for (int i = 0; i < keys->nkeys; i++)
		appendStringInfo(&names, "%sh.%s", i > 0 ? ", " : "",
						 quote_identifier(NameStr(TupleDescAttr(keys->desc,
																i)->attname)));
	return psprintf("SELECT * FROM (SELECT %s, h.%s,"
					" pg_catalog.row_number() OVER"
					" (PARTITION BY %s ORDER BY h.%s DESC, h.%s DESC) AS \" place\""
					" FROM ONLY %s h) v WHERE \" place\" OPERATOR(pg_catalog.=) %d",
					names.data, end, names.data, end,
					quote_identifier(NameStr(table->start_column)),
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(table->history)),
											   get_rel_name(table->history)),
					versions + 1);
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
keys_add(RetentionKeys *keys, HeapTuple tuple, TupleDesc desc,
		 TimestampTz *latest)
{
	Datum		values[INDEX_MAX_KEYS + 2];
	bool		nulls[INDEX_MAX_KEYS + 2];
	TupleHashEntry entry;
	bool		isnew;
	TimestampTz end;

	heap_deform_tuple(tuple, desc, values, nulls);
	end = DatumGetTimestampTz(values[keys->nkeys]);
	entry = LookupTupleHashEntry(keys->hash,
								 keys_fill_slot(keys, values, nulls), &isnew,
								 NULL);
	*(TimestampTz *) temporal_tuple_hash_new(keys->hash, entry,
											 sizeof(TimestampTz)) = end;
	*latest = Max(*latest, end);
}

RetentionKeys *
retention_keys_find(const VersionedTable *table, int versions,
					TimestampTz *latest)
{
	RetentionKeys *keys = palloc0(sizeof(RetentionKeys));
	MemoryContext context = CurrentMemoryContext;
	char	   *query;

	*latest = DT_NOBEGIN;
	keys_find_columns(keys, table);
	keys_create_hash(keys);
	query = keys_query(keys, table, versions);
	SPI_connect();
	if (SPI_execute(query, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "versions of history %u could not be counted",
			 table->history);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		keys_add(keys, SPI_tuptable->vals[i], SPI_tuptable->tupdesc, latest);
		MemoryContextSwitchTo(old);
		MemoryContextReset(keys->temp);
	}
	SPI_finish();
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
		end <= *(TimestampTz *) temporal_tuple_hash_data(keys->hash, entry);
	MemoryContextReset(keys->temp);
	return exceeds;
}
