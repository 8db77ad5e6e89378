/*-------------------------------------------------------------------------
 *
 * query.h
 *	  FOR SYSTEM_TIME, from the stock form to PostgreSQL's own plans
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_QUERY_H
#define TEMPORAL_QUERY_H

#include "nodes/parsenodes.h"

#include "base/compat.h"
#include "catalog/versioned_cache.h"

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
extern const char *query_clause_name(ClauseKind kind);

/*
 * query_predicate.c: positions are characters of the statement, from 1; less
 * where unknown.
 */
pg_noreturn extern void query_refuse_null_time(int position);
extern TimestampTz query_check_time(TimestampTz t,
									const VersionedRelation *versioned,
									int position);

/* query_rewrite.c */
extern void query_rewrite_init(void);

/* Does the plan being made read the relation as a history? */
extern bool query_plan_reads_history(Oid relid);

/*
 * query_union.c: SELECT ... FROM rel UNION ALL SELECT ... FROM its history,
 * for the reference ref of query; takes a lock on the history.
 */
extern Query *query_union(Query *query, RangeTblEntry *ref, Relation rel,
						  const VersionedRelation *versioned);

/* A range table entry for a sub-query in FROM. */
extern RangeTblEntry *query_subquery_rte(Query *subquery, const char *name);

/* query_privilege.c */
extern void query_narrow_privileges(Query *query, Index rti);

/* query_plan.c */
extern void query_plan_init(void);

#endif							/* TEMPORAL_QUERY_H */
