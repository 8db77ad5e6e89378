/*-------------------------------------------------------------------------
 *
 * function_expansion.h
 *	  Functions in FROM that the planner hook replaces by a query
 *
 * A function that returns a set is materialised before its first row is seen,
 * and EXPLAIN shows nothing of it.  Those registered here are replaced by the
 * query they stand for: who knows the query registers, who walks over range
 * tables looks up, and neither knows the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_FUNCTION_EXPANSION_H
#define TEMPORAL_FUNCTION_EXPANSION_H

#include "nodes/parsenodes.h"
#include "nodes/pathnodes.h"
#include "nodes/primnodes.h"

#include "catalog/extension_objects.h"

/*
 * The query for a call whose arguments are complete and simplified, one level
 * below the call's own; NULL if it has to be called after all.
 */
typedef Query *(*FunctionExpander) (FuncExpr *call, PlannerInfo *root);

/* During _PG_init */
extern void function_expansion_register(ExtensionFunction function,
										FunctionExpander expand);

/* NULL unless the function was registered */
extern FunctionExpander function_expansion_find(Oid function);

#endif							/* TEMPORAL_FUNCTION_EXPANSION_H */
