/*-------------------------------------------------------------------------
 *
 * job_table.c
 *	  Rows of temporal.job and temporal.job_run
 *
 * The only file that knows the columns of the tables.  They are read and
 * written as PostgreSQL reads and writes its own catalogs, whatever the
 * current user may do with them.
 *
 * Nobody but maintenance writes them, each job's rows only by who has claimed
 * the job.  Dropping a table therefore leaves its rows, which no view shows,
 * to the next look of maintenance: a DROP never meets an update of ours.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalog/extension_objects.h"
#include "catalog/job_table.h"

enum
{
	Anum_job_relation = 1,
	Anum_job_kind,				/* text COLLATE "C" */
	Anum_job_state,
	Anum_job_last_start,
	Anum_job_last_end,
	Anum_job_next_run,
	Anum_job_failures,
	Anum_job_last_error,
	Natts_job = Anum_job_last_error
};

enum
{
	Anum_job_run_relation = 1,
	Anum_job_run_kind,			/* text COLLATE "C" */
	Anum_job_run_started,
	Anum_job_run_ended,
	Anum_job_run_role,
	Anum_job_run_steps,
	Anum_job_run_versions,
	Anum_job_run_bytes,
	Anum_job_run_detail,
	Anum_job_run_error,
	Natts_job_run = Anum_job_run_error
};

static const char *const job_state_names[] = {
	[JOB_IDLE] = "idle",
	[JOB_RUNNING] = "running",
	[JOB_FAILED] = "failed",
	[JOB_POSTPONED] = "postponed",
};

static Oid
job_table_relid(const char *name)
{
	if (!extension_is_created())
		return InvalidOid;
	return get_relname_relid(name, get_rel_namespace(extension_catalog()));
}

/*
 * NULL if the table is not there.
 */
static Relation
job_table_open(const char *name, LOCKMODE mode)
{
	Oid			relid = job_table_relid(name);

	return OidIsValid(relid) ? try_table_open(relid, mode) : NULL;
}

bool
job_table_exists(void)
{
	return OidIsValid(job_table_relid("job")) &&
		OidIsValid(job_table_relid("job_run"));
}

/*
 * A scan for the rows of a job, in the order of the index.
 */
static SysScanDesc
job_table_scan(Relation rel, const char *index_name, Oid relation,
			   const char *kind)
{
	ScanKeyData keys[2];
	Oid			index = get_relname_relid(index_name,
										  RelationGetNamespace(rel));

	StaticAssertStmt(Anum_job_relation == (int) Anum_job_run_relation &&
					 Anum_job_kind == (int) Anum_job_run_kind,
					 "both tables begin with the job");
	ScanKeyInit(&keys[0], Anum_job_relation, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation));
	ScanKeyInit(&keys[1], Anum_job_kind, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(kind));
	return systable_beginscan(rel, index, OidIsValid(index), NULL, 2, keys);
}

static TimestampTz
job_table_time(const Datum *values, const bool *nulls, AttrNumber attno)
{
	return nulls[attno - 1] ? DT_NOBEGIN :
		DatumGetTimestampTz(values[attno - 1]);
}

bool
job_table_get(Oid relation, const char *kind, JobRow *row)
{
	Relation	rel = job_table_open("job", AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	memset(row, 0, sizeof(*row));
	row->relation = relation;
	row->kind = kind;
	row->last_start = row->last_end = row->next_run = DT_NOBEGIN;
	if (rel == NULL)
		return false;
	scan = job_table_scan(rel, "job_pkey", relation, kind);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
	{
		Datum		values[Natts_job];
		bool		nulls[Natts_job];
		char	   *state;

		heap_deform_tuple(tuple, RelationGetDescr(rel), values, nulls);
		state = TextDatumGetCString(values[Anum_job_state - 1]);
		for (int i = 0; i < lengthof(job_state_names); i++)
		{
			if (strcmp(state, job_state_names[i]) == 0)
				row->state = (JobState) i;
		}
		row->last_start = job_table_time(values, nulls, Anum_job_last_start);
		row->last_end = job_table_time(values, nulls, Anum_job_last_end);
		row->next_run = job_table_time(values, nulls, Anum_job_next_run);
		row->failures = DatumGetInt32(values[Anum_job_failures - 1]);
		if (!nulls[Anum_job_last_error - 1])
			row->last_error =
				TextDatumGetCString(values[Anum_job_last_error - 1]);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

static void
job_table_set_time(Datum *values, bool *nulls, AttrNumber attno, TimestampTz t)
{
	values[attno - 1] = TimestampTzGetDatum(t);
	nulls[attno - 1] = t == DT_NOBEGIN;
}

static void
job_table_set_text(Datum *values, bool *nulls, AttrNumber attno,
				   const char *text)
{
	nulls[attno - 1] = text == NULL;
	values[attno - 1] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static HeapTuple
job_table_form(Relation rel, const JobRow *row)
{
	Datum		values[Natts_job];
	bool		nulls[Natts_job] = {0};

	values[Anum_job_relation - 1] = ObjectIdGetDatum(row->relation);
	values[Anum_job_kind - 1] = CStringGetTextDatum(row->kind);
	values[Anum_job_state - 1] =
		CStringGetTextDatum(job_state_names[row->state]);
	job_table_set_time(values, nulls, Anum_job_last_start, row->last_start);
	job_table_set_time(values, nulls, Anum_job_last_end, row->last_end);
	job_table_set_time(values, nulls, Anum_job_next_run, row->next_run);
	values[Anum_job_failures - 1] = Int32GetDatum(row->failures);
	job_table_set_text(values, nulls, Anum_job_last_error, row->last_error);
	return heap_form_tuple(RelationGetDescr(rel), values, nulls);
}

void
job_table_put(const JobRow *row)
{
	Relation	rel = job_table_open("job", RowExclusiveLock);
	SysScanDesc scan;
	HeapTuple	old;

	if (rel == NULL)
		return;
	scan = job_table_scan(rel, "job_pkey", row->relation, row->kind);
	old = systable_getnext(scan);
	if (HeapTupleIsValid(old))
		CatalogTupleUpdate(rel, &old->t_self, job_table_form(rel, row));
	else
		CatalogTupleInsert(rel, job_table_form(rel, row));
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
	CommandCounterIncrement();
}

static HeapTuple
job_run_form(Relation rel, const JobRunRow *run)
{
	Datum		values[Natts_job_run];
	bool		nulls[Natts_job_run] = {0};
	NameData	role;

	values[Anum_job_run_relation - 1] = ObjectIdGetDatum(run->relation);
	values[Anum_job_run_kind - 1] = CStringGetTextDatum(run->kind);
	values[Anum_job_run_started - 1] = TimestampTzGetDatum(run->started);
	values[Anum_job_run_ended - 1] = TimestampTzGetDatum(run->ended);
	nulls[Anum_job_run_role - 1] = !OidIsValid(run->role);
	if (OidIsValid(run->role))
		namestrcpy(&role, GetUserNameFromId(run->role, false));
	values[Anum_job_run_role - 1] = NameGetDatum(&role);
	values[Anum_job_run_steps - 1] = Int32GetDatum(run->steps);
	values[Anum_job_run_versions - 1] = Int64GetDatum(run->versions);
	values[Anum_job_run_bytes - 1] = Int64GetDatum(run->bytes);
	job_table_set_text(values, nulls, Anum_job_run_detail, run->detail);
	job_table_set_text(values, nulls, Anum_job_run_error, run->error);
	return heap_form_tuple(RelationGetDescr(rel), values, nulls);
}

/*
 * Forgets the oldest runs of a job.  There are few too many: none but us adds.
 */
static void
job_run_trim(Relation rel, Oid relation, const char *kind, int keep)
{
	Oid			index = get_relname_relid("job_run_order",
										  RelationGetNamespace(rel));
	ScanKeyData keys[2];
	Relation	order;
	SysScanDesc scan;
	HeapTuple	tuple;
	int			seen = 0;

	if (!OidIsValid(index))
		return;					/* the extension is being dropped */
	ScanKeyInit(&keys[0], Anum_job_run_relation, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relation));
	ScanKeyInit(&keys[1], Anum_job_run_kind, BTEqualStrategyNumber,
				F_TEXTEQ, CStringGetTextDatum(kind));
	order = index_open(index, AccessShareLock);
	scan = systable_beginscan_ordered(rel, order, NULL, 2, keys);
	while (HeapTupleIsValid(tuple =
							systable_getnext_ordered(scan,
													 BackwardScanDirection)))
	{
		if (++seen > keep)
			CatalogTupleDelete(rel, &tuple->t_self);
	}
	systable_endscan_ordered(scan);
	index_close(order, AccessShareLock);
}

void
job_run_insert(const JobRunRow *run, int keep)
{
	Relation	rel = job_table_open("job_run", RowExclusiveLock);

	if (rel == NULL)
		return;
	CatalogTupleInsert(rel, job_run_form(rel, run));
	CommandCounterIncrement();
	job_run_trim(rel, run->relation, run->kind, keep);
	table_close(rel, RowExclusiveLock);
	CommandCounterIncrement();
}

/*
 * Did it delete any?
 */
static bool
job_table_delete_others(Relation rel, const List *relations)
{
	bool		deleted = false;
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0,
										  NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		relation = heap_getattr(tuple, Anum_job_relation,
											RelationGetDescr(rel), &isnull);

		if (list_member_oid(relations, DatumGetObjectId(relation)))
			continue;
		CatalogTupleDelete(rel, &tuple->t_self);
		deleted = true;
	}
	systable_endscan(scan);
	return deleted;
}

void
job_table_keep_only(const List *relations)
{
	Oid			relid = job_table_relid("job");
	Relation	job;
	Relation	run;

	/* against others who do the same */
	if (!OidIsValid(relid) ||
		!ConditionalLockRelationOid(relid, ShareUpdateExclusiveLock))
		return;
	job = try_table_open(relid, RowExclusiveLock);
	run = job_table_open("job_run", RowExclusiveLock);
	/* a job without a row has no runs */
	if (job != NULL && run != NULL &&
		job_table_delete_others(job, relations))
		(void) job_table_delete_others(run, relations);
	if (run != NULL)
		table_close(run, RowExclusiveLock);
	if (job != NULL)
		table_close(job, RowExclusiveLock);
	CommandCounterIncrement();
}
