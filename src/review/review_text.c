/*-------------------------------------------------------------------------
 *
 * review_text.c
 *	  Pieces of generated queries
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "review/review_query.h"

char *
review_text_scn(const char *committed)
{
	return psprintf("CASE WHEN %s " GE " '2000-01-01 00:00:00+00'"
					" THEN temporal.timestamp_to_scn(%s) END",
					committed, committed);
}

void
review_text_columns(StringInfo text, const ReviewTable *table,
					const char *alias, const char *prefix)
{
	for (int i = 0; i < table->ncolumns; i++)
		appendStringInfo(text, ", %s.%s AS %s%d", alias,
						 table->columns[i].name, prefix,
						 table->columns[i].attno);
}

void
review_text_numbers(StringInfo text, const ReviewTable *table,
					const char *alias, const char *prefix)
{
	for (int i = 0; i < table->ncolumns; i++)
		appendStringInfo(text, ", %s.%s%d", alias, prefix,
						 table->columns[i].attno);
}

void
review_text_key_columns(StringInfo text, const ReviewTable *table,
						const char *alias, const char *prefix)
{
	for (int i = 0; i < table->nkeys; i++)
		appendStringInfo(text, ", %s.%s AS %s%d", alias,
						 table->keys[i]->name, prefix,
						 table->keys[i]->attno);
}

void
review_text_key_equal(StringInfo text, const ReviewTable *table,
					  const char *left, const char *right)
{
	for (int i = 0; i < table->nkeys; i++)
		appendStringInfo(text, "%s%s%d %s %s%d", i > 0 ? " AND " : "",
						 left, table->keys[i]->attno, table->keys[i]->equals,
						 right, table->keys[i]->attno);
}

void
review_text_key_list(StringInfo text, const ReviewTable *table,
					 const char *left, const char *right)
{
	for (int i = 0; i < table->nkeys; i++)
		appendStringInfo(text, "%scoalesce(%s%d, %s%d)", i > 0 ? ", " : "",
						 left, table->keys[i]->attno, right,
						 table->keys[i]->attno);
}

void
review_text_key_object(StringInfo text, const ReviewTable *table,
					   const char *left, const char *right)
{
	appendStringInfoString(text, "pg_catalog.jsonb_build_object(");
	for (int i = 0; i < table->nkeys; i++)
		appendStringInfo(text, "%s%s, coalesce(%s%d, %s%d)",
						 i > 0 ? ", " : "", table->keys[i]->literal,
						 left, table->keys[i]->attno, right,
						 table->keys[i]->attno);
	appendStringInfoChar(text, ')');
}

void
review_text_row(StringInfo text, const ReviewTable *table, const char *prefix,
				const char *alias)
{
	appendStringInfoString(text, "LATERAL (SELECT");
	for (int i = 0; i < table->ncolumns; i++)
		appendStringInfo(text, "%s %s%d AS %s", i > 0 ? "," : "", prefix,
						 table->columns[i].attno, table->columns[i].name);
	appendStringInfo(text, ") AS %s", alias);
}
