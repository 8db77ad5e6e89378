/*-------------------------------------------------------------------------
 *
 * capture_statement.c
 *	  Capture of the versions an UPDATE, DELETE or TRUNCATE replaces
 *
 * AFTER UPDATE and AFTER DELETE ... FOR EACH STATEMENT triggers with a
 * transition table (REFERENCING OLD TABLE): PostgreSQL collects the old rows
 * in a tuplestore, whichever way they took (plain, MERGE, upsert, cascades,
 * views, movement between partitions), and this function reads it once.  No
 * row is locked or looked up again, and memory stays flat: the tuplestore
 * spills to disk at work_mem.
 *
 * A version this transaction wrote itself was never there for anybody else and
 * does not go to history (SQL:2011 part 2, 15.13: one version a transaction).
 *
 * INSERT replaces nothing; its trigger, before the statement, is there for
 * servers that lack the preload: they must not write a versioned table at all
 * (capture_executor.c leaves it out where it has nothing to do).
 *
 * TRUNCATE has no transition table; a BEFORE TRUNCATE trigger reads the table,
 * which TRUNCATE has locked already.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/session_time.h"
#include "base/settings.h"
#include "capture/capture.h"
#include "catalog/versioned_cache.h"
#include "time/transaction_time.h"

PG_FUNCTION_INFO_V1(temporal_capture_statement);

static void capture_transition_table(const VersionedRelation *versioned,
									 TriggerData *trigdata);
static void capture_whole_table(const VersionedRelation *versioned,
								Relation rel);

const char *
capture_command(TriggerData *trigdata)
{
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		return "INSERT";
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		return "UPDATE";
	return TRIGGER_FIRED_BY_DELETE(trigdata->tg_event) ? "DELETE" : "TRUNCATE";
}

void
capture_refuse_session_time(TriggerData *trigdata)
{
	const VersionedRelation *versioned =
		versioned_cache_get_open(trigdata->tg_relation);

	if (versioned == NULL || !OidIsValid(versioned->history))
		return;
	session_time_refuse_write(capture_command(trigdata),
							  RelationGetRelationName(trigdata->tg_relation));
}

/*
 * temporal.capture_statement() RETURNS trigger
 */
Datum
temporal_capture_statement(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const VersionedRelation *versioned;
	Relation	rel;

	settings_require_preload();
	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired for each statement",
						"capture_statement")));
	if (session_time_is_set)
		capture_refuse_session_time(trigdata);

	/* INSERT replaces nothing */
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		return PointerGetDatum(NULL);

	rel = trigdata->tg_relation;
	versioned = versioned_cache_get_open(rel);
	if (versioned == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has the triggers of a versioned table, but is not one",
						RelationGetRelationName(rel)),
				 errhint("ALTER TABLE ... ADD SYSTEM VERSIONING, or drop the trigger.")));

	if (!OidIsValid(versioned->history))
		;						/* a period without versioning */
	else if (TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event))
	{
		if (!TRIGGER_FIRED_BEFORE(trigdata->tg_event))
			elog(ERROR, "capture of TRUNCATE must be fired before it");
		capture_whole_table(versioned, rel);
	}
	else if (trigdata->tg_oldtable != NULL)
		capture_transition_table(versioned, trigdata);
	else
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" of table \"%s\" has no transition table",
						trigdata->tg_trigger->tgname,
						RelationGetRelationName(rel))));

	return PointerGetDatum(NULL);
}

TimestampTz
capture_row_start(const VersionedRelation *versioned, TupleTableSlot *row)
{
	bool		isnull;
	Datum		start = slot_getattr(row, versioned->start_attno, &isnull);

	/* NOT NULL, but a table may be damaged */
	return isnull ? DT_NOBEGIN : DatumGetTimestampTz(start);
}

/*
 * The times of a row as it lies in the tuplestore, for tables whose period
 * columns are the last: of fixed length and never null, they end the tuple.
 */
static TimestampTz *
capture_stored_period(MinimalTuple tuple)
{
	return (TimestampTz *) ((char *) tuple + tuple->t_len) - 2;
}

/*
 * Can the stored row become a row of history as it is?  Not if it is older
 * than one of its columns, or if its layout differs from history's.
 */
static bool
capture_is_direct(const VersionedRelation *versioned, MinimalTuple tuple)
{
	int			natts = versioned->natts;

	return versioned->same_layout && HeapTupleHeaderGetNatts(tuple) == natts &&
		(!(tuple->t_infomask & HEAP_HASNULL) ||
		 (!att_isnull(natts - 1, tuple->t_bits) &&
		  !att_isnull(natts - 2, tuple->t_bits)));
}

static void
capture_stored_version(HistoryWriter *writer,
					   const VersionedRelation *versioned, MinimalTuple stored)
{
	TimestampTz start = capture_stored_period(stored)[0];
	TimestampTz end;
	HeapTuple	tuple;
	MemoryContext old;

	if (transaction_time_is_own(start))
		return;
	end = transaction_time_boundary(start);

	old = MemoryContextSwitchTo(history_writer_tuple_context(writer));
	tuple = heap_tuple_from_minimal_tuple(stored);
	MemoryContextSwitchTo(old);
	((TimestampTz *) ((char *) tuple->t_data + tuple->t_len))[-1] = end;
	history_writer_add(writer, tuple, start, end);
}

void
capture_version(HistoryWriter *writer, const VersionedRelation *versioned,
				TupleTableSlot *old)
{
	TupleDesc	desc = history_writer_desc(writer);
	Datum		values[MaxHeapAttributeNumber];
	bool		nulls[MaxHeapAttributeNumber];
	TimestampTz start = capture_row_start(versioned, old);
	TimestampTz end;
	MemoryContext oldcontext;

	if (transaction_time_is_own(start))
		return;
	end = transaction_time_boundary(start);

	slot_getallattrs(old);
	memset(nulls, true, desc->natts * sizeof(bool));
	for (int i = 0; i < versioned->natts; i++)
	{
		AttrNumber	attno = versioned->history_attnos[i];

		if (attno == InvalidAttrNumber)
			continue;
		values[attno - 1] = old->tts_values[i];
		nulls[attno - 1] = old->tts_isnull[i];
	}
	values[versioned->history_attnos[versioned->end_attno - 1] - 1] =
		TimestampTzGetDatum(end);

	oldcontext = MemoryContextSwitchTo(history_writer_tuple_context(writer));
	history_writer_add(writer, heap_form_tuple(desc, values, nulls), start,
					   end);
	MemoryContextSwitchTo(oldcontext);
}

HistoryWriter *
capture_begin(const VersionedRelation *versioned)
{
	return history_writer_begin(versioned->history,
								versioned->history_attnos[versioned->start_attno - 1],
								versioned->history_attnos[versioned->end_attno - 1]);
}

static void
capture_transition_table(const VersionedRelation *versioned,
						 TriggerData *trigdata)
{
	Tuplestorestate *rows = trigdata->tg_oldtable;
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	TupleTableSlot *old;
	TupleTableSlot *new = NULL;
	HistoryWriter *writer;

	if (tuplestore_tuple_count(rows) == 0)
		return;

	/*
	 * With temporal.exclude_columns there is a table of new rows too, in the
	 * same order: guard_row() left a row its start if it made no version.
	 */
	if (trigdata->tg_newtable != NULL)
	{
		if (tuplestore_tuple_count(rows) !=
			tuplestore_tuple_count(trigdata->tg_newtable))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot tell which rows of table \"%s\" made a version",
							RelationGetRelationName(trigdata->tg_relation)),
					 errdetail("A trigger kept updated rows from moving to another partition.")));
		new = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
		tuplestore_rescan(trigdata->tg_newtable);
	}

	old = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	writer = capture_begin(versioned);
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, old))
	{
		MinimalTuple stored;
		bool		should_free;

		if (new != NULL &&
			tuplestore_gettupleslot(trigdata->tg_newtable, true, false, new) &&
			capture_row_start(versioned, new) ==
			capture_row_start(versioned, old))
			continue;
		stored = ExecFetchSlotMinimalTuple(old, &should_free);
		Assert(!should_free);
		if (capture_is_direct(versioned, stored))
			capture_stored_version(writer, versioned, stored);
		else
			capture_version(writer, versioned, old);
	}
	history_writer_end(writer);
	ExecDropSingleTupleTableSlot(old);
	if (new)
		ExecDropSingleTupleTableSlot(new);
}

static void
capture_whole_table(const VersionedRelation *versioned, Relation rel)
{
	TupleTableSlot *old;
	HistoryWriter *writer;
	TableScanDesc scan;
	Snapshot	snapshot;

	/* A partitioned table is truncated through its partitions' own triggers */
	if (rel->rd_rel->relkind != RELKIND_RELATION)
		return;

	/*
	 * TRUNCATE removes what is there, not what the transaction's snapshot
	 * sees.
	 */
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	old = table_slot_create(rel, NULL);
	scan = table_beginscan(rel, snapshot, 0, NULL);
	writer = capture_begin(versioned);
	while (table_scan_getnextslot(scan, ForwardScanDirection, old))
	{
		CHECK_FOR_INTERRUPTS();
		capture_version(writer, versioned, old);
	}
	history_writer_end(writer);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(old);
	UnregisterSnapshot(snapshot);
}
