/*-------------------------------------------------------------------------
 *
 * review.h
 *	  What changed, and going back
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_REVIEW_H
#define TEMPORAL_REVIEW_H

#include "access/attnum.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"

#include "base/compat.h"
#include "catalog/versioned_cache.h"

/* A column that users know: neither dropped nor one of the period */
typedef struct ReviewColumn
{
	AttrNumber	attno;
	const char *name;			/* as an identifier */
	const char *literal;		/* as a string */
	Oid			type;
	bool		generated;		/* computed: never written */
	bool		always;			/* GENERATED ALWAYS AS IDENTITY */
	const char *equals;			/* of a key column: OPERATOR(schema.=) */
} ReviewColumn;

/* A versioned table as generated queries name it */
typedef struct ReviewTable
{
	Oid			relid;
	const VersionedRelation *versioned;
	const char *name;			/* with its schema */
	const char *relname;		/* without */
	const char *start;			/* columns of the period */
	const char *end;
	int			ncolumns;
	ReviewColumn *columns;
	int			nkeys;			/* columns of the primary key; 0: there is none */
	ReviewColumn **keys;
} ReviewTable;

/* Values that a generated query has as $1, $2, ...; none is null */
#define REVIEW_MAX_PARAMETERS 16

typedef struct ReviewParameters
{
	int			n;
	Oid			types[REVIEW_MAX_PARAMETERS];
	Datum		values[REVIEW_MAX_PARAMETERS];
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
 * review_table.c
 *
 * The table is locked as for reading.  42P01 if there is none, 42809 if it is
 * not system-versioned.
 */
extern ReviewTable *review_table_open(Oid relid);

/* 55000 unless it has a primary key */
extern void review_table_require_key(const ReviewTable *table);

/* The operator by which an index tells two values of a column to be the same */
extern const char *review_table_equality(Relation index, int place, Oid type);

/*
 * review_instant.c
 *
 * Adds a value to the parameters; returns its name.
 */
extern const char *review_parameter(ReviewParameters *parameters, Oid type,
									Datum value);

extern ReviewInstant review_instant(const ReviewTable *table,
									const ReviewTime *time);

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

/*
 * review_function.c: functions that are expanded when a query is planned.
 * Called by module.c.
 */
extern void review_init(void);

/*
 * Parse analysis and rewriting of a generated SELECT; mistakes are shown in its
 * text.  Takes the locks it needs.
 */
extern Query *review_analyse(const char *text,
							 const ReviewParameters *parameters);

/* 22004: the argument must not be null */
pg_noreturn extern void review_refuse_null(const char *argument);

/* review_changes.c */
extern char *review_versions_query(const ReviewTable *table,
								   const ReviewTime *times);
extern char *review_changes_query(const ReviewTable *table,
								  const ReviewTime *times);

/* review_diff.c */
extern char *review_diff_query(const ReviewTable *table,
							   const ReviewTime *times);
extern char *review_diff_stat_query(const ReviewTable *table,
									const ReviewTime *times);

/*
 * review_where.c: the condition in parentheses, fit to be part of a query;
 * 42601 unless it is one expression.  Does it look at nothing but the key?
 */
extern char *review_where_text(const ReviewTable *table, const char *where,
							   bool *key_only);

/* review_flashback.c */
extern char *review_flashback_query(const ReviewTable *table,
									const ReviewTime *times);

#endif							/* TEMPORAL_REVIEW_H */
