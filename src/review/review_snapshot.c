/*-------------------------------------------------------------------------
 *
 * review_snapshot.c
 *	  Times with names: temporal.create_snapshot and its kin
 *
 * A snapshot is the commit time of the last transaction that the statement
 * which creates it sees: AS OF it shows what that statement saw.  The tables
 * it lists are those whose history it keeps; AS OF SNAPSHOT is a time like any
 * other, also for tables that are not listed.
 *
 * AND RETENTION	Until the snapshot is committed, retention does not know of it,
 *				and must not remove anything: each waits for the other, by a
 *				lock that is theirs alone.  What it removed before may have been
 *				ended after the statement began, and a snapshot of that moment
 *				would have a hole; then the moment becomes the present one, or,
 *				where a transaction sees but one moment, there is no snapshot.
 *
 * RIGHTS		Keeping history is the owner's business: who lists a table must
 *				own it.  Who created a snapshot or owns one of its tables may
 *				drop it.  Names and times are no secret.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "catalog/retention_policy.h"
#include "catalog/snapshot_table.h"
#include "review/review.h"

PG_FUNCTION_INFO_V1(temporal_create_snapshot);
PG_FUNCTION_INFO_V1(temporal_drop_snapshot);
PG_FUNCTION_INFO_V1(temporal_time_of_snapshot);

static bool
snapshot_owns(Oid relid)
{
	return object_ownercheck(RelationRelationId, relid, GetUserId());
}

/*
 * The tables that are listed; partitions stand for the table they are part of.
 */
static List *
snapshot_listed(ArrayType *array)
{
	List	   *result = NIL;
	Datum	   *relations;
	bool	   *nulls;
	int			nrelations;

	deconstruct_array(array, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT,
					  &relations, &nulls, &nrelations);
	for (int i = 0; i < nrelations; i++)
	{
		Oid			root;

		if (nulls[i])
			review_refuse_null("relations");
		root = review_table_open(DatumGetObjectId(relations[i]))->versioned->root;
		if (!snapshot_owns(root))
			aclcheck_error(ACLCHECK_NOT_OWNER,
						   get_relkind_objtype(get_rel_relkind(root)),
						   get_rel_name(root));
		result = list_append_unique_oid(result, root);
	}
	return result;
}

/*
 * All versioned tables of the user
 */
static List *
snapshot_all(void)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, versioned_table_list())
	{
		Oid			relid = lfirst_oid(lc);
		Relation	rel = try_relation_open(relid, AccessShareLock);
		const VersionedRelation *versioned;

		if (rel == NULL)
			continue;			/* gone by now */
		versioned = versioned_cache_get_open(rel);
		if (versioned != NULL && OidIsValid(versioned->history) &&
			snapshot_owns(relid))
			result = lappend_oid(result, relid);
		relation_close(rel, AccessShareLock);
	}
	return result;
}

/*
 * The time of the last transaction that the calling statement sees
 */
static TimestampTz
snapshot_time(void)
{
	Datum		value;
	bool		isnull;

	SPI_connect();
	if (SPI_execute("SELECT temporal.scn_to_timestamp(temporal.current_scn())",
					true /* with the snapshot of the statement */ ,
					1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not find the current SCN");
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
						  &isnull);
	SPI_finish();
	return DatumGetTimestampTz(value);
}

/*
 * Keeps retention away from the tables, and finds the time, at which their
 * histories have to be whole.
 */
static TimestampTz
snapshot_pin(List *relations)
{
	TimestampTz time = snapshot_time();
	TimestampTz now;
	TimestampTz start = DT_NOBEGIN;
	Oid			relid = InvalidOid;
	ListCell   *lc;

	list_sort(relations, list_oid_cmp);
	foreach(lc, relations)
		retention_policy_lock(lfirst_oid(lc), ShareLock);
	foreach(lc, relations)
	{
		VersionedTable table;

		if (!versioned_table_find(lfirst_oid(lc), &table) ||
			table.history_start <= start)
			continue;
		start = table.history_start;
		relid = table.relation;
	}
	if (time >= start)
		return time;

	/* what went had been ended by transactions that can be seen now */
	PushActiveSnapshot(GetLatestSnapshot());
	now = snapshot_time();
	PopActiveSnapshot();
	if (now != time && IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("what the transaction sees of table \"%s\" may have been removed from its history",
						get_rel_name(relid)),
				 errhint("Create the snapshot in a transaction that begins now.")));
	return now;
}

/*
 * The row of a snapshot; 02000 if there is none.
 */
static void
snapshot_require(const char *name, SnapshotRow *row)
{
	if (!snapshot_table_find(name, row))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("snapshot \"%s\" does not exist", name),
				 errhint("temporal.snapshots lists them.")));
}

/*
 * temporal.create_snapshot(name text, relations regclass[])
 *		RETURNS timestamptz
 */
Datum
temporal_create_snapshot(PG_FUNCTION_ARGS)
{
	SnapshotRow row;
	char	   *name;

	settings_require_preload();
	if (PG_ARGISNULL(0))
		review_refuse_null("name");
	PreventCommandIfReadOnly("temporal.create_snapshot()");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("name of a snapshot must not be empty")));
	if (snapshot_table_find(name, &row))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("snapshot \"%s\" already exists", name),
				 errhint("temporal.drop_snapshot() drops it.")));

	row.name = name;
	row.owner = GetUserNameFromId(GetUserId(), false);
	row.created_at = GetCurrentStatementStartTimestamp();
	row.relations = PG_ARGISNULL(1) ? snapshot_all() :
		snapshot_listed(PG_GETARG_ARRAYTYPE_P(1));
	row.time = snapshot_pin(row.relations);
	snapshot_table_insert(&row);
	PG_RETURN_TIMESTAMPTZ(row.time);
}

static bool
snapshot_may_drop(const SnapshotRow *row)
{
	Oid			owner = get_role_oid(row->owner, true);
	ListCell   *lc;

	if (OidIsValid(owner) ? has_privs_of_role(GetUserId(), owner) :
		superuser())
		return true;
	foreach(lc, row->relations)
	{
		if (get_rel_relkind(lfirst_oid(lc)) != '\0' &&
			snapshot_owns(lfirst_oid(lc)))
			return true;
	}
	return false;
}

/*
 * temporal.drop_snapshot(name text)
 */
Datum
temporal_drop_snapshot(PG_FUNCTION_ARGS)
{
	SnapshotRow row;
	char	   *name;

	settings_require_preload();
	if (PG_ARGISNULL(0))
		review_refuse_null("name");
	PreventCommandIfReadOnly("temporal.drop_snapshot()");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	snapshot_require(name, &row);
	if (!snapshot_may_drop(&row))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of snapshot \"%s\" or of one of its tables",
						name)));
	snapshot_table_delete(name);
	PG_RETURN_VOID();
}

/*
 * temporal.time_of_snapshot(name text) RETURNS timestamptz
 */
Datum
temporal_time_of_snapshot(PG_FUNCTION_ARGS)
{
	SnapshotRow row;

	settings_require_preload();
	snapshot_require(text_to_cstring(PG_GETARG_TEXT_PP(0)), &row);
	PG_RETURN_TIMESTAMPTZ(row.time);
}
