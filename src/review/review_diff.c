/*-------------------------------------------------------------------------
 *
 * review_diff.c
 *	  temporal.diff and temporal.diff_stat: two times of a table compared
 *
 * A version that can be read at both times is the same row: only the others
 * are looked at.  They are those read AS OF the first time but not at the
 * second, and the other way round, and a full join of the two by key says
 * what became of each row.  "Not at the other time" is a bound on the end or
 * the start of the version, for indexes, and a check, for what was in flight.
 * Rows of equal content drop out, however many versions lie between.
 *
 * The first time may be the later one: the difference then leads back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "review/review.h"

PG_FUNCTION_INFO_V1(temporal_changed_columns);

/*
 * SELECT the versions that are read at times[here] and not at times[there]
 */
static void
diff_side(StringInfo text, const ReviewTable *table, const ReviewTime *times,
		  int here, int there)
{
	const char *mine = times[here].text;
	const char *other = times[there].text;
	bool		known = times[0].known && times[1].known;
	bool		earlier = known && times[here].value <= times[there].value;
	bool		later = known && times[here].value >= times[there].value;
	ReviewInstant instant = review_instant(table, &times[there]);
	const char *start = psprintf("v.%s", table->start);
	const char *end = psprintf("v.%s", table->end);

	appendStringInfoString(text, "SELECT 1 AS present");
	review_text_columns(text, table, "v", here == 0 ? "o" : "n");
	appendStringInfo(text, " FROM %s AS v TABLESAMPLE temporal.as_of(%s)",
					 table->name, mine);
	if (earlier)

		/* what was read before has ended until then */
		appendStringInfo(text, " WHERE %s " LT " 'infinity' AND %s", end,
						 review_committed(&instant, end));
	else if (later)

		/* what was read afterwards has started since */
		appendStringInfo(text, " WHERE %s",
						 review_uncommitted(&instant, start));
	else

		/* the one or the other; bounds for indexes all the same */
		appendStringInfo(text, " WHERE (%s OR %s)"
						 " AND %s " LE " CASE WHEN %s " LE " %s THEN %s ELSE 'infinity' END"
						 " AND %s " GT " CASE WHEN %s " GE " %s THEN %s ELSE '-infinity' END",
						 review_committed(&instant, end),
						 review_uncommitted(&instant, start),
						 end, mine, other, instant.upper,
						 start, mine, other, instant.lower);
}

/*
 * SELECT ended, started, o1 ..., n1 ...: rows that differ
 */
static void
diff_rows(StringInfo text, const ReviewTable *table, const ReviewTime *times)
{
	appendStringInfoString(text,
						   "SELECT o.present AS ended, n.present AS started");
	review_text_numbers(text, table, "o", "o");
	review_text_numbers(text, table, "n", "n");
	appendStringInfoString(text, " FROM (");
	diff_side(text, table, times, 0, 1);
	appendStringInfoString(text, ") AS o FULL JOIN (");
	diff_side(text, table, times, 1, 0);
	appendStringInfoString(text, ") AS n ON ");
	review_text_key_equal(text, table, "o.o", "n.n");
}

/*
 * FROM (rows that differ) AS d, and as users know them, old and new
 */
static void
diff_from(StringInfo text, const ReviewTable *table, const ReviewTime *times)
{
	appendStringInfoString(text, " FROM (");
	diff_rows(text, table, times);
	appendStringInfoString(text, ") AS d CROSS JOIN ");
	review_text_row(text, table, "d.o", "old");
	appendStringInfoString(text, " CROSS JOIN ");
	review_text_row(text, table, "d.n", "new");
	appendStringInfoString(text,
						   " WHERE d.ended IS NULL OR d.started IS NULL"
						   " OR old.* OPERATOR(pg_catalog.*<>) new.*");
}

#define DIFF_OPERATION \
	"(CASE WHEN d.ended IS NULL THEN 'I' WHEN d.started IS NULL THEN 'D'" \
	" ELSE 'U' END)::pg_catalog.\"char\""
#define DIFF_CHANGED_COLUMNS \
	"CASE WHEN d.ended IS NOT NULL AND d.started IS NOT NULL" \
	" THEN temporal.changed_columns(old.*, new.*) END"

/*
 * operation, key, changed_columns, old_row, new_row
 */
char *
review_diff_query(const ReviewTable *table, const ReviewTime *times)
{
	StringInfoData text;

	review_table_require_key(table);
	initStringInfo(&text);
	appendStringInfoString(&text, "SELECT " DIFF_OPERATION ", ");
	review_text_key_object(&text, table, "d.o", "d.n");
	appendStringInfoString(&text,
						   ", " DIFF_CHANGED_COLUMNS ","
						   " CASE WHEN d.ended IS NOT NULL THEN pg_catalog.to_jsonb(old.*) END,"
						   " CASE WHEN d.started IS NOT NULL THEN pg_catalog.to_jsonb(new.*) END");
	diff_from(&text, table, times);
	return text.data;
}

/*
 * inserted, updated, deleted, columns
 */
char *
review_diff_stat_query(const ReviewTable *table, const ReviewTime *times)
{
	StringInfoData text;

	review_table_require_key(table);
	initStringInfo(&text);
	appendStringInfoString(&text,
						   "WITH d (operation, changed_columns) AS MATERIALIZED"
						   " (SELECT " DIFF_OPERATION ", " DIFF_CHANGED_COLUMNS);
	diff_from(&text, table, times);
	appendStringInfoString(&text,
						   ") SELECT pg_catalog.count(*) FILTER (WHERE d.operation " EQ " 'I'),"
						   " pg_catalog.count(*) FILTER (WHERE d.operation " EQ " 'U'),"
						   " pg_catalog.count(*) FILTER (WHERE d.operation " EQ " 'D'),"
						   " (SELECT coalesce(pg_catalog.jsonb_object_agg(c.name, c.changes), '{}')"
						   " FROM (SELECT u.name, pg_catalog.count(*) AS changes"
						   " FROM d, pg_catalog.unnest(d.changed_columns) AS u (name)"
						   " GROUP BY u.name) AS c)"
						   " FROM d");
	return text.data;
}

/*
 * What temporal.changed_columns() knows of a row type
 */
typedef struct ChangedRow
{
	Oid			type;
	int32		typmod;
	TupleDesc	desc;			/* a copy */
	Datum	   *values;
	bool	   *nulls;
} ChangedRow;

static void
changed_row_deform(ChangedRow *row, HeapTupleHeader header)
{
	HeapTupleData tuple;

	if (row->desc == NULL || row->type != HeapTupleHeaderGetTypeId(header) ||
		row->typmod != HeapTupleHeaderGetTypMod(header))
	{
		TupleDesc	desc;

		row->type = HeapTupleHeaderGetTypeId(header);
		row->typmod = HeapTupleHeaderGetTypMod(header);
		desc = lookup_rowtype_tupdesc(row->type, row->typmod);
		row->desc = CreateTupleDescCopy(desc);
		ReleaseTupleDesc(desc);
		row->values = palloc(Max(row->desc->natts, 1) * sizeof(Datum));
		row->nulls = palloc(Max(row->desc->natts, 1) * sizeof(bool));
	}
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, row->desc, row->values, row->nulls);
}

/*
 * temporal.changed_columns(old record, new record) RETURNS text[]
 *
 * Two values are the same if their bytes are: 1.0 and 1.00 are not, and no
 * type needs an operator for it.
 */
Datum
temporal_changed_columns(PG_FUNCTION_ARGS)
{
	ChangedRow *rows = fcinfo->flinfo->fn_extra;
	HeapTupleHeader headers[2];
	ChangedRow *old;
	ChangedRow *new;
	MemoryContext caller;
	Datum	   *names;
	int			nnames = 0;

	if (rows == NULL)
	{
		rows = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
									  2 * sizeof(ChangedRow));
		fcinfo->flinfo->fn_extra = rows;
	}
	old = &rows[0];
	new = &rows[1];

	headers[0] = PG_GETARG_HEAPTUPLEHEADER(0);
	headers[1] = PG_GETARG_HEAPTUPLEHEADER(1);
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	changed_row_deform(old, headers[0]);
	changed_row_deform(new, headers[1]);
	MemoryContextSwitchTo(caller);

	if (old->desc->natts != new->desc->natts)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("cannot compare rows of different numbers of columns")));
	names = palloc(Max(old->desc->natts, 1) * sizeof(Datum));
	for (int i = 0; i < old->desc->natts; i++)
	{
		Form_pg_attribute a = TupleDescAttr(old->desc, i);
		Form_pg_attribute b = TupleDescAttr(new->desc, i);

		if (a->attisdropped && b->attisdropped)
			continue;
		if (a->atttypid != b->atttypid)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("cannot compare dissimilar column types %s and %s at row column %d",
							format_type_be(a->atttypid),
							format_type_be(b->atttypid), i + 1)));
		if (old->nulls[i] != new->nulls[i] ||
			(!old->nulls[i] &&
			 !datum_image_eq(old->values[i], new->values[i], a->attbyval,
							 a->attlen)))
			names[nnames++] = CStringGetTextDatum(NameStr(b->attname));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(names, nnames, TEXTOID, -1, false,
										  TYPALIGN_INT));
}
