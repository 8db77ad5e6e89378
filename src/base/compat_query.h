/*-------------------------------------------------------------------------
 *
 * compat_query.h
 *	  What differs between majors of PostgreSQL: queries and their plans
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_COMPAT_QUERY_H
#define TEMPORAL_COMPAT_QUERY_H

#include "base/compat.h"

/* A qual without columns, evaluated once a scan */
#if TEMPORAL_MAJOR >= 16
#define temporal_make_pseudoconstant(root, clause) \
	make_restrictinfo(root, clause, true, false, false, true, 0, \
					  NULL, NULL, NULL)
#else
#define temporal_make_pseudoconstant(root, clause) \
	make_restrictinfo(root, clause, true, false, true, 0, \
					  NULL, NULL, NULL)
#endif

/* The columns that SELECT on a relation needs rights on: a Bitmapset ** */
#ifdef TEMPORAL_HAS_PERMINFO
#define temporal_selected_columns(query, rte) \
	(&getRTEPermissionInfo((query)->rteperminfos, rte)->selectedCols)
#else
#define temporal_selected_columns(query, rte) (&(rte)->selectedCols)
#endif

/*
 * The view that a sub-query in FROM is, else InvalidOid; and the entry, of the
 * query or of the sub-query, that carries the rights on it.  Before 16 that is
 * the first one of the sub-query.
 */
#ifdef TEMPORAL_HAS_PERMINFO
#define temporal_view_entry(rte) (rte)
#else
#define temporal_view_entry(rte) \
	((RangeTblEntry *) ((rte)->subquery->rtable ? \
						linitial((rte)->subquery->rtable) : (rte)))
#endif
#define temporal_expanded_view(rte) \
	(temporal_view_entry(rte)->relkind == RELKIND_VIEW ? \
	 temporal_view_entry(rte)->relid : InvalidOid)

/* EXPLAIN without the hook is a function; then it has headers of its own */
#if TEMPORAL_MAJOR >= 17
#define TEMPORAL_HAS_STANDARD_EXPLAIN 1
#endif
#if TEMPORAL_MAJOR >= 18
#define TEMPORAL_HAS_EXPLAIN_HEADERS 1
#endif

#endif							/* TEMPORAL_COMPAT_QUERY_H */
