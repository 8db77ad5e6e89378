/*-------------------------------------------------------------------------
 *
 * segment_table.c
 *	  Rows of temporal.segment_store and temporal.segment_run
 *
 * The only file that knows the columns of these tables.  They are read and
 * written as PostgreSQL reads and writes its own catalogs, whatever the
 * current user may do with them.
 *
 * Neither is dumped: a dump has all versions as rows of the history, and a
 * restored history has no segments until it is compressed again.
 *
 * CACHE
 *		Planning asks of every relation whether it is a history with segments.
 *		The answer is kept until the relation's relcache entry is invalidated,
 *		which happens when it changes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalog/extension_objects.h"
#include "catalog/segment_table.h"

enum
{
	Anum_segment_store_history = 1,
	Anum_segment_store_segments,
	Anum_segment_store_start_column,
	Anum_segment_store_end_column,
	Anum_segment_store_key_column,
	Natts_segment_store = Anum_segment_store_key_column
};

enum
{
	Anum_segment_run_history = 1,
	Anum_segment_run_run,
	Anum_segment_run_slice,
	Anum_segment_run_starts,
	Anum_segment_run_ends,
	Anum_segment_run_versions,
	Anum_segment_run_segments,
	Anum_segment_run_bytes,
	Anum_segment_run_raw_bytes,
	Anum_segment_run_start_quantiles,
	Anum_segment_run_end_quantiles,
	Natts_segment_run = Anum_segment_run_end_quantiles
};

typedef struct SegmentCacheEntry
{
	Oid			relid;			/* key */
	SegmentTable table;			/* segments InvalidOid: it has none */
} SegmentCacheEntry;

static HTAB *segment_cache = NULL;
static uint64 segment_cache_forgotten = 0;	/* how often */

static void
segment_cache_forget(Datum arg, Oid relid)
{
	segment_cache_forgotten++;
	if (segment_cache == NULL)
		return;
	if (OidIsValid(relid))
		hash_search(segment_cache, &relid, HASH_REMOVE, NULL);
	else
	{
		hash_destroy(segment_cache);
		segment_cache = NULL;
	}
}

void
segment_table_init(void)
{
	CacheRegisterRelcacheCallback(segment_cache_forget, 0);
}

/*
 * Opens a table of the extension; NULL while there is none.
 */
static Relation
segment_table_open(const char *name, LOCKMODE mode)
{
	Oid			catalog = extension_catalog();
	Oid			relid;

	if (!OidIsValid(catalog))
		return NULL;
	relid = get_relname_relid(name, get_rel_namespace(catalog));
	return OidIsValid(relid) ? try_table_open(relid, mode) : NULL;
}

static SysScanDesc
segment_table_scan(Relation rel, const char *index_name, AttrNumber attno,
				   Oid value, Snapshot snapshot)
{
	Oid			index = get_relname_relid(index_name,
										  RelationGetNamespace(rel));
	ScanKeyData key;

	ScanKeyInit(&key, attno, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(value));
	return systable_beginscan(rel, index, OidIsValid(index), snapshot, 1,
							  &key);
}

/*
 * Reads the row of segment_store that has the value; returns its history.
 */
static Oid
segment_store_read(const char *index_name, AttrNumber attno, Oid value,
				   SegmentTable *table)
{
	Relation	rel = segment_table_open("segment_store", AccessShareLock);
	Oid			history = InvalidOid;
	SysScanDesc scan;
	HeapTuple	tuple;

	memset(table, 0, sizeof(*table));
	if (rel == NULL)
		return InvalidOid;
	scan = segment_table_scan(rel, index_name, attno, value, NULL);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Datum		values[Natts_segment_store];
		bool		nulls[Natts_segment_store];

		heap_deform_tuple(tuple, RelationGetDescr(rel), values, nulls);
		history = DatumGetObjectId(values[Anum_segment_store_history - 1]);
		table->segments =
			DatumGetObjectId(values[Anum_segment_store_segments - 1]);
		table->start_attno =
			DatumGetInt16(values[Anum_segment_store_start_column - 1]);
		table->end_attno =
			DatumGetInt16(values[Anum_segment_store_end_column - 1]);
		table->key_attno =
			DatumGetInt16(values[Anum_segment_store_key_column - 1]);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return history;
}

Oid
segment_table_history(Oid segments)
{
	SegmentTable table;

	return segment_store_read("segment_store_segments_key",
							  Anum_segment_store_segments, segments, &table);
}

bool
segment_table_get(Oid history, SegmentTable *table)
{
	SegmentCacheEntry *entry;
	uint64		forgotten;

	if (segment_cache != NULL)
	{
		entry = hash_search(segment_cache, &history, HASH_FIND, NULL);
		if (entry != NULL)
		{
			*table = entry->table;
			return OidIsValid(table->segments);
		}
	}

	/* What is invalidated during the look-up is not kept */
	forgotten = segment_cache_forgotten;
	(void) segment_store_read("segment_store_pkey",
							  Anum_segment_store_history, history, table);
	if (forgotten != segment_cache_forgotten)
		return OidIsValid(table->segments);

	if (segment_cache == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(Oid),
			.entrysize = sizeof(SegmentCacheEntry),
		};

		segment_cache = hash_create("temporal histories with segments", 64,
									&control, HASH_ELEM | HASH_BLOBS);
	}
	entry = hash_search(segment_cache, &history, HASH_ENTER, NULL);
	entry->table = *table;
	return OidIsValid(table->segments);
}

bool
segment_table_any(void)
{
	Relation	rel = segment_table_open("segment_store", AccessShareLock);
	SysScanDesc scan;
	bool		any;

	if (rel == NULL)
		return false;
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	any = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return any;
}

static Relation
segment_table_require(const char *name)
{
	Relation	rel = segment_table_open(name, RowExclusiveLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension \"temporal\" is not complete: it has no table \"%s\"",
						name)));
	return rel;
}

/*
 * Sessions that have a plan, or an answer of segment_table_of(), take another.
 */
static void
segment_store_changed(Oid history)
{
	CommandCounterIncrement();
	CacheInvalidateRelcacheByRelid(history);
}

void
segment_table_insert(Oid history, const SegmentTable *table)
{
	Relation	rel = segment_table_require("segment_store");
	Datum		values[Natts_segment_store];
	bool		nulls[Natts_segment_store] = {0};

	values[Anum_segment_store_history - 1] = ObjectIdGetDatum(history);
	values[Anum_segment_store_segments - 1] =
		ObjectIdGetDatum(table->segments);
	values[Anum_segment_store_start_column - 1] =
		Int16GetDatum(table->start_attno);
	values[Anum_segment_store_end_column - 1] =
		Int16GetDatum(table->end_attno);
	values[Anum_segment_store_key_column - 1] =
		Int16GetDatum(table->key_attno);
	CatalogTupleInsert(rel, heap_form_tuple(RelationGetDescr(rel), values,
											nulls));
	table_close(rel, RowExclusiveLock);
	segment_store_changed(history);
}

static void
segment_table_delete_rows(const char *name, const char *index_name,
						  AttrNumber attno, Oid history)
{
	Relation	rel = segment_table_require(name);
	SysScanDesc scan = segment_table_scan(rel, index_name, attno, history,
										  NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		CatalogTupleDelete(rel, &tuple->t_self);
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
}

void
segment_table_delete(Oid history)
{
	segment_table_delete_rows("segment_run", "segment_run_pkey",
							  Anum_segment_run_history, history);
	segment_table_delete_rows("segment_store", "segment_store_pkey",
							  Anum_segment_store_history, history);
	CommandCounterIncrement();
}

/*
 * Reads quantiles; what is not as many as we write stays 0.
 */
static void
segment_run_read_quantiles(Datum array, TimestampTz *quantiles)
{
	Datum	   *values;
	int			nvalues;

	deconstruct_array(DatumGetArrayTypeP(array), TIMESTAMPTZOID,
					  sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &values, NULL, &nvalues);
	for (int i = 0; i < Min(nvalues, SEGMENT_RUN_QUANTILES); i++)
		quantiles[i] = DatumGetTimestampTz(values[i]);
}

/*
 * Reads the first or the last quantile; none if there are not as many as we
 * write.  Others need not be taken apart, which is done for each look-up of a
 * key.
 */
static TimestampTz
segment_run_read_quantile(Datum array, bool last, TimestampTz none)
{
	ArrayType  *quantiles = DatumGetArrayTypeP(array);

	if (ARR_NDIM(quantiles) != 1 || ARR_HASNULL(quantiles) ||
		ARR_DIMS(quantiles)[0] != SEGMENT_RUN_QUANTILES ||
		ARR_ELEMTYPE(quantiles) != TIMESTAMPTZOID)
		return none;
	return ((TimestampTz *) ARR_DATA_PTR(quantiles))[last ? SEGMENT_RUN_QUANTILES - 1 : 0];
}

static int
segment_run_order(const ListCell *a, const ListCell *b)
{
	return ((const SegmentRun *) lfirst(a))->run -
		((const SegmentRun *) lfirst(b))->run;
}

List *
segment_run_list(Oid history, Snapshot snapshot, bool quantiles)
{
	Relation	rel = segment_table_open("segment_run", AccessShareLock);
	List	   *runs = NIL;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (rel == NULL)
		return NIL;
	scan = segment_table_scan(rel, "segment_run_pkey",
							  Anum_segment_run_history, history, snapshot);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		SegmentRun *run = palloc0(sizeof(SegmentRun));
		Datum		values[Natts_segment_run];
		bool		nulls[Natts_segment_run];

		heap_deform_tuple(tuple, RelationGetDescr(rel), values, nulls);
		run->run = DatumGetInt32(values[Anum_segment_run_run - 1]);
		run->slice = DatumGetInt32(values[Anum_segment_run_slice - 1]);
		run->starts = DatumGetTimestampTz(values[Anum_segment_run_starts - 1]);
		run->ends = DatumGetTimestampTz(values[Anum_segment_run_ends - 1]);
		run->last_start =
			segment_run_read_quantile(values[Anum_segment_run_start_quantiles - 1],
									  true, DT_NOEND);
		run->first_end =
			segment_run_read_quantile(values[Anum_segment_run_end_quantiles - 1],
									  false, DT_NOBEGIN);
		run->versions = DatumGetInt64(values[Anum_segment_run_versions - 1]);
		run->segments = DatumGetInt32(values[Anum_segment_run_segments - 1]);
		run->bytes = DatumGetInt64(values[Anum_segment_run_bytes - 1]);
		run->raw_bytes = DatumGetInt64(values[Anum_segment_run_raw_bytes - 1]);
		if (quantiles)
		{
			segment_run_read_quantiles(values[Anum_segment_run_start_quantiles - 1],
									   run->start_quantiles);
			segment_run_read_quantiles(values[Anum_segment_run_end_quantiles - 1],
									   run->end_quantiles);
		}
		runs = lappend(runs, run);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	list_sort(runs, segment_run_order);
	return runs;
}

static Datum
segment_run_quantiles(const TimestampTz *quantiles)
{
	Datum		values[SEGMENT_RUN_QUANTILES];

	for (int i = 0; i < SEGMENT_RUN_QUANTILES; i++)
		values[i] = TimestampTzGetDatum(quantiles[i]);
	return PointerGetDatum(construct_array(values, SEGMENT_RUN_QUANTILES,
										   TIMESTAMPTZOID,
										   sizeof(TimestampTz),
										   FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

static HeapTuple
segment_run_form(Relation rel, Oid history, const SegmentRun *run)
{
	Datum		values[Natts_segment_run];
	bool		nulls[Natts_segment_run] = {0};

	values[Anum_segment_run_history - 1] = ObjectIdGetDatum(history);
	values[Anum_segment_run_run - 1] = Int32GetDatum(run->run);
	values[Anum_segment_run_slice - 1] = Int32GetDatum(run->slice);
	values[Anum_segment_run_starts - 1] = TimestampTzGetDatum(run->starts);
	values[Anum_segment_run_ends - 1] = TimestampTzGetDatum(run->ends);
	values[Anum_segment_run_versions - 1] = Int64GetDatum(run->versions);
	values[Anum_segment_run_segments - 1] = Int32GetDatum(run->segments);
	values[Anum_segment_run_bytes - 1] = Int64GetDatum(run->bytes);
	values[Anum_segment_run_raw_bytes - 1] = Int64GetDatum(run->raw_bytes);
	values[Anum_segment_run_start_quantiles - 1] =
		segment_run_quantiles(run->start_quantiles);
	values[Anum_segment_run_end_quantiles - 1] =
		segment_run_quantiles(run->end_quantiles);
	return heap_form_tuple(RelationGetDescr(rel), values, nulls);
}

void
segment_run_insert(Oid history, const SegmentRun *run)
{
	Relation	rel = segment_table_require("segment_run");

	CatalogTupleInsert(rel, segment_run_form(rel, history, run));
	table_close(rel, RowExclusiveLock);
	CommandCounterIncrement();
}

void
segment_run_update(Oid history, const SegmentRun *run)
{
	Relation	rel = segment_table_require("segment_run");
	SysScanDesc scan = segment_table_scan(rel, "segment_run_pkey",
										  Anum_segment_run_history, history,
										  NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		number = heap_getattr(tuple, Anum_segment_run_run,
										  RelationGetDescr(rel), &isnull);

		if (DatumGetInt32(number) != run->run)
			continue;
		if (run->segments > 0)
			CatalogTupleUpdate(rel, &tuple->t_self,
							   segment_run_form(rel, history, run));
		else
			CatalogTupleDelete(rel, &tuple->t_self);
		break;
	}
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
	CommandCounterIncrement();
}

void
segment_run_delete(Oid history, int32 run)
{
	Relation	rel = segment_table_require("segment_run");
	SysScanDesc scan = segment_table_scan(rel, "segment_run_pkey",
										  Anum_segment_run_history, history,
										  NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		number = heap_getattr(tuple, Anum_segment_run_run,
										  RelationGetDescr(rel), &isnull);

		if (DatumGetInt32(number) == run)
			CatalogTupleDelete(rel, &tuple->t_self);
	}
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
	CommandCounterIncrement();
}
