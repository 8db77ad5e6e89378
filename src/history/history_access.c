/*-------------------------------------------------------------------------
 *
 * history_access.c
 *	  The table access method of histories that have segments
 *
 * Without the library, or without its hooks, a plan would read the heap of a
 * history and take that for all of it: a dump, say, by a server whose
 * shared_preload_libraries was not set again.  Versions would be lost, and
 * nobody would notice.
 *
 * So a history that has segments has an access method of its own,
 * temporal_history, which is heap in everything but this: PostgreSQL has to load
 * this library to read such a table, and where it was not preloaded reading is
 * refused.  VACUUM and ANALYZE go on, lest transaction IDs run out.
 *
 * The pages are heap's, and so a table changes from one to the other by a word
 * in pg_class.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/settings.h"
#include "history/history_access.h"
#include "temporal.h"

#define HISTORY_ACCESS_METHOD	"temporal_history"

PG_FUNCTION_INFO_V1(temporal_history_handler);

static TableAmRoutine history_access_methods;

static TableScanDesc
history_access_scan_begin(Relation rel, Snapshot snapshot, int nkeys,
						  struct ScanKeyData *key,
						  ParallelTableScanDesc pscan, uint32 flags)
{
	if ((flags & SO_TYPE_ANALYZE) == 0)
		settings_require_preload();
	return GetHeapamTableAmRoutine()->scan_begin(rel, snapshot, nkeys, key,
												 pscan, flags);
}

static struct IndexFetchTableData *
history_access_index_fetch_begin(Relation rel)
{
	settings_require_preload();
	return GetHeapamTableAmRoutine()->index_fetch_begin(rel);
}

/*
 * Functions of heap that look whether the table is one
 */
static double
history_access_index_build(Relation rel, Relation index, IndexInfo *info,
						   bool allow_sync, bool anyvisible, bool progress,
						   BlockNumber start, BlockNumber numblocks,
						   IndexBuildCallback callback, void *state,
						   TableScanDesc scan)
{
	const TableAmRoutine *heap = GetHeapamTableAmRoutine();
	const TableAmRoutine *own = rel->rd_tableam;
	double		result;

	rel->rd_tableam = heap;
	PG_TRY();
	{
		result = heap->index_build_range_scan(rel, index, info, allow_sync,
											  anyvisible, progress, start,
											  numblocks, callback, state,
											  scan);
	}
	PG_FINALLY();
	{
		rel->rd_tableam = own;
	}
	PG_END_TRY();
	return result;
}

static void
history_access_index_validate(Relation rel, Relation index, IndexInfo *info,
							  Snapshot snapshot, struct ValidateIndexState *state)
{
	const TableAmRoutine *heap = GetHeapamTableAmRoutine();
	const TableAmRoutine *own = rel->rd_tableam;

	rel->rd_tableam = heap;
	PG_TRY();
	{
		heap->index_validate_scan(rel, index, info, snapshot, state);
	}
	PG_FINALLY();
	{
		rel->rd_tableam = own;
	}
	PG_END_TRY();
}

/*
 * What is too large is in a table that anybody may know how to read.
 */
static Oid
history_access_toast_am(Relation rel)
{
	return HEAP_TABLE_AM_OID;
}

/*
 * temporal.history_handler(internal) RETURNS table_am_handler
 */
Datum
temporal_history_handler(PG_FUNCTION_ARGS)
{
	TableAmRoutine *methods = &history_access_methods;

	if (methods->type != T_TableAmRoutine)
	{
		*methods = *GetHeapamTableAmRoutine();
		methods->scan_begin = history_access_scan_begin;
		methods->index_fetch_begin = history_access_index_fetch_begin;
		methods->index_build_range_scan = history_access_index_build;
		methods->index_validate_scan = history_access_index_validate;
		methods->relation_toast_am = history_access_toast_am;
	}
	PG_RETURN_POINTER(methods);
}

void
history_access_set(Oid history, bool has_segments)
{
	Oid			method = get_table_am_oid(HISTORY_ACCESS_METHOD, false);
	Relation	pg_class = table_open(RelationRelationId, RowExclusiveLock);
	HeapTuple	tuple = SearchSysCacheCopy1(RELOID,
											ObjectIdGetDatum(history));
	ObjectAddress dependent;
	ObjectAddress referenced;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", history);
	((Form_pg_class) GETSTRUCT(tuple))->relam =
		has_segments ? method : HEAP_TABLE_AM_OID;
	CatalogTupleUpdate(pg_class, &tuple->t_self, tuple);
	heap_freetuple(tuple);
	table_close(pg_class, RowExclusiveLock);

	deleteDependencyRecordsForSpecific(RelationRelationId, history,
									   DEPENDENCY_NORMAL,
									   AccessMethodRelationId, method);
	ObjectAddressSet(dependent, RelationRelationId, history);
	ObjectAddressSet(referenced, AccessMethodRelationId, method);
	if (has_segments)
		recordDependencyOn(&dependent, &referenced, DEPENDENCY_NORMAL);
	CommandCounterIncrement();
}

bool
history_access_is_meant(const CreateStmt *stmt)
{
	const char *method = stmt->accessMethod ? stmt->accessMethod :
		default_table_access_method;

	return stmt->partspec == NULL &&
		strcmp(method, HISTORY_ACCESS_METHOD) == 0;
}
