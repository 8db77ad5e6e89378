/*-------------------------------------------------------------------------
 *
 * review_undo.c
 *	  temporal.undo_transaction: the opposite of what a transaction did
 *
 * What it inserted goes, what it updated gets its old values, what it deleted
 * comes back.  That is possible as long as nobody changed these rows since:
 *
 *		it inserted or updated	the current row must be the version it wrote
 *		it deleted				there must be no row with that key
 *
 * Anything else is a conflict.  A dry run tells of all; without it, one is
 * enough to change nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "review/review_rows.h"
#include "review/review_transaction.h"

PG_FUNCTION_INFO_V1(temporal_undo_transaction);

/*
 * What became of the row since, or NULL.  d.started is the start of the
 * version the transaction wrote.
 */
#define UNDO_CONFLICT \
	"(CASE WHEN d.started IS NULL THEN" \
	" CASE WHEN o.present IS NOT NULL THEN 'inserted again since' END" \
	" WHEN o.present IS NULL THEN 'deleted since'" \
	" WHEN o.start OPERATOR(pg_catalog.<>) d.started THEN 'changed since' END)"

static char *
undo_query(const ReviewTable *table)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text,
					 "SELECT (CASE WHEN d.present IS NULL THEN 'D'"
					 " WHEN d.started IS NULL THEN 'I' ELSE 'U' END)"
					 "::pg_catalog.\"char\" AS operation,"
					 " 0::pg_catalog.int8 AS place, o.start,"
					 " %s::pg_catalog.text AS conflict", UNDO_CONFLICT);
	for (int i = 0; i < table->ncolumns; i++)
	{
		/* a conflict may leave no row: its key is told all the same */
		AttrNumber	attno = table->columns[i].attno;

		if (table->columns[i].equals != NULL)
			appendStringInfo(&text, ", coalesce(o.o%d, d.k%d) AS o%d", attno,
							 attno, attno);
		else
			appendStringInfo(&text, ", o.o%d", attno);
	}
	for (int i = 0; i < table->ncolumns; i++)
		appendStringInfo(&text, ", d.o%d AS n%d", table->columns[i].attno,
						 table->columns[i].attno);
	appendStringInfoString(&text,
						   " FROM (SELECT e.present, s.start AS started");
	review_text_numbers(&text, table, "e", "o");
	for (int i = 0; i < table->nkeys; i++)
		appendStringInfo(&text, ", coalesce(e.o%d, s.n%d) AS k%d",
						 table->keys[i]->attno, table->keys[i]->attno,
						 table->keys[i]->attno);
	appendStringInfoString(&text, " FROM (");
	review_transaction_versions(&text, table, true);
	appendStringInfoString(&text, ") AS e FULL JOIN (");
	review_transaction_versions(&text, table, false);
	appendStringInfoString(&text, ") AS s ON ");
	review_text_key_equal(&text, table, "e.o", "s.n");
	appendStringInfo(&text,
					 ") AS d LEFT JOIN (SELECT 1 AS present, v.%s AS start",
					 table->start);
	review_text_columns(&text, table, "v", "o");
	appendStringInfo(&text, " FROM %s AS v " REVIEW_CURRENT ") AS o ON ",
					 table->name);
	review_text_key_equal(&text, table, "o.o", "d.k");
	appendStringInfoString(&text, " ORDER BY ");
	review_text_key_list(&text, table, "d.k", "d.k");
	return text.data;
}

/*
 * A transaction that added versioning gave all rows that were there a start:
 * they look as if it had inserted them.  So do rows that a transaction updated
 * whose old versions retention has removed.
 */
static void
undo_check_known(const ReviewTransaction *transaction,
				 const ReviewTable *table)
{
	ArrayType  *ticks = DatumGetArrayTypeP(transaction->ticks);
	const TimestampTz *tick = (TimestampTz *) ARR_DATA_PTR(ticks);
	TimestampTz start = table->versioned->history_start;
	bool		known = transaction->committed_at > start;

	for (int i = 0; i < ArrayGetNItems(ARR_NDIM(ticks), ARR_DIMS(ticks)); i++)
		known &= tick[i] != start;
	if (!known)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot undo what transaction %lld did to table %s",
						(long long) transaction->xid, table->name),
				 errdetail("What the rows of the table were before is not known: its history starts at %s.",
						   timestamptz_to_str(start))));
}

/*
 * The rows of all tables, without tables that have none; SPI is connected.
 */
static List *
undo_collect(const ReviewTransaction *transaction, List *tables,
			 bool read_only)
{
	List	   *result = NIL;
	ReviewParameters parameters = review_transaction_parameters(transaction);
	ListCell   *lc;

	foreach(lc, tables)
	{
		const ReviewTable *table = lfirst(lc);
		ReviewRows *rows;

		if ((table->nkeys == 0 || table->ncolumns > REVIEW_MANY_COLUMNS) &&
			!review_transaction_touches(table, &parameters, read_only))
			continue;
		review_table_require_key(table);
		rows = review_rows_create(table, list_length(result));
		review_rows_collect(rows, undo_query(table), &parameters, read_only);
		if (rows->nrows > 0)
		{
			undo_check_known(transaction, table);
			result = lappend(result, rows);
		}
		else
			review_rows_free(rows);
	}
	return result;
}

static List *
undo_tables(List *rows)
{
	List	   *tables = NIL;
	ListCell   *lc;

	foreach(lc, rows)
		tables = lappend(tables,
						 unconstify(ReviewTable *,
									((ReviewRows *) lfirst(lc))->table));
	return tables;
}

static void
undo_refuse_conflicts(const ReviewTransaction *transaction, List *rows)
{
	int64		nconflicts = 0;
	StringInfoData tables;
	ListCell   *lc;

	initStringInfo(&tables);
	foreach(lc, rows)
	{
		ReviewRows *r = lfirst(lc);

		nconflicts += r->nconflicts;
		if (r->nconflicts > 0)
			appendStringInfo(&tables, "%s%s", tables.len > 0 ? ", " : "",
							 r->table->name);
	}
	if (nconflicts > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot undo transaction %lld: rows were changed since",
						(long long) transaction->xid),
				 errdetail_plural("%lld row has a conflict, in %s.",
								  "%lld rows have conflicts, in %s.",
								  nconflicts, (long long) nconflicts,
								  tables.data),
				 errhint("temporal.undo_transaction(%lld, dry_run => true) lists them.",
						 (long long) transaction->xid)));
}

/*
 * temporal.undo_transaction(xid xid8, dry_run boolean), and with bigint
 */
Datum
temporal_undo_transaction(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		dry_run;
	ReviewTransaction *transaction;
	List	   *rows;
	ListCell   *lc;

	settings_require_preload();
	if (PG_ARGISNULL(0))
		review_refuse_null("xid");
	if (PG_ARGISNULL(1))
		review_refuse_null("dry_run");
	dry_run = PG_GETARG_BOOL(1);
	if (!dry_run)
		PreventCommandIfReadOnly("temporal.undo_transaction()");
	InitMaterializedSRF(fcinfo, 0);

	transaction = review_transaction_find(PG_GETARG_INT64(0));
	SPI_connect();
	rows = undo_collect(transaction, review_transaction_tables(), dry_run);
	if (!dry_run)
	{
		/* once more, of the tables concerned, now that they are locked */
		List	   *tables = undo_tables(rows);

		foreach(lc, rows)
			review_rows_free(lfirst(lc));
		review_apply_lock(tables);
		rows = undo_collect(transaction, tables, false);
		undo_refuse_conflicts(transaction, rows);
	}
	foreach(lc, rows)
		review_rows_register(lfirst(lc));
	if (!dry_run)
		review_apply(rows);
	foreach(lc, rows)
	{
		review_rows_report(lfirst(lc), rsinfo, true);
		review_rows_free(lfirst(lc));
	}
	SPI_finish();
	return (Datum) 0;
}
