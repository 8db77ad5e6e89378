/*-------------------------------------------------------------------------
 *
 * review_flashback.c
 *	  temporal.flashback_versions: Oracle's flashback version query
 *
 *		FROM t VERSIONS BETWEEN TIMESTAMP a AND b
 *
 * has a row for each version that could be read at some time of [a, b], with
 * what Oracle's pseudo-columns say:
 *
 *		versions_startscn, versions_starttime
 *					when it was committed; NULL if before a
 *		versions_endscn, versions_endtime
 *					when what replaced or deleted it was committed; NULL if
 *					after b, or if it is current
 *		versions_xid
 *					what wrote it, if in [a, b]
 *		versions_operation
 *					I or U, if in [a, b]; a row that was deleted until b has
 *					one line more, D, with its last values and the start, but
 *					no end, of its absence
 *
 * WHICH IT IS	A version follows another of the same key if that ended at a
 *				tick of the transaction that wrote it: the same tick, nearly
 *				always.  Without a primary key that cannot be known, so that
 *				versions_operation is NULL and there are no lines for
 *				deletions.
 *
 * Unlike temporal.changes, this is asked about single rows: quals on the row
 * reach the table and its history, and what is told of transactions is looked
 * up for the rows that are left.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "review/review.h"

/* The window; of a time before the history, its start */
typedef struct FlashbackWindow
{
	ReviewTime	times[2];
	ReviewInstant instants[2];
} FlashbackWindow;

static void
flashback_window(FlashbackWindow *window, const ReviewTable *table,
				 const ReviewTime *times)
{
	TimestampTz first = table->versioned->history_start;

	for (int i = 0; i < 2; i++)
	{
		ReviewTime *time = &window->times[i];

		*time = times[i];
		if (!TIMESTAMP_IS_NOBEGIN(first))
		{
			time->value = Max(time->value, first);
			time->text = psprintf("GREATEST(%s, %s)", time->text,
								  review_parameter(time->parameters,
												   TIMESTAMPTZOID,
												   TimestampTzGetDatum(first)));
		}
		window->instants[i] = review_instant(table, time);
	}
}

/*
 * FROM table AS v WHERE it could be read in the window
 */
static void
flashback_from(StringInfo text, const ReviewTable *table,
			   const ReviewTime *times, const FlashbackWindow *window)
{
	const ReviewInstant *instants = window->instants;

	appendStringInfo(text, " FROM %s AS v TABLESAMPLE temporal.all_versions(true)"
					 " WHERE %s " LE " %s AND %s AND %s",
					 table->name, window->times[0].text, times[1].text,
					 review_committed(&instants[1],
									  psprintf("v.%s", table->start)),
					 review_uncommitted(&instants[0],
										psprintf("v.%s", table->end)));
}

/*
 * EXISTS (a version p of the key of v whose column is a tick of the
 * transaction that v's other column belongs to)
 */
static void
flashback_exists(StringInfo text, const ReviewTable *table,
				 const char *column, const char *tick, bool siblings)
{
	appendStringInfo(text,
					 "EXISTS (SELECT FROM %s AS p TABLESAMPLE temporal.all_versions(true)"
					 " WHERE ", table->name);
	for (int i = 0; i < table->nkeys; i++)
		appendStringInfo(text, "p.%s %s v.%s AND ", table->keys[i]->name,
						 table->keys[i]->equals, table->keys[i]->name);
	if (siblings)
		appendStringInfo(text, "p.%s " EQ " ANY (temporal.tick_siblings(v.%s)))",
						 column, tick);
	else
		appendStringInfo(text, "p.%s " EQ " v.%s)", column, tick);
}

/*
 * A boolean expression: the same, by the tick itself or by another
 */
static void
flashback_meets(StringInfo text, const ReviewTable *table,
				const char *column, const char *tick)
{
	appendStringInfoString(text, "CASE WHEN ");
	flashback_exists(text, table, column, tick, false);
	appendStringInfo(text, " THEN true WHEN temporal.tick_siblings(v.%s) IS NULL"
					 " THEN false ELSE ", tick);
	flashback_exists(text, table, column, tick, true);
	appendStringInfoString(text, " END");
}

/*
 * version, versions_startscn, versions_starttime, versions_endscn,
 * versions_endtime, versions_xid, versions_operation
 */
char *
review_flashback_query(const ReviewTable *table, const ReviewTime *times)
{
	const char *start = psprintf("temporal.tick_committed_at(v.%s)",
								 table->start);
	const char *end = psprintf("temporal.tick_committed_at(v.%s)", table->end);
	const char *started;
	const char *ended;
	FlashbackWindow window;
	StringInfoData text;

	flashback_window(&window, table, times);
	started = psprintf("CASE WHEN %s OR %s " EQ " %s THEN",
					   review_uncommitted(&window.instants[0],
										  psprintf("v.%s", table->start)),
					   start, window.instants[0].upper);
	ended = psprintf("CASE WHEN %s THEN",
					 review_committed(&window.instants[1],
									  psprintf("v.%s", table->end)));
	initStringInfo(&text);
	appendStringInfo(&text, "SELECT v.*::%s, %s %s END, %s %s END,"
					 " %s %s END, %s %s END, %s temporal.tick_xid(v.%s) END, ",
					 table->name, started, review_text_scn(start), started,
					 start, ended, review_text_scn(end), ended, end, started,
					 table->start);
	if (table->nkeys > 0)
	{
		appendStringInfo(&text, "(%s CASE WHEN ", started);
		flashback_meets(&text, table, table->end, table->start);
		appendStringInfoString(&text, " THEN 'U' ELSE 'I' END END)");
	}
	else
		appendStringInfoString(&text, "NULL");
	appendStringInfoString(&text, "::pg_catalog.\"char\"");
	flashback_from(&text, table, times, &window);
	if (table->nkeys == 0)
		return text.data;

	appendStringInfo(&text, " UNION ALL SELECT v.*::%s, %s, %s,"
					 " NULL::pg_catalog.int8, NULL::pg_catalog.timestamptz,"
					 " temporal.tick_xid(v.%s), 'D'::pg_catalog.\"char\"",
					 table->name, review_text_scn(end), end, table->end);
	flashback_from(&text, table, times, &window);
	appendStringInfo(&text, " AND v.%s " LT " 'infinity' AND %s AND NOT (",
					 table->end, review_committed(&window.instants[1],
												  psprintf("v.%s", table->end)));
	flashback_meets(&text, table, table->start, table->end);
	appendStringInfoChar(&text, ')');
	return text.data;
}
