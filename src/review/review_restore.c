/*-------------------------------------------------------------------------
 *
 * review_restore.c
 *	  temporal.restore and temporal.flashback_table
 *
 * The table's rows become what they were AS OF a time.  What has to change is
 * found as temporal.diff does it: current rows that could not be read at that
 * time, and versions that could and are not current any more, joined by key.
 * review_apply.c makes the changes.
 *
 * A CONDITION	picks the rows that satisfy it now, or did then: afterwards,
 *				those that satisfy it are exactly those that did.  If it looks
 *				at nothing but the key, which is the same now and then, each
 *				side of the join can use it, and an index for it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/session_time.h"
#include "base/settings.h"
#include "review/review_rows.h"

PG_FUNCTION_INFO_V1(temporal_restore);
PG_FUNCTION_INFO_V1(temporal_flashback_table);

/*
 * SELECT one side: rows that are current, or those that were.
 *
 * The table has no alias, so that the condition can use its name.
 */
static void
restore_side(StringInfo text, const ReviewTable *table, const ReviewTime *time,
			 bool current, const char *where, bool key_only)
{
	const char *name = table->relname;

	appendStringInfo(text, "SELECT 1 AS present, %s.%s AS start", name,
					 table->start);
	review_text_columns(text, table, name, current ? "o" : "n");
	if (where != NULL && !key_only)
		appendStringInfo(text, ", %s IS TRUE AS chosen", where);
	appendStringInfo(text, " FROM %s", table->name);
	if (current)
	{
		ReviewInstant instant = review_instant(table, time);
		const char *start = psprintf("%s.%s", name, table->start);

		appendStringInfo(text, " " REVIEW_CURRENT " WHERE %s",
						 review_uncommitted(&instant, start));
	}
	else
		appendStringInfo(text, " TABLESAMPLE temporal.as_of(%s)"
						 " WHERE %s.%s " LT " 'infinity'", time->text, name,
						 table->end);
	if (where != NULL && key_only)
		appendStringInfo(text, " AND %s", where);
}

ReviewRows *
review_restore_collect(const ReviewTable *table, int number, TimestampTz value,
					   const char *where, bool read_only)
{
	ReviewRows *rows;
	ReviewParameters parameters = {0};
	ReviewTime	time = {
		.text = review_parameter(&parameters, TIMESTAMPTZOID,
								 TimestampTzGetDatum(value)),
		.known = true,
		.value = value,
		.parameters = &parameters,
	};
	bool		key_only = false;
	StringInfoData text;

	review_table_require_key(table);
	rows = review_rows_create(table, number);
	if (where != NULL)
		where = review_where_text(table, where, &key_only);
	initStringInfo(&text);
	review_rows_select(&text, table, "NULL");
	appendStringInfoString(&text, " FROM (");
	restore_side(&text, table, &time, true, where, key_only);
	appendStringInfoString(&text, ") AS o FULL JOIN (");
	restore_side(&text, table, &time, false, where, key_only);
	appendStringInfoString(&text, ") AS n ON ");
	review_text_key_equal(&text, table, "o.o", "n.n");
	if (where != NULL && !key_only)
		appendStringInfoString(&text, " WHERE o.chosen OR n.chosen");
	review_rows_collect(rows, text.data, &parameters, read_only);
	return rows;
}

/*
 * Makes the tables, a list of ReviewTable *, as they were.
 */
static List *
restore_tables(List *tables, TimestampTz time, const char *where,
			   bool dry_run)
{
	List	   *result = NIL;
	int			present;
	int			nestlevel;
	ListCell   *lc;

	if (!dry_run)
	{
		PreventCommandIfReadOnly("temporal.restore()");
		if (session_time_is_set && tables != NIL)
			session_time_refuse_write("temporal.restore()",
									  get_rel_name(((ReviewTable *) linitial(tables))->relid));
		review_apply_lock(tables);
	}

	/*
	 * What there is now is what the past is compared with.  A past that is not
	 * known is none without rows, whatever may be read of it.
	 */
	nestlevel = NewGUCNestLevel();
	(void) set_config_option("temporal.allow_truncated_history", "off",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	present = session_time_begin_present();
	foreach(lc, tables)
		result = lappend(result,
						 review_restore_collect(lfirst(lc),
												foreach_current_index(lc),
												time, where, dry_run));
	session_time_end_present(present);
	AtEOXact_GUC(true, nestlevel);
	foreach(lc, result)
		review_rows_register(lfirst(lc));
	if (!dry_run)
		review_apply(result);
	return result;
}

/*
 * temporal.restore(relation regclass, time timestamptz, where text,
 * dry_run boolean)
 */
Datum
temporal_restore(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *where = NULL;
	ReviewTable *table;
	List	   *rows;

	settings_require_preload();
	if (PG_ARGISNULL(0))
		review_refuse_null("relation");
	if (PG_ARGISNULL(1))
		review_refuse_null("time");
	if (PG_ARGISNULL(3))
		review_refuse_null("dry_run");
	if (!PG_ARGISNULL(2))
		where = text_to_cstring(PG_GETARG_TEXT_PP(2));
	InitMaterializedSRF(fcinfo, 0);

	table = review_table_open(PG_GETARG_OID(0));
	SPI_connect();
	rows = restore_tables(list_make1(table), PG_GETARG_TIMESTAMPTZ(1), where,
						  PG_GETARG_BOOL(3));
	review_rows_report(linitial(rows), rsinfo, false);
	review_rows_free(linitial(rows));
	SPI_finish();
	return (Datum) 0;
}

/*
 * PROCEDURE temporal.flashback_table(relations regclass[], time timestamptz)
 */
Datum
temporal_flashback_table(PG_FUNCTION_ARGS)
{
	List	   *tables = NIL;
	List	   *seen = NIL;
	Datum	   *relations;
	bool	   *nulls;
	int			nrelations;
	ListCell   *lc;

	settings_require_preload();
	if (PG_ARGISNULL(0))
		review_refuse_null("relations");
	if (PG_ARGISNULL(1))
		review_refuse_null("time");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), REGCLASSOID, sizeof(Oid), true,
					  TYPALIGN_INT, &relations, &nulls, &nrelations);
	for (int i = 0; i < nrelations; i++)
	{
		if (nulls[i])
			review_refuse_null("relations");
		if (list_member_oid(seen, DatumGetObjectId(relations[i])))
			continue;
		seen = lappend_oid(seen, DatumGetObjectId(relations[i]));
		tables = lappend(tables,
						 review_table_open(DatumGetObjectId(relations[i])));
	}

	SPI_connect();
	foreach(lc, restore_tables(tables, PG_GETARG_TIMESTAMPTZ(1), NULL, false))
		review_rows_free(lfirst(lc));
	SPI_finish();
	PG_RETURN_VOID();
}
