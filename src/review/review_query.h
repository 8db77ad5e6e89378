/*-------------------------------------------------------------------------
 *
 * review_query.h
 *	  What queries are generated from
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_REVIEW_QUERY_H
#define TEMPORAL_REVIEW_QUERY_H

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "review/review_table.h"

/* Values that a generated query has as $1, $2, ...; none is null */
#define REVIEW_MAX_PARAMETERS 16

typedef struct ReviewParameters
{
	int			n;
	Oid			types[REVIEW_MAX_PARAMETERS];
	Datum		values[REVIEW_MAX_PARAMETERS];

	/*
	 * Times that are not known, of which the query wants the instant: it gets
	 * them from WITH instant (u0, l0, f0, ...), if whoever generates it says
	 * that he will put that in front.
	 */
	bool		with_instants;
	List	   *instants;		/* of char * */
} ReviewParameters;

/* A time in a generated query */
typedef struct ReviewTime
{
	const char *text;
	bool		known;			/* when the query is made */
	TimestampTz value;			/* if so */
	ReviewParameters *parameters;	/* of that query */
} ReviewTime;

/*
 * What was committed at a time, in a generated query: ticks up to upper but
 * for those in flight, of which none is at or before lower
 */
typedef struct ReviewInstant
{
	const char *upper;
	const char *lower;
	const char *flight;			/* for temporal.shows(); NULL: none */
} ReviewInstant;

/*
 * review_instant.c
 *
 * Adds a value to the parameters; returns its name.
 */
extern const char *review_parameter(ReviewParameters *parameters, Oid type,
									Datum value);

extern ReviewInstant review_instant(const ReviewTable *table,
									const ReviewTime *time);

/* The columns of WITH instant, u0 and so on; empty if there are none */
extern char *review_instants(const ReviewTable *table,
							 const ReviewParameters *parameters);

/*
 * Expressions: was the transaction with the tick committed by then, or not?
 * With bounds of which indexes know.
 */
extern const char *review_committed(const ReviewInstant *instant,
									const char *tick);
extern const char *review_uncommitted(const ReviewInstant *instant,
									  const char *tick);

/*
 * review_text.c: pieces of queries.  Columns of sub-selects are named by a
 * prefix, o for old and n for new, and the column's number, so that no name
 * of a user's can be in the way.
 */

/* Operators that mean the same under any search_path */
#define EQ "OPERATOR(pg_catalog.=)"
#define LT "OPERATOR(pg_catalog.<)"
#define LE "OPERATOR(pg_catalog.<=)"
#define GE "OPERATOR(pg_catalog.>=)"
#define GT "OPERATOR(pg_catalog.>)"

/* Current rows, also where temporal.as_of is set */
#define REVIEW_CURRENT "TABLESAMPLE temporal.as_of('infinity')"

/* The SCN of a commit; NULL before the first that there can be */
extern char *review_text_scn(const char *committed);

/* , v."name" AS o1, v."other" AS o2 ... */
extern void review_text_columns(StringInfo text, const ReviewTable *table,
								const char *alias, const char *prefix);

/* , e.o1, e.o2 ... */
extern void review_text_numbers(StringInfo text, const ReviewTable *table,
								const char *alias, const char *prefix);

/* the same of the key alone */
extern void review_text_key_columns(StringInfo text, const ReviewTable *table,
									const char *alias, const char *prefix);

/* a.o1 = b.n1 AND ...: left and right are what stands before the number */
extern void review_text_key_equal(StringInfo text, const ReviewTable *table,
								  const char *left, const char *right);

/* coalesce(left1, right1), ... */
extern void review_text_key_list(StringInfo text, const ReviewTable *table,
								 const char *left, const char *right);

/* jsonb of the key, from coalesce(left1, right1) ... */
extern void review_text_key_object(StringInfo text, const ReviewTable *table,
								   const char *left, const char *right);

/* LATERAL (SELECT d.o1 AS "name", ...) AS alias: a row as users know it */
extern void review_text_row(StringInfo text, const ReviewTable *table,
							const char *prefix, const char *alias);

#endif							/* TEMPORAL_REVIEW_QUERY_H */
