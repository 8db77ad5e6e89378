/*-------------------------------------------------------------------------
 *
 * review_table.h
 *	  A versioned table as generated queries name it
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_REVIEW_TABLE_H
#define TEMPORAL_REVIEW_TABLE_H

#include "access/attnum.h"
#include "utils/relcache.h"

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

/*
 * The table is locked as for reading.  42P01 if there is none, 42809 if it is
 * not system-versioned.
 */
extern ReviewTable *review_table_open(Oid relid);

/* 55000 unless it has a primary key */
extern void review_table_require_key(const ReviewTable *table);

/* The operator by which an index tells two values of a column to be the same */
extern const char *review_table_equality(Relation index, int place, Oid type);

#endif							/* TEMPORAL_REVIEW_TABLE_H */
