/*-------------------------------------------------------------------------
 *
 * query_ambient.h
 *	  Clauses that come from outside the references they apply to
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_QUERY_AMBIENT_H
#define TEMPORAL_QUERY_AMBIENT_H

#include "query/query_rewrite.h"

typedef struct AmbientClause
{
	ClauseKind	kind;
	List	   *args;			/* as seen from query */
	Query	   *query;			/* the one with the marker; NULL: the session's
								 * temporal.as_of */
	int			depth;			/* of query, among those around it */
	int			position;		/* of the marker in the statement, 0 unknown */
	bool		leaky;			/* args must not be evaluated for each row of
								 * a security barrier view */
	bool		found;			/* a system-versioned table was */
	bool		applied;		/* to one without a clause of its own */
	struct AmbientClause *outer;	/* in force around query */
} AmbientClause;

/* Is it a call of a marker, temporal.as_of(x) and its kin? */
extern bool query_ambient_is_marker(const Node *qual);

/*
 * Takes the marker out of the query's WHERE, which is not empty, and describes
 * its clause; false if there is none.
 */
extern bool query_ambient_take(Query *query, AmbientClause *clause,
							   RewriteContext *context);

/*
 * The clause is in force from query_ambient_enter() to query_ambient_leave(),
 * where it is 42809 if there was nothing to apply it to.
 */
extern void query_ambient_enter(AmbientClause *clause,
								RewriteContext *context);
extern void query_ambient_leave(AmbientClause *clause,
								RewriteContext *context);

/* Gives the reference rti the clause in force, if it is to have it. */
extern void query_ambient_apply(Query *query, Index rti,
								RewriteContext *context);

/* The walk is about to enter a security barrier view. */
extern void query_ambient_enter_barrier(RewriteContext *context);

/* query_session.c: the same for temporal.as_of, which is set */
extern void query_session_enter(AmbientClause *clause,
								RewriteContext *context);

/* Once the statement has been walked. */
extern void query_session_leave(const AmbientClause *clause,
								const Query *query);

/*
 * Is the reference rti, of a system-versioned table without a clause, read as
 * of the session's time?  25006 if its rows would be locked.
 */
extern bool query_session_covers(AmbientClause *clause, Query *query,
								 Index rti);

#endif							/* TEMPORAL_QUERY_AMBIENT_H */
