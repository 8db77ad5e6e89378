/*-------------------------------------------------------------------------
 *
 * review_changes.c
 *	  temporal.versions and temporal.changes: what each transaction did
 *
 * A version has two ends, and each was the work of a transaction: the one
 * whose tick its start is wrote it, the one whose tick its end is replaced or
 * deleted it.  So the changes of a window of commit times [from, to) are
 *
 *		ended		versions whose end belongs to a transaction of the window
 *		started		versions whose start does
 *
 * and a full join of the two by key and transaction tells what happened: both
 * sides are an update, one alone is a deletion or an insertion.  (One
 * transaction ends at most one version of a key, and leaves at most one.)
 *
 * FROM TICKS TO COMMITS
 *		temporal.transaction_log knows C for every tick: the system time of a
 *		transaction, and its further ticks if it has any.  A tick is before its C, so that all ticks of the window are before "to"; the earliest
 *		is that of a transaction in flight at "from", or else not before
 *		"from".  That bounds what has to be read of the table and its history
 *		with plain comparisons, which their indexes know.  Ticks of the log
 *		whose C is before "from" are left out of the join: what has no partner
 *		there is then either before "from", too, or unknown to the log, and
 *		such a version (imported, or its record has expired) counts as
 *		committed at the tick itself.
 *
 * Rows are sorted as they are and made jsonb afterwards, one by one as they
 * are fetched.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "review/review.h"

static bool
changes_from_known(const ReviewTime *times)
{
	return !(times[0].known && TIMESTAMP_IS_NOBEGIN(times[0].value));
}

static bool
changes_to_known(const ReviewTime *times)
{
	return !(times[1].known && TIMESTAMP_IS_NOEND(times[1].value));
}

/*
 * WITH earliest: no tick of the window is before it
 */
static void
changes_begin(StringInfo text, const ReviewTime *times)
{
	initStringInfo(text);
	if (!changes_from_known(times))
		return;
	appendStringInfo(text,
					 "WITH earliest AS MATERIALIZED"
					 " (SELECT coalesce(pg_catalog.min(l.system_time), %s) AS tick"
					 " FROM temporal.transaction_log AS l"
					 " WHERE l.committed_at " GE " %s AND l.system_time " LT " %s",
					 times[0].text, times[0].text, times[0].text);
	if (changes_to_known(times))
		appendStringInfo(text, " AND l.committed_at " LT " %s", times[1].text);
	appendStringInfoString(text, ") ");
}

#define EARLIEST "(SELECT earliest.tick FROM earliest)"

/*
 * What of the log can be of the window, for an alias of it
 */
static void
changes_log_window(StringInfo text, const ReviewTime *times, const char *alias)
{
	if (changes_from_known(times))
		appendStringInfo(text, " AND %s.committed_at " GE " %s", alias,
						 times[0].text);
	if (changes_to_known(times))
		appendStringInfo(text, " AND %s.system_time " LT " %s", alias,
						 times[1].text);
}

/*
 * SELECT ... FROM the table and its history: the versions that transactions of
 * the window ended, or those they started.
 */
static void
changes_events(StringInfo text, const ReviewTable *table,
			   const ReviewTime *times, bool ended, bool rows)
{
	const char *tick = psprintf("v.%s", ended ? table->end : table->start);
	const char *prefix = ended ? "o" : "n";
	const char *sep = " WHERE";
	const char *committed =
		psprintf("coalesce(x.committed_at, y.committed_at, %s)", tick);

	appendStringInfo(text, "SELECT %s AS committed_at,"
					 " coalesce(x.xid, y.xid) AS xid,"
					 " coalesce(x.role, y.role) AS role, 1 AS present",
					 committed);
	if (rows)
		review_text_columns(text, table, "v", prefix);
	else
		review_text_key_columns(text, table, "v", prefix);
	appendStringInfo(text, " FROM %s AS v TABLESAMPLE temporal.all_versions(true)"
					 " LEFT JOIN temporal.transaction_log AS x"
					 " ON x.system_time " EQ " %s", table->name, tick);
	changes_log_window(text, times, "x");
	appendStringInfoString(text,
						   " LEFT JOIN (SELECT t.tick, z.committed_at, z.xid, z.role"
						   " FROM temporal.transaction_log AS z"
						   " CROSS JOIN LATERAL pg_catalog.unnest(z.ticks) AS t (tick)"
						   " WHERE z.ticks IS NOT NULL");
	changes_log_window(text, times, "z");
	appendStringInfo(text, ") AS y ON y.tick " EQ " %s", tick);

	if (changes_from_known(times))
	{
		appendStringInfo(text, "%s %s " GE " " EARLIEST, sep, tick);
		sep = " AND";

		/* of use for history, which is in the order of ends */
		if (!ended)
			appendStringInfo(text, " AND v.%s " GT " " EARLIEST, table->end);
		appendStringInfo(text, " AND %s " GE " %s", committed, times[0].text);
	}
	if (changes_to_known(times))
	{
		appendStringInfo(text, "%s %s " LT " %s AND %s " LT " %s",
						 sep, tick, times[1].text, committed, times[1].text);
		sep = " AND";
	}
	else if (ended)
		appendStringInfo(text, "%s %s " LT " 'infinity'", sep, tick);
}

/*
 * FROM ended FULL JOIN started
 */
static void
changes_joined(StringInfo text, const ReviewTable *table,
			   const ReviewTime *times, bool rows)
{
	appendStringInfoString(text, " FROM (");
	changes_events(text, table, times, true, rows);
	appendStringInfoString(text, ") AS e FULL JOIN (");
	changes_events(text, table, times, false, rows);
	appendStringInfoString(text, ") AS s ON s.committed_at " EQ " e.committed_at AND ");
	review_text_key_equal(text, table, "s.n", "e.o");
}

/*
 * The columns that tell of the transaction, from those of a sub-select
 */
static void
changes_transaction(StringInfo text, const char *alias)
{
	appendStringInfo(text, "%s, %s.committed_at,"
					 " %s.xid::pg_catalog.text::pg_catalog.xid8, %s.role",
					 review_text_scn(psprintf("%s.committed_at", alias)),
					 alias, alias, alias);
}

/*
 * scn, committed_at, xid, role, inserted, updated, deleted
 *
 * Without a primary key nothing says which version replaced which: each that
 * started counts as inserted, and each that ended as deleted.
 */
char *
review_versions_query(const ReviewTable *table, const ReviewTime *times)
{
	StringInfoData text;

	changes_begin(&text, times);
	appendStringInfoString(&text, "SELECT ");
	changes_transaction(&text, "d");
	appendStringInfoString(&text,
						   ", pg_catalog.count(*) FILTER (WHERE d.ended IS NULL),"
						   " pg_catalog.count(*) FILTER (WHERE d.ended IS NOT NULL AND d.started IS NOT NULL),"
						   " pg_catalog.count(*) FILTER (WHERE d.started IS NULL)"
						   " FROM (");
	if (table->nkeys > 0)
	{
		appendStringInfoString(&text,
							   "SELECT coalesce(e.committed_at, s.committed_at) AS committed_at,"
							   " coalesce(e.xid, s.xid) AS xid,"
							   " coalesce(e.role, s.role) AS role,"
							   " e.present AS ended, s.present AS started");
		changes_joined(&text, table, times, false);
	}
	else
	{
		appendStringInfoString(&text,
							   "SELECT e.committed_at, e.xid, e.role,"
							   " e.present AS ended, NULL::pg_catalog.int4 AS started"
							   " FROM (");
		changes_events(&text, table, times, true, false);
		appendStringInfoString(&text,
							   ") AS e UNION ALL SELECT s.committed_at, s.xid, s.role,"
							   " NULL::pg_catalog.int4, s.present FROM (");
		changes_events(&text, table, times, false, false);
		appendStringInfoString(&text, ") AS s");
	}
	appendStringInfoString(&text,
						   ") AS d GROUP BY d.committed_at, d.xid, d.role"
						   " ORDER BY d.committed_at");
	return text.data;
}

/*
 * scn, committed_at, xid, role, operation, key, old_row, new_row,
 * changed_columns
 */
char *
review_changes_query(const ReviewTable *table, const ReviewTime *times)
{
	StringInfoData text;

	review_table_require_key(table);
	changes_begin(&text, times);
	appendStringInfoString(&text, "SELECT ");
	changes_transaction(&text, "d");
	appendStringInfoString(&text,
						   ", (CASE WHEN d.ended IS NULL THEN 'I' WHEN d.started IS NULL"
						   " THEN 'D' ELSE 'U' END)::pg_catalog.\"char\", ");
	review_text_key_object(&text, table, "d.o", "d.n");
	appendStringInfoString(&text,
						   ", CASE WHEN d.ended IS NOT NULL THEN pg_catalog.to_jsonb(old.*) END,"
						   " CASE WHEN d.started IS NOT NULL THEN pg_catalog.to_jsonb(new.*) END,"
						   " CASE WHEN d.ended IS NOT NULL AND d.started IS NOT NULL"
						   " THEN temporal.changed_columns(old.*, new.*) END"
						   " FROM (SELECT coalesce(e.committed_at, s.committed_at) AS committed_at,"
						   " coalesce(e.xid, s.xid) AS xid,"
						   " coalesce(e.role, s.role) AS role,"
						   " e.present AS ended, s.present AS started");
	review_text_numbers(&text, table, "e", "o");
	review_text_numbers(&text, table, "s", "n");
	changes_joined(&text, table, times, true);
	appendStringInfoString(&text,
						   " ORDER BY coalesce(e.committed_at, s.committed_at), ");
	review_text_key_list(&text, table, "e.o", "s.n");
	appendStringInfoString(&text, ") AS d CROSS JOIN ");
	review_text_row(&text, table, "d.o", "old");
	appendStringInfoString(&text, " CROSS JOIN ");
	review_text_row(&text, table, "d.n", "new");
	return text.data;
}
