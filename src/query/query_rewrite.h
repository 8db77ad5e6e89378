/*-------------------------------------------------------------------------
 *
 * query_rewrite.h
 *	  What query_rewrite.c and query_quals.c share
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_QUERY_REWRITE_H
#define TEMPORAL_QUERY_REWRITE_H

#include "nodes/params.h"
#include "nodes/pathnodes.h"

#include "query/query.h"

/* One call of the planner */
typedef struct RewriteContext
{
	const char *query_string;
	PlannerInfo *root;			/* for the planner's own helpers; made late */
	ParamListInfo params;
	List	   *tables;			/* of QueryTable * */
	List	   *resolved;		/* of QueryResolved * */
	struct AmbientClause *ambient;	/* in force, or NULL: query_ambient.h */
	int			depth;			/* of the query being walked */
	struct RewriteContext *outer;	/* the planner may be entered again */
} RewriteContext;

/* An AS OF that became constants, and so was checked as it was planned */
typedef struct QueryResolved
{
	Oid			history;
	TimestampTz lower;
	TimestampTz upper;
} QueryResolved;

/*
 * A PlannerInfo for helpers of the planner that want one to know parameters
 * and to note dependencies.
 */
extern PlannerInfo *rewrite_root(RewriteContext *context);

/* The character of the statement at a location, from 1; 0 if unknown. */
extern int	rewrite_position(RewriteContext *context, int location);

/*
 * query_quals.c: the quals of the reference rti of query, for its clause; may
 * add sub-selects to the query.
 */
extern List *query_quals(Query *query, Index rti, ClauseKind kind, List *args,
						 const VersionedRelation *versioned,
						 RewriteContext *context);

/*
 * query_grouping.c: 42803 if the query relies on the key of the reference rti,
 * a range of times, to tell its rows apart.
 */
extern void query_check_grouping(Query *query, Index rti,
								 RewriteContext *rewrite);

#endif							/* TEMPORAL_QUERY_REWRITE_H */
