/*-------------------------------------------------------------------------
 *
 * capture_rows.c
 *	  Triggers that look at one row at a time
 *
 * Ordinary writes need none of these.  They exist for what the statement
 * triggers and the planner hook cannot see:
 *
 *	temporal.capture_row	AFTER UPDATE OR DELETE, fires only in sessions with
 *		session_replication_role = replica.  Logical replication's apply worker
 *		fires no statement triggers.
 *	temporal.guard_row		BEFORE INSERT OR UPDATE, made only for tables where
 *		something else could set the period columns (a user's BEFORE trigger,
 *		a subscription) or where temporal.skip_unchanged or
 *		temporal.exclude_columns asks for a look at both rows.
 *	temporal.protect_history	refuses all statements that write history.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "utils/datum.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/session_time.h"
#include "base/settings.h"
#include "capture/capture.h"
#include "catalog/audit_queue.h"
#include "catalog/segment_table.h"
#include "catalog/versioned_cache.h"
#include "history/history_reach.h"
#include "history/history_store.h"
#include "time/transaction_time.h"

PG_FUNCTION_INFO_V1(temporal_capture_row);
PG_FUNCTION_INFO_V1(temporal_guard_row);
PG_FUNCTION_INFO_V1(temporal_protect_history);

/* What an UPDATE did to a row */
typedef enum RowChange
{
	ROW_UNCHANGED,				/* nothing but the period */
	ROW_EXCLUDED,				/* only columns of temporal.exclude_columns */
	ROW_CHANGED
} RowChange;

static void
capture_check_row_trigger(FunctionCallInfo fcinfo, const char *function)
{
	settings_require_preload();
	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_ROW(((TriggerData *) fcinfo->context)->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired for each row",
						function)));
}

/*
 * temporal.capture_row() RETURNS trigger
 */
Datum
temporal_capture_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const VersionedRelation *versioned;
	HistoryWriter *writer;

	capture_check_row_trigger(fcinfo, "capture_row");

	if (session_time_is_set)
		capture_refuse_session_time(trigdata);

	/* Whatever ENABLE TRIGGER made of it, it must not capture twice */
	if (SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA)
		return PointerGetDatum(NULL);

	versioned = versioned_cache_get_open(trigdata->tg_relation);
	if (versioned == NULL || !OidIsValid(versioned->history) ||
		versioned->history_subscribed)
		return PointerGetDatum(NULL);

	/* A row that kept its start made no version: temporal.exclude_columns */
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) &&
		!bms_is_empty(versioned->exclude_attnos))
	{
		if (capture_row_start(versioned, trigdata->tg_trigslot) ==
			capture_row_start(versioned, trigdata->tg_newslot))
			return PointerGetDatum(NULL);
	}

	writer = capture_begin(versioned);
	capture_version(writer, versioned, trigdata->tg_trigslot);
	history_writer_end(writer);
	return PointerGetDatum(NULL);
}

/*
 * What changed between two rows, the period columns aside.  Compares images,
 * as suppress_redundant_updates_trigger() does: a value that is stored in
 * another way counts as changed, which costs a version and loses nothing.
 */
static RowChange
capture_compare_rows(TupleTableSlot *old, TupleTableSlot *new,
					 const VersionedRelation *versioned)
{
	TupleDesc	desc = old->tts_tupleDescriptor;
	RowChange	change = ROW_UNCHANGED;

	slot_getallattrs(old);
	slot_getallattrs(new);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped || att->attnum == versioned->start_attno ||
			att->attnum == versioned->end_attno)
			continue;
		if (old->tts_isnull[i] == new->tts_isnull[i] &&
			(old->tts_isnull[i] ||
			 datum_image_eq(old->tts_values[i], new->tts_values[i],
							att->attbyval, att->attlen)))
			continue;
		if (!bms_is_member(att->attnum, versioned->exclude_attnos))
			return ROW_CHANGED;
		change = ROW_EXCLUDED;
	}
	return change;
}

/*
 * temporal.guard_row() RETURNS trigger
 */
Datum
temporal_guard_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Relation	rel;
	const VersionedRelation *versioned;
	TupleTableSlot *new;
	bool		update;
	TimestampTz start;
	int			columns[2];
	Datum		values[2];
	bool		nulls[2] = {false, false};
	HeapTuple	tuple;

	capture_check_row_trigger(fcinfo, "guard_row");
	if (session_time_is_set)
		capture_refuse_session_time(trigdata);
	rel = trigdata->tg_relation;
	update = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	tuple = update ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	new = update ? trigdata->tg_newslot : trigdata->tg_trigslot;

	versioned = versioned_cache_get_open(rel);
	if (versioned == NULL || temporal_allow_period_writes)
		return PointerGetDatum(tuple);

	/* A mirror of a versioned table keeps the periods it is sent */
	if (versioned->history_subscribed &&
		SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		return PointerGetDatum(tuple);

	start = capture_row_start(versioned, new);
	if (update)
	{
		TimestampTz previous = capture_row_start(versioned,
												 trigdata->tg_trigslot);
		TimestampTz next;
		RowChange	change = ROW_CHANGED;

		if (versioned->skip_unchanged ||
			!bms_is_empty(versioned->exclude_attnos))
			change = capture_compare_rows(trigdata->tg_trigslot, new,
										  versioned);
		if (change == ROW_UNCHANGED && versioned->skip_unchanged)
			return PointerGetDatum(NULL);
		if (change == ROW_EXCLUDED)
			start = previous;
		else
		{
			/* the planner hook's start stands unless somebody changed it */
			next = capture_replace_start(previous, versioned->history);
			if (start < next || !transaction_time_is_own(start))
				start = next;
		}
	}
	else if (!transaction_time_is_own(start))
	{
		/* a row that moves between partitions has its start already */
		start = OidIsValid(versioned->history) ?
			capture_insert_start(history_reach_boundary(versioned->history)) :
			transaction_time_row_start();
	}

	columns[0] = versioned->start_attno;
	values[0] = TimestampTzGetDatum(start);
	columns[1] = versioned->end_attno;
	values[1] = TimestampTzGetDatum(DT_NOEND);
	return PointerGetDatum(heap_modify_tuple_by_cols(tuple,
													 RelationGetDescr(rel), 2,
													 columns, values, nulls));
}

/*
 * temporal.protect_history() RETURNS trigger
 *
 * BEFORE INSERT, UPDATE, DELETE and TRUNCATE for each statement, of a history
 * and of its segments; ENABLE ALWAYS.  Logical replication may fill a history
 * that it is subscribed to.  As an AFTER INSERT row trigger for replicas it
 * only notes that history was written from elsewhere.
 */
Datum
temporal_protect_history(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Oid			history;
	Oid			relid;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired as a trigger",
						"protect_history")));
	relid = RelationGetRelid(trigdata->tg_relation);
	history = TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) ?
		segment_table_history(relid) : InvalidOid;

	if (TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) &&
		!temporal_allow_period_writes &&
		!(SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA &&
		  versioned_is_subscribed(relid)))
	{
		audit_refuse(OidIsValid(history) ? history : relid,
					 psprintf("%s of history", capture_command(trigdata)));
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot change history table \"%s\"",
						RelationGetRelationName(trigdata->tg_relation)),
				 errdetail("History is written only by changing the versioned table."),
				 errhint("For an import, a superuser can turn on temporal.allow_period_writes.")));
	}

	/* An import adds versions; nothing else reaches those in segments */
	if (TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) &&
		!TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) &&
		segment_run_list(relid, NULL, false) != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot change versions of history \"%s\" because it is compressed",
						RelationGetRelationName(trigdata->tg_relation)),
				 errhint("Call temporal.decompress_history() first.")));

	settings_require_preload();
	if (session_time_is_set && TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event))
		session_time_refuse_write(capture_command(trigdata),
								  RelationGetRelationName(trigdata->tg_relation));
	history_reach_advance(OidIsValid(history) ? history : relid,
						  END_TIMESTAMP);
	if (OidIsValid(history))
		history_reach_change_segments(history);

	if (TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event))
		return PointerGetDatum(NULL);
	return PointerGetDatum(trigdata->tg_trigtuple);
}
