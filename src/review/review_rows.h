/*-------------------------------------------------------------------------
 *
 * review_rows.h
 *	  Rows that are to become what they were
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_REVIEW_ROWS_H
#define TEMPORAL_REVIEW_ROWS_H

#include "access/tupdesc.h"
#include "nodes/execnodes.h"
#include "nodes/params.h"
#include "utils/tuplestore.h"

#include "review/review.h"

/* Columns of the store before the old row and the new one */
enum
{
	ROWS_OPERATION,				/* operation: I, U or D */
	ROWS_PLACE,					/* place: from 1, in the order they came */
	ROWS_START,					/* start: of the current row */
	ROWS_CONFLICT,				/* conflict: why it cannot be done; or NULL */
	ROWS_COLUMNS				/* o1, ... and n1, ... follow */
};

/*
 * The rows of a table that are to change, from what they are, o, to what they
 * were, n.  Lives as long as the SPI connection in which it was made.
 */
typedef struct ReviewRows
{
	MemoryContext context;		/* in which it lives */
	const ReviewTable *table;
	char	   *name;			/* under which queries can read them */
	TupleDesc	desc;
	Tuplestorestate *store;
	Tuplestorestate *levels;	/* of updates, if their order matters */
	int64		nrows;
	int64		ndeleted;		/* by operation */
	int64		nupdated;
	int64		ninserted;
	int64		nconflicts;
	Bitmapset  *changed;		/* columns that updates change, by attno */
} ReviewRows;

/* review_rows.c; all of it within an SPI connection */

/*
 * SELECT ... for the head of a query of rows, from sub-selects o and n with
 * the columns present (1), those of the row, and o.start.
 */
extern void review_rows_select(StringInfo text, const ReviewTable *table,
							   const char *conflict);

extern ReviewRows *review_rows_create(const ReviewTable *table, int number);

/* Before SPI is left, or temporary files are left behind. */
extern void review_rows_free(ReviewRows *rows);

/* Fills it with the rows of a query; leaves out those that stay the same. */
extern void review_rows_collect(ReviewRows *rows, const char *query,
								const ReviewParameters *parameters,
								bool read_only);

/* Makes queries know them. */
extern void review_rows_register(ReviewRows *rows);

/*
 * Adds to a function's result: [relation,] operation, key, changed_columns,
 * old_row, new_row [, conflict].
 */
extern void review_rows_report(const ReviewRows *rows, ReturnSetInfo *rsinfo,
							   bool relation_and_conflict);

/* The parameters for SPI */
extern ParamListInfo review_parameter_list(const ReviewParameters *parameters);

/* Runs a query, and adds what it returns to the function's result. */
extern void review_answer(ReturnSetInfo *rsinfo, const char *query,
						  const ReviewParameters *parameters, bool read_only);

/*
 * review_apply.c: locks tables against other writers, in the order of their
 * OIDs; 42501 if the user may not write them at all.
 */
extern void review_apply_lock(List *tables);

/* Changes all rows of all tables, in one statement. */
extern void review_apply(List *rows);

/*
 * review_order.c: an edge says that the row at place "first" must change
 * before the one at "then".
 */
typedef struct ReviewEdge
{
	int64		then;
	int64		first;
} ReviewEdge;

typedef struct ReviewLevel
{
	int64		place;
	int			level;			/* those of lower levels go first */
} ReviewLevel;

/*
 * Levels of all rows that edges name, in any order; -1 if there are circles.
 * Sorts the edges.
 */
extern int	review_order(ReviewEdge *edges, int nedges, ReviewLevel **levels);

/* review_restore.c: collects what makes a table as it was at a time */
extern ReviewRows *review_restore_collect(const ReviewTable *table, int number,
										  TimestampTz value, const char *where,
										  bool read_only);

#endif							/* TEMPORAL_REVIEW_ROWS_H */
