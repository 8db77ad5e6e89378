/*-------------------------------------------------------------------------
 *
 * retention_policy.c
 *	  Rows of temporal.retention_policy
 *
 * The only file that knows the columns of the table.  It is read and written
 * as PostgreSQL reads and writes its own catalogs, whatever the current user
 * may do with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "catalog/extension_objects.h"
#include "catalog/retention_policy.h"

enum
{
	Anum_policy_relation = 1,
	Anum_policy_period,
	Anum_policy_max_size,
	Anum_policy_max_versions,
	Anum_policy_condition,
	Anum_policy_archive,
	Anum_policy_archive_location,
	Anum_policy_schedule,
	Natts_policy = Anum_policy_schedule
};

void
retention_policy_init(RetentionPolicy *policy, Oid relation)
{
	memset(policy, 0, sizeof(*policy));
	policy->relation = relation;
	policy->schedule.time = USECS_PER_HOUR;
}

bool
retention_policy_limits(const RetentionPolicy *policy)
{
	return policy->period != NULL || policy->max_size > 0 ||
		policy->max_versions > 0;
}

static Relation
policy_table_open(LOCKMODE mode)
{
	Oid			schema = extension_is_created() ?
		get_rel_namespace(extension_catalog()) : InvalidOid;
	Oid			relid = get_relname_relid("retention_policy", schema);

	return OidIsValid(relid) ? try_table_open(relid, mode) : NULL;
}

static SysScanDesc
policy_table_scan(Relation rel, Oid relation)
{
	ScanKeyData key;
	Oid			index = get_relname_relid("retention_policy_pkey",
										  RelationGetNamespace(rel));

	ScanKeyInit(&key, Anum_policy_relation, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation));
	return systable_beginscan(rel, index, OidIsValid(index), NULL, 1, &key);
}

static Interval *
policy_interval(Datum value)
{
	Interval   *copy = palloc(sizeof(Interval));

	*copy = *DatumGetIntervalP(value);
	return copy;
}

bool
retention_policy_find(Oid relation, RetentionPolicy *policy)
{
	Relation	rel = policy_table_open(AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	retention_policy_init(policy, relation);
	if (rel == NULL)
		return false;
	scan = policy_table_scan(rel, relation);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
	{
		Datum		values[Natts_policy];
		bool		nulls[Natts_policy];

		heap_deform_tuple(tuple, RelationGetDescr(rel), values, nulls);
		if (!nulls[Anum_policy_period - 1])
			policy->period = policy_interval(values[Anum_policy_period - 1]);
		if (!nulls[Anum_policy_max_size - 1])
			policy->max_size = DatumGetInt64(values[Anum_policy_max_size - 1]);
		if (!nulls[Anum_policy_max_versions - 1])
			policy->max_versions =
				DatumGetInt32(values[Anum_policy_max_versions - 1]);
		if (!nulls[Anum_policy_condition - 1])
			policy->condition =
				TextDatumGetCString(values[Anum_policy_condition - 1]);
		policy->archive = DatumGetBool(values[Anum_policy_archive - 1]);
		if (!nulls[Anum_policy_archive_location - 1])
			policy->archive_location =
				TextDatumGetCString(values[Anum_policy_archive_location - 1]);
		policy->schedule = *DatumGetIntervalP(values[Anum_policy_schedule - 1]);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

/*
 * A text, or null if there is none.
 */
static void
policy_set_text(Datum *values, bool *nulls, AttrNumber attno,
				const char *text)
{
	nulls[attno - 1] = text == NULL;
	if (text != NULL)
		values[attno - 1] = CStringGetTextDatum(text);
}

void
retention_policy_store(const RetentionPolicy *policy)
{
	Relation	rel = policy_table_open(RowExclusiveLock);
	Datum		values[Natts_policy] = {0};
	bool		nulls[Natts_policy] = {0};
	SysScanDesc scan;
	HeapTuple	old;
	HeapTuple	tuple;

	if (rel == NULL)
		elog(ERROR, "table of retention policies is missing");
	values[Anum_policy_relation - 1] = ObjectIdGetDatum(policy->relation);
	nulls[Anum_policy_period - 1] = policy->period == NULL;
	values[Anum_policy_period - 1] = IntervalPGetDatum(policy->period);
	nulls[Anum_policy_max_size - 1] = policy->max_size == 0;
	values[Anum_policy_max_size - 1] = Int64GetDatum(policy->max_size);
	nulls[Anum_policy_max_versions - 1] = policy->max_versions == 0;
	values[Anum_policy_max_versions - 1] = Int32GetDatum(policy->max_versions);
	policy_set_text(values, nulls, Anum_policy_condition, policy->condition);
	values[Anum_policy_archive - 1] = BoolGetDatum(policy->archive);
	policy_set_text(values, nulls, Anum_policy_archive_location,
					policy->archive_location);
	values[Anum_policy_schedule - 1] = IntervalPGetDatum(&policy->schedule);
	tuple = heap_form_tuple(RelationGetDescr(rel), values, nulls);

	scan = policy_table_scan(rel, policy->relation);
	old = systable_getnext(scan);
	if (HeapTupleIsValid(old))
		CatalogTupleUpdate(rel, &old->t_self, tuple);
	else
		CatalogTupleInsert(rel, tuple);
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
	CommandCounterIncrement();
}

void
retention_policy_forget(Oid relation)
{
	Relation	rel = policy_table_open(RowExclusiveLock);
	SysScanDesc scan;
	HeapTuple	tuple;

	if (rel == NULL)
		return;					/* the extension is being dropped */
	scan = policy_table_scan(rel, relation);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		CatalogTupleDelete(rel, &tuple->t_self);
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
	CommandCounterIncrement();
}

void
retention_policy_lock(Oid relation, LOCKMODE mode)
{
	LockDatabaseObject(RelationRelationId, relation, 0, mode);
}

Oid
retention_key_operator(Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR |
											  TYPECACHE_HASH_PROC);

	if (!OidIsValid(entry->eq_opr) || !OidIsValid(entry->hash_proc))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("versions cannot be counted by keys of type %s, which cannot be hashed",
						format_type_be(type))));
	return entry->eq_opr;
}
