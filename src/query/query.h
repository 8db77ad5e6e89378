/*-------------------------------------------------------------------------
 *
 * query.h
 *	  FOR SYSTEM_TIME, from the stock form to PostgreSQL's own plans
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_QUERY_H
#define TEMPORAL_QUERY_H

#include "access/stratnum.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

#include "base/compat.h"
#include "catalog/versioned_cache.h"
#include "time/transaction_instant.h"

/* The clauses of FOR SYSTEM_TIME */
typedef enum ClauseKind
{
	CLAUSE_AS_OF,
	CLAUSE_FROM_TO,
	CLAUSE_BETWEEN,
	CLAUSE_BETWEEN_SYMMETRIC,
	CLAUSE_CONTAINED_IN,
	CLAUSE_ALL
} ClauseKind;

/* query_clause.c */
extern bool query_clause_kind(Oid handler, ClauseKind *kind);
extern bool query_clause_kind_marked(Oid function, ClauseKind *kind);
extern Oid	query_clause_handler(ClauseKind kind);
extern const char *query_clause_name(ClauseKind kind);
pg_noreturn extern void query_refuse_marker(int position);

/*
 * query_time.c: positions are characters of the statement, from 1; less
 * where unknown.
 */
pg_noreturn extern void query_refuse_null_time(int position);
extern TimestampTz query_check_time(TimestampTz t,
									const VersionedRelation *versioned,
									int position);
extern const TransactionInstant *query_check_instant(TimestampTz t,
													 const TransactionInstant *instant,
													 const VersionedRelation *versioned,
													 int position);

/*
 * query_instant.c: the instant as the third argument of temporal.shows(), in
 * the current memory context.
 */
extern Datum query_instant_datum(const TransactionInstant *instant);

/* query_rewrite.c */
extern void query_rewrite_init(void);

/* A versioned table that the statement being planned reads at other times */
typedef struct QueryTable
{
	Oid			history;
	AttrNumber	history_start_attno;
	AttrNumber	history_end_attno;
} QueryTable;

/* The one with the history; NULL if there is none. */
extern const QueryTable *query_table_by_history(Oid history);

/* Is there any? */
extern bool query_is_temporal(void);

/* Was AS OF the history resolved to these two while the statement is planned? */
extern bool query_is_resolved(Oid history, TimestampTz lower,
							  TimestampTz upper);

/* column OP value, for a btree strategy of timestamptz */
extern Expr *query_comparison(Node *column, StrategyNumber strategy,
							  Node *value);
extern bool query_is_comparison(const Node *clause, StrategyNumber strategy,
								Index rti, AttrNumber attno);

/*
 * query_union.c: SELECT ... FROM rel UNION ALL SELECT ... FROM its history,
 * for the reference ref of query; takes a lock on the history.
 */
extern Query *query_union(Query *query, RangeTblEntry *ref, Relation rel,
						  const VersionedRelation *versioned);

/* Once a plan is made of it: rights that ask for nothing go. */
extern void query_union_planned(PlannedStmt *plan);

/* A range table entry for a sub-query in FROM. */
extern RangeTblEntry *query_subquery_rte(Query *subquery, const char *name);

/* query_privilege.c */
extern void query_narrow_privileges(Query *query, Index rti);

/* query_session.c */
extern void query_session_init(void);

/* query_stats.c */
extern void query_stats_init(void);

/* query_plan.c */
extern void query_plan_init(void);

/*
 * query_log.c: marks both relations of query_union()'s answer for the log;
 * quals are the reference's, over the columns of rti.
 */
extern void query_log_init(void);
extern void query_log_mark(Query *both, ClauseKind kind, const List *quals,
						   Index rti, const VersionedRelation *versioned);

#endif							/* TEMPORAL_QUERY_H */
