/*-------------------------------------------------------------------------
 *
 * query_time.c
 *	  Checks of the times that clauses name
 *
 * A constant is checked when the statement is planned, anything else when it
 * is executed, by the functions that query_rewrite.c puts around it.
 *
 * WHERE THE HISTORY STARTS
 *		may change while a statement is planned or runs: retention says so in
 *		the catalog, and then removes versions.  What was cached, or was true
 *		when the plan was made, is therefore not asked of a query that has its
 *		snapshot; it looks into the catalog after that if shared memory says
 *		that retention was at work (history_reach.c).  What its snapshot
 *		misses, the catalog knows by then: the horizon commits before, or with
 *		the removal.  So a constant is checked again as the scan of the history
 *		begins.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "catalog/snapshot_table.h"
#include "catalog/versioned_cache.h"
#include "history/history_reach.h"
#include "query/query.h"
#include "time/time_range.h"
#include "time/transaction_instant.h"

/* What temporal.clause_time() answered last in this execution */
typedef struct ClauseTime
{
	bool		known;
	TimestampTz t;
	Oid			relation;
	TimestampTz answer;
} ClauseTime;

PG_FUNCTION_INFO_V1(temporal_clause_time);
PG_FUNCTION_INFO_V1(temporal_clause_bound);
PG_FUNCTION_INFO_V1(temporal_history_holds);
PG_FUNCTION_INFO_V1(temporal_history_warns);

/*
 * temporal.clause_time(time timestamptz, relation regclass) RETURNS timestamptz
 * temporal.column_time(time timestamptz, relation regclass), which is strict
 */
Datum
temporal_clause_time(PG_FUNCTION_ARGS)
{
	ClauseTime *last = fcinfo->flinfo->fn_extra;
	TimestampTz t;

	if (PG_ARGISNULL(0))
		query_refuse_null_time(0);
	t = PG_GETARG_TIMESTAMPTZ(0);
	if (last == NULL)
	{
		last = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
									  sizeof(ClauseTime));
		fcinfo->flinfo->fn_extra = last;
	}
	if (!last->known || last->t != t || last->relation != PG_GETARG_OID(1))
	{
		last->known = false;
		last->t = t;
		last->relation = PG_GETARG_OID(1);
		last->answer = query_check_time(t,
										versioned_cache_require(last->relation,
																0), 0);
		last->known = true;
	}
	PG_RETURN_TIMESTAMPTZ(last->answer);
}

/*
 * temporal.clause_bound(time timestamptz) RETURNS timestamptz
 */
Datum
temporal_clause_bound(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		query_refuse_null_time(0);
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/*
 * An error position is a character, 1 for the first; 0 if unknown.
 */
void
query_refuse_null_time(int position)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("time of FOR SYSTEM_TIME must not be null"),
			 position > 0 ? errposition(position) : 0));
}

/*
 * Was a warning of this time given in this statement?  Planning and several
 * expressions of a plan may all come across it.
 */
static bool
query_has_warned(TimestampTz t, Oid relation)
{
	static TimestampTz last_statement = 0;
	static TimestampTz last_time = 0;
	static Oid	last_relation = InvalidOid;
	TimestampTz statement = GetCurrentStatementStartTimestamp();
	bool		warned = statement == last_statement && t == last_time &&
		relation == last_relation;

	last_statement = statement;
	last_time = t;
	last_relation = relation;
	return warned;
}

/*
 * Is the time one whose history a snapshot keeps, whatever else was removed?
 */
static bool
query_is_pinned(TimestampTz t, Oid relation)
{
	ListCell   *lc;

	foreach(lc, snapshot_table_times(relation))
	{
		if (*(TimestampTz *) lfirst(lc) == t)
			return true;
	}
	return false;
}

/*
 * Where the history starts, read after the query's snapshot was taken.  It is
 * remembered for as long as queries have snapshots that see the same: a time
 * that is made of columns asks for each row, and on a standby, where shared
 * memory knows nothing, each asks here.
 */
static TimestampTz
query_history_start(Oid history)
{
	static Oid	last_history = InvalidOid;
	static uint64 last_snapshot = 0;
	static CommandId last_command = InvalidCommandId;
	static TimestampTz last_start = DT_NOBEGIN;
	Snapshot	active = ActiveSnapshotSet() ? GetActiveSnapshot() : NULL;
	uint64		snapshot = active ? active->snapXactCompletionCount : 0;
	VersionedTable table;

	if (snapshot != 0 && history == last_history &&
		snapshot == last_snapshot && active->curcid == last_command)
		return last_start;
	last_snapshot = 0;
	last_start = versioned_table_find_by_history(history, &table) ?
		table.history_start : DT_NOBEGIN;
	last_history = history;
	last_snapshot = snapshot;
	last_command = active ? active->curcid : InvalidCommandId;
	return last_start;
}

/*
 * 22023, or a warning where there is to be no answer instead.
 */
static void
query_refuse_time(TimestampTz t, TimestampTz start,
				  const VersionedRelation *versioned, int position)
{
	if (temporal_allow_truncated_history &&
		query_has_warned(t, versioned->relid))
		return;
	ereport(temporal_allow_truncated_history ? WARNING : ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("time %s is before the history of table \"%s\", which starts at %s",
					pstrdup(timestamptz_to_str(t)),
					get_rel_name(versioned->relid),
					pstrdup(timestamptz_to_str(start))),
			 t >= start ?
			 errdetail("It starts when the transaction of that time has been committed.") : 0,
			 temporal_allow_truncated_history ? 0 :
			 errhint("temporal.allow_truncated_history = on answers with no rows instead."),
			 position > 0 ? errposition(position) : 0));
}

/*
 * The instant an AS OF clause means for the table; 22023 if the table's
 * history starts later.
 */
TimestampTz
query_check_time(TimestampTz t, const VersionedRelation *versioned,
				 int position)
{
	TimestampTz start = versioned->history_start;

	if (t >= start && history_reach_may_lack(versioned->history, t))
		start = Max(start, query_history_start(versioned->history));
	if (t >= start || query_is_pinned(t, versioned->root))
		return time_clause_instant(t);
	query_refuse_time(t, start, versioned, position);
	return DT_NOBEGIN;
}

/*
 * The same for what was committed at that instant.  A history that began when
 * versioning was added starts with the tick of a transaction.  Until that was
 * committed, the rows were there for all others, but by the periods that it
 * gave them they were not.
 */
const TransactionInstant *
query_check_instant(TimestampTz t, const TransactionInstant *instant,
					const VersionedRelation *versioned, int position)
{
	TimestampTz start = versioned->history_start;

	if (!transaction_instant_in_flight(instant, start) ||
		query_is_pinned(t, versioned->root))
		return instant;
	query_refuse_time(t, start, versioned, position);
	return transaction_instant(DT_NOBEGIN);
}

/*
 * Is it the instant of a snapshot?
 */
static bool
query_is_pinned_instant(TimestampTz upper, Oid relation)
{
	ListCell   *lc;

	foreach(lc, snapshot_table_times(relation))
	{
		if (transaction_instant(*(TimestampTz *) lfirst(lc))->upper == upper)
			return true;
	}
	return false;
}

/*
 * Does the history reach beyond the time, and back to the instant?  In want of
 * the latter the answer is no, after a warning, or an error.
 */
static bool
query_history_holds(FunctionCallInfo fcinfo, int elevel)
{
	Oid			history = PG_GETARG_OID(0);
	TimestampTz upper = PG_GETARG_TIMESTAMPTZ(2);
	VersionedTable table;

	settings_require_preload();
	if (!history_reach_covers(history, PG_GETARG_TIMESTAMPTZ(1)))
		return false;
	if (TIMESTAMP_IS_NOBEGIN(upper) ||
		!history_reach_may_lack(history, upper) ||
		upper >= query_history_start(history) ||
		!versioned_table_find_by_history(history, &table) ||
		upper >= table.history_start ||
		query_is_pinned_instant(upper, table.relation))
		return true;
	if (elevel >= ERROR || !query_has_warned(upper, table.relation))
		ereport(elevel,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("history of table \"%s\" before %s was removed while the query was on its way",
						get_rel_name(table.relation),
						timestamptz_to_str(table.history_start))));
	return false;
}

/*
 * temporal.history_reaches(history regclass, time timestamptz,
 *							instant timestamptz) RETURNS boolean
 */
Datum
temporal_history_holds(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(query_history_holds(fcinfo, ERROR));
}

/*
 * temporal.history_reaches_or_warns(history regclass, time timestamptz,
 *									 instant timestamptz) RETURNS boolean
 */
Datum
temporal_history_warns(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(query_history_holds(fcinfo, WARNING));
}
